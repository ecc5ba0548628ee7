package io.everstore.client;

import static io.everstore.client.stage.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.everstore.client.exception.BadUrlException;
import io.everstore.client.exception.ConnectionLostException;
import io.everstore.client.stage.Stage;
import io.everstore.client.stage.TlsProxy;
import io.everstore.client.transport.Transport;
import io.everstore.client.transport.TransportFactory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What carries the bytes: TLS, and anything that somebody else makes. */
class TransportTest {
    @TempDir
    static Path folder;

    private static Stage stage;
    private static TlsProxy proxy;

    @BeforeAll
    static void open() throws Exception {
        stage = new Stage();
        proxy = new TlsProxy(folder, stage.start(2));
    }

    @AfterAll
    static void close() throws IOException {
        proxy.close();
        stage.close();
    }

    @Test
    void eventsGoOverTls() {
        try (EverstoreClient<Event> db = EverstoreClient.connect(url("localhost") + "?ca=" + proxy.certificate())) {
            char[] text = new char[300_000];
            Arrays.fill(text, 'x');
            CompletableFuture<?>[] all = new CompletableFuture<?>[50];
            for (int number = 0; number < all.length; number++) {
                all[number] = db.appendLines("/tls", "A " + number + new String(text));
            }
            await(CompletableFuture.allOf(all));
            assertEquals(50, await(db.readLines("/tls", 0)).stream().distinct().count());
            assertTrue(await(db.appendLines("/tls/more", "A 1")).isSuccess());
        }
    }

    @Test
    void aCertificateOfNobodyWhoIsTrustedIsRefused() {
        assertThrows(ConnectionLostException.class, () -> EverstoreClient.connect(url("localhost")));
    }

    @Test
    void aCertificateOfAnotherHostIsRefused() {
        assertThrows(
                ConnectionLostException.class,
                () -> EverstoreClient.connect(url("127.0.0.1") + "?ca=" + proxy.certificate()));
    }

    @Test
    void aServerWithoutTlsIsTold() {
        ClientConfig config = ClientConfig.parse(url("localhost")).withPort(proxy.target());
        assertThrows(ConnectionLostException.class, () -> EverstoreClient.connect(config));
    }

    @Test
    void aFileWithoutCertificatesIsRefused() throws IOException {
        Path empty = Files.createFile(folder.resolve("empty.pem"));
        assertThrows(BadUrlException.class, () -> ClientConfig.parse("everstores://localhost?ca=" + empty));
    }

    @Test
    void anyTransportCarriesTheBytes() {
        AtomicInteger opened = new AtomicInteger();
        ClientConfig config = plain().withTransport((channel, host, port) -> {
            opened.incrementAndGet();
            return new Slow(TransportFactory.PLAIN.open(channel, host, port));
        });
        try (EverstoreClient<Event> db = EverstoreClient.connect(config)) {
            for (int number = 0; number < 20; number++) {
                assertTrue(await(db.appendLines("/slow", "A " + number)).isSuccess());
            }
            assertEquals(20, await(db.read("/slow")).size());
        }
        assertTrue(opened.get() >= 1);
    }

    @Test
    void aTransportThatFailsEndsItsConnectionOnly() {
        AtomicInteger opened = new AtomicInteger();
        ClientConfig config = plain().withLanes(false).withTransport((channel, host, port) -> {
            Transport carried = TransportFactory.PLAIN.open(channel, host, port);
            return opened.incrementAndGet() == 1 ? new Failing(carried) : carried;
        });
        try (EverstoreClient<Event> db = EverstoreClient.connect(config)) {
            for (int number = 0; number < 20; number++) {
                assertTrue(await(db.appendLines("/failing", "A " + number)).isSuccess());
            }
            assertEquals(20, await(db.read("/failing")).size());
            assertTrue(opened.get() >= 2);
        }
    }

    @Test
    void aFactoryThatFailsIsToldToWhoeverConnects() {
        ClientConfig config = plain().withTransport((channel, host, port) -> {
            throw new IllegalStateException("it cannot");
        });
        Throwable error = assertThrows(ConnectionLostException.class, () -> EverstoreClient.connect(config));
        assertTrue(error.getMessage().contains("it cannot"), error::getMessage);
    }

    private static ClientConfig plain() {
        return ClientConfig.DEFAULT.withHost("127.0.0.1").withPort(proxy.target());
    }

    private static String url(String host) {
        return "everstores://" + host + ":" + proxy.port();
    }

    /** Takes and gives a few bytes at a time. */
    private static class Slow implements Transport {
        final Transport carried;
        private final ByteBuffer kept = ByteBuffer.allocate(16);

        Slow(Transport carried) {
            this.carried = carried;
            kept.flip();
        }

        @Override
        public int read(ByteBuffer target) throws IOException {
            return carried.read(target);
        }

        @Override
        public void write(ByteBuffer source) throws IOException {
            if (!kept.hasRemaining()) {
                kept.clear();
                while (kept.hasRemaining() && source.hasRemaining()) {
                    kept.put(source.get());
                }
                kept.flip();
            }
        }

        @Override
        public boolean flush() throws IOException {
            carried.write(kept);
            return !kept.hasRemaining() && carried.flush();
        }

        @Override
        public void close() {
            carried.close();
        }
    }

    /** Breaks in the way of code, and not of sockets, once it has read a bit. */
    private static final class Failing extends Slow {
        private int reads;

        Failing(Transport carried) {
            super(carried);
        }

        @Override
        public int read(ByteBuffer target) throws IOException {
            if (++reads > 5) {
                throw new IllegalStateException("it broke");
            }
            return super.read(target);
        }
    }
}
