package io.everstore.client.operations;

import io.everstore.client.wire.FetchEnd;
import io.everstore.client.wire.FetchStart;
import io.everstore.client.wire.Fetched;
import io.everstore.client.wire.Layouts;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;

/** Chooses from a journal's lines with their timestamps, which never go back, for a server that cannot. Pure. */
final class Picker {
    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS").withZone(ZoneOffset.UTC);

    /** 9999-12-31T23:59:59.999: no later year has four digits. */
    private static final long LAST_STAMP = 253_402_300_799_999L;

    /** Sorts behind whatever a line begins with. */
    private static final String LATER_THAN_ALL = "\uffff";

    private final Choice choice;
    private final String since;
    private final String until;

    Picker(Choice choice) {
        this.choice = choice;
        this.since = choice.startIs == FetchStart.TIME ? stamp(choice.start) : "";
        this.until = choice.endIs == FetchEnd.TIME ? stamp(choice.end) : LATER_THAN_ALL;
    }

    /** What is chosen of a text of whole lines that begins at a position. */
    Fetched fetched(long since, byte[] text, boolean timestamps) {
        List<String> chosen = new ArrayList<>();
        long end = since;
        for (String line : lines(text)) {
            if (line.compareTo(until) >= 0) {
                break;
            }
            end += line.length() + 1;
            if (isChosen(line)) {
                chosen.add(line);
            }
        }
        return new Fetched(since, end, joined(inOrder(chosen), timestamps));
    }

    private boolean isChosen(String line) {
        return line.compareTo(since) >= 0 && (choice.types.isEmpty() || choice.types.contains(typeOf(line)));
    }

    private List<String> inOrder(List<String> chosen) {
        if (!choice.isFromTheEnd()) {
            return chosen;
        }
        boolean isEnough = Long.compareUnsigned(chosen.size(), choice.start) <= 0;
        List<String> last = isEnough ? chosen : chosen.subList(chosen.size() - (int) choice.start, chosen.size());
        if (choice.startIs == FetchStart.LAST_BACKWARDS) {
            Collections.reverse(last);
        }
        return last;
    }

    /** One byte is one character of them. A server may end the last one with a newline or a NUL. */
    private static String[] lines(byte[] text) {
        return text.length == 0 ? new String[0] : new String(text, StandardCharsets.ISO_8859_1).split("[\n\0]");
    }

    private static byte[] joined(List<String> lines, boolean timestamps) {
        return lines.stream()
                .map(line -> timestamps ? line : unstamped(line))
                .collect(Collectors.joining("\n"))
                .getBytes(StandardCharsets.ISO_8859_1);
    }

    private static String typeOf(String line) {
        String event = unstamped(line);
        int space = event.indexOf(' ');
        String type = space < 0 ? event : event.substring(0, space);
        return new String(type.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }

    /** A line that was changed by hand may be too short for a timestamp. */
    private static String unstamped(String line) {
        return line.substring(Math.min(line.length(), Layouts.STAMP_CHARS + 1));
    }

    private static String stamp(long milliseconds) {
        return milliseconds > LAST_STAMP ? LATER_THAN_ALL : STAMP.format(Instant.ofEpochMilli(milliseconds));
    }
}
