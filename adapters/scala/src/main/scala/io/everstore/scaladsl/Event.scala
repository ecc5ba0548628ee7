package io.everstore.scaladsl

import io.everstore.client.{Event => JavaEvent}

/**
 * An event as it stands in a journal, for clients without a serializer.
 *
 * @param eventType no space, no comma, no control character
 * @param data JSON, as a rule; one line, not empty
 */
final case class Event(eventType: String, data: String) {

  /** `type SP data`. */
  def line: String = s"$eventType $data"
}

object Event {

  /** Events as they are. What cannot stand on a journal's line is a `NotAcceptableException`. */
  val serializer: Serializer[Event] = new Serializer[Event] {
    override def encode(event: Event): JavaEvent = JavaEvent.of(event.eventType, event.data)

    override def decode(event: JavaEvent): Event = Event(event.`type`, event.data)
  }
}
