package io.everstore.client.contract;

import static io.everstore.client.stage.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.everstore.client.CommitResult;
import io.everstore.client.Event;
import io.everstore.client.EverstoreClient;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/** The contract's load: so many transactions of one event each, over so many journals. */
final class Load {
    private static final int ATTEMPTS = 1000;

    private final EverstoreClient<Event> client;
    private final String prefix;
    private final int transactions;
    private final int journals;
    private final boolean throughTransactions;
    private final AtomicInteger next = new AtomicInteger();

    Load(EverstoreClient<Event> client, String prefix, int transactions, int journals, boolean throughTransactions) {
        this.client = client;
        this.prefix = prefix;
        this.transactions = transactions;
        this.journals = journals;
        this.throughTransactions = throughTransactions;
    }

    /** All of them, so many at a time; the first error is thrown. */
    void run(int inFlight) {
        List<CompletableFuture<Void>> jobs = new ArrayList<>();
        for (int job = 0; job < inFlight; job++) {
            CompletableFuture<Void> done = new CompletableFuture<>();
            jobs.add(done);
            goOn(done);
        }
        jobs.forEach(each -> await(each));
    }

    /** Every event is there exactly once, and no other. */
    void check() {
        for (int journal = 0; journal < journals; journal++) {
            List<Integer> wanted = new ArrayList<>();
            for (int number = journal; number < transactions; number += journals) {
                wanted.add(number);
            }
            List<Integer> found = await(client.readLines(prefix + journal, 0)).stream()
                    .map(line -> Integer.parseInt(line.substring("load.Counted {\"n\":".length(), line.length() - 1)))
                    .sorted()
                    .collect(Collectors.toList());
            assertEquals(wanted, found, prefix + journal);
        }
    }

    private void goOn(CompletableFuture<Void> done) {
        int number = next.getAndIncrement();
        if (number >= transactions) {
            done.complete(null);
            return;
        }
        write(prefix + number % journals, "load.Counted {\"n\":" + number + "}").whenComplete((result, error) -> {
            if (error != null) {
                done.completeExceptionally(error);
            } else if (!result.isSuccess()) {
                done.completeExceptionally(new AssertionError(result.toString()));
            } else {
                goOn(done);
            }
        });
    }

    private CompletableFuture<CommitResult<Event>> write(String journal, String line) {
        if (!throughTransactions) {
            return client.appendLines(journal, line);
        }
        return client.run(journal, ATTEMPTS, transaction -> {
            transaction.addLines(Collections.singleton(line));
            return CompletableFuture.completedFuture(null);
        });
    }
}
