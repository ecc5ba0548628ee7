package io.everstore.scaladsl.stage

import io.circe.syntax._
import io.circe.{Json, parser}
import java.io.{BufferedReader, File, InputStreamReader, OutputStreamWriter}
import java.lang.ProcessBuilder.Redirect
import java.nio.charset.StandardCharsets.UTF_8
import java.nio.file.{Files, Path, Paths}

/** The stage of the contract, as a process: real servers that start, die and lose answers on command. */
final class Stage extends AutoCloseable {
  private val process =
    new ProcessBuilder(Stage.python, Stage.contract.resolve("stage.py").toString)
      .redirectError(Redirect.appendTo(new File("target/stage.log")))
      .start()
  private val input = new OutputStreamWriter(process.getOutputStream, UTF_8)
  private val output = new BufferedReader(new InputStreamReader(process.getInputStream, UTF_8))

  /** Starts a server of its own journals, in place of the one before; returns its port. */
  def start(workers: Int, protocol: String = "native", options: Json = Json.obj()): Int = {
    val command = Json.obj("do" -> "start".asJson, "workers" -> workers.asJson, "protocol" -> protocol.asJson)
    tell(command.deepMerge(options)).hcursor.get[Int]("port").fold(throw _, identity)
  }

  def tell(command: Json): Json = synchronized {
    input.write(command.noSpaces + "\n")
    input.flush()
    val line = Option(output.readLine()).getOrElse(throw new AssertionError("the stage has ended"))
    val answer = parser.parse(line).fold(throw _, identity)
    answer.hcursor.get[String]("error").foreach(reason => throw new AssertionError(s"the stage could not $command: $reason"))
    answer
  }

  override def close(): Unit = {
    input.close()
    val code = process.waitFor()
    assert(code == 0, s"the stage ended with $code")
  }
}

object Stage {

  /** The repository's root: Maven runs a module's tests in the module's folder. */
  def repository: Path =
    Iterator.iterate(Paths.get("").toAbsolutePath)(_.getParent).find(each => Files.exists(each.resolve("adapters/contract"))).get

  def contract: Path = repository.resolve("adapters/contract")

  private def python: String =
    sys.env.getOrElse("EVERSTORE_PYTHON", repository.resolve(".venv/bin/python").toString)
}
