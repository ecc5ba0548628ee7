package io.everstore.client;

import io.everstore.client.exception.BadUrlException;
import io.everstore.client.transport.TransportFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Executor;

/**
 * Where the server is, and how to talk to it. Immutable: each {@code with} method gives a changed copy.
 *
 * <pre>{@code
 * ClientConfig config = ClientConfig.parse("everstore://admin:passwd@db.example:6929?timeout=30&connections=6");
 * ClientConfig impatient = config.withTimeout(Duration.ofSeconds(5));
 * }</pre>
 */
public final class ClientConfig {
    /** A server on this machine, and the user that it has when nobody has said otherwise. */
    public static final ClientConfig DEFAULT = new ClientConfig();

    private String host = "localhost";
    private int port = Limits.PORT;
    private String user = Limits.USER;
    private String password = Limits.PASSWORD;
    private Duration timeout = Limits.TIMEOUT;
    private int connections = Limits.CONNECTIONS;
    private boolean lanes = true;
    private boolean encrypted;
    private int pendingOperations = Limits.PENDING_OPERATIONS;
    private long pendingBytes = Limits.PENDING_BYTES;
    private Executor executor;
    private TransportFactory transport = TransportFactory.PLAIN;

    private ClientConfig() {}

    private ClientConfig(ClientConfig from) {
        host = from.host;
        port = from.port;
        user = from.user;
        password = from.password;
        timeout = from.timeout;
        connections = from.connections;
        lanes = from.lanes;
        encrypted = from.encrypted;
        pendingOperations = from.pendingOperations;
        pendingBytes = from.pendingBytes;
        executor = from.executor;
        transport = from.transport;
    }

    /**
     * Reads a URL: {@code everstore://user:password@host:port?timeout=30&connections=6}. Everything behind the scheme may be
     * left out: it is {@code admin} and {@code passwd} at port 6929 of localhost then. Percent-encode what is special in URLs.
     * {@code everstores://} is TLS; with it {@code ca} may name a PEM file of the certificates to trust.
     *
     * @throws BadUrlException with the part that is wrong
     */
    public static ClientConfig parse(String url) {
        return ConnectionUrl.parse(url);
    }

    public String host() {
        return host;
    }

    public int port() {
        return port;
    }

    public String user() {
        return user;
    }


    /** The password; {@link #toString} leaves it out. */
    public String password() {
        return password;
    }

    /** How long no part of an answer may come before an operation fails. */
    public Duration timeout() {
        return timeout;
    }

    /** How many connections to open at most, besides lanes. */
    public int connections() {
        return connections;
    }

    /** Whether a busy connection may open further ones, each to one of the server's workers. Encrypted ones never do. */
    public boolean lanes() {
        return lanes && !encrypted;
    }

    /** Operations that may be begun and not over; one more fails with {@code OverloadedException}. */
    public int pendingOperations() {
        return pendingOperations;
    }

    /** The bytes of their events. */
    public long pendingBytes() {
        return pendingBytes;
    }

    /** Where futures complete; null for threads of the client's own. */
    public Executor executor() {
        return executor;
    }

    public TransportFactory transport() {
        return transport;
    }

    public ClientConfig withHost(String host) {
        require(!host.isEmpty(), "the host is empty");
        ClientConfig changed = new ClientConfig(this);
        changed.host = host;
        return changed;
    }

    public ClientConfig withPort(int port) {
        require(port > 0 && port < 65536, "the port is " + port + ", not a number from 1 to 65535");
        ClientConfig changed = new ClientConfig(this);
        changed.port = port;
        return changed;
    }

    /** Each of them may have 32 bytes of UTF-8. */
    public ClientConfig withUser(String user, String password) {
        requireCredential("user", user);
        requireCredential("password", password);
        ClientConfig changed = new ClientConfig(this);
        changed.user = user;
        changed.password = password;
        return changed;
    }

    public ClientConfig withTimeout(Duration timeout) {
        require(!timeout.isNegative() && !timeout.isZero(), "the timeout is " + timeout + ", expected more than 0");
        ClientConfig changed = new ClientConfig(this);
        changed.timeout = timeout;
        return changed;
    }

    public ClientConfig withConnections(int connections) {
        require(connections > 0, "connections is " + connections + ", expected 1 or more");
        ClientConfig changed = new ClientConfig(this);
        changed.connections = connections;
        return changed;
    }

    public ClientConfig withLanes(boolean lanes) {
        ClientConfig changed = new ClientConfig(this);
        changed.lanes = lanes;
        return changed;
    }

    /** What may be pending at most: operations, and bytes of their events. */
    public ClientConfig withPending(int operations, long bytes) {
        require(operations > 0 && bytes > 0,
                "pending operations and bytes are " + operations + ", " + bytes + ", expected 1 or more");
        ClientConfig changed = new ClientConfig(this);
        changed.pendingOperations = operations;
        changed.pendingBytes = bytes;
        return changed;
    }

    /**
     * Has futures complete on this executor, in place of the client's own threads. With {@code Runnable::run} they complete on
     * the I/O thread, which is the shortest way; callbacks must not wait there, and {@code get} and {@code join} of a future of
     * the same client throw an {@code IllegalStateException} in place of waiting for ever.
     */
    public ClientConfig withExecutor(Executor executor) {
        ClientConfig changed = new ClientConfig(this);
        changed.executor = Objects.requireNonNull(executor, "executor");
        return changed;
    }

    /** Has this carry the bytes of each connection, in place of plain TCP or of what {@code everstores://} stands for. */
    public ClientConfig withTransport(TransportFactory transport) {
        ClientConfig changed = new ClientConfig(this);
        changed.transport = Objects.requireNonNull(transport, "transport");
        return changed;
    }

    /** The same over an encrypted transport, which has no lanes. */
    public ClientConfig withEncryption(TransportFactory transport) {
        ClientConfig changed = withTransport(transport);
        changed.encrypted = true;
        return changed;
    }

    /** The place without the password, fit for messages. */
    @Override
    public String toString() {
        String place = host.contains(":") ? "[" + host + "]" : host;
        return (encrypted ? ConnectionUrl.TLS_SCHEME : ConnectionUrl.SCHEME) + "://" + user + "@" + place + ":" + port;
    }

    private static void requireCredential(String what, String value) {
        int bytes = value.getBytes(StandardCharsets.UTF_8).length;
        require(bytes <= Limits.CREDENTIAL_BYTES_MAX,
                "the " + what + " has " + bytes + " bytes, at most " + Limits.CREDENTIAL_BYTES_MAX + " can be said");
    }

    private static void require(boolean holds, String flaw) {
        if (!holds) {
            throw new BadUrlException(flaw);
        }
    }
}
