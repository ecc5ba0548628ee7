package io.everstore.client.operations;

import io.everstore.client.Limits;
import io.everstore.client.conversation.Heard;
import io.everstore.client.conversation.Pauses;
import io.everstore.client.exception.ConnectionLostException;
import io.everstore.client.exception.EverstoreException;
import io.everstore.client.exception.NoSuchTransactionException;
import io.everstore.client.exception.UnknownErrorException;
import io.everstore.client.nio.Connection;
import io.everstore.client.nio.Pool;

/** Tries an operation, and again over another connection while a try certainly wrote nothing, with growing pauses between. */
public final class Repeating<T> {
    private final Pool pool;
    private final boolean together;
    private final Attempt<T> attempt;
    private final Heard<T> heard;
    private final Pauses pauses = Pauses.ofReconnecting();
    private final long until;
    private int left = Limits.ASK_ATTEMPTS;

    private Repeating(Pool pool, boolean together, Attempt<T> attempt, Heard<T> heard) {
        this.pool = pool;
        this.together = together;
        this.attempt = attempt;
        this.heard = heard;
        this.until = System.nanoTime() + pool.timeoutNanos();
    }

    /** {@code together}: as {@link Pool#take} has it. */
    public static <T> void perform(Pool pool, boolean together, Attempt<T> attempt, Heard<T> heard) {
        new Repeating<>(pool, together, attempt, heard).go();
    }

    /** Whether nothing was written, for certain, and another connection or the next worker may do better. */
    public static boolean mayHelp(Throwable error) {
        return error instanceof ConnectionLostException
                || error instanceof UnknownErrorException
                || error instanceof NoSuchTransactionException;
    }

    private void go() {
        left--;
        pool.take(together, this::taken);
    }

    /** A pool that has no connection has tried for long already. */
    private void taken(Connection connection, EverstoreException error) {
        if (error != null) {
            heard.heard(null, error);
        } else {
            attempt.over(connection, this::over);
        }
    }

    private void over(T reply, EverstoreException error) {
        if (error == null || !mayHelp(error) || left == 0 || pool.isClosed() || System.nanoTime() - until >= 0) {
            heard.heard(reply, error);
        } else {
            pool.after(pauses.nextNanos(), this::go);
        }
    }
}
