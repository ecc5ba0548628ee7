package io.everstore.client.stage;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** A server that lets everybody in, says that it has one worker, and answers nothing else; or not even that. */
public final class SilentServer implements AutoCloseable {
    private static final int HEADER_BYTES = 20;
    private static final int LOGIN = 3;
    private static final int NATIVE = 34;

    private final ServerSocket listener;
    private final boolean letsIn;
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final AtomicInteger requests = new AtomicInteger();

    /** {@code letsIn}: whether it says hello and answers the login. */
    public SilentServer(boolean letsIn) {
        this.letsIn = letsIn;
        try {
            listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
        start(this::accept);
    }

    public int port() {
        return listener.getLocalPort();
    }

    /** How many connections were made. */
    public int connections() {
        return sockets.size();
    }

    /** How many requests came that it has not answered. */
    public int requests() {
        return requests.get();
    }

    @Override
    public void close() {
        try {
            listener.close();
            for (Socket each : sockets) {
                each.close();
            }
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private void accept() {
        try {
            while (true) {
                Socket socket = listener.accept();
                sockets.add(socket);
                start(() -> serve(socket));
            }
        } catch (IOException closed) {
            // That is how it ends.
        }
    }

    private void serve(Socket socket) {
        try {
            DataInputStream input = new DataInputStream(socket.getInputStream());
            if (letsIn) {
                socket.getOutputStream().write(new byte[] {0, 1, 1});
            }
            while (true) {
                take(input, socket.getOutputStream());
            }
        } catch (IOException closed) {
            // That is how it ends.
        }
    }

    private void take(DataInputStream input, OutputStream output) throws IOException {
        byte[] bytes = new byte[HEADER_BYTES];
        input.readFully(bytes);
        ByteBuffer header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        input.readFully(new byte[header.getInt(4)]);
        int kind = header.getInt(0);
        if (kind == NATIVE) {
            ByteBuffer answer = ByteBuffer.allocate(HEADER_BYTES + 20).order(ByteOrder.LITTLE_ENDIAN);
            answer.putInt(NATIVE).putInt(20).putInt(header.getInt(8)).putInt(0).putInt(0);
            answer.putInt(1).putInt(1).putInt(1 << 24).putLong(7);
            output.write(answer.array());
        } else if (kind != LOGIN) {
            requests.incrementAndGet();
        }
    }

    private static void start(Runnable task) {
        Thread thread = new Thread(task, "silent-server");
        thread.setDaemon(true);
        thread.start();
    }
}
