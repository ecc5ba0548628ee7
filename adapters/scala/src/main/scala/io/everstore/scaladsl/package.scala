package io.everstore

/**
 * Everstore for Scala: futures over the Java client. [[scaladsl.EverstoreClient.connect]] is where to begin.
 *
 * Futures are those of `scala.concurrent`. What needs an `ExecutionContext` runs functions of the program's own on it; what
 * needs none runs none but its serializer, which the client's threads call. Errors are the exceptions of the Java client,
 * `io.everstore.client.exception`; a conflict is a result.
 */
package object scaladsl {

  /** Events to lines of a journal and back: the Java client's, so one that was made for it serves here, too. */
  type Serializer[E] = io.everstore.client.Serializer[E]

  /** Where a repository's states are kept. */
  type Snapshots[S] = io.everstore.repository.Snapshots[S]
}
