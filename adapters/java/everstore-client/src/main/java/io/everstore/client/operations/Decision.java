package io.everstore.client.operations;

import io.everstore.client.wire.Outcome;
import java.util.List;

/** What became of a commit: it was written, or it is a conflict. */
public final class Decision {
    /** The types that conflict; null when it was written. */
    public final List<String> conflict;
    /** The journal's size in bytes now. */
    public final long size;
    /** Up to which size {@link #text} reaches. */
    public final long until;
    /** A conflict's lines, timestamps included; null where they were not told. */
    public final byte[] text;

    private Decision(List<String> conflict, long size, long until, byte[] text) {
        this.conflict = conflict;
        this.size = size;
        this.until = until;
        this.text = text;
    }

    static Decision written(long size) {
        return new Decision(null, size, size, null);
    }

    static Decision conflict(List<String> types, long size) {
        return new Decision(types, size, size, null);
    }

    static Decision of(Outcome outcome, List<String> types) {
        return outcome.code == Outcome.WRITTEN
                ? written(outcome.position)
                : new Decision(types, outcome.position, outcome.until, outcome.text);
    }
}
