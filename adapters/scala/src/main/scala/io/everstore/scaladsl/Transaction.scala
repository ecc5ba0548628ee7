package io.everstore.scaladsl

import io.everstore.client.{Transaction => JavaTransaction}
import scala.concurrent.Future
import scala.jdk.CollectionConverters._

/**
 * A transaction on one journal. It sees the journal as it was when it opened, for as long as it lives; its commit conflicts when
 * another one has declared one of its types since then.
 *
 * Nothing of it is open on the server, and it may stay open for as long as it likes. The server remembers which types were declared
 * for ten seconds after a journal was last used; one that commits later, when something has come since it opened, conflicts
 * whatever the types are. (With a server that knows version 1 only it ends with its connection, and expires.)
 *
 * Any thread may use it. What adds throws at once: `TransactionEndedException` when the transaction is over,
 * `UnknownEventTypeException` when the serializer has no type for an object, `NotAcceptableException` when it cannot be written down.
 */
final class Transaction[E] private[scaladsl] (private[scaladsl] val java: JavaTransaction[E], serializer: Serializer[E]) {

  /** The journal's name. */
  def journal: String = java.journal

  /** The journal's size in bytes as the transaction sees it. */
  def size: Long = java.size

  /** Whether the journal held anything when the transaction opened. */
  def exists: Boolean = java.exists

  /** Whether it can still be used. */
  def isOpen: Boolean = java.isOpen

  /** The events that the journal held when the transaction opened, behind a position; see `EverstoreClient.read`. */
  def read(since: Long = 0): Future[Seq[E]] = Futures.of(java.read(since))(_.asScala.toVector)

  /** The same with the times of their commits. */
  def readStamped(since: Long = 0): Future[Seq[Stamped[E]]] =
    Futures.of(java.readEvents(since))(_.asScala.iterator.map(Stamped.of(_, serializer)).toVector)

  /** The same as lines `type SP data`. */
  def readLines(since: Long = 0): Future[Seq[String]] = Futures.of(java.readLines(since))(_.asScala.toVector)

  /** Adds an event to the commit; nothing is sent yet. */
  def add(event: E): this.type = {
    java.add(event)
    this
  }

  /** Adds events to the commit: all of them, or none when one of them cannot be written down. */
  def addAll(events: Iterable[E]): this.type = {
    java.addAll(events.asJavaCollection)
    this
  }

  /** Adds ready lines `type SP data`, whose data is not looked at. */
  def addLines(lines: Iterable[String]): this.type = {
    java.addLines(lines.asJavaCollection)
    this
  }

  /** Lets the commit conflict on these types, too. */
  def declare(types: String*): this.type = {
    java.declare(types: _*)
    this
  }

  /**
   * Writes what was added, all or nothing. With nothing added it only ends the transaction.
   *
   * The future fails when nothing was written for another reason than a conflict, or with `OutcomeUnknownException` when nobody
   * knows.
   */
  def commit(): Future[CommitResult[E]] = Futures.of(java.commit())(CommitResult.of(_))

  /** Gives it up. Never fails, and does nothing when it is over. */
  def rollback(): Unit = java.rollback()
}
