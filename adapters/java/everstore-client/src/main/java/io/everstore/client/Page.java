package io.everstore.client;

import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;

/** Some events of a journal, one after the other, as {@link EverstoreClient#readPages} gives them; one at least. */
public final class Page<E> {
    private final List<Event> stamped;
    private final List<E> events;
    private final long end;

    private Page(List<Event> stamped, List<E> events, long end) {
        this.stamped = stamped;
        this.events = events;
        this.end = end;
    }

    static <E> Page<E> of(byte[] text, long end, Serializer<E> serializer) {
        List<Event> stamped = Lines.each(text, Event::readStamped);
        List<E> events = stamped.stream().map(serializer::decode).collect(Collectors.toList());
        return new Page<>(stamped, Collections.unmodifiableList(events), end);
    }

    /** The events, decoded. */
    public List<E> events() {
        return events;
    }

    /** The same with their types and times, not decoded. */
    public List<Event> stamped() {
        return stamped;
    }

    /** The position behind it in bytes: what was read up to here need not be read again. */
    public long end() {
        return end;
    }
}
