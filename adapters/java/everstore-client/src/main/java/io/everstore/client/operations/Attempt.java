package io.everstore.client.operations;

import io.everstore.client.conversation.Heard;
import io.everstore.client.nio.Connection;

/** One try of an operation, over one connection. On the I/O thread. */
@FunctionalInterface
public interface Attempt<T> {
    void over(Connection connection, Heard<T> heard);
}
