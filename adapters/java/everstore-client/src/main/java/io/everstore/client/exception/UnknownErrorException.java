package io.everstore.client.exception;

/**
 * Code 1: the worker died with the request in flight, too many transactions are open, or the request was wrong. Also any code
 * that this library does not know. Nothing was written.
 */
public class UnknownErrorException extends ServerException {
    public UnknownErrorException(String message, int code) {
        super(message, code);
    }
}
