package io.everstore.client.exception;

import io.everstore.client.Conflict;

/** A conflict, for those who would rather have it thrown: see {@code CommitResult.orThrow}. Nothing was written. */
public class ConflictException extends ServerException {
    private final transient Conflict<?> conflict;

    public ConflictException(Conflict<?> conflict) {
        super(conflict.toString(), 7);
        this.conflict = conflict;
    }

    /** What it conflicts with; null when this exception has crossed to another process. */
    public Conflict<?> conflict() {
        return conflict;
    }
}
