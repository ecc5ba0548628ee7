package io.everstore.client;

import io.everstore.client.conversation.Heard;
import io.everstore.client.exception.EverstoreException;
import io.everstore.client.exception.OverloadedException;
import io.everstore.client.exception.TimeoutException;
import io.everstore.client.nio.Pool;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How much a client takes on. So many operations, and bytes of them, are under way; those behind them wait in their order; and of
 * these, too, there are only so many: one more is refused. An operation counts until its future completes, so callbacks that are
 * slow cannot pile up either.
 */
final class Admission {
    private final ClientConfig config;
    private final AtomicInteger pending = new AtomicInteger();
    private final AtomicLong pendingBytes = new AtomicLong();
    private final Deque<Entry<?>> waiting = new ArrayDeque<>();
    private final Set<Entry<?>> underWay = new HashSet<>();
    private long bytesUnderWay;
    private boolean isStarting;

    Admission(ClientConfig config) {
        this.config = config;
    }

    /**
     * Counts a further operation. By any thread.
     *
     * @return why it is refused; null when it is not
     */
    OverloadedException begin(long bytes) {
        int operations = pending.incrementAndGet();
        long all = pendingBytes.addAndGet(bytes);
        if (operations <= config.pendingOperations() && (all <= config.pendingBytes() || operations == 1)) {
            return null;
        }
        end(bytes);
        return new OverloadedException(
                (operations - 1) + " operations of " + (all - bytes) + " bytes are pending, as much as this client takes: "
                        + "wait for some of their futures first");
    }

    /** Its future completes. By any thread. */
    void end(long bytes) {
        pending.decrementAndGet();
        pendingBytes.addAndGet(-bytes);
    }

    /** Starts an operation once there is room. On the I/O thread. */
    <T> void enter(Pool pool, long bytes, Operation<T> operation, Heard<T> heard) {
        Entry<T> entry = new Entry<>(pool, bytes, operation, heard);
        waiting.add(entry);
        startWaiting();
    }

    /** Ends all that is under way, when a bug has ended the I/O thread in the middle of something. On that thread. */
    void fail(EverstoreException error) {
        new ArrayList<>(underWay).forEach(entry -> entry.heard(null, error));
    }

    private boolean hasRoom() {
        return underWay.isEmpty() || underWay.size() < Limits.OPERATIONS_IN_FLIGHT && bytesUnderWay < Limits.BYTES_IN_FLIGHT;
    }

    /** One that is over at once comes back here, and must not start the next from within. */
    private void startWaiting() {
        if (!isStarting) {
            isStarting = true;
            while (!waiting.isEmpty() && hasRoom()) {
                waiting.remove().start();
            }
            isStarting = false;
        }
    }

    private final class Entry<T> implements Heard<T> {
        private final Pool pool;
        private final long bytes;
        private final Operation<T> operation;
        private final Heard<T> heard;
        private final long enteredAt = System.nanoTime();

        Entry(Pool pool, long bytes, Operation<T> operation, Heard<T> heard) {
            this.pool = pool;
            this.bytes = bytes;
            this.operation = operation;
            this.heard = heard;
        }

        /** One that has waited too long for its turn is not begun any more. */
        void start() {
            if (System.nanoTime() - enteredAt >= pool.timeoutNanos()) {
                heard.heard(null, new TimeoutException("nothing was sent: those before it took " + config.timeout()));
                return;
            }
            underWay.add(this);
            bytesUnderWay += bytes;
            operation.start(pool, this);
        }

        @Override
        public void heard(T reply, EverstoreException error) {
            if (underWay.remove(this)) {
                bytesUnderWay -= bytes;
                heard.heard(reply, error);
                startWaiting();
            }
        }
    }
}
