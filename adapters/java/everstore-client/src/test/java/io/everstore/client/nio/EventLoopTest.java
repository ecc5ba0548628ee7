package io.everstore.client.nio;

import static io.everstore.client.stage.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class EventLoopTest {
    private final List<String> done = new ArrayList<>();
    private final CompletableFuture<Void> failed = new CompletableFuture<>();
    private final CompletableFuture<Void> last = new CompletableFuture<>();
    private final EventLoop loop;

    EventLoopTest() throws IOException {
        loop = new EventLoop();
        loop.start(() -> failed.complete(null), () -> last.complete(null));
    }

    @Test
    void tasksRunInTheirOrderAndTimersInThatOfTheirTimes() {
        CompletableFuture<Void> over = new CompletableFuture<>();
        loop.execute(() -> {
            assertTrue(loop.isCurrentThread());
            loop.after(Duration.ofMillis(40).toNanos(), () -> over.complete(null));
            loop.after(Duration.ofMillis(20).toNanos(), () -> done.add("later"));
            loop.after(0, () -> done.add("soon"));
            loop.execute(() -> done.add("second"));
            done.add("first");
        });
        await(over);
        assertEquals(Arrays.asList("first", "second", "soon", "later"), done);
        assertFalse(loop.isCurrentThread());
        end();
    }

    @Test
    void whatComesFromOtherThreadsWakesIt() {
        for (int count = 0; count < 1000; count++) {
            CompletableFuture<Void> ran = new CompletableFuture<>();
            loop.execute(() -> ran.complete(null));
            await(ran);
        }
        end();
    }

    @Test
    void itsEndDoesNotWaitForTimersButRunsThem() {
        loop.execute(() -> {
            loop.after(Duration.ofDays(1).toNanos(), () -> {
                done.add("timer");
                loop.after(Duration.ofDays(1).toNanos(), () -> done.add("another"));
            });
            loop.end();
        });
        loop.awaitEnd();
        assertEquals(Arrays.asList("timer", "another"), done);
        await(last);
        assertFalse(failed.isDone());
    }

    @Test
    void aTaskThatCannotRunAnyMoreIsRefused() {
        end();
        assertFalse(loop.execute(() -> done.add("too late")));
        assertTrue(done.isEmpty());
    }

    @Test
    void aBugEndsItAndIsTold() {
        IllegalStateException bug = new IllegalStateException("a bug");
        loop.execute(() -> {
            throw bug;
        });
        await(failed);
        await(last);
        loop.awaitEnd();
        assertSame(bug, loop.failure());
        assertFalse(loop.execute(() -> {}));
    }

    private void end() {
        loop.execute(loop::end);
        loop.awaitEnd();
    }
}
