package io.everstore.client.exception;

/** No part of the answer came in time. Nothing was written: a commit is an {@link OutcomeUnknownException}. */
public class TimeoutException extends EverstoreException {
    public TimeoutException(String message) {
        super(message);
    }
}
