package io.everstore.client.nio;

import java.io.IOException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The one thread of a client. Each round it takes in what has come, runs what it was given and what is due, and then sends: so
 * what was asked for at the same time leaves together.
 *
 * <p>Error handling: what a handler, a task or a timer throws is a bug; it ends the loop, which tells its owner.
 */
public final class EventLoop {
    /** What waits for a socket. */
    interface Handler {
        void ready(SelectionKey key);

        void flush();
    }

    private static final AtomicInteger COUNT = new AtomicInteger();
    private static final int TASKS_PER_ROUND = 4096;

    private final Selector selector;
    private final Thread thread;
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean asleep = new AtomicBoolean();
    private final PriorityQueue<Timer> timers = new PriorityQueue<>();
    private final Deque<Handler> toFlush = new ArrayDeque<>();
    private long timersMade;
    private Runnable failed;
    private Runnable last;
    private boolean ending;
    private volatile Throwable failure;
    private volatile boolean ended;

    public EventLoop() throws IOException {
        selector = Selector.open();
        thread = new Thread(this::run, "everstore-client-" + COUNT.incrementAndGet());
        thread.setDaemon(true);
    }

    /** {@code failed}: run, on the thread, when a bug ends it; {@code last}: in any case, when nothing is left to run. */
    public void start(Runnable failed, Runnable last) {
        this.failed = failed;
        this.last = last;
        thread.start();
    }

    public boolean isCurrentThread() {
        return Thread.currentThread() == thread;
    }

    /** The bug that ended it; null when there was none. */
    public Throwable failure() {
        return failure;
    }

    /** Has the thread run it soon; returns false, and does not, when the loop has ended. Any thread may call it. */
    public boolean execute(Runnable task) {
        if (ended) {
            return false;
        }
        tasks.add(task);
        if (asleep.get() && asleep.compareAndSet(true, false)) {
            selector.wakeup();
        }
        return !ended || !tasks.remove(task);
    }

    /** Runs it after so many nanoseconds, or soon once the loop is ending. */
    void after(long nanos, Runnable task) {
        timers.add(new Timer(System.nanoTime() + nanos, timersMade++, task));
    }

    SelectionKey register(SelectableChannel channel, int operations, Handler handler) throws IOException {
        return channel.register(selector, operations, handler);
    }

    /** Has it flush at the end of this round. */
    void flushLater(Handler handler) {
        toFlush.add(handler);
    }

    /** Ends the thread once no task and no timer is left. From now on timers do not wait. */
    public void end() {
        ending = true;
    }

    /** Waits for the thread's end, unless called by it. */
    public void awaitEnd() {
        boolean interrupted = false;
        while (!isCurrentThread() && thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException interruption) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try {
            while (!isOver()) {
                round();
            }
        } catch (Throwable bug) {
            failure = bug;
            failed.run();
        } finally {
            ended = true;
            runTasks(Integer.MAX_VALUE);
            runTimers();
            close();
            last.run();
        }
    }

    private boolean isOver() {
        return ending && tasks.isEmpty() && timers.isEmpty();
    }

    private void round() throws IOException {
        select();
        for (SelectionKey key : selector.selectedKeys()) {
            ((Handler) key.attachment()).ready(key);
        }
        selector.selectedKeys().clear();
        runTasks(TASKS_PER_ROUND);
        runTimers();
        for (Handler handler = toFlush.poll(); handler != null; handler = toFlush.poll()) {
            handler.flush();
        }
    }

    private void select() throws IOException {
        long nanos = ending ? 0 : timers.isEmpty() ? Long.MAX_VALUE : timers.peek().at - System.nanoTime();
        asleep.set(true);
        if (nanos <= 0 || !tasks.isEmpty()) {
            selector.selectNow();
        } else if (nanos == Long.MAX_VALUE) {
            selector.select();
        } else {
            selector.select(TimeUnit.NANOSECONDS.toMillis(nanos) + 1);
        }
        asleep.set(false);
    }

    private void runTasks(int most) {
        for (int count = 0; count < most; count++) {
            Runnable task = tasks.poll();
            if (task == null) {
                return;
            }
            task.run();
        }
    }

    private void runTimers() {
        long now = System.nanoTime();
        while (!timers.isEmpty() && (ending || ended || timers.peek().at - now <= 0)) {
            timers.remove().task.run();
        }
    }

    private void close() {
        try {
            selector.close();
        } catch (IOException | ClosedSelectorException ignored) {
            // It has nothing left to tell.
        }
    }

    private static final class Timer implements Comparable<Timer> {
        final long at;
        final Runnable task;
        private final long number;

        Timer(long at, long number, Runnable task) {
            this.at = at;
            this.number = number;
            this.task = task;
        }

        @Override
        public int compareTo(Timer other) {
            return at == other.at ? Long.compare(number, other.number) : Long.compare(at - other.at, 0);
        }
    }
}
