package io.everstore.scaladsl

import io.everstore.client.{Page => JavaPage}
import scala.jdk.CollectionConverters._

/**
 * Some events of a journal, one after the other, as [[EverstoreClient.readPages]] gives them; one at least.
 *
 * @param stamped the events, with the times of their commits
 * @param end the position behind them in bytes: what was read up to here need not be read again
 */
final case class Page[+E](stamped: Seq[Stamped[E]], end: Long) {

  /** The events alone. */
  def events: Seq[E] = stamped.map(_.event)
}

private[scaladsl] object Page {
  def of[E](page: JavaPage[E]): Page[E] = {
    val times = page.stamped.asScala.iterator.map(_.timestamp.get)
    Page(times.zip(page.events.asScala).map((Stamped.apply[E] _).tupled).toVector, page.end)
  }
}
