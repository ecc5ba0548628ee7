package io.everstore.client;

import static io.everstore.client.stage.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.everstore.client.stage.Stage;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Where futures complete, and that a callback which waits for another future hangs nobody. */
class CallbacksTest {
    private static final int MANY = 64;
    private static Stage stage;
    private static ClientConfig config;

    @BeforeAll
    static void open() {
        stage = new Stage();
        config = ClientConfig.DEFAULT.withHost("127.0.0.1").withPort(stage.start(2));
    }

    @AfterAll
    static void close() {
        stage.close();
    }

    /** More of them than the client has threads, each waiting for what only another of these threads can complete. */
    @Test
    void callbacksMayWaitForOtherFutures() {
        try (EverstoreClient<Event> db = EverstoreClient.connect(config)) {
            List<CompletableFuture<Long>> sizes = IntStream.range(0, MANY)
                    .mapToObj(number -> db.appendLines("/many/" + number, "A 1")
                            .thenApply(first -> db.appendLines("/many/" + number, "A 2").join())
                            .thenApply(second -> db.read("/many/" + number).thenApply(List::size).join().longValue()))
                    .collect(Collectors.toList());
            sizes.forEach(size -> assertEquals(2, await(size)));
        }
    }

    @Test
    void onTheIoThreadWaitingThrowsInPlaceOfHanging() {
        try (EverstoreClient<Event> db = EverstoreClient.connect(config.withExecutor(Runnable::run))) {
            CompletableFuture<CommitResult<Event>> waiting = db.journalExists("/io")
                    .thenApply(exists -> db.appendLines("/io", "A 1").join());
            assertThrows(IllegalStateException.class, () -> await(waiting));
            CompletableFuture<Integer> derived = db.journalExists("/io")
                    .thenApply(exists -> db.read("/io").thenApply(List::size).join());
            // Java 8 has no way to make what is derived of a future one of ours.
            if (!System.getProperty("java.specification.version").startsWith("1.")) {
                assertThrows(IllegalStateException.class, () -> await(derived));
            }
            assertTrue(await(db.appendLines("/io", "A 2").thenCompose(first -> db.appendLines("/io", "A 3"))).isSuccess());
        }
    }

    @Test
    void anExecutorOfOnesOwnCompletesThem() {
        ExecutorService own = Executors.newSingleThreadExecutor(task -> new Thread(task, "my-thread"));
        try (EverstoreClient<Event> db = EverstoreClient.connect(config.withExecutor(own))) {
            List<String> names = new ArrayList<>();
            for (int count = 0; count < 20; count++) {
                CompletableFuture<Void> begun = new CompletableFuture<>();
                CompletableFuture<String> name = begun.thenCompose(nothing -> db.journalExists("/own"))
                        .thenApply(exists -> Thread.currentThread().getName());
                begun.complete(null);
                names.add(await(name));
            }
            assertTrue(names.contains("my-thread"), names::toString);
            assertFalse(names.stream().anyMatch(name -> name.startsWith("everstore-client")), names::toString);
        } finally {
            own.shutdown();
        }
    }

    @Test
    void anExecutorThatTakesNoMoreLeavesNoFutureWithoutAnEnd() {
        try (EverstoreClient<Event> db = EverstoreClient.connect(config.withExecutor(task -> {
            throw new RejectedExecutionException("full");
        }))) {
            assertTrue(await(db.appendLines("/rejected", "A 1")).isSuccess());
        }
    }

    @Test
    void whatACallbackThrowsHurtsNobodyElse() {
        try (EverstoreClient<Event> db = EverstoreClient.connect(config.withExecutor(Runnable::run))) {
            db.journalExists("/thrown").thenApply(exists -> {
                throw new OutOfMemoryError("pretended");
            });
            assertFalse(await(db.journalExists("/thrown")));
        }
    }

    @Test
    void aCallbackMayCloseTheClient() {
        for (ClientConfig each : new ClientConfig[] {config, config.withExecutor(Runnable::run)}) {
            EverstoreClient<Event> db = EverstoreClient.connect(each);
            boolean exists = await(db.journalExists("/closing").thenApply(found -> {
                db.close();
                return found;
            }));
            assertFalse(exists);
        }
    }
}
