package io.everstore.client.stage;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Waits for futures, but not for ever. */
public final class Patience {
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private Patience() {}

    /** Its result; the exception that it ends with is thrown as it is. */
    public static <T> T await(CompletableFuture<T> future) {
        try {
            return future.get(PATIENCE.getSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException error) {
            if (error.getCause() instanceof RuntimeException) {
                throw (RuntimeException) error.getCause();
            }
            throw new AssertionError(error.getCause());
        } catch (TimeoutException late) {
            throw new AssertionError("it did not come within " + PATIENCE, late);
        } catch (InterruptedException interruption) {
            Thread.currentThread().interrupt();
            throw new AssertionError(interruption);
        }
    }
}
