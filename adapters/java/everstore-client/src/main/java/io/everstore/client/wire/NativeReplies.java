package io.everstore.client.wire;

import io.everstore.client.exception.ProtocolException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** What the bodies of the native replies say, types 34 to 37. Only {@link ProtocolException} leaves, whatever the bytes are. */
public final class NativeReplies {
    private static final int HELLO_BYTES = 20;
    private static final int OUTCOME_BYTES = 24;
    private static final int FETCHED_BYTES = 20;

    private NativeReplies() {}

    public static NativeHello hello(Frame frame) {
        if (frame.size() != HELLO_BYTES) {
            throw new ProtocolException("a native hello has " + frame.size() + " bytes, expected " + HELLO_BYTES);
        }
        ByteBuffer body = frame.body();
        int revision = body.getInt();
        int workers = body.getInt();
        long requestBytesMax = Integer.toUnsignedLong(body.getInt());
        if (workers <= 0) {
            throw new ProtocolException("a native hello speaks of " + Integer.toUnsignedString(workers) + " workers");
        }
        return new NativeHello(revision, workers, requestBytesMax, body.getLong());
    }

    public static int lane(Frame frame) {
        if (frame.size() != 0) {
            throw new ProtocolException("the answer to the request for a lane has " + frame.size() + " bytes, expected none");
        }
        return frame.worker;
    }

    public static List<Outcome> outcomes(Frame frame) {
        ByteBuffer body = Replies.atLeast(frame, 4);
        int count = body.getInt();
        if (count < 0 || count > body.remaining() / OUTCOME_BYTES) {
            throw misfit(frame, count);
        }
        List<Outcome> found = new ArrayList<>(count);
        for (int number = 0; number < count; number++) {
            found.add(outcome(frame, body, count));
        }
        if (body.hasRemaining()) {
            throw misfit(frame, count);
        }
        return found;
    }

    public static Fetched fetched(Frame frame) {
        ByteBuffer body = Replies.atLeast(frame, FETCHED_BYTES);
        long start = body.getLong();
        long end = body.getLong();
        return new Fetched(start, end, Replies.rest(frame, body));
    }

    static Fetched joined(List<Fetched> parts) {
        Fetched last = parts.get(parts.size() - 1);
        List<byte[]> texts = parts.stream().map(part -> part.text).collect(Collectors.toList());
        return new Fetched(last.start, last.end, Requests.joined(texts));
    }

    private static Outcome outcome(Frame frame, ByteBuffer body, int count) {
        if (body.remaining() < OUTCOME_BYTES) {
            throw misfit(frame, count);
        }
        int code = body.getInt();
        long position = body.getLong();
        long until = body.getLong();
        int bytes = body.getInt();
        if (bytes < 0 || bytes > body.remaining()) {
            throw misfit(frame, count);
        }
        byte[] text = new byte[bytes];
        body.get(text);
        return new Outcome(code, position, until, text);
    }

    private static ProtocolException misfit(Frame frame, int count) {
        return new ProtocolException(
                Integer.toUnsignedString(count) + " outcomes of appends do not fit into " + frame.size() + " bytes");
    }
}
