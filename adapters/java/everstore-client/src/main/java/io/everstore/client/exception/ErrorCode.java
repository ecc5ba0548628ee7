package io.everstore.client.exception;

import java.util.function.Function;

/** The codes of the wire, and the exception that each stands for. A conflict, code 7, never comes as an error. */
public enum ErrorCode {
    AUTHENTICATION_FAILED(2, "the user or the password is wrong", AuthenticationFailedException::new),
    NO_SUCH_WORKER(3, "the worker named in the request does not exist", NoSuchWorkerException::new),
    TRANSACTION_EXPIRED(4, "the transaction idled past its lifetime on the server", TransactionExpiredException::new),
    CANNOT_READ(5, "the journal could not be read, or the position is no former size of it", CannotReadException::new),
    NO_SUCH_TRANSACTION(6, "the server does not know the transaction, its worker was replaced", NoSuchTransactionException::new),
    INVALID_JOURNAL_NAME(8, "the name breaks a rule of journal names", InvalidJournalNameException::new),
    NOT_ACCEPTABLE(13, "an event cannot stand on one line of a journal", NotAcceptableException::new),
    TOO_LARGE(14, "the journal is, or would become, too large", TooLargeException::new),
    CANNOT_WRITE(15, "the disk is full, the journal is damaged, or too much has to be remembered", CannotWriteException::new),
    NOT_ALLOWED(16, "the user may only read, or may not touch this journal", NotAllowedException::new),
    NO_SUCH_POSITION(17, "the position to append after is past the journal's end", NoSuchPositionException::new),
    NO_LANE(18, "the connection cannot become a lane now", NoLaneException::new);

    private final int code;
    private final String reason;
    private final Function<String, ServerException> make;

    ErrorCode(int code, String reason, Function<String, ServerException> make) {
        this.code = code;
        this.reason = reason;
        this.make = make;
    }

    /** The exception for an error reply's code; one that is not known becomes an {@link UnknownErrorException} with it. */
    public static ServerException exception(int code) {
        for (ErrorCode each : values()) {
            if (each.code == code) {
                return each.make.apply("the server refused: " + each.reason + " (code " + code + ")");
            }
        }
        return new UnknownErrorException("the server answered with the error " + Integer.toUnsignedString(code), code);
    }
}
