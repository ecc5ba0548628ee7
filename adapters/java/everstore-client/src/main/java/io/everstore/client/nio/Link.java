package io.everstore.client.nio;

import io.everstore.client.Limits;
import io.everstore.client.conversation.Conversation;
import io.everstore.client.exception.ConnectionLostException;
import io.everstore.client.exception.EverstoreException;
import io.everstore.client.exception.TimeoutException;
import io.everstore.client.transport.Transport;
import io.everstore.client.transport.TransportFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Objects;

/**
 * One socket, and the conversation over it. On the I/O thread only.
 *
 * <p>Error handling: what the socket or the peer does wrong ends the conversation, and with it every request in flight on it.
 */
final class Link implements EventLoop.Handler {
    final Conversation conversation;
    private final EventLoop loop;
    private final ByteBuffer buffer;
    private final TransportFactory transports;
    private final String host;
    private final Runnable lost;
    private Deque<InetSocketAddress> addresses;
    private InetSocketAddress address;
    private SocketChannel channel;
    private SelectionKey key;
    private Transport transport;
    private ByteBuffer unsent;
    private boolean toBeFlushed;
    private boolean isClosed;
    private long heardAt = System.nanoTime();

    /**
     * @param buffer where what comes is read into, shared by all links of the loop
     * @param lost run once the conversation is over
     */
    Link(
            EventLoop loop,
            ByteBuffer buffer,
            TransportFactory transports,
            String host,
            Conversation conversation,
            Runnable lost) {
        this.loop = loop;
        this.buffer = buffer;
        this.transports = transports;
        this.host = host;
        this.conversation = conversation;
        this.lost = lost;
    }

    /** Connects to the first of these addresses that takes it. */
    void connect(List<InetSocketAddress> candidates) {
        addresses = new ArrayDeque<>(candidates);
        connectNext("no address is known of it");
    }

    /** The address that it is, or was last, connected to. */
    InetSocketAddress address() {
        return address;
    }

    @Override
    public void ready(SelectionKey ready) {
        try {
            if (!ready.isValid()) {
                return;
            }
            if (ready.isConnectable()) {
                finishConnecting();
                return;
            }
            if (ready.isReadable()) {
                receive();
            }
            flushLater();
        } catch (IOException error) {
            lose(new ConnectionLostException("the connection to " + address + " broke: " + error.getMessage(), error));
        }
    }

    /** Sends, at the end of this round, what has been said. */
    void flushLater() {
        if (!toBeFlushed) {
            toBeFlushed = true;
            loop.flushLater(this);
        }
    }

    @Override
    public void flush() {
        toBeFlushed = false;
        if (conversation.isLost()) {
            close();
            return;
        }
        if (transport == null) {
            return;
        }
        try {
            boolean all = send();
            key.interestOps(all ? SelectionKey.OP_READ : SelectionKey.OP_READ | SelectionKey.OP_WRITE);
        } catch (IOException error) {
            lose(new ConnectionLostException("the connection to " + address + " broke: " + error.getMessage(), error));
        }
    }

    /** Ends it; whatever is pending on it fails. */
    void lose(EverstoreException error) {
        conversation.lose(error);
        close();
    }

    /** Tells those whose answer is late so. When nothing at all has come for so long, nobody is there any more. */
    void expire(long timeoutNanos) {
        if (conversation.expire() && System.nanoTime() - heardAt >= timeoutNanos) {
            lose(new TimeoutException("nothing came from " + address + " in time"));
        }
    }

    private void connectNext(String reason) {
        address = addresses.poll();
        if (address == null) {
            lose(new ConnectionLostException("cannot connect to " + host + ": " + reason));
            return;
        }
        try {
            channel = SocketChannel.open();
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
            boolean connected = channel.connect(address);
            key = loop.register(channel, connected ? SelectionKey.OP_READ : SelectionKey.OP_CONNECT, this);
            if (connected) {
                carry();
            }
        } catch (IOException | RuntimeException error) {
            tryNext(error);
        }
    }

    private void finishConnecting() {
        try {
            channel.finishConnect();
            carry();
        } catch (IOException error) {
            tryNext(error);
        }
    }

    private void tryNext(Exception error) {
        closeChannel();
        connectNext(address + ": " + error.getMessage());
    }

    private void carry() throws IOException {
        try {
            transport = Objects.requireNonNull(transports.open(channel, host, address.getPort()), "transport");
        } catch (RuntimeException flaw) {
            throw ofTransport(flaw);
        }
        key.interestOps(SelectionKey.OP_READ);
        flushLater();
    }

    private void receive() throws IOException {
        int count;
        do {
            buffer.clear();
            count = read();
            if (count > 0) {
                heardAt = System.nanoTime();
                buffer.flip();
                conversation.receive(buffer);
            }
        } while (count == Limits.RECEIVE_BYTES && !conversation.isLost());
        if (count < 0) {
            lose(new ConnectionLostException("the server " + address + " closed the connection"));
        }
    }

    /** Sends without waiting; returns whether nothing is left that did not fit. */
    private boolean send() throws IOException {
        while (flushTransport()) {
            if (unsent == null || !unsent.hasRemaining()) {
                unsent = conversation.outgoing();
            }
            if (unsent == null) {
                return true;
            }
            write();
            if (unsent.hasRemaining()) {
                return false;
            }
        }
        return false;
    }

    private int read() throws IOException {
        try {
            return transport.read(buffer);
        } catch (RuntimeException flaw) {
            throw ofTransport(flaw);
        }
    }

    private void write() throws IOException {
        try {
            transport.write(unsent);
        } catch (RuntimeException flaw) {
            throw ofTransport(flaw);
        }
    }

    private boolean flushTransport() throws IOException {
        try {
            return transport.flush();
        } catch (RuntimeException flaw) {
            throw ofTransport(flaw);
        }
    }

    /** Somebody else's code carries the bytes: what it does wrong ends this link only. */
    private static IOException ofTransport(RuntimeException flaw) {
        return new IOException("its transport failed: " + flaw, flaw);
    }

    private void close() {
        if (!isClosed) {
            isClosed = true;
            closeChannel();
            lost.run();
        }
    }

    private void closeChannel() {
        if (transport != null) {
            transport.close();
        }
        try {
            if (channel != null) {
                channel.close();
            }
        } catch (IOException ignored) {
            // It is gone either way.
        }
    }
}
