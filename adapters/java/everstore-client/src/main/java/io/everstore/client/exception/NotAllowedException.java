package io.everstore.client.exception;

/** Code 16: the user may only read, or may not touch this journal. Nothing was written. */
public class NotAllowedException extends ServerException {
    public NotAllowedException(String message) {
        super(message, 16);
    }
}
