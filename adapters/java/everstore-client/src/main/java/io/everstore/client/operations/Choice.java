package io.everstore.client.operations;

import io.everstore.client.wire.FetchEnd;
import io.everstore.client.wire.FetchStart;
import io.everstore.client.wire.NativeRequests;
import java.util.Collections;
import java.util.Set;

/** Which events of a journal are to be read, as a fetch says it. Immutable. */
public final class Choice {
    public static final Choice ALL = behind(0);

    /** No event, but where the journal ends. */
    static final Choice NONE = ALL.startingAt(FetchStart.LAST, 0);

    public final FetchStart startIs;
    public final long start;
    public final FetchEnd endIs;
    public final long end;
    public final Set<String> types;

    private Choice(FetchStart startIs, long start, FetchEnd endIs, long end, Set<String> types) {
        this.startIs = startIs;
        this.start = start;
        this.endIs = endIs;
        this.end = end;
        this.types = types;
    }

    /** All that stands behind a position. */
    public static Choice behind(long position) {
        return new Choice(
                FetchStart.POSITION, position, FetchEnd.POSITION, NativeRequests.ALL, Collections.emptySet());
    }

    public Choice startingAt(FetchStart kind, long place) {
        return new Choice(kind, place, endIs, end, types);
    }

    public Choice endingAt(FetchEnd kind, long place) {
        return new Choice(startIs, start, kind, place, types);
    }

    /** {@code chosen}: no types for all of them. */
    public Choice ofTypes(Set<String> chosen) {
        return new Choice(startIs, start, endIs, end, chosen);
    }

    /** Whether its start is counted from the end. */
    public boolean isFromTheEnd() {
        return startIs == FetchStart.LAST || startIs == FetchStart.LAST_BACKWARDS;
    }

    /** Whether it is all that stands between two positions. */
    boolean isRange() {
        return startIs == FetchStart.POSITION && endIs == FetchEnd.POSITION && types.isEmpty();
    }

    /** The position before which nothing of it stands, as far as it says. */
    long since() {
        return startIs == FetchStart.POSITION ? start : 0;
    }

    /** The position behind which nothing of it stands, as far as it says, in a journal of this size. */
    long until(long size) {
        return endIs == FetchEnd.POSITION && end != NativeRequests.ALL ? Math.min(end, size) : size;
    }
}
