package io.everstore.client.exception;

/** Code 5: the journal could not be read, or the position is no former size of it. */
public class CannotReadException extends ServerException {
    public CannotReadException(String message) {
        super(message, 5);
    }
}
