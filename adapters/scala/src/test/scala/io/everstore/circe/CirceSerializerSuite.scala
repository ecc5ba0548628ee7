package io.everstore.circe

import io.everstore.client.Event
import io.everstore.client.exception.{NotAcceptableException, UnknownEventTypeException, UnreadableEventException}
import io.everstore.scaladsl.{UserCreated, UserEvent, UserLocked, UserNotKnown, UserRenamed}
import munit.FunSuite
import scala.jdk.CollectionConverters._

class CirceSerializerSuite extends FunSuite {
  import UserEvent.{created, renamed, serializer}

  private def declared(serializer: CirceSerializer[UserEvent], event: UserEvent): Seq[String] =
    serializer.types(event, serializer.encode(event)).asScala.toSeq

  for {
    (event, line) <- Seq(
      UserCreated("pa@example.com", Some(42)) -> """user.Created {"email":"pa@example.com","age":42}""",
      UserRenamed("Pär\n€\u0000") -> "user.Renamed {\"name\":\"Pär\\n€\\u0000\"}",
      UserLocked -> "user.Locked {}"
    )
  } test(s"${event.getClass.getSimpleName} is a line, and itself again") {
    assertEquals(serializer.encode(event).line, line)
    assertEquals(serializer.decode(serializer.encode(event)), event)
  }

  test("what journals hold of other times is read: fields that are gone, and options that are new") {
    assertEquals(serializer.decode(Event.of("user.Created", """{"email":"a","was":[1]}""")), UserCreated("a"))
    assertEquals(serializer.decode(Event.of("user.Locked", """{"since":1}""")), UserLocked)
  }

  test("an event declares its type, and those of the families that it is of") {
    val families = serializer.family[UserEvent]("user.Event").family[UserEvent.OfNames]("user.OfNames")
    assertEquals(declared(serializer, UserRenamed("a")), Seq("user.Renamed"))
    assertEquals(declared(families, UserRenamed("a")), Seq("user.Renamed", "user.Event", "user.OfNames"))
    assertEquals(declared(families, UserCreated("a")), Seq("user.Created", "user.Event"))
    assertEquals(declared(families, UserLocked), Seq("user.Locked", "user.Event"))
  }

  test("an event that it does not know is told by its class") {
    val error = intercept[UnknownEventTypeException](serializer.encode(UserNotKnown("it")))
    assertEquals(error.`type`, classOf[UserNotKnown].getName)
  }

  test("a type that it does not know is told") {
    val error = intercept[UnknownEventTypeException](serializer.decode(Event.of("user.Gone", "{}")))
    assertEquals(error.`type`, "user.Gone")
  }

  for (data <- Seq("{}", """{"name":1}""", """{"name":""", "rubbish", "null"))
    test(s"data that does not fit, $data, is told with its type") {
      val error = intercept[UnreadableEventException](serializer.decode(Event.of("user.Renamed", data)))
      assert(error.getMessage.contains("user.Renamed"), error.getMessage)
    }

  test("what cannot be registered is told at once") {
    intercept[IllegalArgumentException](serializer.event[UserRenamed]("user.Other"))
    intercept[IllegalArgumentException](serializer.constant("user.Other", UserLocked))
    intercept[IllegalArgumentException](CirceSerializer.of[UserEvent].event[UserCreated]("a").event[UserRenamed]("a"))
    intercept[IllegalArgumentException](serializer.family[UserEvent]("a").family[UserEvent]("b"))
    intercept[NotAcceptableException](CirceSerializer.of[UserEvent].event[UserRenamed]("user renamed"))
    intercept[NotAcceptableException](serializer.family[UserEvent]("a,b"))
  }

  test("a trait is no event: its classes are") {
    implicit val any: io.circe.Codec[UserEvent] =
      io.circe.Codec.from(created.map(each => each: UserEvent), io.circe.Encoder.instance(_ => io.circe.Json.Null))
    val error = intercept[IllegalArgumentException](CirceSerializer.of[UserEvent].event[UserEvent]("user.Event"))
    assert(error.getMessage.contains("abstract"), error.getMessage)
  }
}
