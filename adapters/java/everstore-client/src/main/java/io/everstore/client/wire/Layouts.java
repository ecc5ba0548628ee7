package io.everstore.client.wire;

/**
 * The protocol's numbers.
 *
 * <pre>
 * hello (server, 3 bytes)   byte order (0 little, 1 big), version (1), login (1 when the client must authenticate)
 * header (20 bytes)         type, size, requestUID, properties, workerUID, then size bytes of body
 * </pre>
 */
public final class Layouts {
    public static final int VERSION = 1;
    public static final int HELLO_BYTES = 3;
    public static final int HEADER_BYTES = 20;

    public static final int ERROR = 1;
    public static final int AUTHENTICATE = 3;
    public static final int NEW_TRANSACTION = 4;
    public static final int COMMIT = 5;
    public static final int ROLLBACK = 6;
    public static final int READ = 7;
    public static final int EXISTS = 8;
    public static final int STATUS = 32;
    public static final int LIST = 33;
    public static final int NATIVE = 34;
    public static final int APPEND = 35;
    public static final int FETCH = 36;
    public static final int LANE = 37;

    public static final int MULTIPART = 1;
    public static final int COMPRESSED = 2;
    public static final int TIMESTAMPS = 4;

    /** {@code 2015-08-02T16:23:02.580}, which a space follows. */
    public static final int STAMP_CHARS = 23;

    private Layouts() {}
}
