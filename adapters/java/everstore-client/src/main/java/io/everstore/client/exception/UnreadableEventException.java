package io.everstore.client.exception;

/** A stored event is not UTF-8, or does not fit the class that its type stands for. */
public class UnreadableEventException extends EverstoreException {
    public UnreadableEventException(String message) {
        super(message);
    }

    public UnreadableEventException(String message, Throwable cause) {
        super(message, cause);
    }
}
