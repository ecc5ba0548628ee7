package io.everstore.scaladsl

import java.util.concurrent.{CompletableFuture, CompletionException, CompletionStage}
import scala.concurrent.{ExecutionContext, Future, Promise}
import scala.util.control.NonFatal
import scala.util.{Failure, Success, Try}

/** Futures of Java as futures of Scala, and back. Neither way takes a thread or an `ExecutionContext`. */
private[scaladsl] object Futures {

  /** `convert` is called where the client completes its futures. What is thrown before there is a future is its failure, too. */
  def of[A, B](begin: => CompletionStage[A])(convert: A => B): Future[B] = {
    val promise = Promise[B]()
    try begin.whenComplete((value, error) => promise.complete(if (error == null) Try(convert(value)) else failure(error)))
    catch { case NonFatal(flaw) => promise.failure(flaw) }
    promise.future
  }

  def toJava[A](future: Future[A]): CompletionStage[A] = {
    val java = new CompletableFuture[A]
    future.onComplete {
      case Success(value) => java.complete(value)
      case Failure(error) => java.completeExceptionally(error)
    }(ExecutionContext.parasitic)
    java
  }

  /** A future that was derived of another one wraps the reason. */
  private def failure(error: Throwable): Failure[Nothing] = error match {
    case wrapped: CompletionException if wrapped.getCause != null => Failure(wrapped.getCause)
    case reason => Failure(reason)
  }
}
