package io.everstore.client.exception;

/** Code 3: the worker named in the request does not exist. */
public class NoSuchWorkerException extends ServerException {
    public NoSuchWorkerException(String message) {
        super(message, 3);
    }
}
