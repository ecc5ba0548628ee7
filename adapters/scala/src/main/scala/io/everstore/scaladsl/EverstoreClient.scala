package io.everstore.scaladsl

import io.everstore.client.{ClientConfig, EverstoreClient => JavaClient, Limits, Page => JavaPage, ReadOptions, Transaction => JavaTransaction}
import io.everstore.scaladsl.AppendCondition.Always
import java.util.concurrent.CompletionStage
import scala.concurrent.{ExecutionContext, Future}
import scala.jdk.CollectionConverters._

/**
 * A server, and the connections to it. Any number of threads may share one client; make it with [[EverstoreClient.connect]].
 *
 * Nothing here waits but [[close]]: everything else gives a future at once, and throws nothing. A future fails with an
 * `EverstoreException` when something went wrong, also when an argument cannot be; then nothing was written, unless it is an
 * `OutcomeUnknownException`. A conflict is a result.
 *
 * What only asks is asked again by itself, for a second or two, when its connection was lost. What writes is sent again until it is
 * answered, for 55 seconds at most, where the server knows it again; it is written once. To a server that knows version 1 only, a
 * commit is never sent again.
 *
 * @param asJava the Java client, for what is made for it
 * @tparam E what the serializer makes of events; [[Event]] without one
 */
final class EverstoreClient[E](val asJava: JavaClient[E]) extends AutoCloseable {

  /** The same client for other events, over the same connections: whichever is closed closes them for both. */
  def withSerializer[T](other: Serializer[T]): EverstoreClient[T] = new EverstoreClient(asJava.withSerializer(other))

  /** A transaction on a journal, which need not exist. */
  def openTransaction(journal: String): Future[Transaction[E]] = Futures.of(asJava.openTransaction(journal))(transaction)

  /** The same, whose commit conflicts when the journal exists already, or is created by somebody else first. */
  def openTransactionOnNewJournal(journal: String): Future[Transaction[E]] =
    Futures.of(asJava.openTransactionOnNewJournal(journal))(transaction)

  /**
   * Does some work in a transaction and commits it, and does it again in a new one when it met a conflict, with growing random
   * pauses between. It is also done again when the transaction was lost before anything was written.
   *
   * @param attempts how often at most, 1 or more
   * @param work reads and adds; the transaction is committed once its future has succeeded, and rolled back when it fails
   * @param executor where `work` is called
   * @return the last commit's result: a conflict, when each met one
   */
  def run(journal: String, attempts: Int = Limits.CONFLICT_ATTEMPTS)(work: Transaction[E] => Future[Any])(implicit
      executor: ExecutionContext
  ): Future[CommitResult[E]] = {
    def job(opened: JavaTransaction[E]): CompletionStage[Any] = Futures.toJava(Future.delegate(work(transaction(opened))))
    Futures.of(asJava.run(journal, attempts, job(_)))(CommitResult.of(_))
  }

  /** Appends an event to a journal; see [[appendAll]]. */
  def append(
      journal: String,
      event: E,
      condition: AppendCondition = Always,
      declares: Option[Seq[String]] = None
  ): Future[CommitResult[E]] = appendAll(journal, List(event), condition, declares)

  /**
   * Appends events to a journal: one whole transaction, in one request. Appends that wait at the same time travel together.
   *
   * With a server that knows version 1 only it takes two requests, types that it depends on are declared, too, whatever came after the
   * size that it is to be after is a conflict, and so is a commit of one of its types in the moment between.
   *
   * @param condition when it happens
   * @param declares the types that it declares, in place of its events' own
   */
  def appendAll(
      journal: String,
      events: Iterable[E],
      condition: AppendCondition = Always,
      declares: Option[Seq[String]] = None
  ): Future[CommitResult[E]] =
    Futures.of(asJava.append(journal, AppendCondition.toJava(condition, declares), events.asJavaCollection))(CommitResult.of(_))

  /** The same with ready lines `type SP data`, whose data is not looked at. */
  def appendLines(
      journal: String,
      lines: Iterable[String],
      condition: AppendCondition = Always,
      declares: Option[Seq[String]] = None
  ): Future[CommitResult[E]] =
    Futures.of(asJava.appendLines(journal, AppendCondition.toJava(condition, declares), lines.asJavaCollection))(CommitResult.of(_))

  /**
   * The events of a journal behind a position; none when it does not exist. The future fails with `CannotReadException` when the
   * position is none.
   *
   * @param since a former size of the journal in bytes, as results and transactions tell it: only what came later is read
   */
  def read(journal: String, since: Long = 0): Future[Seq[E]] = Futures.of(asJava.read(journal, since))(_.asScala.toVector)

