package io.everstore.client.exception;

/** Code 2: the user or the password is wrong. */
public class AuthenticationFailedException extends ServerException {
    public AuthenticationFailedException(String message) {
        super(message, 2);
    }
}
