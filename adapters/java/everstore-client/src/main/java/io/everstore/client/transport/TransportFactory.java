package io.everstore.client.transport;

import java.io.IOException;
import java.nio.channels.SocketChannel;

/** Makes the transport of each connection of a client. */
@FunctionalInterface
public interface TransportFactory {
    /** Bytes as they are. */
    TransportFactory PLAIN = (channel, host, port) -> new PlainTransport(channel);

    /**
     * Called on the client's I/O thread, and must not wait.
     *
     * @param channel connected, and not blocking
     * @param host the server's name, as the client was told it
     * @throws IOException the connection cannot be used
     */
    Transport open(SocketChannel channel, String host, int port) throws IOException;
}
