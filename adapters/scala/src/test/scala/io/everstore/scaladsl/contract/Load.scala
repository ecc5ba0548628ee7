package io.everstore.scaladsl.contract

import io.everstore.scaladsl.{CommitResult, EverstoreClient}
import java.util.concurrent.atomic.AtomicInteger
import scala.concurrent.{ExecutionContext, Future}

/** The contract's load: so many transactions of one event each, over so many journals. */
final class Load(client: EverstoreClient[_], prefix: String, transactions: Int, journals: Int, throughTransactions: Boolean)(implicit
    executor: ExecutionContext
) {
  private val next = new AtomicInteger

  /** All of them, so many at a time; fails with the first error. */
  def run(inFlight: Int): Future[Unit] = Future.traverse((1 to inFlight).toVector)(_ => goOn()).map(_ => ())

  /** The journals that do not hold each of their events exactly once and no other, with what they hold. */
  def wrong(): Future[Seq[(String, Seq[String])]] =
    Future.traverse((0 until journals).toVector) { journal =>
      client.readLines(prefix + journal).map { lines =>
        val wanted = (journal until transactions by journals).map(line)
        if (lines.sorted == wanted.sorted) None else Some((prefix + journal, lines))
      }
    }.map(_.flatten)

  private def goOn(): Future[Unit] = {
    val number = next.getAndIncrement()
    if (number >= transactions) Future.unit
    else write(prefix + number % journals, line(number)).flatMap(result => goOn(result.orThrow.eventCount))
  }

  private def goOn(written: Int): Future[Unit] = {
    assert(written == 1)
    goOn()
  }

  private def line(number: Int): String = s"""load.Counted {"n":$number}"""

  private def write(journal: String, line: String): Future[CommitResult[Any]] =
    if (throughTransactions)
      client.run(journal, Load.Attempts)(transaction => Future.successful(transaction.addLines(List(line))))
    else client.appendLines(journal, List(line))
}

object Load {
  private val Attempts = 1000
}
