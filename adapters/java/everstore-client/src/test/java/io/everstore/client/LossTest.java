package io.everstore.client;

import static io.everstore.client.stage.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.everstore.client.exception.ConnectionLostException;
import io.everstore.client.exception.EverstoreException;
import io.everstore.client.exception.OutcomeUnknownException;
import io.everstore.client.exception.OverloadedException;
import io.everstore.client.exception.TimeoutException;
import io.everstore.client.stage.SilentServer;
import io.everstore.client.stage.Stage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/** Servers that are silent, or gone; and more work than a client takes. */
class LossTest {
    private static final Duration SHORT = Duration.ofMillis(400);

    @Test
    void aServerThatSaysNothingIsNotWaitedForForEver() {
        try (SilentServer server = new SilentServer(false)) {
            assertThrows(TimeoutException.class, () -> EverstoreClient.connect(config(server).withTimeout(SHORT)));
        }
    }

    @Test
    void whatIsNotAnsweredInTimeFails() {
        try (SilentServer server = new SilentServer(true);
                EverstoreClient<Event> db = EverstoreClient.connect(config(server).withTimeout(SHORT))) {
            assertThrows(TimeoutException.class, () -> await(db.read("/a")));
            OutcomeUnknownException unknown =
                    assertThrows(OutcomeUnknownException.class, () -> await(db.appendLines("/a", "A 1")));
            assertEquals("/a", unknown.journal());
            assertInstanceOf(EverstoreException.class, unknown.getCause());
        }
    }

    @Test
    void aConnectionOnWhichNothingComesIsReplaced() {
        try (SilentServer server = new SilentServer(true);
                EverstoreClient<Event> db =
                        EverstoreClient.connect(config(server).withTimeout(SHORT).withConnections(1))) {
            assertThrows(TimeoutException.class, () -> await(db.read("/a")));
            assertThrows(TimeoutException.class, () -> await(db.read("/a")));
            assertTrue(server.connections() >= 2, () -> server.connections() + " connections");
        }
    }

    @Test
    void closingFailsWhatIsPending() {
        try (SilentServer server = new SilentServer(true)) {
            EverstoreClient<Event> db = EverstoreClient.connect(config(server));
            CompletableFuture<List<Event>> reading = db.read("/a");
            CompletableFuture<CommitResult<Event>> appending = db.appendLines("/a", "A 1");
            until(() -> server.requests() == 2);
            List<CompletableFuture<CommitResult<Event>>> waiting = new ArrayList<>();
            for (int count = 0; count < 10_000; count++) {
                waiting.add(db.appendLines("/a", "A 2"));
            }
            db.close();
            assertThrows(ConnectionLostException.class, () -> await(reading));
            assertThrows(OutcomeUnknownException.class, () -> await(appending));
            waiting.forEach(each -> assertThrows(EverstoreException.class, () -> await(each)));
        }
    }

    @Test
    void moreThanAClientTakesIsRefusedAtOnce() {
        try (SilentServer server = new SilentServer(true);
                EverstoreClient<Event> db = EverstoreClient.connect(config(server).withPending(10, 1000))) {
            for (int count = 0; count < 10; count++) {
                assertTrue(!db.appendLines("/a", "A 1").isDone());
            }
            CompletableFuture<?> refused = db.journalExists("/a");
            assertTrue(refused.isCompletedExceptionally(), "without having been sent");
            assertThrows(OverloadedException.class, () -> await(refused));
        }
    }

    @Test
    void moreBytesThanAClientTakesAreRefusedAtOnce() {
        try (SilentServer server = new SilentServer(true);
                EverstoreClient<Event> db = EverstoreClient.connect(config(server).withPending(10, 5))) {
            CompletableFuture<?> large = db.appendLines("/a", "A 1234567890");
            assertTrue(!large.isDone(), "one alone may be larger");
            assertThrows(OverloadedException.class, () -> await(db.appendLines("/a", "A 1")));
        }
    }

    @Test
    void aClientTakesMoreOnceItsFuturesAreDone() {
        try (Stage stage = new Stage()) {
            ClientConfig config = ClientConfig.DEFAULT.withHost("127.0.0.1").withPort(stage.start(1));
            try (EverstoreClient<Event> db = EverstoreClient.connect(config.withPending(4, 100))) {
                for (int round = 0; round < 50; round++) {
                    List<CompletableFuture<CommitResult<Event>>> batch = new ArrayList<>();
                    for (int count = 0; count < 4; count++) {
                        batch.add(db.appendLines("/a", "A 1"));
                    }
                    batch.forEach(each -> assertTrue(await(each).isSuccess()));
                }
            }
        }
    }

    /** A server that is away is waited for, and there is no more patience for many than for one. */
    @Test
    void aServerThatIsGoneIsWaitedForUntilTheTimeout() {
        SilentServer server = new SilentServer(true);
        try (EverstoreClient<Event> db = EverstoreClient.connect(config(server).withTimeout(SHORT))) {
            server.close();
            List<CompletableFuture<?>> all = new ArrayList<>();
            for (int count = 0; count < 200; count++) {
                all.add(db.appendLines("/a", "A 1"));
                all.add(db.read("/a"));
            }
            long began = System.nanoTime();
            all.forEach(each -> assertThrows(EverstoreException.class, () -> await(each)));
            Duration taken = Duration.ofNanos(System.nanoTime() - began);
            assertTrue(taken.compareTo(Duration.ofSeconds(10)) < 0, taken::toString);
        }
    }

    @Test
    void aClientFindsARestartedServerAgain() {
        try (Stage stage = new Stage()) {
            ClientConfig config = ClientConfig.DEFAULT.withHost("127.0.0.1").withPort(stage.start(2));
            try (EverstoreClient<Event> db = EverstoreClient.connect(config)) {
                for (String how : new String[] {"restart", "crash"}) {
                    List<CompletableFuture<CommitResult<Event>>> appends = new ArrayList<>();
                    for (int number = 0; number < 500; number++) {
                        appends.add(db.appendLines("/" + how + number % 7, "A 1"));
                    }
                    stage.tell(how);
                    appends.forEach(each -> assertTrue(await(each).isSuccess()));
                    int events = 0;
                    for (int number = 0; number < 7; number++) {
                        events += await(db.read("/" + how + number)).size();
                    }
                    assertEquals(500, events);
                }
            }
        }
    }

    private static ClientConfig config(SilentServer server) {
        return ClientConfig.DEFAULT.withHost("127.0.0.1").withPort(server.port());
    }

    private static void until(BooleanSupplier isTrue) {
        long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (!isTrue.getAsBoolean()) {
            assertTrue(System.nanoTime() < end, "it did not come");
            Thread.yield();
        }
    }
}
