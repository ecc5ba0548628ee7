package io.everstore.scaladsl.contract

import io.circe.{Json, parser}
import io.everstore.scaladsl.stage.{Stage, StageSuite}
import java.nio.charset.StandardCharsets.UTF_8
import java.nio.file.{Files, Path}
import scala.jdk.CollectionConverters._

/**
 * Every scenario of the contract, for each protocol that it names; with one worker in one version of Scala, with five in the other.
 * (The Java client, which does what they are about, has been through both with each.)
 */
class ScenariosSuite extends StageSuite {
  for {
    (name, scenario) <- scenarios
    protocol <- scenario.hcursor.get[Seq[String]]("protocols").getOrElse(Seq("native"))
  } test(s"$name, $protocol, ${Workers.Count} workers") {
    val options = scenario.mapObject(_.filterKeys(Set("killing", "cutting")))
    val played = new Scenario(scenario, stage, stage.start(Workers.Count, protocol, options))
    try played.play()
    finally played.close()
  }

  private def scenarios: Seq[(String, Json)] =
    Files.list(Stage.contract.resolve("scenarios")).iterator.asScala.toSeq.sorted.map { path =>
      path.getFileName.toString.stripSuffix(".json") -> parser.parse(text(path)).fold(throw _, identity)
    }

  private def text(path: Path): String = new String(Files.readAllBytes(path), UTF_8)
}
