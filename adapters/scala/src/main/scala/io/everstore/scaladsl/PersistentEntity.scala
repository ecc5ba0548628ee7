package io.everstore.scaladsl

/**
 * What has a journal of its own, takes commands, and persists what comes of them as events: an account, a user, an order.
 *
 * Only functions, so it is tested without a server; [[Entities]] runs it.
 *
 * @tparam C a command
 * @tparam E an event
 * @tparam S a state, which is not changed in place
 * @tparam R why a command is refused
 */
trait PersistentEntity[C, E, S, R] {

  /** The state before any event. */
  def initial: S

  /** The state behind an event. It is called for events of the past, too, so it accepts what it once did. */
  def processEvent(state: S, event: E): S

  /** The events that a command comes to, none perhaps, or why it is refused. It may be called again, of a newer state. */
  def receiveCommand(state: S, command: C): Either[R, Seq[E]]

  /**
   * The types that each commit declares besides those of its events. With one of its own, as here, any two commands that come to
   * events conflict, so each is decided on the state that it is written behind. With none, two of which no event has a type in
   * common do not conflict, and neither sees what the other did.
   */
  def declares: Seq[String] = PersistentEntity.Declares
}

object PersistentEntity {

  /** What entities declare unless they say otherwise. No event has it: it stands in no journal. */
  val Declares: Seq[String] = Seq("everstore.PersistentEntity")
}
