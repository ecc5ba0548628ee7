package io.everstore.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.everstore.client.exception.NotAcceptableException;
import io.everstore.client.exception.UnreadableEventException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EventTest {
    @Test
    void aLineIsItsTypeAndItsData() {
        Event event = Event.ofLine("user.Created {\"n\": 1}");
        assertEquals("user.Created", event.type());
        assertEquals("{\"n\": 1}", event.data());
        assertEquals(Event.of("user.Created", "{\"n\": 1}"), event);
        assertEquals("user.Created {\"n\": 1}", event.line());
        assertFalse(event.timestamp().isPresent());
    }

    @Test
    void aLineThatWasReadMayHaveItsTime() {
        Event event = Event.readStamped("2015-08-02T16:23:02.580 A 1");
        assertEquals(Instant.parse("2015-08-02T16:23:02.580Z"), event.timestamp().orElseThrow(AssertionError::new));
        assertEquals("A 1", event.line());
        assertThrows(UnreadableEventException.class, () -> Event.readStamped("A 1"));
        assertThrows(UnreadableEventException.class, () -> Event.readStamped("2015-18-02T16:23:02.580 A 1").timestamp());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "A", "A ", " 1", "A,B 1", "A\tB 1", "A 1\nB 2", "A \0", "\u0085 1", "\uD800 1"})
    void whatCannotStandOnALineIsRefused(String line) {
        assertThrows(NotAcceptableException.class, () -> Event.ofLine(line));
    }

    @ParameterizedTest
    @ValueSource(strings = {"A \r", "ü €\uD83D\uDE00", "A  1 ", "A \u0085"})
    void whatIsOddButFitsIsTaken(String line) {
        assertEquals(line, Event.ofLine(line).line());
    }

    @Test
    void aTextIsItsLines() {
        assertEquals(Collections.emptyList(), lines(""));
        assertEquals(Collections.singletonList("A 1"), lines("A 1"));
        assertEquals(Arrays.asList("A 1", "B 2"), lines("A 1\nB 2"));
        assertEquals(Arrays.asList("A 1", "B 2"), lines("A 1\nB 2\n"));
        assertEquals(Arrays.asList("A 1", "B \uFFFD"), lines("A 1\nB \uFFFD\0"));
        byte[] cut = Arrays.copyOf("A €".getBytes(StandardCharsets.UTF_8), 4);
        assertThrows(UnreadableEventException.class, () -> Lines.each(cut, line -> line));
    }

    private static List<String> lines(String text) {
        return Lines.each(text.getBytes(StandardCharsets.UTF_8), line -> line);
    }
}
