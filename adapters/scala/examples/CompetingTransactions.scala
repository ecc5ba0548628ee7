package io.everstore.examples

import io.everstore.scaladsl._
import scala.concurrent.ExecutionContext.Implicits.global
import scala.concurrent.duration._
import scala.concurrent.{Await, Future}

/** Two transactions that both create a user: one is written, the other one conflicts. Argument: the server's URL. */
object CompetingTransactions {
  def main(arguments: Array[String]): Unit = {
    val client = Await.result(EverstoreClient.connect(arguments(0)), 30.seconds)
    try Await.result(compete(client), 30.seconds).foreach(println)
    finally client.close()
  }

  private def compete(client: EverstoreClient[Event]): Future[Seq[String]] = for {
    one <- client.openTransaction("/user/competed-for")
    two <- client.openTransaction("/user/competed-for")
    _ = one.add(Event("user.Created", """{"by":"one"}"""))
    _ = two.add(Event("user.Created", """{"by":"two"}"""))
    first = one.commit().map(told("one", _))
    second = two.commit().map(told("two", _))
    lines <- Future.sequence(Seq(first, second))
  } yield lines

  private def told(who: String, result: CommitResult[Event]): String = result match {
    case Committed(journal, size, _) => s"$who: written, $journal has $size bytes"
    case conflict: Conflict[Event] => s"$who: conflict, of ${conflict.events.toSeq.flatten.mkString(", ")}"
  }
}
