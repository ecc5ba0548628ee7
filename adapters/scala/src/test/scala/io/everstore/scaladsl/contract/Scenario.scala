package io.everstore.scaladsl.contract

import io.circe.syntax._
import io.circe.{Decoder, Json}
import io.everstore.client.{ClientConfig, ReadOptions}
import io.everstore.scaladsl.AppendCondition._
import io.everstore.scaladsl._
import io.everstore.scaladsl.stage.Stage
import java.time.Instant
import munit.Assertions._
import scala.collection.mutable
import scala.concurrent.ExecutionContext.Implicits.global
import scala.concurrent.duration._
import scala.concurrent.{Await, Future}
import scala.util.control.NonFatal
import scala.util.{Failure, Success, Try}

/** Plays a scenario of the contract, as its README says. */
final class Scenario(scenario: Json, stage: Stage, port: Int) extends AutoCloseable {
  private val began = Instant.now()
  private val clients = mutable.Map.empty[String, EverstoreClient[Event]]
  private val transactions = mutable.Map.empty[String, Transaction[Event]]
  private val saved = mutable.Map.empty[String, Long]
  private val moments = mutable.Map.empty[String, Instant]

  def play(): Unit = {
    connect("db", "admin", "passwd")
    for ((step, index) <- scenario.hcursor.get[Vector[Json]]("steps").fold(throw _, identity).zipWithIndex)
      try take(new Step(step))
      catch { case NonFatal(error) => throw new AssertionError(s"step ${index + 1}, ${step.noSpaces.take(500)}", error) }
  }

  override def close(): Unit = clients.values.foreach(_.close())

  private def take(step: Step): Unit = step.optional[String]("fails") match {
    case Some(name) => fail(step, name)
    case None =>
      val result = act(step)
      for (name <- step.optional[String]("save") if result != Json.Null)
        saved(name) = result.hcursor.get[Long]("size").fold(throw _, identity)
      step.optional[Json]("gives").foreach(compare(result, _))
  }

  private def fail(step: Step, name: String): Unit = Try(act(step)) match {
    case Failure(Scenario.Refused(conflict)) =>
      assertEquals("Conflict", name)
      step.optional[Json]("conflict").foreach(compare(told(conflict), _))
    case Failure(error) => assertEquals(error.getClass.getName, s"io.everstore.client.exception.${name}Exception", error.toString)
    case Success(result) => throw new AssertionError(s"it gave $result in place of $name")
  }

  private def compare(result: Json, wanted: Json): Unit = {
    val count = wanted.hcursor.get[Int]("count").toOption
    if (wanted.hcursor.keys.exists(_.exists(_ == "line"))) assertEquals(result, lines(wanted).asJson)
    else if (result.isArray && count.nonEmpty) assertEquals(result.asArray.map(_.size), count)
    else if (wanted.isObject) assertEquals(result.mapObject(_.filterKeys(wanted.asObject.get.contains)), wanted)
    else assertEquals(result, wanted)
  }

  private def act(step: Step): Json = step("do") match {
    case "connect" => done(connect(step("client"), step("user"), step("password")))
    case "close" => done(client(step).close())
    case "open" => open(step)
    case "add" => done(transaction(step).addLines(lines(step.get[Json]("events"))))
    case "declare" => done(transaction(step).declare(step.get[Seq[String]]("types"): _*))
    case "commit" => written(await(transaction(step).commit()))
    case "rollback" => done(transaction(step).rollback())
    case "append" =>
      val events = lines(step.get[Json]("events"))
      written(await(client(step).appendLines(step("journal"), events, condition(step), step.optional[Seq[String]]("types"))))
    case "read" => read(step).asJson
    case "moment" => done(moment(step("save")))
    case "exists" => await(client(step).journalExists(step("journal"))).asJson
    case "journals" => await(client(step).journals(step("prefix"))).asJson
    case "stage" => stage.tell(step.get[Json]("command"))
    case "load" => done(load(step))
    case other => throw new AssertionError(s"there is no step $other")
  }

  private def connect(name: String, user: String, password: String): Unit =
    clients(name) = await(
      Future(ClientConfig.DEFAULT.withHost("127.0.0.1").withPort(port).withUser(user, password)).flatMap(EverstoreClient.connect(_))
    )

  private def open(step: Step): Json = {
    val journal = step("journal")
    val opened = await(
      if (step.is("mustBeNew")) client(step).openTransactionOnNewJournal(journal) else client(step).openTransaction(journal)
    )
    transactions(step("transaction")) = opened
    Json.obj("size" -> opened.size.asJson, "exists" -> opened.exists.asJson)
  }

  private def condition(step: Step): AppendCondition =
    if (step.is("mustBeNew")) NewJournal
    else step.optional[Json]("after").fold[AppendCondition](Always)(after => After(number(after), step.optional[Seq[String]]("depends")))

