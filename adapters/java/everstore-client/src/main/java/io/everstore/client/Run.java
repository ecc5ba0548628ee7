package io.everstore.client;

import io.everstore.client.conversation.Pauses;
import io.everstore.client.operations.Repeating;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/** Some work in a transaction, done again while it meets conflicts. */
final class Run<E> {
    private final EverstoreClient<E> client;
    private final Session session;
    private final String journal;
    private final Function<Transaction<E>, ? extends CompletionStage<?>> work;
    private final Pauses pauses = Pauses.ofConflicts();
    private final CompletableFuture<CommitResult<E>> future;
    private int left;

    Run(
            EverstoreClient<E> client,
            Session session,
            String journal,
            int attempts,
            Function<Transaction<E>, ? extends CompletionStage<?>> work) {
        this.client = client;
        this.session = session;
        this.journal = journal;
        this.left = attempts;
        this.work = work;
        this.future = session.newFuture();
    }

    CompletableFuture<CommitResult<E>> start() {
        left--;
        client.openTransaction(journal).thenCompose(this::commit).whenComplete(this::decide);
        return future;
    }

    private CompletionStage<CommitResult<E>> commit(Transaction<E> transaction) {
        CompletionStage<?> done;
        try {
            done = work.apply(transaction);
        } catch (Throwable flaw) {
            transaction.rollback();
            throw flaw;
        }
        return done.whenComplete((nothing, error) -> {
            if (error != null) {
                transaction.rollback();
            }
        }).thenCompose(nothing -> transaction.commit());
    }

    private void decide(CommitResult<E> result, Throwable error) {
        Throwable reason = ClientFuture.reason(error);
        boolean mayHelp = error == null ? !result.isSuccess() : Repeating.mayHelp(reason);
        if (mayHelp && left > 0) {
            session.after(pauses.nextNanos(), this::start);
        } else if (error == null) {
            future.complete(result);
        } else {
            future.completeExceptionally(reason);
        }
    }
}
