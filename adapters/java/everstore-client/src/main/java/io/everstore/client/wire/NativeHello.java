package io.everstore.client.wire;

/** What a server that knows the native requests says of itself. {@code run}: no other life of a server has it. */
public final class NativeHello {
    public final int revision;
    public final int workers;
    public final long requestBytesMax;
    public final long run;

    NativeHello(int revision, int workers, long requestBytesMax, long run) {
        this.revision = revision;
        this.workers = workers;
        this.requestBytesMax = requestBytesMax;
        this.run = run;
    }

    /** Whether it is the same server in the same life. */
    public boolean isOf(NativeHello other) {
        return run == other.run && workers == other.workers;
    }
}
