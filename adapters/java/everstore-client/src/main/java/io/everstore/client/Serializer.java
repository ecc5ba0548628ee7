package io.everstore.client;

import io.everstore.client.exception.NotAcceptableException;
import io.everstore.client.exception.UnknownEventTypeException;
import io.everstore.client.exception.UnreadableEventException;
import java.util.Collection;
import java.util.Collections;

/**
 * What makes a journal's lines of a program's events, and events of lines. It is called by the threads that append, and by those
 * on which futures complete, so it must be safe for use by several of them.
 */
public interface Serializer<E> {
    /** Events as they are: {@link Event}. */
    Serializer<Event> PLAIN = new Serializer<Event>() {
        @Override
        public Event encode(Event event) {
            return event;
        }

        @Override
        public Event decode(Event event) {
            return event;
        }
    };

    /**
     * The event as it shall stand in the journal.
     *
     * @throws UnknownEventTypeException there is no type for the object
     * @throws NotAcceptableException it cannot be written down
     */
    Event encode(E event);

    /**
     * The object of an event that was read.
     *
     * @throws UnknownEventTypeException there is no class for the type
     * @throws UnreadableEventException the data does not fit the class
     */
    E decode(Event event);

    /** The types that a commit declares for an event, and on which it conflicts; {@code encoded} is what {@code encode} made. */
    default Collection<String> types(E event, Event encoded) {
        return Collections.singleton(encoded.type());
    }
}
