package io.everstore.client;

import io.everstore.client.exception.UnknownEventTypeException;
import io.everstore.client.exception.UnreadableEventException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;

/** Why a commit or an append was not written: another one had declared one of its types meanwhile. */
public final class Conflict<E> {
    private final String journal;
    private final List<String> types;
    private final long size;
    private final long until;
    private final Supplier<List<E>> events;

    Conflict(String journal, List<String> types, long size, long until, Supplier<List<E>> events) {
        this.journal = journal;
        this.types = types;
        this.size = size;
        this.until = until;
        this.events = events;
    }

    /** The journal's name. */
    public String journal() {
        return journal;
    }

    /** The types that the refused commit declared, or that the refused append depended on. */
    public List<String> types() {
        return types;
    }

    /** The journal's size in bytes as it was seen last, to append after once the events have been looked at. */
    public long size() {
        return size;
    }

    /** The size up to which {@link #events} reach; below {@link #size} when there were too many to come along. */
    public OptionalLong until() {
        return events == null ? OptionalLong.empty() : OptionalLong.of(until);
    }

    /**
     * What came since, as reading gives it; empty where the server did not tell. It is decoded here, each time.
     *
     * @throws UnknownEventTypeException the serializer has no class for an event's type
     * @throws UnreadableEventException an event does not fit its class
     */
    public Optional<List<E>> events() {
        return events == null ? Optional.empty() : Optional.of(events.get());
    }

    @Override
    public String toString() {
        return "conflict on " + journal + ": another commit declared one of " + String.join(", ", types);
    }
}