  /** The same with the times of their commits. */
  def readStamped(journal: String, since: Long = 0): Future[Seq[Stamped[E]]] =
    Futures.of(asJava.readEvents(journal, since))(_.asScala.iterator.map(Stamped.of(_, asJava.serializer)).toVector)

  /** The same as lines `type SP data`. */
  def readLines(journal: String, since: Long = 0): Future[Seq[String]] =
    Futures.of(asJava.readLines(journal, since))(_.asScala.toVector)

  /**
   * The events of a journal that somebody wants. The future fails with `CannotReadException` when a position is none, and with
   * `TooLargeException` when they are too many for one list: then read them with [[readPages]].
   */
  def read(journal: String, options: ReadOptions): Future[Seq[E]] = Futures.of(asJava.read(journal, options))(_.asScala.toVector)

  /** The same with the times of their commits. */
  def readStamped(journal: String, options: ReadOptions): Future[Seq[Stamped[E]]] =
    Futures.of(asJava.readEvents(journal, options))(_.asScala.iterator.map(Stamped.of(_, asJava.serializer)).toVector)

  /** The same as lines `type SP data`. */
  def readLines(journal: String, options: ReadOptions): Future[Seq[String]] =
    Futures.of(asJava.readLines(journal, options))(_.asScala.toVector)

  /**
   * Reads a journal of any size in the memory of one page, up to where it ends when this begins. (A server that knows version 1
   * only has no pages, and everything comes in one.)
   *
   * @param options which events, and how large a page is. Not counted from the end: those are read at once
   * @param reader is given one page after the other: the next one once its future has succeeded. When that fails, so does this,
   *     and no other follows
   * @param executor where `reader` is called
   * @return where it ended: the position to go on from later
   */
  def readPages(journal: String, options: ReadOptions = ReadOptions.ALL)(reader: Page[E] => Future[Any])(implicit
      executor: ExecutionContext
  ): Future[Long] = {
    def job(page: JavaPage[E]): CompletionStage[Any] = Futures.toJava(Future.delegate(reader(Page.of(page))))
    Futures.of(asJava.readPages(journal, options, job(_)))(_.longValue)
  }

  /** Whether anything was ever committed to the journal. */
  def journalExists(journal: String): Future[Boolean] = Futures.of(asJava.journalExists(journal))(_.booleanValue)

  /** The names of all journals that begin with `prefix`, in the order of their bytes. */
  def journals(prefix: String = ""): Future[Seq[String]] = Futures.of(asJava.journals(prefix))(_.asScala.toVector)

  /** What the server says about itself: JSON. */
  def status(): Future[String] = Futures.of(asJava.status())(identity)

  /** What one worker, counted from 1, says about itself; the future fails with `NoSuchWorkerException` when there is none. */
  def workerStatus(worker: Int): Future[String] = Futures.of(asJava.workerStatus(worker))(identity)

  /**
   * Closes every connection, and waits until what was pending has failed. Open transactions come to nothing. A commit that was in
   * flight fails with an `OutcomeUnknownException`.
   */
  override def close(): Unit = asJava.close()

  private def transaction(opened: JavaTransaction[E]): Transaction[E] = new Transaction(opened, asJava.serializer)
}

object EverstoreClient {

  /** Connects to a server and logs in; see `ClientConfig.parse` for the URL. */
  def connect(url: String): Future[EverstoreClient[Event]] = connect(url, Event.serializer)

  /** The same for events of one's own. */
  def connect[E](url: String, serializer: Serializer[E]): Future[EverstoreClient[E]] = connecting(ClientConfig.parse(url), serializer)

  /** Connects to a server and logs in. */
  def connect(config: ClientConfig): Future[EverstoreClient[Event]] = connecting(config, Event.serializer)

  /**
   * The same for events of one's own.
   *
   * The future fails with `BadUrlException` when the configuration cannot be used, `ConnectionLostException` when nobody answers there,
   * `AuthenticationFailedException` when the server does not let this user in, `ProtocolException` when what answers is no Everstore
   * server, and `TimeoutException` when it takes the connection and stays silent.
   */
  def connect[E](config: ClientConfig, serializer: Serializer[E]): Future[EverstoreClient[E]] = connecting(config, serializer)

  private def connecting[E](config: => ClientConfig, serializer: Serializer[E]): Future[EverstoreClient[E]] =
    Futures.of(JavaClient.connectAsync(config, serializer))(new EverstoreClient(_))
}
