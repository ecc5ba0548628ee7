package io.everstore.client.conversation;

import io.everstore.client.wire.Layouts;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** What a server says, little endian. */
final class Answers {
    static final ByteBuffer HELLO = ByteBuffer.wrap(new byte[] {0, 1, 1});

    private Answers() {}

    static ByteBuffer hello() {
        return HELLO.duplicate();
    }

    static ByteBuffer error(int uid, int code) {
        return frame(Layouts.ERROR, uid, 0, body(4).putInt(code));
    }

    static ByteBuffer nativeHello(int uid, int workers, long run) {
        return frame(Layouts.NATIVE, uid, 0, body(20).putInt(1).putInt(workers).putInt(1 << 24).putLong(run));
    }

    static ByteBuffer exists(int uid) {
        return frame(Layouts.EXISTS, uid, 0, body(1).put((byte) 1));
    }

    static ByteBuffer text(int uid, boolean more, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        ByteBuffer body = body(4 + bytes.length).putInt(bytes.length).put(bytes);
        return frame(Layouts.READ, uid, more ? Layouts.MULTIPART : 0, body);
    }

    /** So many appends were written, the n-th up to the position n. */
    static ByteBuffer written(int uid, int count) {
        ByteBuffer body = body(4 + 24 * count).putInt(count);
        for (int number = 1; number <= count; number++) {
            body.putInt(0).putLong(number).putLong(0).putInt(0);
        }
        return frame(Layouts.APPEND, uid, 0, body);
    }

    private static ByteBuffer body(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static ByteBuffer frame(int kind, int uid, int properties, ByteBuffer body) {
        ByteBuffer frame = body(Layouts.HEADER_BYTES + body.capacity());
        frame.putInt(kind).putInt(body.capacity()).putInt(uid).putInt(properties).putInt(1).put(body.array());
        frame.rewind();
        return frame;
    }
}
