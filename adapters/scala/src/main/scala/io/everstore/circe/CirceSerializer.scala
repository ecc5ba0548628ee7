package io.everstore.circe

import io.circe.parser
import io.circe.{Decoder, Encoder}
import io.everstore.circe.CirceSerializer.Known
import io.everstore.client.exception.{UnknownEventTypeException, UnreadableEventException}
import io.everstore.client.{Event, Serializer}
import java.lang.reflect.Modifier
import java.util.{Collection => JavaCollection}
import scala.jdk.CollectionConverters._
import scala.reflect.ClassTag

/**
 * Events as case classes: a type's name, and the JSON that circe makes.
 *
 * {{{
 * val events = CirceSerializer.of[UserEvent]
 *   .event[UserCreated]("user.Created")
 *   .event[UserRenamed]("user.Renamed")
 *   .constant("user.Locked", UserLocked)  // a case object, or a case of an enum
 *   .family[UserEvent]("user.Event")      // declared besides by all that are one, so two of them conflict
 * }}}
 *
 * Immutable: each method gives a changed copy. A type that there cannot be is a `NotAcceptableException` at once.
 *
 * @tparam E what all events are
 */
final class CirceSerializer[E] private (known: Vector[Known[E]], families: Vector[(Class[_], String)]) extends Serializer[E] {
  private val byType: Map[String, Known[E]] = known.map(each => each.eventType -> each).toMap
  private val byClass: Map[Class[_], Known[E]] = known.collect { case each if each.constant.isEmpty => each.eventClass -> each }.toMap
  private val byConstant: Map[E, Known[E]] = known.flatMap(each => each.constant.map(_ -> each)).toMap
  private val declared: Map[String, JavaCollection[String]] = known.map(each => each.eventType -> declaredBy(each)).toMap

  /** The same, which knows that an event of this type is of this class. */
  def event[T <: E](eventType: String)(implicit encoder: Encoder[T], decoder: Decoder[T], tag: ClassTag[T]): CirceSerializer[E] = {
    val eventClass = tag.runtimeClass
    require(
      !Modifier.isAbstract(eventClass.getModifiers),
      s"${eventClass.getName} is abstract: each class of it is an event of its own, and family declares a type for all"
    )
    require(!byClass.contains(eventClass), s"${eventClass.getName} is known to the serializer already")
    and(Known(eventType, eventClass, None, event => encoder(event.asInstanceOf[T]).noSpaces, parser.decode[T](_)))
  }

  /** The same, which knows that an event of this type is this object: one without fields, whose data is `{}`. */
  def constant(eventType: String, event: E): CirceSerializer[E] = {
    require(!byConstant.contains(event), s"$event is known to the serializer already")
    and(Known(eventType, event.getClass, Some(event), _ => "{}", _ => Right(event)))
  }

  /** The same, in which every event that is one of these declares this type besides its own. */
  def family[F](eventType: String)(implicit tag: ClassTag[F]): CirceSerializer[E] = {
    val all = tag.runtimeClass
    require(!families.exists(_._1 == all), s"${all.getName} is known to the serializer already")
    requireType(eventType)
    new CirceSerializer(known, families :+ (all -> eventType))
  }

  override def encode(event: E): Event = {
    val found = byClass.get(event.getClass).orElse(byConstant.get(event)).getOrElse {
      val name = event.getClass.getName
      throw new UnknownEventTypeException(s"no type is known for $name: the serializer needs .event or .constant for it", name)
    }
    Event.of(found.eventType, found.encode(event))
  }

  override def decode(event: Event): E = {
    val eventType = event.`type`
    val found = byType.getOrElse(
      eventType,
      throw new UnknownEventTypeException(
        s"no class is known for the type $eventType: the serializer needs .event or .constant for it",
        eventType
      )
    )
    found.decode(event.data) match {
      case Right(decoded) => decoded
      case Left(error) =>
        throw new UnreadableEventException(s"an event of the type $eventType does not fit its class: ${error.getMessage}", error)
    }
  }

  override def types(event: E, encoded: Event): JavaCollection[String] = declared(encoded.`type`)

  private def and(more: Known[E]): CirceSerializer[E] = {
    require(!byType.contains(more.eventType), s"the type ${more.eventType} is known to the serializer already")
    requireType(more.eventType)
    new CirceSerializer(known :+ more, families)
  }

  private def declaredBy(each: Known[E]): JavaCollection[String] =
    (each.eventType +: families.collect { case (all, eventType) if all.isAssignableFrom(each.eventClass) => eventType }).distinct.asJava

  /** The client's own check. */
  private def requireType(eventType: String): Unit = {
    Event.of(eventType, "{}")
    ()
  }
}

object CirceSerializer {

  /** One that knows no event yet; `E` is what all of them are. */
  def of[E]: CirceSerializer[E] = new CirceSerializer(Vector.empty, Vector.empty)

  /** @param constant the event itself, where there is only one of its type */
  private final case class Known[E](
      eventType: String,
      eventClass: Class[_],
      constant: Option[E],
      encode: E => String,
      decode: String => Either[io.circe.Error, E]
  )
}
