package io.everstore.client.wire;

/** A part of a fetch: between {@code start} and {@code end} stands all that was asked for; {@code text} is this part's. */
public final class Fetched {
    public final long start;
    public final long end;
    public final byte[] text;

    public Fetched(long start, long end, byte[] text) {
        this.start = start;
        this.end = end;
        this.text = text;
    }

    /** What is empty, and goes on there. */
    public static Fetched nothing(long at) {
        return new Fetched(at, at, new byte[0]);
    }
}
