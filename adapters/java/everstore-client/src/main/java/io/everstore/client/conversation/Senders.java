package io.everstore.client.conversation;

import java.util.HashMap;
import java.util.Map;

/** Those of one client: one for each worker, and another while one waits for the outcome of an old append. */
public final class Senders {
    private final Map<Long, Sender> ofWorker = new HashMap<>();

    /** Who sends the next append to a worker, of so many. */
    public Sender of(int worker, int workers) {
        long place = (long) workers << 32 | worker;
        Sender sender = ofWorker.get(place);
        if (sender == null || sender.isFull()) {
            sender = new Sender();
            ofWorker.put(place, sender);
        }
        return sender;
    }
}
