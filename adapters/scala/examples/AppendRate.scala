package io.everstore.examples

import io.everstore.client.ClientConfig
import io.everstore.scaladsl._
import java.util.Locale
import java.util.concurrent.atomic.AtomicInteger
import scala.concurrent.ExecutionContext.Implicits.global
import scala.concurrent.duration._
import scala.concurrent.{Await, Future}

/**
 * How many transactions of one event a second: so many appends in flight over so many journals.
 *
 * Arguments: host port transactions inFlight journals. Prints one line of JSON: {"transactions": n, "seconds": s, "errors": e}.
 */
object AppendRate {
  def main(arguments: Array[String]): Unit = arguments match {
    case Array(host, port, transactions, inFlight, journals) =>
      val config = ClientConfig.DEFAULT.withHost(host).withPort(port.toInt)
      val client = Await.result(EverstoreClient.connect(config), 30.seconds)
      try measure(new AppendRate(client, transactions.toInt, journals.toInt), transactions.toInt, inFlight.toInt)
      finally client.close()
    case _ =>
      System.err.println("arguments: host port transactions inFlight journals")
      sys.exit(2)
  }

  private def measure(rate: AppendRate, transactions: Int, inFlight: Int): Unit = {
    val began = System.nanoTime()
    Await.result(Future.traverse((1 to inFlight).toVector)(_ => rate.appendNext()), Duration.Inf)
    val seconds = (System.nanoTime() - began) / 1e9
    println("""{"transactions": %d, "seconds": %.3f, "errors": %d}""".formatLocal(Locale.ROOT, transactions, seconds, rate.errors.get))
  }
}

final class AppendRate private (client: EverstoreClient[Event], transactions: Int, journals: Int) {
  private val next = new AtomicInteger
  val errors = new AtomicInteger

  def appendNext(): Future[Unit] = {
    val number = next.getAndIncrement()
    if (number >= transactions) Future.unit
    else
      client.append(s"/load/${number % journals}", Event("load.Counted", s"""{"n":$number}""")).transformWith { result =>
        if (!result.toOption.exists(_.isInstanceOf[Committed])) errors.incrementAndGet()
        appendNext()
      }
  }
}
