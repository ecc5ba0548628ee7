package io.everstore.client;

import io.everstore.client.exception.ConnectionLostException;
import io.everstore.client.exception.EverstoreException;
import io.everstore.client.exception.OverloadedException;
import io.everstore.client.nio.EventLoop;
import io.everstore.client.nio.Pool;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinWorkerThread;
import java.util.function.Function;

/**
 * A client's I/O thread, its connections, and the threads on which futures complete.
 *
 * <p>These are a fork-join pool of the client's own, unless an executor is given: a callback that waits there for another future
 * gets a further thread in its place, so those behind it go on.
 */
final class Session {
    private final ClientConfig config;
    private final EventLoop loop;
    private final Pool pool;
    private final Admission admission;
    private final ForkJoinPool ownThreads;
    private final Executor executor;

    private Session(ClientConfig config) throws IOException {
        this.config = config;
        loop = new EventLoop();
        pool = new Pool(loop, config);
        admission = new Admission(config);
        ownThreads = config.executor() == null ? callbackThreads() : null;
        executor = ownThreads == null ? config.executor() : ownThreads;
    }

    static CompletableFuture<Session> connect(ClientConfig config) {
        Session session;
        try {
            session = new Session(config);
        } catch (IOException error) {
            return ClientFuture.failed(new ConnectionLostException("no selector can be opened: " + error.getMessage(), error));
        }
        CompletableFuture<Session> connected = new ClientFuture<>(session.loop);
        session.loop.start(session::failed, session::shutDown);
        session.loop.execute(() -> session.pool.start((nothing, error) -> {
            if (error == null) {
                session.complete(() -> connected.complete(session));
            } else {
                session.endOnLoop();
                session.complete(() -> connected.completeExceptionally(error));
            }
        }));
        return connected;
    }

    ClientConfig config() {
        return config;
    }

    /**
     * Does an operation, and completes a future with what {@code finish} makes of its result, where futures complete.
     *
     * @param bytes of its events
     * @param replyBytes that its reply is taken to have
     */
    <T, R> CompletableFuture<R> perform(long bytes, long replyBytes, Operation<T> operation, Function<T, R> finish) {
        OverloadedException refused = admission.begin(bytes);
        if (refused != null) {
            return ClientFuture.failed(refused);
        }
        CompletableFuture<R> future = new ClientFuture<>(loop);
        boolean begun = loop.execute(() -> admission.enter(
                pool,
                bytes + replyBytes,
                operation,
                (reply, error) -> complete(() -> finish(future, bytes, reply, error, finish))));
        if (!begun) {
            admission.end(bytes);
            future.completeExceptionally(closed());
        }
        return future;
    }

    /** One that somebody else completes. */
    <T> CompletableFuture<T> newFuture() {
        return new ClientFuture<>(loop);
    }

    /** Tells the server something, whose answer matters to nobody. */
    void tell(Runnable telling) {
        loop.execute(telling);
    }

    /** Runs it after a pause, where futures complete; at once when the client is closed meanwhile. */
    void after(long nanos, Runnable task) {
        if (!loop.execute(() -> pool.after(nanos, () -> complete(task)))) {
            task.run();
        }
    }

    /** Fails what is pending, and ends the threads. */
    void close() {
        loop.execute(this::endOnLoop);
        loop.awaitEnd();
    }

    private <T, R> void finish(
            CompletableFuture<R> future, long bytes, T reply, EverstoreException error, Function<T, R> finish) {
        admission.end(bytes);
        if (error != null) {
            future.completeExceptionally(error);
            return;
        }
        R result;
        try {
            result = finish.apply(reply);
        } catch (Throwable flaw) {
            future.completeExceptionally(flaw);
            return;
        }
        future.complete(result);
    }

    /** An executor that takes no more must not leave a future without an end: then it completes here, on the I/O thread. */
    private void complete(Runnable completion) {
        try {
            executor.execute(completion);
        } catch (RuntimeException | Error refused) {
            completion.run();
        }
    }

    private ConnectionLostException closed() {
        return loop.failure() == null
                ? new ConnectionLostException("the client is closed")
                : new ConnectionLostException("the client has failed: " + loop.failure(), loop.failure());
    }

    private void failed() {
        pool.close(closed());
        admission.fail(closed());
    }

    private void endOnLoop() {
        pool.close(new ConnectionLostException("the client was closed"));
        loop.end();
    }

    private void shutDown() {
        if (ownThreads != null) {
            ownThreads.shutdown();
        }
    }

    private static ForkJoinPool callbackThreads() {
        int threads = Math.max(Limits.CALLBACK_THREADS_MIN, Runtime.getRuntime().availableProcessors());
        return new ForkJoinPool(threads, Session::callbackThread, null, true);
    }

    private static ForkJoinWorkerThread callbackThread(ForkJoinPool pool) {
        ForkJoinWorkerThread thread = ForkJoinPool.defaultForkJoinWorkerThreadFactory.newThread(pool);
        thread.setName("everstore-callback-" + thread.getPoolIndex());
        return thread;
    }
}
