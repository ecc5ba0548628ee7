package io.everstore.client;

import io.everstore.client.exception.NotAcceptableException;
import io.everstore.client.operations.Choice;
import io.everstore.client.wire.FetchEnd;
import io.everstore.client.wire.FetchStart;
import io.everstore.client.wire.NativeRequests;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashSet;

/**
 * Which events of a journal are to be read. Immutable: each method gives another one. Begin with {@link #ALL}.
 *
 * <p>Times count in milliseconds, as journals' timestamps do. A server chooses by itself, and sends nothing else; what one that
 * knows version 1 only cannot choose is chosen by the client.
 */
public final class ReadOptions {
    /** Everything that the journal holds. */
    public static final ReadOptions ALL = new ReadOptions(Choice.ALL, Limits.PAGE_BYTES);

    final Choice choice;
    final long pageBytes;

    private ReadOptions(Choice choice, long pageBytes) {
        this.choice = choice;
        this.pageBytes = pageBytes;
    }

    /**
     * What stands behind a position.
     *
     * @param position a former size of the journal in bytes, as results, transactions and pages tell it
     * @throws IllegalArgumentException it is negative, or the events are counted from the end
     */
    public ReadOptions since(long position) {
        requirePosition(position);
        return since(FetchStart.POSITION, position);
    }

    /**
     * The events of then or later.
     *
     * @throws IllegalArgumentException the events are counted from the end
     */
    public ReadOptions since(Instant time) {
        return since(FetchStart.TIME, milliseconds(time));
    }

    /**
     * What stands before a position; one behind the journal's end is its end.
     *
     * @throws IllegalArgumentException it is negative
     */
    public ReadOptions until(long position) {
        requirePosition(position);
        return with(choice.endingAt(FetchEnd.POSITION, position));
    }

    /** The events before then. */
    public ReadOptions until(Instant time) {
        return with(choice.endingAt(FetchEnd.TIME, milliseconds(time)));
    }

    /**
     * Only events of these types; of all when there are none.
     *
     * @throws NotAcceptableException a type is none that there can be
     */
    public ReadOptions ofTypes(Collection<String> types) {
        types.forEach(Names::eventType);
        return with(choice.ofTypes(Collections.unmodifiableSet(new LinkedHashSet<>(types))));
    }

    /** The same. */
    public ReadOptions ofTypes(String... types) {
        return ofTypes(Arrays.asList(types));
    }

    /**
     * Only so many events, counted from the end (of those types, before that end).
     *
     * @throws IllegalArgumentException it is negative, or {@code since} was given
     */
    public ReadOptions last(int count) {
        if (count < 0) {
            throw new IllegalArgumentException("last is " + count + ", expected 0 or more");
        }
        requireNoStart();
        boolean isBackwards = choice.startIs == FetchStart.LAST_BACKWARDS;
        return with(choice.startingAt(isBackwards ? FetchStart.LAST_BACKWARDS : FetchStart.LAST, count));
    }

    /**
     * The last event comes first.
     *
     * @throws IllegalArgumentException {@code since} was given
     */
    public ReadOptions newestFirst() {
        requireNoStart();
        return with(choice.startingAt(
                FetchStart.LAST_BACKWARDS, choice.isFromTheEnd() ? choice.start : NativeRequests.ALL));
    }

    /**
     * How much of the journal {@link EverstoreClient#readPages} asks for at once: so many bytes, and on to the end of an event.
     *
     * @throws IllegalArgumentException it is less than 1
     */
    public ReadOptions inPagesOf(long bytes) {
        if (bytes < 1) {
            throw new IllegalArgumentException("a page of " + bytes + " bytes, expected 1 or more");
        }
        return new ReadOptions(choice, bytes);
    }

    static void requirePosition(long position) {
        if (position < 0) {
            throw new IllegalArgumentException("the position " + position + " in a journal, expected 0 or more");
        }
    }

    private ReadOptions since(FetchStart kind, long place) {
        if (choice.isFromTheEnd()) {
            throw contradiction();
        }
        return with(choice.startingAt(kind, place));
    }

    private void requireNoStart() {
        if (!choice.isFromTheEnd() && (choice.startIs != FetchStart.POSITION || choice.start != 0)) {
            throw contradiction();
        }
    }

    private ReadOptions with(Choice other) {
        return new ReadOptions(other, pageBytes);
    }

    private static IllegalArgumentException contradiction() {
        return new IllegalArgumentException(
                "the last events, or the newest first, are counted from the end: `since` cannot be given, too");
    }

    /** The first one, as journals count, that is not before the time. */
    private static long milliseconds(Instant time) {
        if (time.isBefore(Instant.EPOCH)) {
            return 0;
        }
        try {
            long whole = time.toEpochMilli();
            return time.getNano() % 1_000_000 == 0 ? whole : Math.addExact(whole, 1);
        } catch (ArithmeticException later) {
            return Long.MAX_VALUE;
        }
    }
}
