package io.everstore.client.wire;

import java.util.List;

/** One page of journal names; {@code more} when others follow the last of them. */
public final class Listed {
    public final boolean more;
    public final List<String> names;

    Listed(boolean more, List<String> names) {
        this.more = more;
        this.names = names;
    }
}
