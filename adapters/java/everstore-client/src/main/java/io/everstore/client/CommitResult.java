package io.everstore.client;

import io.everstore.client.exception.ConflictException;
import java.util.Optional;

/** What became of a commit or an append: its events were written, durably, or it met a {@link Conflict} and nothing was. */
public final class CommitResult<E> {
    private final String journal;
    private final long size;
    private final int eventCount;
    private final Conflict<E> conflict;

    private CommitResult(String journal, long size, int eventCount, Conflict<E> conflict) {
        this.journal = journal;
        this.size = size;
        this.eventCount = eventCount;
        this.conflict = conflict;
    }

    static <E> CommitResult<E> written(String journal, long size, int eventCount) {
        return new CommitResult<>(journal, size, eventCount, null);
    }

    static <E> CommitResult<E> refused(Conflict<E> conflict) {
        return new CommitResult<>(conflict.journal(), conflict.size(), 0, conflict);
    }

    /** Whether the events were written. */
    public boolean isSuccess() {
        return conflict == null;
    }

    /** The journal's name. */
    public String journal() {
        return journal;
    }

    /** The journal's size in bytes now: what a later read or append goes on from. */
    public long size() {
        return size;
    }

    /** How many events were written; 0 for a conflict. */
    public int eventCount() {
        return eventCount;
    }

    /** What stood against it; empty when it was written. */
    public Optional<Conflict<E>> conflict() {
        return Optional.ofNullable(conflict);
    }

    /**
     * This result, unless it is a conflict.
     *
     * @throws ConflictException it is one
     */
    public CommitResult<E> orThrow() {
        if (conflict != null) {
            throw new ConflictException(conflict);
        }
        return this;
    }

    @Override
    public String toString() {
        return conflict == null
                ? eventCount + " events committed to " + journal + ", " + size + " bytes now"
                : conflict.toString();
    }
}
