package io.everstore.client.operations;

import java.util.List;

/** What is to be appended, and under which condition. */
public final class Wanted {
    /** As {@link #after}: the append depends on nothing. */
    public static final long NOT_AFTER = -1;

    public final String journal;
    final byte[] name;
    final byte[] events;
    final List<String> declares;
    final List<String> depends;
    final boolean mustBeNew;
    final long after;

    /**
     * @param name the journal's, as it crosses the wire
     * @param events joined by newlines
     * @param depends the types of which none may have been declared since {@code after}
     * @param after a size of the journal, or {@link #NOT_AFTER}
     */
    public Wanted(
            String journal,
            byte[] name,
            byte[] events,
            List<String> declares,
            List<String> depends,
            boolean mustBeNew,
            long after) {
        this.journal = journal;
        this.name = name;
        this.events = events;
        this.declares = declares;
        this.depends = depends;
        this.mustBeNew = mustBeNew;
        this.after = after;
    }

    /** The bytes of its events. */
    public long bytes() {
        return events.length;
    }
}
