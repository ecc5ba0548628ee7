package io.everstore.client.wire;

import io.everstore.client.exception.TooLargeException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.function.Function;

/** A request whose answer is an {@code R}: numbers of 32 bits, then byte strings. The order of bytes is the connection's. */
public final class Request<R> {
    private static final long UINT32_MAX = 0xFFFF_FFFFL;

    public final int kind;
    private final int worker;
    private final int properties;
    private final long[] numbers;
    private final byte[][] strings;
    private final Decoder<R> decoder;
    private final Function<List<R>, R> joined;

    private Request(
            int kind,
            int worker,
            int properties,
            long[] numbers,
            byte[][] strings,
            Decoder<R> decoder,
            Function<List<R>, R> joined) {
        this.kind = kind;
        this.worker = worker;
        this.properties = properties;
        this.numbers = numbers;
        this.strings = strings;
        this.decoder = decoder;
        this.joined = joined;
    }

    static <R> Request<R> of(int kind, Decoder<R> decoder, long[] numbers, byte[]... strings) {
        return new Request<>(kind, 0, 0, numbers, strings, decoder, null);
    }

    Request<R> to(int worker) {
        return new Request<>(kind, worker, properties, numbers, strings, decoder, joined);
    }

    Request<R> withTimestamps(boolean wanted) {
        return new Request<>(kind, worker, wanted ? Layouts.TIMESTAMPS : 0, numbers, strings, decoder, joined);
    }

    Request<R> inParts(Function<List<R>, R> joined) {
        return new Request<>(kind, worker, properties, numbers, strings, decoder, joined);
    }

    /** The reply, or the part of it, in a frame of this request's type. */
    public R decode(Frame frame) {
        return decoder.decode(frame);
    }

    /** Whether the reply may come in parts, which {@link #joined} then makes one. */
    public boolean isInParts() {
        return joined != null;
    }

    public R joined(List<R> parts) {
        return parts.size() == 1 ? parts.get(0) : joined.apply(parts);
    }

    /**
     * The whole frame.
     *
     * @throws TooLargeException its body has more bytes, or a number more bits, than can be said
     */
    public byte[] encode(int uid, ByteOrder order) {
        int size = bodyBytes();
        ByteBuffer frame = ByteBuffer.allocate(Layouts.HEADER_BYTES + size).order(order);
        frame.putInt(kind).putInt(size).putInt(uid).putInt(properties).putInt(worker);
        for (long number : numbers) {
            if (number < 0 || number > UINT32_MAX) {
                throw new TooLargeException("a request with the number " + number + " is past what 32 bits can say");
            }
            frame.putInt((int) number);
        }
        for (byte[] string : strings) {
            frame.put(string);
        }
        return frame.array();
    }

    private int bodyBytes() {
        long size = 4L * numbers.length;
        for (byte[] string : strings) {
            size += string.length;
        }
        if (size > Integer.MAX_VALUE - Layouts.HEADER_BYTES) {
            throw new TooLargeException("a request of " + size + " bytes is too large for an array");
        }
        return (int) size;
    }
}
