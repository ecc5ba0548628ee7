package io.everstore.client;

import io.everstore.client.nio.EventLoop;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A future that nobody can wait for on the client's I/O thread, which is the one that would complete it: that throws, where it
 * would otherwise wait for ever. (From Java 9 on this holds for what is derived of it, too.)
 */
final class ClientFuture<T> extends CompletableFuture<T> {
    private final EventLoop loop;

    ClientFuture(EventLoop loop) {
        this.loop = loop;
    }

    static <T> CompletableFuture<T> failed(Throwable error) {
        CompletableFuture<T> future = new CompletableFuture<>();
        future.completeExceptionally(error);
        return future;
    }

    /** What a future ended with: one that is derived of another wraps the other's error. */
    static Throwable reason(Throwable error) {
        return error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
    }

    @Override
    public T get() throws InterruptedException, ExecutionException {
        requireMayWait();
        return super.get();
    }

    @Override
    public T get(long timeout, TimeUnit unit) throws InterruptedException, ExecutionException, TimeoutException {
        requireMayWait();
        return super.get(timeout, unit);
    }

    @Override
    public T join() {
        requireMayWait();
        return super.join();
    }

    /** What Java 9 and later ask for, to make the futures that are derived of this one. */
    public <U> CompletableFuture<U> newIncompleteFuture() {
        return new ClientFuture<>(loop);
    }

    private void requireMayWait() {
        if (!isDone() && loop.isCurrentThread()) {
            throw new IllegalStateException("a callback on the client's I/O thread waits for a future that only this thread can"
                    + " complete: go on with thenCompose, or let futures complete on another executor");
        }
    }
}
