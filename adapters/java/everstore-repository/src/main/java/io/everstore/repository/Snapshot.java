package io.everstore.repository;

import java.util.Objects;

/** A state, and the journal's size in bytes up to which it was folded. */
public final class Snapshot<S> {
    private final S state;
    private final long size;

    public Snapshot(S state, long size) {
        this.state = Objects.requireNonNull(state, "state");
        this.size = size;
    }

    public S state() {
        return state;
    }

    public long size() {
        return size;
    }
}
