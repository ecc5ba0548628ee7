package io.everstore.client.nio;

import io.everstore.client.ClientConfig;
import io.everstore.client.Limits;
import io.everstore.client.conversation.Conversation;
import io.everstore.client.conversation.Heard;
import io.everstore.client.conversation.Senders;
import io.everstore.client.exception.ConnectionLostException;
import io.everstore.client.exception.TimeoutException;
import io.everstore.client.wire.Request;
import io.everstore.client.wire.Requests;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** Opens the links of one client: finds the server's addresses, connects, logs in. */
final class Dialer {
    final EventLoop loop;
    final ClientConfig config;
    final long timeoutNanos;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(Limits.RECEIVE_BYTES);
    private final Senders senders = new Senders();
    private final Request<Void> login;

    Dialer(EventLoop loop, ClientConfig config) {
        this.loop = loop;
        this.config = config;
        this.timeoutNanos = config.timeout().toNanos();
        this.login = Requests.authenticate(
                config.user().getBytes(StandardCharsets.UTF_8), config.password().getBytes(StandardCharsets.UTF_8));
    }

    /** A link that is not connected yet. {@code opened}: told once the server has let us in; {@code lost}: run at its end. */
    Link link(Heard<Void> opened, Runnable lost) {
        Conversation conversation = new Conversation(login, senders, System::nanoTime, opened);
        return new Link(loop, buffer, config.transport(), config.host(), conversation, lost);
    }

    /** Connects a link to the server, wherever that is now. */
    void connect(Link link, Runnable orLate) {
        loop.after(timeoutNanos, orLate);
        resolve((addresses, error) -> {
            if (error != null) {
                link.lose(error);
            } else if (!link.conversation.isLost()) {
                link.connect(addresses);
            }
        });
    }

    TimeoutException tooLate() {
        return new TimeoutException("no connection to " + config + " within " + config.timeout());
    }

    /** Looking up a name may take as long as it likes, so it has a thread of its own. */
    private void resolve(Heard<List<InetSocketAddress>> heard) {
        Thread thread = new Thread(() -> lookUp(heard), "everstore-client-lookup");
        thread.setDaemon(true);
        thread.start();
    }

    private void lookUp(Heard<List<InetSocketAddress>> heard) {
        try {
            List<InetSocketAddress> found = Arrays.stream(InetAddress.getAllByName(config.host()))
                    .map(each -> new InetSocketAddress(each, config.port()))
                    .collect(Collectors.toList());
            loop.execute(() -> heard.heard(found, null));
        } catch (UnknownHostException | RuntimeException error) {
            loop.execute(() -> heard.heard(
                    null, new ConnectionLostException("the host " + config.host() + " cannot be found", error)));
        }
    }
}
