package io.everstore.client.exception;

/**
 * More operations wait in the client than it takes ({@code pendingOperations} and {@code pendingBytes} of its configuration).
 * Nothing was sent: wait for some of the futures, then go on.
 */
public class OverloadedException extends EverstoreException {
    public OverloadedException(String message) {
        super(message);
    }
}
