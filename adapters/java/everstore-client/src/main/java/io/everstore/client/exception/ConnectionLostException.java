package io.everstore.client.exception;

/** No connection, or one that ended before the answer. Nothing was written: a commit is an {@link OutcomeUnknownException}. */
public class ConnectionLostException extends EverstoreException {
    private final boolean sent;

    public ConnectionLostException(String message) {
        this(message, null, false);
    }

    public ConnectionLostException(String message, Throwable cause) {
        this(message, cause, false);
    }

    public ConnectionLostException(String message, Throwable cause, boolean sent) {
        super(message, cause);
        this.sent = sent;
    }

    /** Whether the request may have reached the server. */
    public boolean sent() {
        return sent;
    }
}
