package io.everstore.client.conversation;

import io.everstore.client.exception.EverstoreException;
import io.everstore.client.wire.Append;
import io.everstore.client.wire.Outcome;

/** An append, addressed: one try to have it written. {@code run}: of the server, when the append was first sent. */
public final class Post {
    public final Sender sender;
    public final long run;
    public final int worker;
    public final Append append;
    private final Heard<Outcome> heard;
    private final long lateAt;
    private boolean left;
    private boolean done;

    /** {@code lateAt}: in nanoseconds of the conversation's clock. */
    public Post(Sender sender, long run, int worker, Append append, long lateAt, Heard<Outcome> heard) {
        this.sender = sender;
        this.run = run;
        this.worker = worker;
        this.append = append;
        this.lateAt = lateAt;
        this.heard = heard;
    }

    /** Whether it has been said, so that it may have reached the server. */
    public boolean left() {
        return left;
    }

    boolean isDone() {
        return done;
    }

    boolean isLate(long now) {
        return !done && now - lateAt >= 0;
    }

    void leave() {
        left = true;
    }

    void finish(Outcome outcome, EverstoreException error) {
        if (!done) {
            done = true;
            heard.heard(outcome, error);
        }
    }
}
