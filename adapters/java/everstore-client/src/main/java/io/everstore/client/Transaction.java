package io.everstore.client;

import io.everstore.client.exception.EverstoreException;
import io.everstore.client.exception.NotAcceptableException;
import io.everstore.client.exception.OutcomeUnknownException;
import io.everstore.client.exception.TransactionEndedException;
import io.everstore.client.exception.UnknownEventTypeException;
import io.everstore.client.operations.Commits;
import io.everstore.client.operations.Journals;
import io.everstore.client.operations.OpenJournal;
import io.everstore.client.operations.Wanted;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * A transaction on one journal. It sees the journal as it was when it opened, for as long as it lives; its commit conflicts when
 * another one has declared one of its types since then.
 *
 * <p>Nothing of it is open on the server, and it may stay open for as long as it likes. The server remembers which types were
 * declared for ten seconds after a journal was last used; one that commits later, when something has come since it opened,
 * conflicts whatever the types are. (With a server that knows version 1 only it ends with its connection, and expires.)
 *
 * <pre>
 * state         what happens                                     next
 * OPEN          read, add, declare                               OPEN
 * OPEN          commit                                           COMMITTING
 * COMMITTING    it is written                                    COMMITTED
 * COMMITTING    a conflict, or an error that excludes success    ROLLED_BACK
 * COMMITTING    an outcome that nobody knows                     OF_UNKNOWN_OUTCOME
 * OPEN          rollback                                         ROLLED_BACK
 * </pre>
 *
 * <p>Any thread may use it; what is read and added by several has no order but theirs.
 */
public final class Transaction<E> {
    private enum State {
        OPEN("open"),
        COMMITTING("being committed"),
        COMMITTED("committed"),
        ROLLED_BACK("rolled back"),
        OF_UNKNOWN_OUTCOME("of unknown outcome");

        final String words;

        State(String words) {
            this.words = words;
        }
    }

    private final EverstoreClient<E> client;
    private final Session session;
    private final String journal;
    private final byte[] name;
    private final OpenJournal open;
    private final boolean mustBeNew;
    private final Batch batch = new Batch();
    private State state = State.OPEN;

    Transaction(
            EverstoreClient<E> client, Session session, String journal, byte[] name, OpenJournal open, boolean mustBeNew) {
        this.client = client;
        this.session = session;
        this.journal = journal;
        this.name = name;
        this.open = open;
        this.mustBeNew = mustBeNew;
        if (mustBeNew) {
            batch.declare(Names.NEW_JOURNAL);
        }
    }

    /** The journal's name. */
    public String journal() {
        return journal;
    }

    /** The journal's size in bytes as the transaction sees it. */
    public long size() {
        return open.size;
    }

    /** Whether the journal held anything when the transaction opened. */
    public boolean exists() {
        return open.size > 0;
    }

    /** Whether it can still be used. */
    public synchronized boolean isOpen() {
        return state == State.OPEN;
    }

    /** The events that the journal held when the transaction opened. */
    public CompletableFuture<List<E>> read() {
        return read(0);
    }

    /** Those behind a position; see {@link EverstoreClient#read(String, long)}. */
    public CompletableFuture<List<E>> read(long since) {
        Serializer<E> serializer = client.serializer();
        return readText(since, false, text -> Lines.each(text, line -> serializer.decode(Event.read(line))));
    }

    /** The same with their times, not decoded. */
    public CompletableFuture<List<Event>> readEvents(long since) {
        return readText(since, true, text -> Lines.each(text, Event::readStamped));
    }

    /** The same as lines {@code type SP data}. */
    public CompletableFuture<List<String>> readLines(long since) {
        return readText(since, false, text -> Lines.each(text, line -> line));
    }

    /**
     * Adds an event to the commit; nothing is sent yet.
     *
     * @throws UnknownEventTypeException the serializer has no type for the object
     * @throws NotAcceptableException it cannot be written down
     * @throws TransactionEndedException the transaction is over
     */
    public Transaction<E> add(E event) {
        return addAll(Collections.singleton(event));
    }

