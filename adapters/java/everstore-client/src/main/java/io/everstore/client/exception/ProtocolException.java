package io.everstore.client.exception;

/** The peer's bytes are not the protocol; the connection was closed. The only exception that leaves a decoder. */
public class ProtocolException extends EverstoreException {
    public ProtocolException(String message) {
        super(message);
    }
}
