package io.everstore.client.exception;

/** Code 6: the server does not know the transaction: its worker was replaced. Nothing was written. */
public class NoSuchTransactionException extends ServerException {
    public NoSuchTransactionException(String message) {
        super(message, 6);
    }
}
