package io.everstore.examples

import io.everstore.scaladsl.stage.{Stage, StageSuite}
import java.net.URLClassLoader
import java.nio.charset.StandardCharsets.UTF_8
import java.nio.file.{Files, Path, Paths}
import scala.jdk.CollectionConverters._

/** The code of the README compiles and runs: the quick start as the file that it is, and what follows as one program. */
class ReadmeSuite extends StageSuite {
  private val Code = "(?s)```scala([^\n]*)\n(.*?)```".r

  test("its code runs") {
    val folder = Files.createDirectories(Paths.get("target/readme"))
    val Seq(quickStart, rest @ _*) = blocks(s"127.0.0.1:${stage.start(workers = 2)}"): @unchecked
    compile(folder, "QuickStart" -> quickStart, "Rest" -> program(quickStart, rest))
    val loader = new URLClassLoader(Array(folder.toUri.toURL), getClass.getClassLoader)
    try {
      assertEquals(run(loader, "QuickStart"), Seq("/user/42 has 3 events, 173 bytes"))
      assertEquals(run(loader, "Rest").last, "20 left")
    } finally loader.close()
  }

  test("it tells of every exception of the Java client") {
    val folder = Stage.repository.resolve("adapters/java/everstore-client/src/main/java/io/everstore/client/exception")
    val names = Files.list(folder).iterator.asScala.map(_.getFileName.toString.stripSuffix(".java")).filter(_.endsWith("Exception")).toSet
    assert(names.size > 20, names)
    assertEquals((names - "NoLaneException").filterNot(name => readme.contains(s"`$name")), Set.empty[String])
  }

  private lazy val readme = new String(Files.readAllBytes(Stage.repository.resolve("adapters/scala/README.md")), UTF_8)

  /** Those for both versions of Scala, and those for this one. */
  private def blocks(place: String): Seq[String] = Code.findAllMatchIn(readme).toVector.collect {
    case block if Set("", Compiler.version)(block.group(1).trim) => block.group(2).replace("localhost:6929", place)
  }

  /** With the imports of the quick start. They are parts of a class, where definitions may stand between what is done. */
  private def program(quickStart: String, blocks: Seq[String]): String =
    s"""${quickStart.linesIterator.filter(_.startsWith("import ")).mkString("\n")}
       |object Rest { def main(arguments: Array[String]): Unit = { new Rest; () } }
       |class Rest {
       |${blocks.mkString("\n")}
       |}
       |""".stripMargin

  private def compile(folder: Path, sources: (String, String)*): Unit = {
    val files = sources.map { case (name, source) => Files.write(folder.resolve(s"$name.scala"), source.getBytes(UTF_8)).toString }
    val arguments = Seq("-nowarn", "-encoding", "UTF-8", "-d", folder.toString, "-classpath", System.getProperty("java.class.path"))
    assert(Compiler.compile(arguments ++ files), "the README's code does not compile")
  }

  private def run(loader: ClassLoader, name: String): Seq[String] =
    Output.of {
      loader.loadClass(name).getMethod("main", classOf[Array[String]]).invoke(null, Array.empty[String])
      ()
    }
}
