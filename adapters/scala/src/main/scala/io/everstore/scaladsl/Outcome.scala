package io.everstore.scaladsl

/** What became of a command. */
sealed trait Outcome[+E, +S, +R]

/**
 * Its events were written, durably.
 *
 * @param state what it was decided on, and its events folded onto that
 * @param events what was written; none when the command came to nothing
 * @param size the journal's size in bytes behind them
 */
final case class Accepted[+E, +S](state: S, events: Seq[E], size: Long) extends Outcome[E, S, Nothing]

/** The entity refused it, on this state; nothing was written. */
final case class Refused[+S, +R](reason: R, state: S) extends Outcome[Nothing, S, R]

/** Others were faster, each time; nothing was written. */
final case class Contended[+E](conflict: Conflict[E]) extends Outcome[E, Nothing, Nothing]
