package io.everstore.client.conversation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.everstore.client.Limits;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class SenderTest {
    @Test
    void answeredPassesNoAppendWhoseOutcomeIsWaitedFor() {
        Sender sender = new Sender();
        assertEquals(1, sender.answered());
        long one = sender.begin();
        long two = sender.begin();
        long three = sender.begin();
        sender.end(two);
        assertEquals(one, sender.answered());
        sender.end(one);
        assertEquals(three, sender.answered());
        sender.end(three);
        assertEquals(4, sender.answered());
    }

    @Test
    void anotherSenderGoesOnWhenOneWaitsForAnOldAppend() {
        Senders senders = new Senders();
        Sender first = senders.of(1, 2);
        long oldest = first.begin();
        for (int count = 1; count < Limits.OPEN_APPENDS_MAX; count++) {
            assertSame(first, senders.of(1, 2));
            first.end(first.begin());
        }
        Sender second = senders.of(1, 2);
        assertNotSame(first, second);
        assertEquals(oldest, first.answered());
        assertSame(second, senders.of(1, 2));
    }

    @Test
    void eachWorkerKnowsAnother() {
        Senders senders = new Senders();
        Sender one = senders.of(1, 2);
        assertNotSame(one, senders.of(2, 2));
        assertNotSame(one, senders.of(1, 3), "of another number of workers");
        assertFalse(Arrays.equals(one.client(), senders.of(2, 2).client()));
    }
}
