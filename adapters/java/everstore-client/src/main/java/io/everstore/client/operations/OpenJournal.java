package io.everstore.client.operations;

import io.everstore.client.nio.Connection;
import io.everstore.client.wire.Opened;

/**
 * A journal as a transaction sees it. Over native requests that is only its size, and nothing is open on the server; with a
 * server that knows version 1 it belongs to a connection.
 */
public final class OpenJournal {
    public final long size;
    final Connection connection;
    final Opened opened;

    OpenJournal(long size) {
        this.size = size;
        this.connection = null;
        this.opened = null;
    }

    OpenJournal(Connection connection, Opened opened) {
        this.size = opened.size;
        this.connection = connection;
        this.opened = opened;
    }

    boolean isNative() {
        return connection == null;
    }
}
