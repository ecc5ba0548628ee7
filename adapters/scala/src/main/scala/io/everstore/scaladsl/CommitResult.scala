package io.everstore.scaladsl

import io.everstore.client.exception.ConflictException
import io.everstore.client.{CommitResult => JavaResult, Conflict => JavaConflict}
import scala.jdk.CollectionConverters._
import scala.jdk.OptionConverters._

/** What became of a commit or an append: its events were written, durably, or it met a conflict and nothing was. */
sealed trait CommitResult[+E] {

  /** The journal's name. */
  def journal: String

  /** The journal's size in bytes, as it was seen last: what a later read or append goes on from. */
  def size: Long

  /**
   * This result, unless it is a conflict.
   *
   * @throws io.everstore.client.exception.ConflictException it is one
   */
  def orThrow: Committed
}

/**
 * It was written.
 *
 * @param size the journal's size in bytes behind the events
 * @param eventCount how many events were written
 */
final case class Committed(journal: String, size: Long, eventCount: Int) extends CommitResult[Nothing] {
  override def orThrow: Committed = this
}

/** Nothing was written: another commit had declared one of its types meanwhile. */
final class Conflict[+E] private[scaladsl] (java: JavaConflict[_], decode: () => Option[Seq[E]]) extends CommitResult[E] {
  override def journal: String = java.journal

  /** The types that the refused commit declared, or that the refused append depended on. */
  val types: Seq[String] = java.types.asScala.toVector

  /** The journal's size in bytes, to append after once the [[events]] have been looked at. */
  override def size: Long = java.size

  /** The size up to which [[events]] reach; below [[size]] when there were too many to come along. */
  def until: Option[Long] = java.until.toScala

  /**
   * What came since; None where the server did not tell. It is decoded here, each time.
   *
   * @throws io.everstore.client.exception.UnknownEventTypeException the serializer has no class for an event's type
   * @throws io.everstore.client.exception.UnreadableEventException an event does not fit its class
   */
  def events: Option[Seq[E]] = decode()

  override def orThrow: Nothing = throw new ConflictException(java)

  override def toString: String = java.toString
}

object Conflict {

  /** `case Conflict(journal, types)`. */
  def unapply[E](conflict: Conflict[E]): Some[(String, Seq[String])] = Some((conflict.journal, conflict.types))
}

private[scaladsl] object CommitResult {
  def of[E](java: JavaResult[E]): CommitResult[E] = java.conflict.toScala match {
    case None => Committed(java.journal, java.size, java.eventCount)
    case Some(conflict) => new Conflict(conflict, () => conflict.events.toScala.map(_.asScala.toVector))
  }
}
