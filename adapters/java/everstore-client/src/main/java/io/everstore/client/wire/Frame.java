package io.everstore.client.wire;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** One reply, cut out of the stream. Its numbers are those of the header, unsigned ones in their raw bits. */
public final class Frame {
    public final int kind;
    public final int uid;
    public final int properties;
    public final int worker;
    private final byte[] body;
    private final ByteOrder order;

    public Frame(int kind, int uid, int properties, int worker, byte[] body, ByteOrder order) {
        this.kind = kind;
        this.uid = uid;
        this.properties = properties;
        this.worker = worker;
        this.body = body;
        this.order = order;
    }

    /** A view of the body, in the connection's byte order. */
    public ByteBuffer body() {
        return ByteBuffer.wrap(body).order(order);
    }

    public int size() {
        return body.length;
    }

    /** Whether more parts of the same reply follow. */
    public boolean hasMore() {
        return (properties & Layouts.MULTIPART) != 0;
    }
}
