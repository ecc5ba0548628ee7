package io.everstore.client;

import io.everstore.client.exception.NotAcceptableException;
import io.everstore.client.exception.UnreadableEventException;
import io.everstore.client.wire.Layouts;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Objects;
import java.util.Optional;

/** An event as it stands in a journal: a type, its data as one line of text, and when it was committed if that was asked for. */
public final class Event {
    private final String type;
    private final String data;
    private final String stamp;

    private Event(String type, String data, String stamp) {
        this.type = type;
        this.data = data;
        this.stamp = stamp;
    }

    /**
     * An event to be appended.
     *
     * @param type no space, no comma, no control character
     * @param data JSON, as a rule; one line, not empty
     * @throws NotAcceptableException they cannot stand on one line of a journal
     */
    public static Event of(String type, String data) {
        requireLine(data);
        return new Event(Names.eventType(type), data, null);
    }

    /**
     * The event of a line {@code type SP data} that is to be appended.
     *
     * @throws NotAcceptableException it is no such line
     */
    public static Event ofLine(String line) {
        int space = line.indexOf(' ');
        if (space < 0) {
            throw new NotAcceptableException("the line " + Names.shown(line) + " is not an event's type, a space and its data");
        }
        return of(line.substring(0, space), line.substring(space + 1));
    }

    /** The event of a line that was read. */
    static Event read(String line) {
        int space = line.indexOf(' ');
        return space < 0 ? new Event(line, "", null) : new Event(line.substring(0, space), line.substring(space + 1), null);
    }

    /** The event of a line that was read with its timestamp. */
    static Event readStamped(String line) {
        if (line.length() <= Layouts.STAMP_CHARS || line.charAt(Layouts.STAMP_CHARS) != ' ') {
            throw new UnreadableEventException("the line " + Names.shown(line) + " does not begin with a timestamp");
        }
        Event event = read(line.substring(Layouts.STAMP_CHARS + 1));
        return new Event(event.type, event.data, line.substring(0, Layouts.STAMP_CHARS));
    }

    public String type() {
        return type;
    }

    /** What stands behind the type: JSON, as a rule. */
    public String data() {
        return data;
    }

    /**
     * When it was committed, to the millisecond; empty unless it was read with timestamps.
     *
     * @throws UnreadableEventException what stands there is no time
     */
    public Optional<Instant> timestamp() {
        if (stamp == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(LocalDateTime.parse(stamp).toInstant(ZoneOffset.UTC));
        } catch (DateTimeException error) {
            throw new UnreadableEventException("a line begins with '" + stamp + "', which is no timestamp", error);
        }
    }

    /** {@code type SP data}, as it stands in the journal behind the timestamp. */
    public String line() {
        return type + ' ' + data;
    }

    @Override
    public boolean equals(Object other) {
        if (!(other instanceof Event)) {
            return false;
        }
        Event event = (Event) other;
        return type.equals(event.type) && data.equals(event.data) && Objects.equals(stamp, event.stamp);
    }

    @Override
    public int hashCode() {
        return Objects.hash(type, data, stamp);
    }

    @Override
    public String toString() {
        return stamp == null ? line() : stamp + ' ' + line();
    }

    /** Only one line stands for an event, and NUL is the journal's own end marker. */
    private static void requireLine(String data) {
        if (data.isEmpty()) {
            throw new NotAcceptableException("an event has no data");
        }
        if (data.indexOf('\n') >= 0 || data.indexOf('\0') >= 0) {
            throw new NotAcceptableException("the event " + Names.shown(data) + " holds a newline or a NUL");
        }
    }
}
