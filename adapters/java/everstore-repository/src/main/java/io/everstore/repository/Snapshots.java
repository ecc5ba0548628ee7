package io.everstore.repository;

import java.util.Optional;

/**
 * Where folded states are kept, so that a journal need not be read from its start again. A snapshot is a cache: where one is
 * missing, torn, of another version or of another journal, the state is folded anew.
 *
 * <p>Several threads may call both methods: those on which the client's futures complete.
 */
public interface Snapshots<S> {
    /** The snapshot of a journal, if there is one that can be used. */
    Optional<Snapshot<S>> load(String journal);

    /** Keeps it in place of the last one. */
    void save(String journal, Snapshot<S> snapshot);
}
