package io.everstore.client.wire;

import io.everstore.client.exception.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** What the bodies of version 1's replies say. Only {@link ProtocolException} leaves, whatever the bytes are. */
public final class Replies {
    private Replies() {}

    /** An error's code. */
    public static int error(Frame frame) {
        return numbers(frame, 1).getInt();
    }

    public static Opened opened(Frame frame) {
        ByteBuffer body = numbers(frame, 2);
        long size = Integer.toUnsignedLong(body.getInt());
        int transaction = body.getInt();
        if (transaction == 0) {
            throw new ProtocolException("a new transaction has the UID 0");
        }
        return new Opened(size, transaction, frame.worker);
    }

    public static Committed committed(Frame frame) {
        ByteBuffer body = numbers(frame, 2);
        return new Committed(claim(frame, body.getInt()), Integer.toUnsignedLong(body.getInt()));
    }

    /** A reply of one byte, 0 or 1. */
    public static boolean claimed(Frame frame) {
        if (frame.size() != 1) {
            throw new ProtocolException("a reply of type " + frame.kind + " has " + frame.size() + " bytes, expected 1");
        }
        return claim(frame, frame.body().get());
    }

    /** A number of bytes, and so many bytes. */
    public static byte[] text(Frame frame) {
        return rest(frame, atLeast(frame, 4));
    }

    public static Listed listed(Frame frame) {
        ByteBuffer body = atLeast(frame, 8);
        boolean more = claim(frame, body.getInt());
        byte[] joined = rest(frame, body);
        if (joined.length == 0) {
            return new Listed(more, Collections.emptyList());
        }
        return new Listed(more, names(joined));
    }

    static ByteBuffer atLeast(Frame frame, int bytes) {
        if (frame.size() < bytes) {
            throw new ProtocolException("a reply of type " + frame.kind + " has only " + frame.size() + " bytes");
        }
        return frame.body();
    }

    /** What stands behind a number that counts it, up to the body's end. */
    static byte[] rest(Frame frame, ByteBuffer body) {
        int count = body.getInt();
        if (count != body.remaining()) {
            throw new ProtocolException("a reply of type " + frame.kind + " counts " + Integer.toUnsignedString(count)
                    + " bytes of " + body.remaining());
        }
        byte[] rest = new byte[count];
        body.get(rest);
        return rest;
    }

    private static ByteBuffer numbers(Frame frame, int count) {
        if (frame.size() != 4 * count) {
            throw new ProtocolException(
                    "a reply of type " + frame.kind + " has " + frame.size() + " bytes, expected " + 4 * count);
        }
        return frame.body();
    }

    private static boolean claim(Frame frame, int value) {
        if (value != 0 && value != 1) {
            throw new ProtocolException("a reply of type " + frame.kind + " says " + value + " where only 0 or 1 can stand");
        }
        return value == 1;
    }

    private static List<String> names(byte[] joined) {
        try {
            String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(joined)).toString();
            return Collections.unmodifiableList(Arrays.asList(text.split("\n", -1)));
        } catch (CharacterCodingException error) {
            throw new ProtocolException("a list of journals is not UTF-8");
        }
    }
}
