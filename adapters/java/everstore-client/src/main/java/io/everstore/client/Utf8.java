package io.everstore.client;

import io.everstore.client.exception.NotAcceptableException;
import io.everstore.client.exception.UnreadableEventException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Text to bytes and back, where Java itself would replace what has no form. */
final class Utf8 {
    private static final char REPLACEMENT = '\uFFFD';

    private Utf8() {}

    /** Whether the text has a UTF-8 form: each half of a surrogate pair stands beside the other. */
    static boolean isEncodable(CharSequence text) {
        for (int at = 0; at < text.length(); at++) {
            if (Character.isSurrogate(text.charAt(at))) {
                if (at + 1 == text.length() || !Character.isSurrogatePair(text.charAt(at), text.charAt(at + 1))) {
                    return false;
                }
                at++;
            }
        }
        return true;
    }

    /** @throws NotAcceptableException an event has no UTF-8 form */
    static byte[] encode(String text) {
        if (!isEncodable(text)) {
            throw new NotAcceptableException("an event holds half of a surrogate pair, which has no UTF-8 form");
        }
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** @throws UnreadableEventException the bytes are not UTF-8 */
    static String decode(byte[] bytes) {
        String text = new String(bytes, StandardCharsets.UTF_8);
        if (text.indexOf(REPLACEMENT) >= 0) {
            requireValid(bytes);
        }
        return text;
    }

    private static void requireValid(byte[] bytes) {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
        } catch (CharacterCodingException error) {
            throw new UnreadableEventException("events are not UTF-8", error);
        }
    }
}
