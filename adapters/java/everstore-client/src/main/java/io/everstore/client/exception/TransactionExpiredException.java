package io.everstore.client.exception;

/**
 * Code 4: the transaction idled past its lifetime on the server. Nothing was written. Only servers of version 1 let
 * transactions expire.
 */
public class TransactionExpiredException extends ServerException {
    public TransactionExpiredException(String message) {
        super(message, 4);
    }
}
