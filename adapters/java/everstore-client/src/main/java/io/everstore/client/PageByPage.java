package io.everstore.client;

import io.everstore.client.operations.Paging;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/** Gives a journal's pages to whoever reads them: the next one is asked for when the one before is done with. */
final class PageByPage<E> {
    private final EverstoreClient<E> client;
    private final Session session;
    private final Paging paging;
    private final Function<Page<E>, ? extends CompletionStage<?>> reader;
    private final CompletableFuture<Long> future;

    PageByPage(
            EverstoreClient<E> client,
            Session session,
            Paging paging,
            Function<Page<E>, ? extends CompletionStage<?>> reader) {
        this.client = client;
        this.session = session;
        this.paging = paging;
        this.reader = reader;
        this.future = session.newFuture();
    }

    CompletableFuture<Long> start() {
        next();
        return future;
    }

    private void next() {
        session.perform(
                        0,
                        Limits.READ_BYTES,
                        paging::next,
                        fetched -> Page.of(fetched.text, fetched.end, client.serializer()))
                .thenCompose(this::give)
                .whenComplete(this::goOn);
    }

    /** What becomes of a page: whether another one may follow. */
    private CompletionStage<Boolean> give(Page<E> page) {
        if (page.stamped().isEmpty()) {
            future.complete(page.end());
            return CompletableFuture.completedFuture(false);
        }
        return reader.apply(page).thenApply(done -> true);
    }

    private void goOn(Boolean mayFollow, Throwable error) {
        if (error != null) {
            future.completeExceptionally(ClientFuture.reason(error));
        } else if (mayFollow) {
            next();
        }
    }
}
