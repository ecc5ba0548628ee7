package io.everstore.client.transport;

import io.everstore.client.exception.BadUrlException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.Arrays;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManagerFactory;

/**
 * TLS, 1.2 or later, by the platform's engine. The server's certificate is always verified, and that it is for the host that was
 * asked for.
 *
 * <p>The engine's tasks (the verification, mostly) run on the I/O thread: they take some milliseconds for each connection, of
 * which there are few.
 */
public final class TlsTransport implements Transport {
    private final SocketChannel channel;
    private final SSLEngine engine;
    private ByteBuffer encrypted;
    private ByteBuffer plain;
    private ByteBuffer toSend;
    private boolean ended;

    private TlsTransport(SocketChannel channel, SSLEngine engine) throws IOException {
        this.channel = channel;
        this.engine = engine;
        int packet = engine.getSession().getPacketBufferSize();
        encrypted = ByteBuffer.allocate(packet);
        toSend = ByteBuffer.allocate(2 * packet);
        toSend.flip();
        plain = ByteBuffer.allocate(engine.getSession().getApplicationBufferSize());
        plain.flip();
        engine.beginHandshake();
    }

    /** With a context of one's own: its trusted certificates, and its key where the server asks for one. */
    public static TransportFactory factory(SSLContext context) {
        return (channel, host, port) -> new TlsTransport(channel, engine(context, host, port));
    }

    /**
     * @param ca a PEM file of the certificates to trust; null for those of the platform
     * @throws BadUrlException the file cannot be used
     */
    public static TransportFactory factory(String ca) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, ca == null ? null : trust(ca).getTrustManagers(), null);
            return factory(context);
        } catch (GeneralSecurityException | IOException error) {
            String which = ca == null ? "those of the platform" : "those in " + ca;
            throw new BadUrlException(
                    "the certificates to trust, " + which + ", cannot be used: " + error.getMessage());
        }
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        int before = target.position();
        while (target.hasRemaining() && (give(target) || unwrap())) {
            // Each turn has brought something on.
        }
        int count = target.position() - before;
        return count == 0 && ended ? -1 : count;
    }

    @Override
    public void write(ByteBuffer source) throws IOException {
        while (source.hasRemaining() && flush() && !isHandshaking()) {
            wrap(source);
        }
        flush();
    }

    @Override
    public boolean flush() throws IOException {
        while (true) {
            channel.write(toSend);
            if (toSend.hasRemaining()) {
                return false;
            }
            if (engine.getHandshakeStatus() == HandshakeStatus.NEED_TASK) {
                runTasks();
            } else if (engine.getHandshakeStatus() != HandshakeStatus.NEED_WRAP) {
                return true;
            } else {
                wrap(ByteBuffer.allocate(0));
            }
        }
    }

    @Override
    public void close() {
        engine.closeOutbound();
    }

    private static SSLEngine engine(SSLContext context, String host, int port) {
        SSLEngine engine = context.createSSLEngine(host, port);
        engine.setUseClientMode(true);
        SSLParameters parameters = engine.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        engine.setSSLParameters(parameters);
        engine.setEnabledProtocols(Arrays.stream(engine.getSupportedProtocols())
                .filter(each -> each.equals("TLSv1.2") || each.equals("TLSv1.3"))
                .toArray(String[]::new));
        return engine;
    }

    private static TrustManagerFactory trust(String ca) throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (InputStream file = Files.newInputStream(Paths.get(ca))) {
            for (Certificate each : CertificateFactory.getInstance("X.509").generateCertificates(file)) {
                store.setCertificateEntry("ca-" + store.size(), each);
            }
        }
        if (store.size() == 0) {
            throw new IOException("it holds no certificate");
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        return trust;
    }

    private boolean isHandshaking() {
        return engine.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING;
    }

    /** What has been decrypted already; returns whether there was some. */
    private boolean give(ByteBuffer target) {
        int count = Math.min(plain.remaining(), target.remaining());
        ByteBuffer part = plain.duplicate();
        part.limit(part.position() + count);
        target.put(part);
        plain.position(plain.position() + count);
        return count > 0;
    }

    /** Decrypts the next record; returns whether something came of it. */
    private boolean unwrap() throws IOException {
        runTasks();
        encrypted.flip();
        plain.clear();
        SSLEngineResult result = engine.unwrap(encrypted, plain);
        plain.flip();
        encrypted.compact();
        runTasks();
        flush();
        switch (result.getStatus()) {
            case BUFFER_OVERFLOW:
                plain = ByteBuffer.allocate(engine.getSession().getApplicationBufferSize());
                plain.flip();
                return true;
            case BUFFER_UNDERFLOW:
                return receive();
            case CLOSED:
                ended = true;
                return false;
            default:
                return result.bytesConsumed() > 0 || result.bytesProduced() > 0;
        }
    }

    /** Reads on for a record that is not whole; returns whether something came. */
    private boolean receive() throws IOException {
        int packet = engine.getSession().getPacketBufferSize();
        if (!encrypted.hasRemaining()) {
            ByteBuffer larger = ByteBuffer.allocate(Math.max(packet, 2 * encrypted.capacity()));
            encrypted.flip();
            encrypted = larger.put(encrypted);
        }
        int count = channel.read(encrypted);
        ended |= count < 0;
        return count > 0;
    }

    private void wrap(ByteBuffer source) throws IOException {
        toSend.clear();
        SSLEngineResult result = engine.wrap(source, toSend);
        if (result.getStatus() == Status.BUFFER_OVERFLOW) {
            toSend = ByteBuffer.allocate(2 * engine.getSession().getPacketBufferSize());
        }
        toSend.flip();
        if (result.getStatus() == Status.CLOSED) {
            throw new IOException("the TLS connection is closed");
        }
        runTasks();
    }

    private void runTasks() {
        for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
            task.run();
        }
    }
}
