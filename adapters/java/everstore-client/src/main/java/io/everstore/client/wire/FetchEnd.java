package io.everstore.client.wire;

/** What a fetch's end is; the order is the wire's. */
public enum FetchEnd {
    POSITION,
    /** In milliseconds since 1970. */
    TIME
}
