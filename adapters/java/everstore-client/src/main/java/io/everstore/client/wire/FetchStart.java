package io.everstore.client.wire;

/** What a fetch's start is; the order is the wire's. */
public enum FetchStart {
    POSITION,
    /** In milliseconds since 1970. */
    TIME,
    /** A number of events, counted from the end. */
    LAST,
    /** The same, the newest first. */
    LAST_BACKWARDS
}
