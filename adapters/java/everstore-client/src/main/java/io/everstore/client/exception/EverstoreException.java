package io.everstore.client.exception;

/**
 * The base of every exception of this library. Three questions tell them apart:
 *
 * <ul>
 *   <li><i>Was the commit written?</i> Every one says no, for certain, but for {@link OutcomeUnknownException}, which says
 *       perhaps. (A conflict is no exception but a result.)
 *   <li><i>Whose mistake was it?</i> A {@link ServerException} is an answer of the server and has its code.
 *   <li><i>Is it worth another try?</i> {@link ConnectionLostException} is: nothing was written, and a new connection may
 *       do better.
 * </ul>
 *
 * <p>Futures end with them: {@code get} and {@code join} wrap them as they wrap any exception.
 */
public abstract class EverstoreException extends RuntimeException {
    protected EverstoreException(String message) {
        super(message);
    }

    protected EverstoreException(String message, Throwable cause) {
        super(message, cause);
    }
}
