package io.everstore.repository;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Snapshots in this process, the least recently used of which are dropped. States must not be changed in place. */
public final class MemorySnapshots<S> implements Snapshots<S> {
    private static final float LOAD_FACTOR = 0.75f;

    private final Map<String, Snapshot<S>> kept;

    public MemorySnapshots() {
        this(Limits.MEMORY_SNAPSHOTS);
    }

    /** {@code most}: how many to keep. */
    public MemorySnapshots(int most) {
        kept = new LinkedHashMap<String, Snapshot<S>>(16, LOAD_FACTOR, true) {
            @Override
            protected boolean removeEldestEntry(Map.Entry<String, Snapshot<S>> eldest) {
                return size() > most;
            }
        };
    }

    @Override
    public synchronized Optional<Snapshot<S>> load(String journal) {
        return Optional.ofNullable(kept.get(journal));
    }

    @Override
    public synchronized void save(String journal, Snapshot<S> snapshot) {
        kept.put(journal, snapshot);
    }
}
