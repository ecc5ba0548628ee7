package io.everstore.client.operations;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.everstore.client.wire.FetchEnd;
import io.everstore.client.wire.FetchStart;
import io.everstore.client.wire.Fetched;
import io.everstore.client.wire.NativeRequests;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Collections;
import org.junit.jupiter.api.Test;

/** What scenarios do not reach: they write no journals of their own times. */
class PickerTest {
    private static final String FIRST = "2026-11-21T12:00:00.000 A 1";
    private static final String SECOND = "2026-11-21T12:00:00.001 é {\"n\":\"€\"}";
    private static final String THIRD = "2026-11-21T12:00:00.001 A 3";
    private static final String TEXT = FIRST + '\n' + SECOND + '\n' + THIRD;
    private static final long NOON = Instant.parse("2026-11-21T12:00:00Z").toEpochMilli();

    @Test
    void timesAreFoundToTheMillisecond() {
        assertEquals(TEXT, picked(Choice.ALL.startingAt(FetchStart.TIME, NOON)));
        assertEquals(SECOND + '\n' + THIRD, picked(Choice.ALL.startingAt(FetchStart.TIME, NOON + 1)));
        assertEquals("", picked(Choice.ALL.startingAt(FetchStart.TIME, NOON + 2)));
        assertEquals("", picked(Choice.ALL.endingAt(FetchEnd.TIME, NOON)));
        assertEquals(FIRST, picked(Choice.ALL.endingAt(FetchEnd.TIME, NOON + 1)));
    }

    @Test
    void noTimeIsTooFarAway() {
        assertEquals(TEXT, picked(Choice.ALL.startingAt(FetchStart.TIME, 0)));
        assertEquals("", picked(Choice.ALL.startingAt(FetchStart.TIME, Long.MAX_VALUE)));
        assertEquals(TEXT, picked(Choice.ALL.endingAt(FetchEnd.TIME, Long.MAX_VALUE)));
    }

    @Test
    void typesAreWholeWordsOfAnyLanguage() {
        assertEquals(SECOND, picked(Choice.ALL.ofTypes(Collections.singleton("é"))));
    }

    @Test
    void noneIsMissingWhereThereAreFewerThanWanted() {
        assertEquals(TEXT, picked(Choice.ALL.startingAt(FetchStart.LAST, 4)));
        String backwards = THIRD + '\n' + SECOND + '\n' + FIRST;
        assertEquals(backwards, picked(Choice.ALL.startingAt(FetchStart.LAST_BACKWARDS, NativeRequests.ALL)));
        assertEquals(THIRD, picked(Choice.ALL.startingAt(FetchStart.LAST_BACKWARDS, 1)));
    }

    @Test
    void itSaysWhereToGoOn() {
        int bytes = TEXT.getBytes(StandardCharsets.UTF_8).length + 1;
        assertEquals(100 + bytes, fetched(Choice.behind(100), TEXT).end);
        assertEquals(100 + bytes, fetched(Choice.behind(100), TEXT + '\0').end);
        assertEquals(100 + FIRST.length() + 1, fetched(Choice.behind(100).endingAt(FetchEnd.TIME, NOON + 1), TEXT).end);
        assertEquals(100, fetched(Choice.behind(100), "").end);
    }

    /** As they may stand in a journal that was changed by hand. */
    @Test
    void linesThatAreTooShortForATimestampAreNoneOfATypeAndHurtNobody() {
        String torn = FIRST + "\nbroken\n\n" + THIRD;
        byte[] text = torn.getBytes(StandardCharsets.UTF_8);
        assertEquals(torn, new String(new Picker(Choice.ALL).fetched(0, text, true).text, StandardCharsets.UTF_8));
        assertEquals("A 1\n\n\nA 3", new String(new Picker(Choice.ALL).fetched(0, text, false).text, StandardCharsets.UTF_8));
        Choice ofA = Choice.ALL.ofTypes(Collections.singleton("A"));
        assertEquals(FIRST + '\n' + THIRD, new String(new Picker(ofA).fetched(0, text, true).text, StandardCharsets.UTF_8));
    }

    @Test
    void timestampsAreCutOff() {
        byte[] text = TEXT.getBytes(StandardCharsets.UTF_8);
        byte[] found = new Picker(Choice.ALL).fetched(0, text, false).text;
        assertEquals("A 1\né {\"n\":\"€\"}\nA 3", new String(found, StandardCharsets.UTF_8));
    }

    private static String picked(Choice choice) {
        return new String(fetched(choice, TEXT).text, StandardCharsets.UTF_8);
    }

    private static Fetched fetched(Choice choice, String text) {
        return new Picker(choice).fetched(choice.since(), text.getBytes(StandardCharsets.UTF_8), true);
    }
}
