package io.everstore.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.everstore.client.exception.NotAcceptableException;
import io.everstore.client.operations.Choice;
import io.everstore.client.wire.FetchEnd;
import io.everstore.client.wire.FetchStart;
import io.everstore.client.wire.NativeRequests;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class ReadOptionsTest {
    private static final Instant NOON = Instant.parse("2026-11-21T12:00:00Z");

    @Test
    void allIsAll() {
        requireStart(ReadOptions.ALL, FetchStart.POSITION, 0);
        requireEnd(ReadOptions.ALL, FetchEnd.POSITION, NativeRequests.ALL);
        assertTrue(ReadOptions.ALL.choice.types.isEmpty());
    }

    @Test
    void placesArePositionsOrTimes() {
        requireStart(ReadOptions.ALL.since(28), FetchStart.POSITION, 28);
        requireEnd(ReadOptions.ALL.until(56), FetchEnd.POSITION, 56);
        requireStart(ReadOptions.ALL.since(NOON), FetchStart.TIME, NOON.toEpochMilli());
        requireEnd(ReadOptions.ALL.until(NOON), FetchEnd.TIME, NOON.toEpochMilli());
    }

    @Test
    void aTimeIsTheFirstMillisecondThatIsNotBeforeIt() {
        requireStart(ReadOptions.ALL.since(NOON.plusNanos(1)), FetchStart.TIME, NOON.toEpochMilli() + 1);
        requireStart(ReadOptions.ALL.since(NOON.minusNanos(1)), FetchStart.TIME, NOON.toEpochMilli());
        requireStart(ReadOptions.ALL.since(Instant.EPOCH.minusNanos(1)), FetchStart.TIME, 0);
        requireStart(ReadOptions.ALL.since(Instant.MIN), FetchStart.TIME, 0);
        requireEnd(ReadOptions.ALL.until(Instant.MAX), FetchEnd.TIME, Long.MAX_VALUE);
    }

    @Test
    void theLastEventsAndTheNewestFirstAreCountedFromTheEnd() {
        requireStart(ReadOptions.ALL.last(3), FetchStart.LAST, 3);
        requireStart(ReadOptions.ALL.newestFirst(), FetchStart.LAST_BACKWARDS, NativeRequests.ALL);
        requireStart(ReadOptions.ALL.last(3).newestFirst(), FetchStart.LAST_BACKWARDS, 3);
        requireStart(ReadOptions.ALL.newestFirst().last(3), FetchStart.LAST_BACKWARDS, 3);
        requireStart(ReadOptions.ALL.last(4).last(3), FetchStart.LAST, 3);
    }

    @Test
    void aStartAndACountFromTheEndContradictEachOther() {
        assertThrows(IllegalArgumentException.class, () -> ReadOptions.ALL.since(28).last(1));
        assertThrows(IllegalArgumentException.class, () -> ReadOptions.ALL.since(NOON).newestFirst());
        assertThrows(IllegalArgumentException.class, () -> ReadOptions.ALL.last(1).since(28));
        assertThrows(IllegalArgumentException.class, () -> ReadOptions.ALL.newestFirst().since(NOON));
    }

    @Test
    void whatCannotBeIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> ReadOptions.ALL.since(-1));
        assertThrows(IllegalArgumentException.class, () -> ReadOptions.ALL.until(-1));
        assertThrows(IllegalArgumentException.class, () -> ReadOptions.ALL.last(-1));
        assertThrows(IllegalArgumentException.class, () -> ReadOptions.ALL.inPagesOf(0));
        assertThrows(NotAcceptableException.class, () -> ReadOptions.ALL.ofTypes("A", "B,C"));
    }

    @Test
    void oneOptionLeavesTheOthersAsTheyAre() {
        ReadOptions options =
                ReadOptions.ALL.since(28).until(NOON).ofTypes("A", "B").inPagesOf(7).until(56);
        requireStart(options, FetchStart.POSITION, 28);
        requireEnd(options, FetchEnd.POSITION, 56);
        assertEquals("[A, B]", options.choice.types.toString());
        assertEquals(7, options.pageBytes);
    }

    private static void requireStart(ReadOptions options, FetchStart kind, long place) {
        Choice choice = options.choice;
        assertEquals(kind, choice.startIs);
        assertEquals(place, choice.start);
    }

    private static void requireEnd(ReadOptions options, FetchEnd kind, long place) {
        Choice choice = options.choice;
        assertEquals(kind, choice.endIs);
        assertEquals(place, choice.end);
    }
}
