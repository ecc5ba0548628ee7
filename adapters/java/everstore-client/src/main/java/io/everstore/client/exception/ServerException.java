package io.everstore.client.exception;

/** An answer of the server with an error code; some are also thrown before anything is sent, when the mistake is seen first. */
public abstract class ServerException extends EverstoreException {
    private final int code;

    protected ServerException(String message, int code) {
        super(message);
        this.code = code;
    }

    /** The wire's number for it. */
    public int code() {
        return code;
    }
}
