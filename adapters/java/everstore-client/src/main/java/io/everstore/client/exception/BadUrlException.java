package io.everstore.client.exception;

/** A URL or a setting that cannot be used; the message names the part. */
public class BadUrlException extends EverstoreException {
    public BadUrlException(String message) {
        super(message);
    }
}
