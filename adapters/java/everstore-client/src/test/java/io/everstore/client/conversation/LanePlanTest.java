package io.everstore.client.conversation;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.everstore.client.Limits;
import io.everstore.client.exception.ConnectionLostException;
import io.everstore.client.exception.EverstoreException;
import io.everstore.client.exception.NoLaneException;
import io.everstore.client.exception.NotAllowedException;
import io.everstore.client.exception.UnknownErrorException;
import org.junit.jupiter.api.Test;

class LanePlanTest {
    private static final long NOW = 1_000_000_000_000L;

    @Test
    void whatAsksNowAndThenNeedsNone() {
        LanePlan plan = new LanePlan(true);
        for (int count = 1; count < Limits.LANE_REQUESTS_MIN; count++) {
            assertFalse(plan.wants(1, NOW));
        }
        assertFalse(plan.wants(2, NOW));
        assertTrue(plan.wants(1, NOW));
    }

    @Test
    void oneThatIsRefusedForNowOrLostIsTriedAgainAfterAPause() {
        for (EverstoreException error : new EverstoreException[] {new NoLaneException(""), new ConnectionLostException("")}) {
            LanePlan plan = busy(true);
            plan.failed(1, error, NOW);
            assertTrue(plan.wants(1, NOW + Limits.LANE_PAUSE.toNanos()));
            for (int failures = 0; failures < 20; failures++) {
                plan.failed(1, error, NOW);
            }
            assertTrue(plan.wants(1, NOW + Limits.LANE_PAUSE_MAX.toNanos()));
        }
    }

    @Test
    void itWaitsForItsPause() {
        // The pauses are random, down to none: of so many one is longer than a nanosecond.
        LanePlan plan = busy(true);
        boolean waited = false;
        for (int failures = 0; failures < 20; failures++) {
            plan.failed(1, new NoLaneException(""), NOW);
            waited |= !plan.wants(1, NOW + 1);
        }
        assertTrue(waited);
    }

    @Test
    void whereThereAreNoneNoneIsTriedAgain() {
        EverstoreException[] errors = {new UnknownErrorException("", 1), new NotAllowedException("")};
        for (EverstoreException error : errors) {
            LanePlan plan = busy(true);
            plan.failed(1, error, NOW);
            assertFalse(plan.wants(1, NOW + 2 * Limits.LANE_PAUSE_MAX.toNanos()));
        }
        assertFalse(busy(false).wants(1, NOW));
    }

    private static LanePlan busy(boolean wanted) {
        LanePlan plan = new LanePlan(wanted);
        for (int count = 0; count < Limits.LANE_REQUESTS_MIN; count++) {
            plan.wants(1, NOW);
        }
        return plan;
    }
}
