package io.everstore.client.nio;

import java.util.LinkedHashSet;
import java.util.Set;

/**
 * What pauses before it is sent again. Its pauses have grown while nobody answered, and differ: so one of many is sent soon
 * after a worker is back, and when that one is answered, the others need not wait any longer. On the I/O thread only.
 */
public final class Resending {
    private final EventLoop loop;
    private Set<Runnable> paused = new LinkedHashSet<>();

    Resending(EventLoop loop) {
        this.loop = loop;
    }

    /** Runs it after a pause, or sooner. */
    public void after(long nanos, Runnable task) {
        paused.add(task);
        loop.after(nanos, () -> {
            if (paused.remove(task)) {
                task.run();
            }
        });
    }

    /** One that had paused was answered. */
    public void goOn() {
        Set<Runnable> all = paused;
        paused = new LinkedHashSet<>();
        all.forEach(Runnable::run);
    }
}
