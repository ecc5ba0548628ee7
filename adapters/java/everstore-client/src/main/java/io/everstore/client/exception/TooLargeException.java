package io.everstore.client.exception;

/** Code 14: the journal, or the request, is past what can be said, or a read is more than can be held. Nothing was written. */
public class TooLargeException extends ServerException {
    public TooLargeException(String message) {
        super(message, 14);
    }
}
