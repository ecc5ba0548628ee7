package io.everstore.client;

import io.everstore.client.conversation.Heard;
import io.everstore.client.nio.Pool;

/** What is done on the I/O thread for one future. */
@FunctionalInterface
interface Operation<T> {
    void start(Pool pool, Heard<T> heard);
}
