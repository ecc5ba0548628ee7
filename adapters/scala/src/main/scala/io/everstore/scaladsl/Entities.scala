package io.everstore.scaladsl

import io.everstore.client.Limits
import java.util.concurrent.atomic.AtomicReference
import scala.concurrent.{ExecutionContext, Future}

/**
 * All entities of one kind, each with a journal of its own. Immutable, and safe for use by several threads; several processes may
 * send commands to one entity.
 *
 * States are kept in memory, and only what is newer is read, unless snapshots are kept elsewhere. `processEvent` is called by the
 * client's threads.
 */
final class Entities[C, E, S, R] private (
    client: EverstoreClient[E],
    entity: PersistentEntity[C, E, S, R],
    states: Repository[S, E]
) {

  /** The same with its snapshots elsewhere: one once `every` events, 1 or more, had to be folded onto the last one. */
  def withSnapshots(elsewhere: Snapshots[S], every: Int): Entities[C, E, S, R] =
    new Entities(client, entity, states.withSnapshots(elsewhere).withSnapshotEvery(every))

  /** The state of an entity now. */
  def state(journal: String): Future[S] = states.get(journal)

  /**
   * Has an entity receive a command, and persists the events that it comes to. When another commit comes between, it receives it again,
   * in its new state.
   *
   * @param attempts how often at most, 1 or more
   * @param executor where `receiveCommand` is called
   */
  def send(journal: String, command: C, attempts: Int = Limits.CONFLICT_ATTEMPTS)(implicit
      executor: ExecutionContext
  ): Future[Outcome[E, S, R]] = {
    val last = new AtomicReference[Decision]
    def decide(transaction: Transaction[E]): Future[Any] = states.state(transaction).map { state =>
      val decision = Decision(state, entity.receiveCommand(state, command))
      last.set(decision)
      decision.events.foreach(transaction.declare(entity.declares: _*).addAll(_))
    }
    client.run(journal, attempts)(decide).map(outcome(last.get, _))
  }

  private def outcome(decision: Decision, result: CommitResult[E]): Outcome[E, S, R] = (decision.events, result) match {
    case (_, conflict: Conflict[E]) => Contended(conflict)
    case (Left(reason), _) => Refused(reason, decision.state)
    case (Right(events), Committed(_, size, _)) => Accepted(events.foldLeft(decision.state)(entity.processEvent), events, size)
  }

  private case class Decision(state: S, events: Either[R, Seq[E]])
}

object Entities {

  /** Each state that was looked at is kept: in memory it costs nothing, and saves the reading. */
  private val InMemoryEvery = 1

  /** Those of which the client's journals tell. */
  def apply[C, E, S, R](client: EverstoreClient[E], entity: PersistentEntity[C, E, S, R]): Entities[C, E, S, R] = {
    val states = Repository[S, E](client, entity.initial)(entity.processEvent).withSnapshotEvery(InMemoryEvery)
    new Entities(client, entity, states)
  }
}
