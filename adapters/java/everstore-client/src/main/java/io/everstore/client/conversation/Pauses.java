package io.everstore.client.conversation;

import io.everstore.client.Limits;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/** Pauses between tries: each between none and a bound that doubles, and never the same for two clients that met each other. */
public final class Pauses {
    private final long longestNanos;
    private long boundNanos;

    private Pauses(Duration first, Duration longest) {
        boundNanos = first.toNanos();
        longestNanos = longest.toNanos();
    }

    public static Pauses ofReconnecting() {
        return new Pauses(Limits.RECONNECT_PAUSE, Limits.RECONNECT_PAUSE_MAX);
    }

    public static Pauses ofConflicts() {
        return new Pauses(Limits.CONFLICT_PAUSE, Limits.CONFLICT_PAUSE_MAX);
    }

    public static Pauses ofLanes() {
        return new Pauses(Limits.LANE_PAUSE, Limits.LANE_PAUSE_MAX);
    }

    public long nextNanos() {
        long pause = ThreadLocalRandom.current().nextLong(boundNanos);
        boundNanos = Math.min(2 * boundNanos, longestNanos);
        return pause;
    }
}
