package io.everstore.client.contract;

import io.everstore.client.ClientConfig;
import io.everstore.client.Event;
import io.everstore.client.EverstoreClient;
import io.everstore.client.stage.Stage;
import org.junit.jupiter.api.Test;

/** 100,000 transactions of one event, 64 in flight, over 1,000 journals: none fails, and each is there exactly once. */
class LoadTest {
    private static final int TRANSACTIONS = 100_000;
    private static final int IN_FLIGHT = 64;
    private static final int JOURNALS = 1000;

    @Test
    void manyTransactionsAreWrittenOnce() {
        try (Stage stage = new Stage()) {
            ClientConfig config = ClientConfig.DEFAULT.withHost("127.0.0.1").withPort(stage.start(2));
            try (EverstoreClient<Event> db = EverstoreClient.connect(config)) {
                Load load = new Load(db, "/load/", TRANSACTIONS, JOURNALS, false);
                long began = System.nanoTime();
                load.run(IN_FLIGHT);
                double seconds = (System.nanoTime() - began) / 1e9;
                System.out.printf(
                        "load: %d transactions, %d in flight: %.0f a second%n",
                        TRANSACTIONS, IN_FLIGHT, TRANSACTIONS / seconds);
                load.check();
            }
        }
    }
}