  private def read(step: Step): Seq[String] = {
    def since = step.optional[Json]("since").fold(0L)(number)
    val opened = step.optional[String]("transaction").map(transactions)
    if (step.is("timestamps") || step.has("page")) {
      val events =
        if (step.has("page")) readPages(step)
        else await(opened.fold(client(step).readStamped(step("journal"), wanted(step)))(_.readStamped(since)))
      checkTimes(events.map(_.timestamp))
      events.map(_.event.line)
    } else await(opened.fold(client(step).readLines(step("journal"), wanted(step)))(_.readLines(since)))
  }

  private def readPages(step: Step): Seq[Stamped[Event]] = {
    val events = Vector.newBuilder[Stamped[Event]]
    await(client(step).readPages(step("journal"), wanted(step).inPagesOf(step.get[Long]("page"))) { page =>
      Future.successful(events ++= page.stamped)
    })
    events.result()
  }

  private def wanted(step: Step): ReadOptions = {
    def chosen[A](options: ReadOptions, field: String)(choose: (ReadOptions, A) => ReadOptions)(implicit decoder: Decoder[A]) =
      step.optional[A](field).fold(options)(choose(options, _))
    def moment(place: Json) = place.asString.flatMap(name => moments.get(name.tail))
    val ofTypes = chosen[Seq[String]](ReadOptions.ALL, "types")((options, types) => options.ofTypes(types: _*))
    val since = chosen[Json](ofTypes, "since")((options, place) => moment(place).fold(options.since(number(place)))(options.since(_)))
    val until = chosen[Json](since, "until")((options, place) => moment(place).fold(options.until(number(place)))(options.until(_)))
    val last = chosen[Int](until, "last")(_.last(_))
    if (step.is("newestFirst")) last.newestFirst() else last
  }

  /** Journals count in whole milliseconds: the moment is one that begins later than now, and has begun when this ends. */
  private def moment(name: String): Unit = {
    val moment = Instant.ofEpochMilli(Instant.now().toEpochMilli + 1)
    moments(name) = moment
    while (Instant.now().isBefore(moment)) Thread.`yield`()
  }

  private def checkTimes(times: Seq[Instant]): Unit = {
    val inOrder = (began.minusSeconds(1) +: times) :+ Instant.now().plusSeconds(1)
    assertEquals(inOrder.sorted, inOrder)
  }

  private def load(step: Step): Unit = {
    val load = new Load(
      client(step),
      step.optional[String]("prefix").getOrElse("/load/"),
      step.get[Int]("transactions"),
      step.get[Int]("journals"),
      step.optional[String]("through").contains("transaction")
    )
    await(load.run(step.get[Int]("inFlight")))
    assertEquals(await(load.wrong()), Nil)
  }

  private def client(step: Step): EverstoreClient[Event] = clients(step.optional[String]("client").getOrElse("db"))

  private def transaction(step: Step): Transaction[Event] = transactions(step("transaction"))

  private def number(value: Json): Long = value.asString.fold(value.as[Long].fold(throw _, identity))(name => saved(name.tail))

  private def done(nothing: Any): Json = {
    val _ = nothing
    Json.Null
  }

  private def written(result: CommitResult[Event]): Json = result match {
    case Committed(_, size, eventCount) => Json.obj("size" -> size.asJson, "events" -> eventCount.asJson)
    case conflict: Conflict[Event] => throw Scenario.Refused(conflict)
  }

  private def told(conflict: Conflict[Event]): Json = Json.obj(
    "types" -> conflict.types.asJson,
    "size" -> conflict.size.asJson,
    "until" -> conflict.until.asJson,
    "events" -> conflict.events.toSeq.flatten.map(_.line).asJson
  )

  private def await[A](future: Future[A]): A = Await.result(future, Scenario.Patience)

  /** Events that a scenario spells out, or of which it gives a pattern. */
  private def lines(wanted: Json): Seq[String] = wanted.as[Vector[String]].getOrElse {
    val pattern = new Step(wanted)
    val line = pattern.get[String]("line").replace("~", "x" * pattern.optional[Int]("padding").getOrElse(0))
    (0 until pattern.get[Int]("count")).map(number => line.replace("#", number.toString))
  }

  private final class Step(json: Json) {
    def apply(field: String): String = get[String](field)

    def get[A: Decoder](field: String): A = json.hcursor.get[A](field).fold(throw _, identity)

    def optional[A: Decoder](field: String): Option[A] = json.hcursor.get[Option[A]](field).fold(throw _, identity)

    def has(field: String): Boolean = json.hcursor.keys.exists(_.exists(_ == field))

    def is(field: String): Boolean = optional[Boolean](field).contains(true)
  }
}

object Scenario {
  private val Patience = 90.seconds

  private final case class Refused(conflict: Conflict[Event]) extends RuntimeException(conflict.toString)
}
