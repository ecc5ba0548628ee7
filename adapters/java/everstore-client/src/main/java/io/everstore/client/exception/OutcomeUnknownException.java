package io.everstore.client.exception;

/**
 * The answer to a commit was lost: its events were written, or were not. Over native requests the server was asked again
 * before, until the timeout, or said that it cannot know; to a server of version 1 a commit is never sent again.
 *
 * <p>Read the journal to find out. The cause says what became of the answer.
 */
public class OutcomeUnknownException extends EverstoreException {
    private final String journal;

    public OutcomeUnknownException(String journal, EverstoreException cause) {
        super("the commit to " + journal + " may or may not have happened: " + cause.getMessage(), cause);
        this.journal = journal;
    }

    /** The journal's name. */
    public String journal() {
        return journal;
    }
}
