package io.everstore.jackson;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import io.everstore.client.Event;
import io.everstore.client.Serializer;
import io.everstore.client.exception.NotAcceptableException;
import io.everstore.client.exception.UnknownEventTypeException;
import io.everstore.client.exception.UnreadableEventException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Events as classes: a type's name, and the object's JSON.
 *
 * <pre>{@code
 * JacksonSerializer<UserEvent> serializer = JacksonSerializer.of(UserEvent.class)
 *         .event("user.Created", UserCreated.class)
 *         .event("user.Renamed", UserRenamed.class)
 *         .type("user.Event", UserEvent.class);   // declared besides by all that are one, so two of them conflict
 * }</pre>
 *
 * <p>Immutable: each method gives a changed copy.
 *
 * @param <E> what all events are
 */
public final class JacksonSerializer<E> implements Serializer<E> {
    private final Class<E> base;
    private final ObjectMapper mapper;
    private final boolean byClassName;
    private final Map<String, Class<? extends E>> classes;
    private final Map<Class<?>, String> types;
    private final Map<Class<?>, List<String>> declared = new ConcurrentHashMap<>();
    private final Map<Class<?>, ObjectWriter> writers = new ConcurrentHashMap<>();
    private final Map<String, ObjectReader> readers = new ConcurrentHashMap<>();

    private JacksonSerializer(
            Class<E> base,
            ObjectMapper mapper,
            boolean byClassName,
            Map<String, Class<? extends E>> classes,
            Map<Class<?>, String> types) {
        this.base = base;
        this.mapper = mapper;
        this.byClassName = byClassName;
        this.classes = Collections.unmodifiableMap(classes);
        this.types = Collections.unmodifiableMap(types);
    }

    /** One that knows no event yet; {@code base} is what all of them are, be it {@code Object}. */
    public static <E> JacksonSerializer<E> of(Class<E> base) {
        return new JacksonSerializer<>(
                Objects.requireNonNull(base, "base"),
                EventMapper.create(),
                false,
                new LinkedHashMap<>(),
                new LinkedHashMap<>());
    }

    /**
     * One whose types are the names of classes, as journals of the original Java adapter have them. Only classes that are a
     * {@code base} are made of what a journal says, so let that be narrower than {@code Object}.
     */
    public static <E> JacksonSerializer<E> ofClassNames(Class<E> base) {
        JacksonSerializer<E> none = of(base);
        return new JacksonSerializer<>(base, none.mapper, true, none.classes, none.types);
    }

    /** The same, which knows that an event of this type is of this class. */
    public <T extends E> JacksonSerializer<E> event(String type, Class<T> eventClass) {
        requireUnused(classes.containsKey(type), "the type " + type);
        requireUnused(classes.containsValue(eventClass), eventClass.getName());
        Map<String, Class<? extends E>> more = new LinkedHashMap<>(classes);
        more.put(type, eventClass);
        return new JacksonSerializer<>(base, mapper, byClassName, more, types);
    }

    /** The same, in which every event that is of this class or interface declares this type besides its own. */
    public JacksonSerializer<E> type(String type, Class<?> family) {
        requireUnused(types.containsKey(family), family.getName());
        Map<Class<?>, String> more = new LinkedHashMap<>(types);
        more.put(family, type);
        return new JacksonSerializer<>(base, mapper, byClassName, classes, more);
    }

    /** The same with a mapper of one's own. It must write one line, and must not be changed any more. */
    public JacksonSerializer<E> mapper(ObjectMapper other) {
        return new JacksonSerializer<>(base, Objects.requireNonNull(other, "mapper"), byClassName, classes, types);
    }

    @Override
    public Event encode(E event) {
        Class<?> eventClass = event.getClass();
        String type = typeOf(eventClass);
        try {
            ObjectWriter writer = writers.computeIfAbsent(eventClass, mapper::writerFor);
            return Event.of(type, writer.writeValueAsString(event));
        } catch (JsonProcessingException error) {
            throw new NotAcceptableException("an event of the type " + type + " has no JSON: " + error.getOriginalMessage());
        }
    }

    @Override
    public E decode(Event event) {
        ObjectReader reader = readers.computeIfAbsent(event.type(), type -> mapper.readerFor(classOf(type)));
        try {
            return base.cast(reader.readValue(event.data()));
        } catch (JsonProcessingException error) {
            throw new UnreadableEventException(
                    "an event of the type " + event.type() + " does not fit its class: " + error.getOriginalMessage(), error);
        }
    }

    @Override
    public Collection<String> types(E event, Event encoded) {
        return declared.computeIfAbsent(event.getClass(), this::declaredBy);
    }

    private List<String> declaredBy(Class<?> eventClass) {
        List<String> all = new ArrayList<>();
        all.add(typeOf(eventClass));
        types.forEach((family, type) -> {
            if (family.isAssignableFrom(eventClass) && !all.contains(type)) {
                all.add(type);
            }
        });
        return Collections.unmodifiableList(all);
    }

    private String typeOf(Class<?> eventClass) {
        for (Map.Entry<String, Class<? extends E>> each : classes.entrySet()) {
            if (each.getValue() == eventClass) {
                return each.getKey();
            }
        }
        if (byClassName) {
            return eventClass.getName();
        }
        throw new UnknownEventTypeException(
                "no type is known for " + eventClass.getName() + ": the serializer needs .event(type, class)",
                eventClass.getName());
    }

    private Class<? extends E> classOf(String type) {
        Class<? extends E> known = classes.get(type);
        if (known != null) {
            return known;
        }
        if (byClassName) {
            return namedClass(type);
        }
        throw new UnknownEventTypeException(
                "no class is known for the type " + type + ": the serializer needs .event(type, class)", type);
    }

    /** It is not initialized before it is known to be an event. */
    private Class<? extends E> namedClass(String name) {
        try {
            return Class.forName(name, false, base.getClassLoader()).asSubclass(base);
        } catch (ClassNotFoundException | ClassCastException | LinkageError error) {
            throw new UnknownEventTypeException("the type " + name + " names no class that is a " + base.getName(), name);
        }
    }

    private static void requireUnused(boolean used, String what) {
        if (used) {
            throw new IllegalArgumentException(what + " is known to the serializer already");
        }
    }
}
