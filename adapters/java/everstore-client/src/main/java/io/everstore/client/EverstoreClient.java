package io.everstore.client;

import io.everstore.client.exception.AuthenticationFailedException;
import io.everstore.client.exception.BadUrlException;
import io.everstore.client.exception.CannotReadException;
import io.everstore.client.exception.ConnectionLostException;
import io.everstore.client.exception.EverstoreException;
import io.everstore.client.exception.NoSuchWorkerException;
import io.everstore.client.exception.ProtocolException;
import io.everstore.client.exception.TimeoutException;
import io.everstore.client.exception.TooLargeException;
import io.everstore.client.operations.Attempt;
import io.everstore.client.operations.Commits;
import io.everstore.client.operations.Decision;
import io.everstore.client.operations.Journals;
import io.everstore.client.operations.Paging;
import io.everstore.client.operations.Repeating;
import io.everstore.client.operations.Wanted;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * A server, and the connections to it. Any number of threads may share one client; make it with {@link #connect}.
 *
 * <p>Nothing here waits but {@code connect} and {@link #close}: everything else gives a future at once. A future ends with an
 * {@link EverstoreException} when something went wrong, also when an argument cannot be; then nothing was written, unless it is
 * an {@code OutcomeUnknownException}. A conflict is a result.
 *
 * <p>One thread does all input and output. Futures complete on threads of the client's own, where a callback may wait for another
 * future; {@link ClientConfig#withExecutor} has them complete elsewhere.
 *
 * <p>Operations that are under way at the same time have no order among them, not even on one journal: go on with {@code
 * thenCompose} where one must follow another.
 *
 * <p>What only asks is asked again by itself, for a second or two, when its connection was lost. What writes is sent again until
 * it is answered, for 55 seconds at most, where the server knows it again; it is written once. To a server that knows version 1
 * only, a commit is never sent again. Cancelling a future takes nothing back.
 *
 * @param <E> what the serializer makes of events; {@link Event} without one
 */
public final class EverstoreClient<E> implements AutoCloseable {
    private final Session session;
    private final Serializer<E> serializer;

    private EverstoreClient(Session session, Serializer<E> serializer) {
        this.session = session;
        this.serializer = serializer;
    }

    /** Connects to a server and logs in; see {@link #connect(ClientConfig, Serializer)} and {@link ClientConfig#parse}. */
    public static EverstoreClient<Event> connect(String url) {
        return connect(ClientConfig.parse(url), Serializer.PLAIN);
    }

    /** Connects to a server and logs in; see {@link #connect(ClientConfig, Serializer)} and {@link ClientConfig#parse}. */
    public static <E> EverstoreClient<E> connect(String url, Serializer<E> serializer) {
        return connect(ClientConfig.parse(url), serializer);
    }

    /** Connects to a server and logs in; see {@link #connect(ClientConfig, Serializer)}. */
    public static EverstoreClient<Event> connect(ClientConfig config) {
        return connect(config, Serializer.PLAIN);
    }

    /**
     * Connects to a server and logs in. It waits until that is done.
     *
     * @throws BadUrlException the configuration cannot be used
     * @throws ConnectionLostException nobody answers there
     * @throws AuthenticationFailedException the server does not let this user in
     * @throws ProtocolException what answers there is no Everstore server
     * @throws TimeoutException the server took the connection and stays silent
     */
    public static <E> EverstoreClient<E> connect(ClientConfig config, Serializer<E> serializer) {
        try {
            return connectAsync(config, serializer).join();
        } catch (CompletionException error) {
            if (error.getCause() instanceof EverstoreException) {
                throw (EverstoreException) error.getCause();
            }
            throw error;
        }
    }

    /** The same without waiting. */
    public static <E> CompletableFuture<EverstoreClient<E>> connectAsync(ClientConfig config, Serializer<E> serializer) {
        Objects.requireNonNull(serializer, "serializer");
        return Session.connect(config).thenApply(session -> new EverstoreClient<>(session, serializer));
    }

    /** The same client for other events, over the same connections: whichever is closed closes them for both. */
    public <T> EverstoreClient<T> withSerializer(Serializer<T> other) {
        return new EverstoreClient<>(session, Objects.requireNonNull(other, "serializer"));
    }

    public ClientConfig config() {
        return session.config();
    }

    public Serializer<E> serializer() {
        return serializer;
    }

    /** A transaction on a journal, which need not exist. */
    public CompletableFuture<Transaction<E>> openTransaction(String journal) {
        return open(journal, false);
    }

    /** The same, whose commit conflicts when the journal exists already, or is created by somebody else first. */
    public CompletableFuture<Transaction<E>> openTransactionOnNewJournal(String journal) {
        return open(journal, true);
    }

    /**
     * Does some work in a transaction and commits it, and does it again in a new one when it met a conflict, with growing random
     * pauses between; 10 times at most. It is also done again when the transaction was lost before anything was written.
     *
     * @param work reads and adds; the transaction is committed once the stage that it returns completes, and rolled back when it
     *     fails. It is called where futures complete
     * @return the last commit's result: a conflict, when each met one
     */
    public CompletableFuture<CommitResult<E>> run(String journal, Function<Transaction<E>, ? extends CompletionStage<?>> work) {
        return run(journal, Limits.CONFLICT_ATTEMPTS, work);
    }

    /** The same, with so many attempts at most, 1 or more. */
    public CompletableFuture<CommitResult<E>> run(
            String journal, int attempts, Function<Transaction<E>, ? extends CompletionStage<?>> work) {
        if (attempts < 1) {
            throw new IllegalArgumentException("attempts is " + attempts + ", expected 1 or more");
        }
        return new Run<>(this, session, journal, attempts, work).start();
    }

    /** Appends events to a journal, whatever it holds: one whole transaction, in one request. */
    @SafeVarargs
    @SuppressWarnings("varargs")
    public final CompletableFuture<CommitResult<E>> append(String journal, E... events) {
        return append(journal, AppendOptions.NONE, Arrays.asList(events));
    }

    /** Appends events to a journal under a condition: one whole transaction, in one request. */
    @SafeVarargs
    @SuppressWarnings("varargs")
    public final CompletableFuture<CommitResult<E>> append(String journal, AppendOptions options, E... events) {
        return append(journal, options, Arrays.asList(events));
    }

    /**
     * Appends events to a journal under a condition: one whole transaction, in one request. Appends that wait at the same time
     * travel together.
     *
     * <p>With a server that knows version 1 only it takes two requests, types that it depends on are declared, too, whatever came
     * after the size that it is to be after is a conflict, and so is a commit of one of its types in the moment between.
     */
    public CompletableFuture<CommitResult<E>> append(String journal, AppendOptions options, Collection<? extends E> events) {
        return appendBatch(journal, options, batch -> events.forEach(event -> batch.add(event, serializer)));
    }

    /** The same with ready lines {@code type SP data}, whose data is not looked at. */
    public CompletableFuture<CommitResult<E>> appendLines(String journal, AppendOptions options, Collection<String> lines) {
        return appendBatch(journal, options, batch -> lines.forEach(batch::addLine));
    }

    /** The same, whatever the journal holds. */
    public CompletableFuture<CommitResult<E>> appendLines(String journal, String... lines) {
        return appendLines(journal, AppendOptions.NONE, Arrays.asList(lines));
    }

    /** All events of a journal; none when it does not exist. */
    public CompletableFuture<List<E>> read(String journal) {
        return read(journal, 0);
    }

    /**
     * The events of a journal behind a position. The future ends with {@link CannotReadException} when that is none.
     *
     * @param since a former size of the journal in bytes, as results and transactions tell it: only what came later is read
     */
    public CompletableFuture<List<E>> read(String journal, long since) {
        return read(journal, ReadOptions.ALL.since(since));
    }

    /**
     * The events of a journal that somebody wants. The future ends with {@link CannotReadException} when a position is none, and
     * with {@link TooLargeException} when they are too many for one list: then read {@linkplain #readPages page by page}.
     */
    public CompletableFuture<List<E>> read(String journal, ReadOptions options) {
        return readText(journal, options, false, text -> Lines.each(text, line -> serializer.decode(Event.read(line))));
    }

    /** The same with their times, not decoded: {@code serializer().decode} makes an object of one. */
    public CompletableFuture<List<Event>> readEvents(String journal, ReadOptions options) {
        return readText(journal, options, true, text -> Lines.each(text, Event::readStamped));
    }

    /** The same, behind a position. */
    public CompletableFuture<List<Event>> readEvents(String journal, long since) {
        return readEvents(journal, ReadOptions.ALL.since(since));
    }

    /** The same as lines {@code type SP data}. */
    public CompletableFuture<List<String>> readLines(String journal, ReadOptions options) {
        return readText(journal, options, false, text -> Lines.each(text, line -> line));
    }

    /** The same, behind a position. */
    public CompletableFuture<List<String>> readLines(String journal, long since) {
        return readLines(journal, ReadOptions.ALL.since(since));
    }

    /**
     * Reads a journal of any size in the memory of one page, up to where it ends when this begins.
     *
     * <p>A server that knows version 1 only has no pages, and everything comes in one.
     *
     * @param reader is given one page after the other, where futures complete: the next one once the stage that it returns
     *     completes. When that fails, so does the future, and no other follows
     * @return where it ended: the position to go on from later. It ends as {@link #read(String, ReadOptions)} does when something
     *     goes wrong; pages that were given before then are as good as any
     * @throws IllegalArgumentException the events are counted from the end: those are read at once
     */
    public CompletableFuture<Long> readPages(
            String journal, ReadOptions options, Function<Page<E>, ? extends CompletionStage<?>> reader) {
        if (options.choice.isFromTheEnd()) {
            throw new IllegalArgumentException("pages go on from a start, and these events are counted from the end");
        }
        return guarded(() -> {
            Paging paging = new Paging(Names.journal(journal), options.choice, options.pageBytes);
            return new PageByPage<>(this, session, paging, reader).start();
        });
    }

    /** Whether anything was ever committed to the journal. */
    public CompletableFuture<Boolean> journalExists(String journal) {
        return guarded(() -> asking(0, Journals.exists(Names.journal(journal)), exists -> exists));
    }

    /** The names of all journals that begin with {@code prefix}, in the order of their bytes. */
    public CompletableFuture<List<String>> journals(String prefix) {
        return guarded(() -> {
            byte[] bytes = Names.prefix(prefix);
            return session.perform(
                    0, Limits.READ_BYTES, (pool, heard) -> Journals.list(pool, bytes, heard), (List<String> names) -> names);
        });
    }

    /** What the server says about itself: JSON. */
    public CompletableFuture<String> status() {
        return workerStatus(0);
    }

    /** What one worker, counted from 1, says about itself; {@link NoSuchWorkerException} when there is none. */
    public CompletableFuture<String> workerStatus(int worker) {
        return asking(Limits.READ_BYTES, Journals.status(worker), text -> new String(text, StandardCharsets.UTF_8));
    }

    /**
     * Closes every connection, and waits until what was pending has failed. Open transactions come to nothing. A future of
     * a commit that was in flight ends with an {@code OutcomeUnknownException}.
     */
    @Override
    public void close() {
        session.close();
    }

    CompletableFuture<CommitResult<E>> commit(Wanted wanted, int eventCount, Operation<Decision> operation) {
        return session.perform(wanted.bytes(), 0, operation, decision -> result(wanted.journal, eventCount, decision));
    }

    private CompletableFuture<Transaction<E>> open(String journal, boolean mustBeNew) {
        return guarded(() -> {
            byte[] name = Names.journal(journal);
            return asking(
                    0, Journals.open(name), open -> new Transaction<>(this, session, journal, name, open, mustBeNew));
        });
    }

    private CompletableFuture<CommitResult<E>> appendBatch(String journal, AppendOptions options, Filling filling) {
        return guarded(() -> {
            Batch batch = new Batch();
            filling.fill(batch);
            byte[] name = Names.journal(journal);
            if (batch.count() == 0) {
                return asking(0, Journals.open(name), open -> {
                    Transaction<E> nothing = new Transaction<>(this, session, journal, name, open, false);
                    nothing.rollback();
                    return CommitResult.written(journal, open.size, 0);
                });
            }
            List<String> declares = options.declares == null ? batch.types() : options.declares;
            Wanted wanted = new Wanted(
                    journal, name, batch.text(), declares, dependsOf(options, declares), options.mustBeNew, options.after);
            return commit(wanted, batch.count(), (pool, heard) -> Commits.append(pool, wanted, heard));
        });
    }

    private static List<String> dependsOf(AppendOptions options, List<String> declares) {
        if (options.mustBeNew) {
            return Collections.singletonList(Names.NEW_JOURNAL);
        }
        if (options.after < 0) {
            return Collections.emptyList();
        }
        return options.depends == null ? declares : options.depends;
    }

    private CommitResult<E> result(String journal, int eventCount, Decision decision) {
        if (decision.conflict == null) {
            return CommitResult.written(journal, decision.size, eventCount);
        }
        byte[] text = decision.text;
        return CommitResult.refused(new Conflict<>(
                journal,
                decision.conflict,
                decision.size,
                decision.until,
                text == null ? null : () -> Lines.each(text, line -> serializer.decode(Event.readStamped(line)))));
    }

    private <T> CompletableFuture<List<T>> readText(
            String journal, ReadOptions options, boolean timestamps, Function<byte[], List<T>> decode) {
        return guarded(() ->
                asking(Limits.READ_BYTES, Journals.read(Names.journal(journal), options.choice, timestamps), decode));
    }

    private <T, R> CompletableFuture<R> asking(long replyBytes, Attempt<T> attempt, Function<T, R> finish) {
        return session.perform(0, replyBytes, (pool, heard) -> Repeating.perform(pool, false, attempt, heard), finish);
    }

    /** What is wrong with an argument is told by the future, as everything else is. */
    static <T> CompletableFuture<T> guarded(Beginning<T> beginning) {
        try {
            return beginning.begin();
        } catch (EverstoreException flaw) {
            return ClientFuture.failed(flaw);
        }
    }

    /** What makes a future, or throws before. */
    interface Beginning<T> {
        CompletableFuture<T> begin();
    }

    private interface Filling {
        void fill(Batch batch);
    }
}
