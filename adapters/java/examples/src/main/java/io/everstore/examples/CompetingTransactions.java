package io.everstore.examples;

import io.everstore.client.CommitResult;
import io.everstore.client.Event;
import io.everstore.client.EverstoreClient;
import io.everstore.client.Transaction;
import java.util.concurrent.CompletableFuture;

/**
 * Two transactions on one journal at the same time, with an event of the same type: the first to commit is written, the other
 * conflicts, and has written nothing. What to do about it is not shown here.
 *
 * <p>Argument: the server's URL; a server on this machine unless given.
 */
public final class CompetingTransactions {
    private static final String JOURNAL = "/java/competing/user-123";

    private CompetingTransactions() {}

    public static void main(String[] arguments) {
        String url = arguments.length > 0 ? arguments[0] : "everstore://admin:passwd@localhost:6929";
        try (EverstoreClient<Event> db = EverstoreClient.connect(url)) {
            Transaction<Event> first = db.openTransaction(JOURNAL).join();
            Transaction<Event> second = db.openTransaction(JOURNAL).join();
            first.add(Event.of("UserCreated", "{\"username\":\"per.andersson\"}"));
            second.add(Event.of("UserCreated", "{\"username\":\"pelle.andersson\"}"));

            CompletableFuture<CommitResult<Event>> firstResult = first.commit();
            CompletableFuture<CommitResult<Event>> secondResult = second.commit();
            System.out.println("first: " + text(firstResult.join()));
            System.out.println("second: " + text(secondResult.join()));
            db.read(JOURNAL).join().forEach(event -> System.out.println("in the journal: " + event));
        }
    }

    private static String text(CommitResult<Event> result) {
        return result.conflict().map(conflict -> "conflict, of " + conflict.types()).orElse("written");
    }
}
