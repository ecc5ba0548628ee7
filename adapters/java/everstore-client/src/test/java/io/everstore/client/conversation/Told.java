package io.everstore.client.conversation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.everstore.client.exception.EverstoreException;

/** Who was told what, and how often. */
final class Told<R> implements Heard<R> {
    R reply;
    EverstoreException error;
    int times;

    @Override
    public void heard(R told, EverstoreException failed) {
        reply = told;
        error = failed;
        times++;
    }

    R only() {
        assertEquals(1, times);
        assertNull(error, () -> error.toString());
        return reply;
    }

    EverstoreException onlyError() {
        assertEquals(1, times);
        return error;
    }
}
