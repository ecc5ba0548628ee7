package io.everstore.repository;

import io.everstore.client.CommitResult;
import io.everstore.client.EverstoreClient;
import io.everstore.client.Transaction;
import io.everstore.client.exception.CannotReadException;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Folds a journal into a state, keeps a snapshot of it, and reads only what is newer. Immutable, and safe for use by several
 * threads.
 *
 * <p>States must not be changed in place: a snapshot may be handed out again.
 *
 * @param <S> a state
 * @param <E> an event
 */
public final class Repository<S, E> {
    private static final Logger LOG = Logger.getLogger(Repository.class.getName());

    private final EverstoreClient<E> client;
    private final Supplier<S> initial;
    private final BiFunction<S, E, S> fold;
    private final Snapshots<S> snapshots;
    private final int snapshotEvents;

    /**
     * One that keeps its snapshots in memory.
     *
     * @param initial makes the state of a journal without events
     * @param fold from a state and the next event to the next state
     */
    public Repository(EverstoreClient<E> client, Supplier<S> initial, BiFunction<S, E, S> fold) {
        this(client, initial, fold, new MemorySnapshots<>(), Limits.SNAPSHOT_EVENTS);
    }

    private Repository(
            EverstoreClient<E> client,
            Supplier<S> initial,
            BiFunction<S, E, S> fold,
            Snapshots<S> snapshots,
            int snapshotEvents) {
        this.client = Objects.requireNonNull(client, "client");
        this.initial = Objects.requireNonNull(initial, "initial");
        this.fold = Objects.requireNonNull(fold, "fold");
        this.snapshots = Objects.requireNonNull(snapshots, "snapshots");
        this.snapshotEvents = snapshotEvents;
    }

    /** The same with its snapshots elsewhere. */
    public Repository<S, E> withSnapshots(Snapshots<S> elsewhere) {
        return new Repository<>(client, initial, fold, elsewhere, snapshotEvents);
    }

    /** The same that keeps a snapshot once so many events, 1 or more, had to be folded onto the last one; 100 unless told. */
    public Repository<S, E> withSnapshotEvery(int events) {
        if (events < 1) {
            throw new IllegalArgumentException("a snapshot every " + events + " events, expected 1 or more");
        }
        return new Repository<>(client, initial, fold, snapshots, events);
    }

    /** The state of a journal now. */
    public CompletableFuture<S> get(String journal) {
        return client.openTransaction(journal)
                .thenCompose(transaction -> state(transaction).whenComplete((state, error) -> transaction.rollback()));
    }

    /** The state of a journal as an open transaction sees it. */
    public CompletableFuture<S> state(Transaction<E> transaction) {
        Snapshot<S> start = start(transaction);
        return foldOnto(start, transaction)
                .handle((state, error) -> error == null
                        ? CompletableFuture.completedFuture(state)
                        : foldAnew(start, transaction, error))
                .thenCompose(state -> state);
    }

    /**
     * Appends what {@code decide} makes of the state; on a conflict again, of the new one, 10 times at most.
     *
     * @return the last commit's result: a conflict, when each met one
     */
    public CompletableFuture<CommitResult<E>> update(
            String journal, Function<? super S, ? extends Collection<? extends E>> decide) {
        return client.run(journal, transaction -> decided(transaction, decide));
    }

    /** The same, with so many attempts at most. */
    public CompletableFuture<CommitResult<E>> update(
            String journal, int attempts, Function<? super S, ? extends Collection<? extends E>> decide) {
        return client.run(journal, attempts, transaction -> decided(transaction, decide));
    }

    private CompletableFuture<Transaction<E>> decided(
            Transaction<E> transaction, Function<? super S, ? extends Collection<? extends E>> decide) {
        return state(transaction).thenApply(state -> transaction.addAll(decide.apply(state)));
    }

    private Snapshot<S> beginning() {
        return new Snapshot<>(initial.get(), 0);
    }

    /** Where folding starts: a snapshot past the journal's size is of another journal, which this one has replaced. */
    private Snapshot<S> start(Transaction<E> transaction) {
        return snapshots
                .load(transaction.journal())
                .filter(kept -> kept.size() <= transaction.size())
                .orElseGet(this::beginning);
    }

    /** So is one that ends within a line. */
    private CompletableFuture<S> foldAnew(Snapshot<S> start, Transaction<E> transaction, Throwable error) {
        Throwable reason = error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
        if (reason instanceof CannotReadException && start.size() > 0) {
            return foldOnto(beginning(), transaction);
        }
        CompletableFuture<S> failed = new CompletableFuture<>();
        failed.completeExceptionally(reason);
        return failed;
    }

    private CompletableFuture<S> foldOnto(Snapshot<S> start, Transaction<E> transaction) {
        return transaction.read(start.size()).thenApply(events -> {
            S state = folded(start.state(), events);
            if (events.size() >= snapshotEvents) {
                keep(transaction.journal(), new Snapshot<>(state, transaction.size()));
            }
            return state;
        });
    }

    private S folded(S start, List<E> events) {
        S state = start;
        for (E event : events) {
            state = fold.apply(state, event);
        }
        return state;
    }

    /** A state that cannot be kept is right all the same. */
    private void keep(String journal, Snapshot<S> snapshot) {
        try {
            snapshots.save(journal, snapshot);
        } catch (RuntimeException error) {
            LOG.log(Level.WARNING, "no snapshot of " + journal + " could be kept", error);
        }
    }
}
