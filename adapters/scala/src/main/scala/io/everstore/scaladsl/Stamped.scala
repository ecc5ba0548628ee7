package io.everstore.scaladsl

import io.everstore.client.{Event => JavaEvent}
import java.time.Instant

/** An event that was read, and when it was committed, to the millisecond. */
final case class Stamped[+E](timestamp: Instant, event: E)

private[scaladsl] object Stamped {

  /** Of one that was read with its timestamp. */
  def of[E](event: JavaEvent, serializer: Serializer[E]): Stamped[E] =
    Stamped(event.timestamp.get, serializer.decode(event))
}
