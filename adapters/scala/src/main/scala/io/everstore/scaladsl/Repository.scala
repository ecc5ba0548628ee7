package io.everstore.scaladsl

import io.everstore.client.Limits
import io.everstore.repository.{Repository => JavaRepository}
import scala.concurrent.{ExecutionContext, Future}

/**
 * Folds a journal into a state, keeps a snapshot of it, and reads only what is newer. Immutable, and safe for use by several threads.
 *
 * States must not be changed in place: a snapshot may be handed out again. Events are folded, and snapshots loaded and saved, by
 * the client's threads.
 *
 * @tparam S a state
 * @tparam E an event
 */
final class Repository[S, E] private (client: EverstoreClient[E], java: JavaRepository[S, E]) {

  /** The same with its snapshots elsewhere than in memory. */
  def withSnapshots(elsewhere: Snapshots[S]): Repository[S, E] = new Repository(client, java.withSnapshots(elsewhere))

  /** The same that keeps a snapshot once so many events, 1 or more, had to be folded onto the last one; 100 unless told. */
  def withSnapshotEvery(events: Int): Repository[S, E] = new Repository(client, java.withSnapshotEvery(events))

  /** The state of a journal now. */
  def get(journal: String): Future[S] = Futures.of(java.get(journal))(identity)

  /** The state of a journal as an open transaction sees it. */
  def state(transaction: Transaction[E]): Future[S] = Futures.of(java.state(transaction.java))(identity)

  /**
   * Appends what `decide` makes of the state; on a conflict again, of the new one.
   *
   * @param attempts how often at most, 1 or more
   * @param executor where `decide` is called
   * @return the last commit's result: a conflict, when each met one
   */
  def update(journal: String, attempts: Int = Limits.CONFLICT_ATTEMPTS)(decide: S => Iterable[E])(implicit
      executor: ExecutionContext
  ): Future[CommitResult[E]] =
    client.run(journal, attempts)(transaction => state(transaction).map(now => transaction.addAll(decide(now))))
}

object Repository {

  /**
   * One that keeps its snapshots in memory.
   *
   * @param initial the state of a journal without events
   * @param fold from a state and the next event to the next state
   */
  def apply[S, E](client: EverstoreClient[E], initial: => S)(fold: (S, E) => S): Repository[S, E] =
    new Repository(client, new JavaRepository[S, E](client.asJava, () => initial, (state: S, event: E) => fold(state, event)))
}
