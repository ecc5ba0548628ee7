package io.everstore.jackson;

import static io.everstore.client.stage.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.everstore.client.AppendOptions;
import io.everstore.client.CommitResult;
import io.everstore.client.Conflict;
import io.everstore.client.Event;
import io.everstore.client.EverstoreClient;
import io.everstore.client.exception.NotAcceptableException;
import io.everstore.client.exception.UnknownEventTypeException;
import io.everstore.client.exception.UnreadableEventException;
import io.everstore.client.stage.Stage;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;

class JacksonSerializerTest {
    interface UserEvent {}

    interface Audited {}

    static final class Created implements UserEvent, Audited {
        final String name;
        final Instant at;

        private Created() {
            this(null, null);
        }

        Created(String name, Instant at) {
            this.name = name;
            this.at = at;
        }
    }

    static final class Renamed implements UserEvent {
        private final String name;

        @JsonCreator
        Renamed(@JsonProperty("name") String name) {
            this.name = name;
        }
    }

    static final class Times implements UserEvent {
        LocalDate day;
        OffsetDateTime moment;
        Duration length;
    }

    private static final Instant AT = Instant.parse("2026-11-21T20:00:00.123Z");

    private final JacksonSerializer<UserEvent> serializer = JacksonSerializer.of(UserEvent.class)
            .event("user.Created", Created.class)
            .event("user.Renamed", Renamed.class)
            .event("user.Times", Times.class)
            .type("user.Event", UserEvent.class)
            .type("Audited", Audited.class);

    @Test
    void anEventIsItsTypeAndItsFields() {
        Event event = serializer.encode(new Created("Pär", AT));
        assertEquals("user.Created {\"name\":\"Pär\",\"at\":\"2026-11-21T20:00:00.123Z\"}", event.line());
        Created created = (Created) serializer.decode(event);
        assertEquals("Pär", created.name);
        assertEquals(AT, created.at);
        assertEquals("Per", ((Renamed) serializer.decode(Event.of("user.Renamed", "{\"name\":\"Per\"}"))).name);
    }

    @Test
    void timesAreThoseOfIso() {
        Times times = new Times();
        times.day = LocalDate.of(2026, 11, 21);
        times.moment = OffsetDateTime.parse("2026-11-21T20:00:00+01:00");
        times.length = Duration.ofMinutes(90);
        Event event = serializer.encode(times);
        assertEquals("{\"day\":\"2026-11-21\",\"moment\":\"2026-11-21T20:00:00+01:00\",\"length\":\"PT1H30M\"}", event.data());
        Times again = (Times) serializer.decode(event);
        assertEquals(times.day, again.day);
        assertEquals(times.moment, again.moment);
        assertEquals(times.length, again.length);
    }

    @Test
    void typesAreItsOwnAndThoseOfItsFamilies() {
        Created created = new Created("a", AT);
        assertEquals(
                new HashSet<>(Arrays.asList("user.Created", "user.Event", "Audited")),
                new HashSet<>(serializer.types(created, serializer.encode(created))));
        Renamed renamed = new Renamed("a");
        assertEquals(
                new HashSet<>(Arrays.asList("user.Renamed", "user.Event")),
                new HashSet<>(serializer.types(renamed, serializer.encode(renamed))));
    }

    @Test
    void fieldsThatAClassNoLongerHasAreLeftOut() {
        assertEquals("b", ((Renamed) serializer.decode(Event.of("user.Renamed", "{\"old\":1,\"name\":\"b\"}"))).name);
    }

    @Test
    void whatIsNotKnownIsToldSo() {
        JacksonSerializer<Object> few = JacksonSerializer.of(Object.class).event("user.Created", Created.class);
        assertEquals(
                Renamed.class.getName(),
                assertThrows(UnknownEventTypeException.class, () -> few.encode(new Renamed("a"))).type());
        assertEquals(
                "user.Renamed",
                assertThrows(UnknownEventTypeException.class, () -> few.decode(Event.of("user.Renamed", "{}"))).type());
        assertThrows(IllegalArgumentException.class, () -> few.event("user.Created", Renamed.class));
        assertThrows(IllegalArgumentException.class, () -> few.event("user.Made", Created.class));
    }

    @Test
    void whatDoesNotFitIsToldSo() {
        assertThrows(UnreadableEventException.class, () -> serializer.decode(Event.of("user.Created", "{\"at\":\"soon\"}")));
        assertThrows(UnreadableEventException.class, () -> serializer.decode(Event.of("user.Created", "{")));
        JacksonSerializer<UserEvent> indented =
                serializer.mapper(EventMapper.create().enable(SerializationFeature.INDENT_OUTPUT));
        assertThrows(NotAcceptableException.class, () -> indented.encode(new Renamed("a")));
        JacksonSerializer<Object> bare = JacksonSerializer.of(Object.class)
                .event("bare", Object.class)
                .mapper(new ObjectMapper());
        assertThrows(NotAcceptableException.class, () -> bare.encode(new Object()));
    }

    @Test
    void namesOfClassesAreTypesOnlyOfWhatIsAnEvent() {
        JacksonSerializer<UserEvent> named = JacksonSerializer.ofClassNames(UserEvent.class).type("UserEvent", UserEvent.class);
        Event event = named.encode(new Renamed("a"));
        assertEquals(Renamed.class.getName(), event.type());
        assertEquals("a", ((Renamed) named.decode(event)).name);
        assertThrows(UnknownEventTypeException.class, () -> named.decode(Event.of("java.util.Date", "0")));
        assertThrows(UnknownEventTypeException.class, () -> named.decode(Event.of("no.such.Class", "{}")));
    }

    @Test
    void eventsOfAFamilyConflict() {
        try (Stage stage = new Stage();
                EverstoreClient<UserEvent> db =
                        EverstoreClient.connect("everstore://127.0.0.1:" + stage.start(1), serializer)) {
            long size = await(db.append("/user/1", new Created("a", AT))).size();
            await(db.append("/user/1", new Renamed("b")));
            CommitResult<UserEvent> refused =
                    await(db.append("/user/1", AppendOptions.after(size), new Created("c", AT)));
            assertFalse(refused.isSuccess());
            List<UserEvent> came =
                    refused.conflict().flatMap(Conflict::events).orElse(Collections.emptyList());
            assertEquals("b", ((Renamed) came.get(0)).name);
            AppendOptions audited = AppendOptions.after(size).dependingOn("Audited");
            assertTrue(await(db.append("/user/1", audited, new Renamed("d"))).isSuccess());
        }
    }
}
