package io.everstore.client.exception;

/** Code 18: the connection cannot become a lane now. The client then goes on without; no caller sees it. */
public class NoLaneException extends ServerException {
    public NoLaneException(String message) {
        super(message, 18);
    }
}
