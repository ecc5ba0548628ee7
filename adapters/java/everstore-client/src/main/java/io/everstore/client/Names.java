package io.everstore.client;

import io.everstore.client.exception.InvalidJournalNameException;
import io.everstore.client.exception.NotAcceptableException;
import java.nio.charset.StandardCharsets;

/** What may be a journal's name, and what an event's type: the server's rules, checked before anything is sent. */
final class Names {
    /** The type that the commit which creates a journal declares besides its own. */
    static final String NEW_JOURNAL = "ES_NewJournal";

    private static final String SERVER_FOLDER = ".everstore";
    private static final int SHOWN = 80;

    private Names() {}

    /**
     * A journal's name as it crosses the wire.
     *
     * @throws InvalidJournalNameException with the rule that it breaks
     */
    static byte[] journal(String name) {
        byte[] bytes = bytes(name);
        String flaw = flawOfWhole(name, bytes.length);
        if (flaw == null) {
            flaw = flawOfComponents(name);
        }
        if (flaw != null) {
            throw invalid(name, flaw);
        }
        return bytes;
    }

    /** The start of names; anything that is UTF-8 and not over-long, since it opens no file. */
    static byte[] prefix(String prefix) {
        byte[] bytes = bytes(prefix);
        if (bytes.length > Limits.NAME_BYTES_MAX) {
            throw invalid(prefix, "it has " + bytes.length + " bytes, at most " + Limits.NAME_BYTES_MAX + " are allowed");
        }
        return bytes;
    }

    /**
     * The type itself, once it is known to fit on a journal's line and into a commit's list of types.
     *
     * @throws NotAcceptableException it is empty, or holds a space, a comma or a control character
     */
    static String eventType(String type) {
        if (type.isEmpty()) {
            throw new NotAcceptableException("an event's type is empty");
        }
        for (int at = 0; at < type.length(); at++) {
            char each = type.charAt(at);
            if (each == ' ' || each == ',' || Character.isISOControl(each)) {
                throw new NotAcceptableException(
                        "the event type " + shown(type) + " holds a space, a comma or a control character");
            }
        }
        if (!Utf8.isEncodable(type)) {
            throw new NotAcceptableException("the event type " + shown(type) + " has no UTF-8 form");
        }
        return type;
    }

    static String shown(String text) {
        return "'" + (text.length() > SHOWN ? text.substring(0, SHOWN) + "..." : text) + "'";
    }

    private static byte[] bytes(String name) {
        if (!Utf8.isEncodable(name)) {
            throw invalid(name, "it has no UTF-8 form");
        }
        return name.getBytes(StandardCharsets.UTF_8);
    }

    private static String flawOfWhole(String name, int bytes) {
        if (bytes < Limits.NAME_BYTES_MIN || bytes > Limits.NAME_BYTES_MAX) {
            return "it has " + bytes + " bytes, allowed are " + Limits.NAME_BYTES_MIN + " to " + Limits.NAME_BYTES_MAX;
        }
        if (name.charAt(0) != '/') {
            return "it does not start with /";
        }
        if (name.charAt(name.length() - 1) == '/') {
            return "it ends in /";
        }
        if (name.contains("..") || name.contains("//")) {
            return "it holds .. or //";
        }
        return name.chars().anyMatch(Character::isISOControl) ? "it holds a control character" : null;
    }

    private static String flawOfComponents(String name) {
        int start = 1;
        while (true) {
            int slash = name.indexOf('/', start);
            boolean isLast = slash < 0;
            String flaw = flawOfComponent(name.substring(start, isLast ? name.length() : slash), start == 1, isLast);
            if (flaw != null || isLast) {
                return flaw;
            }
            start = slash + 1;
        }
    }

    private static String flawOfComponent(String component, boolean isFirst, boolean isLast) {
        if (isFirst && component.equals(SERVER_FOLDER)) {
            return SERVER_FOLDER + " is the server's own folder";
        }
        if (component.equals(".")) {
            return "a component is .";
        }
        if (!isLast && component.endsWith(".log")) {
            return "a component before the last ends in .log";
        }
        boolean isLong = component.length() > Limits.COMPONENT_BYTES_MAX / 3
                && component.getBytes(StandardCharsets.UTF_8).length > Limits.COMPONENT_BYTES_MAX;
        return isLong ? "a component is over " + Limits.COMPONENT_BYTES_MAX + " bytes" : null;
    }

    private static InvalidJournalNameException invalid(String name, String flaw) {
        return new InvalidJournalNameException(shown(name) + " is no journal name: " + flaw);
    }
}
