package io.everstore.examples;

import io.everstore.client.ClientConfig;
import io.everstore.client.Event;
import io.everstore.client.EverstoreClient;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * How many transactions of one event a second: so many appends in flight over so many journals.
 *
 * <p>Arguments: host port transactions inFlight journals. Prints one line of JSON:
 * {"transactions": n, "seconds": s, "errors": e}.
 */
public final class AppendRate {
    private final EverstoreClient<Event> client;
    private final int transactions;
    private final int journals;
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicInteger errors = new AtomicInteger();
    private final CountDownLatch done;

    private AppendRate(EverstoreClient<Event> client, int transactions, int inFlight, int journals) {
        this.client = client;
        this.transactions = transactions;
        this.journals = journals;
        this.done = new CountDownLatch(inFlight);
    }

    public static void main(String[] arguments) throws InterruptedException {
        if (arguments.length != 5) {
            System.err.println("arguments: host port transactions inFlight journals");
            System.exit(2);
        }
        int transactions = Integer.parseInt(arguments[2]);
        int inFlight = Integer.parseInt(arguments[3]);
        int journals = Integer.parseInt(arguments[4]);
        ClientConfig config = ClientConfig.DEFAULT.withHost(arguments[0]).withPort(Integer.parseInt(arguments[1]));
        try (EverstoreClient<Event> client = EverstoreClient.connect(config)) {
            new AppendRate(client, transactions, inFlight, journals).run(inFlight);
        }
    }

    private void run(int inFlight) throws InterruptedException {
        long began = System.nanoTime();
        for (int job = 0; job < inFlight; job++) {
            appendNext();
        }
        done.await();
        double seconds = (System.nanoTime() - began) / 1e9;
        System.out.println(String.format(
                Locale.ROOT,
                "{\"transactions\": %d, \"seconds\": %.3f, \"errors\": %d}",
                transactions,
                seconds,
                errors.get()));
    }

    private void appendNext() {
        int number = next.getAndIncrement();
        if (number >= transactions) {
            done.countDown();
            return;
        }
        client.appendLines("/load/" + number % journals, "load.Counted {\"n\":" + number + "}")
                .whenComplete((result, error) -> {
                    if (error != null || !result.isSuccess()) {
                        errors.incrementAndGet();
                    }
                    appendNext();
                });
    }
}
