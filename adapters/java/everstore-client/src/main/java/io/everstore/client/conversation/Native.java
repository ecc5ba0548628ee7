package io.everstore.client.conversation;

import io.everstore.client.wire.NativeHello;
import java.util.zip.CRC32;

/** A server that knows the native requests: what it said of itself, and who appends to it. */
public final class Native {
    private static final int MULTIPLIER = 0x9E3779B1;

    public final NativeHello hello;
    private final Senders senders;

    Native(NativeHello hello, Senders senders) {
        this.hello = hello;
        this.senders = senders;
    }

    /** The worker of a journal, as the server's document has it. */
    public int workerOf(byte[] name) {
        CRC32 crc = new CRC32();
        crc.update(name, 0, name.length);
        long mixed = Integer.toUnsignedLong((int) crc.getValue() * MULTIPLIER);
        return (int) (mixed * hello.workers >>> 32) + 1;
    }

    /** Who sends the next append to a worker. */
    public Sender senderTo(int worker) {
        return senders.of(worker, hello.workers);
    }
}
