package io.everstore.client.transport;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * What carries a connection's bytes over its socket: as they are, or encrypted. It never waits, and is used by the client's I/O
 * thread only.
 */
public interface Transport extends Closeable {
    /**
     * Puts into {@code target} what has come.
     *
     * @return the number of bytes, or -1 at the stream's end. Fewer than there was room for: there is no more now
     */
    int read(ByteBuffer target) throws IOException;

    /** Takes of {@code source} what can be taken now; some of it may be kept to be sent by {@link #flush}. */
    void write(ByteBuffer source) throws IOException;

    /**
     * Sends what was kept.
     *
     * @return whether nothing is left of it; otherwise it is called again once the socket takes more
     */
    boolean flush() throws IOException;

    /** Lets go of what it holds besides the socket, which is closed by its owner. */
    @Override
    void close();
}
