package io.everstore.client.wire;

import io.everstore.client.exception.TooLargeException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The native requests, types 34 to 37: little endian, sizes of 64 bits. The server's PROTOCOL.md draws them. */
public final class NativeRequests {
    public static final int REVISION = 1;

    /** As the end of a fetch: all that is there. */
    public static final long ALL = -1;

    /** Of an append besides its texts. */
    public static final int APPEND_BYTES = 27;

    /** Of a request besides its appends. */
    public static final int APPENDS_BYTES = 36;

    /** What a field for the length of types can say. */
    public static final int TYPES_BYTES_MAX = 0xFFFF;

    private static final int FETCH_BYTES = 26;

    private NativeRequests() {}

    public static Request<NativeHello> hello() {
        return Request.of(Layouts.NATIVE, NativeReplies::hello, Requests.numbers(REVISION));
    }

    /** That the connection become a lane of that worker, whose number is the answer. */
    public static Request<Integer> lane(int worker) {
        return Request.of(Layouts.LANE, NativeReplies::lane, Requests.numbers(worker));
    }

    /**
     * Appends to journals of one worker. {@code client}: 16 bytes; {@code answered}: it knows the outcomes of all below.
     *
     * @throws TooLargeException they cannot be said in one request
     */
    public static Request<List<Outcome>> appends(byte[] client, long run, long answered, int worker, List<Append> wanted) {
        long size = APPENDS_BYTES;
        for (Append each : wanted) {
            size += each.bytes();
        }
        if (size > Integer.MAX_VALUE - Layouts.HEADER_BYTES) {
            throw new TooLargeException("appends of " + size + " bytes cannot be said in one request");
        }
        ByteBuffer body = ByteBuffer.allocate((int) size).order(ByteOrder.LITTLE_ENDIAN);
        body.put(client).putLong(run).putLong(answered).putInt(wanted.size());
        for (Append each : wanted) {
            put(body, each);
        }
        return Request.of(Layouts.APPEND, NativeReplies::outcomes, Requests.numbers(), body.array()).to(worker);
    }

    /** {@code types}: which events, joined by newlines; empty for all of them. */
    public static Request<Fetched> fetch(
            byte[] name, FetchStart startIs, long start, FetchEnd endIs, long end, String types, boolean timestamps) {
        byte[] typeBytes = types.getBytes(StandardCharsets.UTF_8);
        ByteBuffer head = ByteBuffer.allocate(FETCH_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        head.putInt(name.length).putInt(typeBytes.length).putLong(start).putLong(end);
        head.put((byte) startIs.ordinal()).put((byte) endIs.ordinal());
        return Request.of(Layouts.FETCH, NativeReplies::fetched, Requests.numbers(), head.array(), name, typeBytes)
                .withTimestamps(timestamps)
                .inParts(NativeReplies::joined);
    }

    private static void put(ByteBuffer body, Append append) {
        if (Math.max(append.name.length, Math.max(append.declares.length, append.depends.length)) > TYPES_BYTES_MAX) {
            throw new TooLargeException(
                    "the types of an append are over " + TYPES_BYTES_MAX + " bytes, which is all that can be said");
        }
        body.putLong(append.sequence).putLong(append.position).put((byte) append.condition);
        body.putShort((short) append.name.length);
        body.putShort((short) append.declares.length);
        body.putShort((short) append.depends.length);
        body.putInt(append.events.length);
        body.put(append.name).put(append.declares).put(append.depends).put(append.events);
    }
}
