package io.everstore.client.conversation;

import io.everstore.client.exception.EverstoreException;
import io.everstore.client.exception.TooLargeException;
import io.everstore.client.wire.Frame;
import io.everstore.client.wire.Request;
import java.util.ArrayList;
import java.util.List;

/** A request that waits for its answer. */
final class Pending<R> {
    final int uid;
    final Request<R> request;
    private final Heard<R> heard;
    private final long timeoutNanos;
    private final List<R> parts = new ArrayList<>(1);
    private long bytes;
    private long heardAt;

    Pending(int uid, Request<R> request, long timeoutNanos, long now, Heard<R> heard) {
        this.uid = uid;
        this.request = request;
        this.timeoutNanos = timeoutNanos;
        this.heardAt = now;
        this.heard = heard;
    }

    /** @throws TooLargeException all parts so far have more bytes than that */
    void take(Frame part, long now, long bytesMax) {
        parts.add(request.decode(part));
        heardAt = now;
        bytes += part.size();
        if (bytes > bytesMax) {
            throw new TooLargeException("the answer has more than " + bytesMax
                    + " bytes, which is all that one can have: a journal as large is read with readPages");
        }
    }

    boolean isLate(long now) {
        return now - heardAt >= timeoutNanos;
    }

    void finish() {
        heard.heard(request.joined(parts), null);
    }

    void fail(EverstoreException error) {
        heard.heard(null, error);
    }
}
