package io.everstore.client.conversation;

import io.everstore.client.exception.EverstoreException;

/** Who waits for a reply: called once, on the I/O thread, with the reply, or with the error that came in its place. */
@FunctionalInterface
public interface Heard<R> {
    /** {@code error} is null when there is a reply. */
    void heard(R reply, EverstoreException error);
}
