package io.everstore.client.conversation;

import io.everstore.client.Limits;
import io.everstore.client.exception.EverstoreException;
import io.everstore.client.exception.NoSuchWorkerException;
import io.everstore.client.exception.NotAllowedException;
import io.everstore.client.exception.UnknownErrorException;
import java.util.HashMap;
import java.util.Map;

/**
 * When a connection gets a lane: a further connection that the server gives to one worker, so that no other process stands
 * between it and the journals' owner.
 *
 * <pre>
 * what becomes of a lane                              the next one to that worker
 * it is refused for now, or lost                      after a pause, longer each time until one is opened
 * the server knows no lanes, or this user gets none   never
 * </pre>
 */
public final class LanePlan {
    private final Map<Integer, Integer> asked = new HashMap<>();
    private final Map<Integer, Long> notBefore = new HashMap<>();
    private final Map<Integer, Pauses> pauses = new HashMap<>();
    private boolean wanted;

    public LanePlan(boolean wanted) {
        this.wanted = wanted;
    }

    /** A request is for that worker, to which there is no lane; returns whether one is to be opened. */
    public boolean wants(int worker, long nowNanos) {
        if (!wanted || asked.merge(worker, 1, Integer::sum) < Limits.LANE_REQUESTS_MIN) {
            return false;
        }
        Long earliest = notBefore.get(worker);
        return earliest == null || nowNanos - earliest >= 0;
    }

    public void opened(int worker) {
        pauses.remove(worker);
    }

    /** It was refused, or lost. */
    public void failed(int worker, EverstoreException error, long nowNanos) {
        wanted &= !isFinal(error);
        long pause = pauses.computeIfAbsent(worker, each -> Pauses.ofLanes()).nextNanos();
        notBefore.put(worker, nowNanos + pause);
    }

    private static boolean isFinal(EverstoreException error) {
        return error instanceof UnknownErrorException
                || error instanceof NotAllowedException
                || error instanceof NoSuchWorkerException;
    }
}
