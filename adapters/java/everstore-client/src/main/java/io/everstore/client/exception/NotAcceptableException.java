package io.everstore.client.exception;

/**
 * Code 13: an event or its type cannot stand on one line of a journal. Mostly seen before anything is sent. Nothing was
 * written.
 */
public class NotAcceptableException extends ServerException {
    public NotAcceptableException(String message) {
        super(message, 13);
    }
}
