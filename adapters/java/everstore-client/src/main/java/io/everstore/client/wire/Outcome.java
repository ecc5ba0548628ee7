package io.everstore.client.wire;

/**
 * What became of an append: {@code code} 0, 7 for a conflict, or an error; {@code position} is the journal's size. {@code text}
 * holds a conflict's lines, timestamps included, behind the position that was asked with and up to {@code until}.
 */
public final class Outcome {
    public static final int WRITTEN = 0;
    public static final int CONFLICT = 7;

    public final int code;
    public final long position;
    public final long until;
    public final byte[] text;

    Outcome(int code, long position, long until, byte[] text) {
        this.code = code;
        this.position = position;
        this.until = until;
        this.text = text;
    }
}
