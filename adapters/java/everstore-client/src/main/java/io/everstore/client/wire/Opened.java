package io.everstore.client.wire;

/** A transaction was opened: the journal's size in bytes as it sees it, its UID in raw bits, its worker. */
public final class Opened {
    public final long size;
    public final int transaction;
    public final int worker;

    Opened(long size, int transaction, int worker) {
        this.size = size;
        this.transaction = transaction;
        this.worker = worker;
    }
}
