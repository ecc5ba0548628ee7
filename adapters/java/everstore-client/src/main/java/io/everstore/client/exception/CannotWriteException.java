package io.everstore.client.exception;

/** Code 15: the server's disk is full, the journal is damaged, or too many appends have to be remembered. Nothing was written. */
public class CannotWriteException extends ServerException {
    public CannotWriteException(String message) {
        super(message, 15);
    }
}
