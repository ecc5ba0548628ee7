package io.everstore.client.wire;

/** What a fetch's end is; the order is the wire's. */
public enum FetchEnd {
    POSITION,
    /** In milliseconds since 1970. */
    TIME,
    /** So many bytes of the journal behind the start, and on to the end of that event. */
    BYTES
}
