package io.everstore.client;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** The events of one commit, and the types that it declares for them. Not safe for use by several threads. */
final class Batch {
    private final StringBuilder lines = new StringBuilder();
    private final Set<String> types = new LinkedHashSet<>();
    private int count;

    void add(Event event, Collection<String> declared) {
        declared.forEach(Names::eventType);
        if (count++ > 0) {
            lines.append('\n');
        }
        lines.append(event.type()).append(' ').append(event.data());
        types.addAll(declared);
    }

    <E> void add(E event, Serializer<E> serializer) {
        Event encoded = serializer.encode(event);
        add(encoded, serializer.types(event, encoded));
    }

    void addLine(String line) {
        Event event = Event.ofLine(line);
        add(event, Collections.singleton(event.type()));
    }

    void addAll(Batch other) {
        if (count > 0 && other.count > 0) {
            lines.append('\n');
        }
        lines.append(other.lines);
        types.addAll(other.types);
        count += other.count;
    }

    void declare(String type) {
        types.add(Names.eventType(type));
    }

    int count() {
        return count;
    }

    List<String> types() {
        return new ArrayList<>(types);
    }

    byte[] text() {
        return Utf8.encode(lines.toString());
    }
}
