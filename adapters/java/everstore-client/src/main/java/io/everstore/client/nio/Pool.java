package io.everstore.client.nio;

import io.everstore.client.ClientConfig;
import io.everstore.client.Limits;
import io.everstore.client.conversation.Heard;
import io.everstore.client.conversation.Pauses;
import io.everstore.client.exception.ConnectionLostException;
import io.everstore.client.exception.EverstoreException;
import io.everstore.client.exception.TimeoutException;
import java.util.ArrayList;
import java.util.List;

/**
 * The connections of one client, opened when they are needed. On the I/O thread only.
 *
 * <p>Error handling: the first connection is tried once, so that a wrong address is told at once. Later a server that is away is
 * waited for, up to the timeout, with growing pauses; a refused login never is.
 */
public final class Pool {
    private final Dialer dialer;
    private final EventLoop loop;
    private final List<Connection> connections = new ArrayList<>();
    private List<Runnable> waiters = new ArrayList<>();
    private int opening;
    private final Resending resending;
    private boolean isClosed;

    public Pool(EventLoop loop, ClientConfig config) {
        this.loop = loop;
        this.dialer = new Dialer(loop, config);
        this.resending = new Resending(loop);
    }

    /** Opens the first connection, in one try. */
    public void start(Heard<Void> heard) {
        new Opener(System.nanoTime()).open((connection, error) -> heard.heard(null, error));
        lookForLate();
    }

    public boolean isClosed() {
        return isClosed;
    }

    /** How long an operation may take to be sent again, in nanoseconds. */
    public long resendNanos() {
        return Math.min(dialer.timeoutNanos, Limits.RESEND.toNanos());
    }

    public long timeoutNanos() {
        return dialer.timeoutNanos;
    }

    public Resending resending() {
        return resending;
    }

    /** Runs it after a pause. */
    public void after(long nanos, Runnable task) {
        loop.after(nanos, task);
    }

    /**
     * A live connection, which others may use at the same time: an idle one; else a new one while there may be more; else the
     * least busy.
     *
     * @param together for an append, which goes where the others go, since many in one request cost little more than one
     */
    public void take(boolean together, Heard<Connection> heard) {
        take(together, System.nanoTime() + dialer.timeoutNanos, heard);
    }

    /** Whoever waits for one that others open has no more patience for it than they. */
    private void take(boolean together, long until, Heard<Connection> heard) {
        if (isClosed) {
            heard.heard(null, new ConnectionLostException("the client is closed"));
            return;
        }
        connections.removeIf(each -> !each.isAlive());
        Connection leastBusy = leastBusy();
        if (together && leastBusy != null && connections.get(0).nativeServer() != null) {
            heard.heard(connections.get(0), null);
        } else if (leastBusy != null && leastBusy.waiting() == 0) {
            heard.heard(leastBusy, null);
        } else if (mayOpen(together)) {
            openOneMore(leastBusy, until, heard);
        } else if (leastBusy != null) {
            heard.heard(leastBusy, null);
        } else {
            waiters.add(() -> take(together, until, heard));
        }
    }

    /** Closes every connection; requests in flight fail. */
    public void close(EverstoreException error) {
        isClosed = true;
        new ArrayList<>(connections).forEach(each -> each.close(error));
        connections.clear();
        tellWaiters();
    }

    private Connection leastBusy() {
        Connection found = null;
        int least = Integer.MAX_VALUE;
        for (Connection each : connections) {
            int waiting = each.waiting();
            if (waiting < least) {
                found = each;
                least = waiting;
            }
        }
        return found;
    }

    /** Appends that wait for a first connection need only that one. */
    private boolean mayOpen(boolean together) {
        boolean first = connections.isEmpty() && opening > 0;
        return connections.size() + opening < dialer.config.connections() && !(together && first);
    }

    /** Who cannot have one more makes do with a busy one. */
    private void openOneMore(Connection busy, long until, Heard<Connection> heard) {
        opening++;
        new Opener(busy == null ? until : System.nanoTime()).open((connection, error) -> {
            opening--;
            boolean madeDo = error != null && busy != null && busy.isAlive();
            heard.heard(madeDo ? busy : connection, madeDo ? null : error);
            tellWaiters();
        });
    }

    private void tellWaiters() {
        List<Runnable> told = waiters;
        waiters = new ArrayList<>();
        told.forEach(Runnable::run);
    }

    private void lookForLate() {
        long pause = Math.min(Limits.PATIENCE_LOOK.toNanos(), dialer.timeoutNanos / 4);
        loop.after(pause, () -> {
            if (!isClosed) {
                new ArrayList<>(connections).forEach(Connection::expire);
                lookForLate();
            }
        });
    }

    /** Tries to open a connection, until its patience ends. */
    private final class Opener {
        private final long until;
        private final Pauses pauses = Pauses.ofReconnecting();

        Opener(long until) {
            this.until = until;
        }

        void open(Heard<Connection> heard) {
            Connection.open(dialer, (connection, error) -> {
                if (error == null) {
                    keep(connection, heard);
                } else {
                    openAgain(error, heard);
                }
            });
        }

        private void keep(Connection connection, Heard<Connection> heard) {
            if (isClosed) {
                connection.close(new ConnectionLostException("the client is closed"));
                heard.heard(null, new ConnectionLostException("the client is closed"));
            } else {
                connections.add(connection);
                heard.heard(connection, null);
            }
        }

        private void openAgain(EverstoreException error, Heard<Connection> heard) {
            long pause = pauses.nextNanos();
            boolean mayHelp = error instanceof ConnectionLostException || error instanceof TimeoutException;
            if (!mayHelp || isClosed || System.nanoTime() + pause - until >= 0) {
                heard.heard(null, error);
            } else {
                loop.after(pause, () -> open(heard));
            }
        }
    }
}
