package io.everstore.client.wire;

/** One append. Types and events are joined by newlines. {@code position} counts with {@link #UNCHANGED} only. */
public final class Append {
    /** It happens always. */
    public static final int ALWAYS = 0;
    /** It happens if the journal does not exist yet. */
    public static final int NEW = 1;
    /** It happens if no event behind the position was declared with one of the types that it depends on. */
    public static final int UNCHANGED = 2;

    public final long sequence;
    public final long position;
    public final int condition;
    public final byte[] name;
    public final byte[] declares;
    public final byte[] depends;
    public final byte[] events;

    public Append(long sequence, long position, int condition, byte[] name, byte[] declares, byte[] depends, byte[] events) {
        this.sequence = sequence;
        this.position = position;
        this.condition = condition;
        this.name = name;
        this.declares = declares;
        this.depends = depends;
        this.events = events;
    }

    /** What it takes in a request. */
    public long bytes() {
        return NativeRequests.APPEND_BYTES + (long) name.length + declares.length + depends.length + events.length;
    }
}
