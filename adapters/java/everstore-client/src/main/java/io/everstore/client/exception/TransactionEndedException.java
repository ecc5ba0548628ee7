package io.everstore.client.exception;

/** A transaction was used after it was committed or rolled back: a mistake in the calling program. */
public class TransactionEndedException extends EverstoreException {
    public TransactionEndedException(String message) {
        super(message);
    }
}
