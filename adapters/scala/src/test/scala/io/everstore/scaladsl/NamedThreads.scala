package io.everstore.scaladsl

import java.util.concurrent.{ExecutorService, Executors}
import scala.concurrent.ExecutionContext

/** So many threads, by whose name one sees where something ran. */
final class NamedThreads(name: String, count: Int) extends AutoCloseable {
  private val threads: ExecutorService = Executors.newFixedThreadPool(count, task => new Thread(task, name))

  val executor: ExecutionContext = ExecutionContext.fromExecutor(threads)

  override def close(): Unit = threads.shutdown()
}
