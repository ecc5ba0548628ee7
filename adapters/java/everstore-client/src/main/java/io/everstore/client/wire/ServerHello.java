package io.everstore.client.wire;

import java.nio.ByteOrder;

/** What a server says first. */
public final class ServerHello {
    public final ByteOrder order;
    public final boolean mustLogIn;

    ServerHello(ByteOrder order, boolean mustLogIn) {
        this.order = order;
        this.mustLogIn = mustLogIn;
    }
}
