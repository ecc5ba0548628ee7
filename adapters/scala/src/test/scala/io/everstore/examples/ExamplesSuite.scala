package io.everstore.examples

import io.circe.parser
import io.everstore.scaladsl.stage.StageSuite
import java.nio.file.{Files, Path}
import scala.jdk.CollectionConverters._

/** Each example runs, and does what it says. */
class ExamplesSuite extends StageSuite {
  private val folder = FunFixture[Path](
    _ => Files.createTempDirectory("everstore-examples"),
    folder => {
      files(folder).foreach(Files.delete)
      Files.delete(folder)
    }
  )

  private def files(folder: Path): Seq[Path] = Files.list(folder).iterator.asScala.toVector

  private def url: String = s"everstore://admin:passwd@127.0.0.1:${stage.start(workers = 2)}"

  test("of two competing transactions one is written") {
    val lines = Output.of(CompetingTransactions.main(Array(url)))
    assertEquals(lines.map(_.split("[:,]")(1).trim).sorted, Seq("conflict", "written"))
    assert(lines.exists(_.contains("""Event(user.Created,{"by":""")), lines)
  }

  folder.test("as much is withdrawn as there is") { folder =>
    val place = url
    val lines = Output.of(Accounts.main(Array(place, folder.toString)))
    assertEquals(lines, Seq("20 withdrawn, 10 refused: 0 is all there is", "Account(0,true)"))
    assertEquals(files(folder).size, 1)
    val again = Output.of(Accounts.main(Array(place, folder.toString)))
    assertEquals(again, Seq("0 withdrawn, 30 refused: the account is closed", "Account(0,true)"))
  }

  test("the rate is one line of JSON") {
    val place = stage.start(workers = 2).toString
    val lines = Output.of(AppendRate.main(Array("127.0.0.1", place, "2000", "64", "100")))
    val told = parser.parse(lines.mkString("\n")).fold(throw _, identity).hcursor
    assertEquals((told.get[Int]("transactions"), told.get[Int]("errors")), (Right(2000), Right(0)))
    assert(told.get[Double]("seconds").exists(_ > 0), lines)
  }
}