    /** Adds events to the commit: all of them, or none when one of them cannot be written down. Throws as {@link #add} does. */
    public synchronized Transaction<E> addAll(Collection<? extends E> events) {
        requireOpen();
        Batch all = new Batch();
        events.forEach(event -> all.add(event, client.serializer()));
        batch.addAll(all);
        return this;
    }

    /** Adds ready lines {@code type SP data}, whose data is not looked at. Throws as {@link #add} does. */
    public synchronized Transaction<E> addLines(Collection<String> lines) {
        requireOpen();
        Batch all = new Batch();
        lines.forEach(all::addLine);
        batch.addAll(all);
        return this;
    }

    /**
     * Lets the commit conflict on these types, too.
     *
     * @throws NotAcceptableException a type is none that there can be
     * @throws TransactionEndedException the transaction is over
     */
    public synchronized Transaction<E> declare(String... types) {
        requireOpen();
        for (String type : types) {
            Names.eventType(type);
        }
        for (String type : types) {
            batch.declare(type);
        }
        return this;
    }

    /**
     * Writes what was added, all or nothing. With nothing added it only ends the transaction.
     *
     * <p>The future ends with an exception when nothing was written for another reason than a conflict, or with {@link
     * OutcomeUnknownException} when nobody knows.
     */
    public CompletableFuture<CommitResult<E>> commit() {
        return EverstoreClient.guarded(() -> {
            Wanted wanted;
            int count;
            synchronized (this) {
                requireOpen();
                byte[] text = batch.text();
                count = batch.count();
                List<String> types = batch.types();
                wanted = new Wanted(journal, name, text, types, types, false, open.size);
                state = State.COMMITTING;
            }
            return decide(wanted, count);
        });
    }

    /** Gives it up. Never fails, and does nothing when it is over. */
    public void rollback() {
        synchronized (this) {
            if (state != State.OPEN) {
                return;
            }
            state = State.ROLLED_BACK;
        }
        giveUp();
    }

    private CompletableFuture<CommitResult<E>> decide(Wanted wanted, int count) {
        if (mustBeNew && exists()) {
            end(State.ROLLED_BACK);
            List<String> types = Collections.singletonList(Names.NEW_JOURNAL);
            return CompletableFuture.completedFuture(
                    CommitResult.refused(new Conflict<>(journal, types, open.size, open.size, null)));
        }
        if (count == 0) {
            end(State.ROLLED_BACK);
            return CompletableFuture.completedFuture(CommitResult.written(journal, open.size, 0));
        }
        return client.commit(wanted, count, (pool, heard) -> Commits.commit(pool, open, wanted, (decision, error) -> {
            settle(error == null && decision.conflict == null, error);
            heard.heard(decision, error);
        })).whenComplete((result, error) -> settle(false, error));
    }

    /** What was refused before it was sent has not passed the I/O thread. */
    private synchronized void settle(boolean written, Throwable error) {
        if (state == State.COMMITTING) {
            state = written
                    ? State.COMMITTED
                    : error instanceof OutcomeUnknownException ? State.OF_UNKNOWN_OUTCOME : State.ROLLED_BACK;
        }
    }

    private synchronized void end(State ended) {
        state = ended;
        giveUp();
    }

    private void giveUp() {
        session.tell(() -> Journals.end(open, name));
    }

    private <T> CompletableFuture<List<T>> readText(long since, boolean timestamps, Function<byte[], List<T>> decode) {
        ReadOptions.requirePosition(since);
        return EverstoreClient.guarded(() -> {
            requireOpen();
            return session.perform(
                    0,
                    Limits.READ_BYTES,
                    (pool, heard) -> Journals.readOpen(pool, open, name, since, timestamps, heard),
                    decode);
        });
    }

    /** @throws TransactionEndedException it is over */
    private synchronized void requireOpen() throws EverstoreException {
        if (state != State.OPEN) {
            throw new TransactionEndedException("the transaction on " + journal + " is " + state.words);
        }
    }
}
