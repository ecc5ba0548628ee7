package io.everstore.scaladsl

import io.circe.Codec
import io.circe.generic.semiauto.deriveCodec
import io.everstore.circe.CirceSerializer

/** Events for tests. */
sealed trait UserEvent

final case class UserCreated(email: String, age: Option[Int] = None) extends UserEvent

final case class UserRenamed(name: String) extends UserEvent with UserEvent.OfNames

case object UserLocked extends UserEvent

final case class UserNotKnown(to: String) extends UserEvent

object UserEvent {
  trait OfNames

  implicit val created: Codec[UserCreated] = deriveCodec
  implicit val renamed: Codec[UserRenamed] = deriveCodec

  val serializer: CirceSerializer[UserEvent] = CirceSerializer
    .of[UserEvent]
    .event[UserCreated]("user.Created")
    .event[UserRenamed]("user.Renamed")
    .constant("user.Locked", UserLocked)
}
