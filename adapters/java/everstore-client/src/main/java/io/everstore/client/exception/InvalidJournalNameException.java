package io.everstore.client.exception;

/** Code 8: the name breaks a rule of journal names. Mostly seen before anything is sent. Nothing was written. */
public class InvalidJournalNameException extends ServerException {
    public InvalidJournalNameException(String message) {
        super(message, 8);
    }
}
