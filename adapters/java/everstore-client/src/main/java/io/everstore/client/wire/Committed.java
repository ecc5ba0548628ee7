package io.everstore.client.wire;

/** A commit was decided: {@code success} is false for a conflict; {@code size} is the journal's size in bytes now. */
public final class Committed {
    public final boolean success;
    public final long size;

    Committed(boolean success, long size) {
        this.success = success;
        this.size = size;
    }
}
