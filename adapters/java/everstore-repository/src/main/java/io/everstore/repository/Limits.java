package io.everstore.repository;

/** The defaults of repositories, each with its reason. */
final class Limits {
    /** To fold so many events again takes less than to keep a snapshot for each of them. */
    static final int SNAPSHOT_EVENTS = 100;

    /** States in memory: as many as are looked at in some minutes, few enough not to be noticed. */
    static final int MEMORY_SNAPSHOTS = 10_000;

    private Limits() {}
}
