package io.everstore.client.wire;

import io.everstore.client.Limits;
import io.everstore.client.exception.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Cuts what a server sends into its hello and its frames.
 *
 * <p>Laws: any cut of the stream gives the same frames; bytes behind a frame are kept for the next; only {@link
 * ProtocolException} leaves; a frame costs two copies of its body, however long the stream is.
 */
public final class FrameCutter {
    private byte[] buffer = new byte[4096];
    private int start;
    private int end;
    private ByteOrder order = ByteOrder.LITTLE_ENDIAN;

    /** Takes what came. */
    public void feed(ByteBuffer data) {
        int count = data.remaining();
        makeRoom(count);
        data.get(buffer, end, count);
        end += count;
    }

    /** The hello, once its three bytes are there, null before; call it until it is, and never again. */
    public ServerHello hello() {
        if (end - start < Layouts.HELLO_BYTES) {
            return null;
        }
        int byteOrder = buffer[start];
        int version = buffer[start + 1];
        int login = buffer[start + 2];
        if (byteOrder < 0 || byteOrder > 1 || version != Layouts.VERSION || login < 0 || login > 1) {
            throw new ProtocolException(
                    "the peer speaks another protocol: its hello is " + byteOrder + ", " + version + ", " + login);
        }
        start += Layouts.HELLO_BYTES;
        order = byteOrder == 0 ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;
        return new ServerHello(order, login == 1);
    }

    /** The next frame that is whole; null when there is none yet. */
    public Frame next() {
        if (end - start < Layouts.HEADER_BYTES) {
            return null;
        }
        ByteBuffer header = ByteBuffer.wrap(buffer, start, Layouts.HEADER_BYTES).order(order);
        int kind = header.getInt();
        int size = header.getInt();
        int uid = header.getInt();
        int properties = header.getInt();
        int worker = header.getInt();
        check(kind, size, properties);
        int body = start + Layouts.HEADER_BYTES;
        if (end - body < size) {
            return null;
        }
        start = body + size;
        return new Frame(kind, uid, properties, worker, Arrays.copyOfRange(buffer, body, start), order);
    }

    private static void check(int kind, int size, int properties) {
        if (size < 0 || size > Limits.REPLY_BYTES_MAX) {
            throw new ProtocolException("a reply of type " + kind + " claims " + Integer.toUnsignedString(size)
                    + " bytes, at most " + Limits.REPLY_BYTES_MAX + " are taken");
        }
        if ((properties & Layouts.COMPRESSED) != 0) {
            throw new ProtocolException("a reply of type " + kind + " is compressed, which this version never is");
        }
    }

    private void makeRoom(int count) {
        if (buffer.length - end >= count) {
            return;
        }
        int kept = end - start;
        byte[] target = buffer;
        if (buffer.length - kept < count) {
            target = new byte[Math.max(2 * buffer.length, kept + count)];
        }
        System.arraycopy(buffer, start, target, 0, kept);
        buffer = target;
        start = 0;
        end = kept;
    }
}
