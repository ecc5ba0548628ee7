package io.everstore.client.exception;

/** Code 17: the position to append after is past the journal's end. Nothing was written. */
public class NoSuchPositionException extends ServerException {
    public NoSuchPositionException(String message) {
        super(message, 17);
    }
}
