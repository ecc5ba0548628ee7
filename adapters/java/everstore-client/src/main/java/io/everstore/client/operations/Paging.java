package io.everstore.client.operations;

import io.everstore.client.conversation.Heard;
import io.everstore.client.exception.EverstoreException;
import io.everstore.client.exception.ProtocolException;
import io.everstore.client.nio.Connection;
import io.everstore.client.nio.Pool;
import io.everstore.client.wire.FetchEnd;
import io.everstore.client.wire.FetchStart;
import io.everstore.client.wire.Fetched;

/**
 * A journal read page by page, with timestamps, up to where it ended when that began. Each page is a request of its own, so
 * nothing is held anywhere between two of them. A server that knows version 1 only has no pages: it says all at once.
 *
 * <p>On the I/O thread.
 */
public final class Paging {
    private static final long UNKNOWN = -1;

    private final byte[] name;
    private final Choice choice;
    private final long pageBytes;
    private long at;
    private long bound = UNKNOWN;
    private boolean hasBegun;
    private boolean isWhole;

    /** @param choice not from the end */
    public Paging(byte[] name, Choice choice, long pageBytes) {
        this.name = name;
        this.choice = choice;
        this.pageBytes = pageBytes;
    }

    /** The next page that holds anything; behind the last one an empty one, which says where the journal is read up to. */
    public void next(Pool pool, Heard<Fetched> heard) {
        if (bound == UNKNOWN) {
            Repeating.<Long>perform(pool, false, this::locate, (end, error) -> {
                if (error == null) {
                    bound = end;
                    next(pool, heard);
                } else {
                    heard.heard(null, error);
                }
            });
        } else if (hasBegun && at >= bound) {
            heard.heard(Fetched.nothing(at), null);
        } else {
            Repeating.<Fetched>perform(pool, false, this::ask, (page, error) -> take(pool, page, error, heard));
        }
    }

    /** With types a page may be empty, and others follow. */
    private void take(Pool pool, Fetched page, EverstoreException error, Heard<Fetched> heard) {
        if (error != null) {
            heard.heard(null, error);
            return;
        }
        if (page.end <= at && at < bound) {
            heard.heard(null, new ProtocolException("a page from " + at + " on ends at " + page.end + ", before " + bound));
            return;
        }
        hasBegun = true;
        at = page.end;
        if (page.text.length > 0) {
            heard.heard(page, null);
        } else {
            next(pool, heard);
        }
    }

    /** Where it ends: the server knows of times, and whether a position is one. */
    private void locate(Connection connection, Heard<Long> heard) {
        if (connection.nativeServer() == null) {
            isWhole = true;
            heard.heard(Long.MAX_VALUE, null);
            return;
        }
        Choice none = choice.startingAt(FetchStart.LAST, 0);
        Journals.fetch(connection, name, none, false, (located, error) -> {
            if (error != null) {
                heard.heard(null, error);
            } else if (choice.startIs == FetchStart.POSITION) {
                at = choice.start;
                heard.heard(located.end, null);
            } else {
                locateStart(connection, located.end, heard);
            }
        });
    }

    private void locateStart(Connection connection, long end, Heard<Long> heard) {
        Journals.fetch(connection, name, choice.endingAt(FetchEnd.BYTES, 0), false, (located, error) -> {
            at = error == null ? Math.min(located.start, end) : at;
            heard.heard(end, error);
        });
    }

    private void ask(Connection connection, Heard<Fetched> heard) {
        if (isWhole) {
            Journals.chosen(name, choice, true).over(connection, (all, error) -> {
                bound = error == null ? all.end : bound;
                heard.heard(all, error);
            });
            return;
        }
        Choice rest = choice.startingAt(FetchStart.POSITION, at);
        // What begins behind the bound has none, or is the server's error.
        Choice page = at < bound
                ? rest.endingAt(FetchEnd.BYTES, Math.min(pageBytes, bound - at))
                : rest.endingAt(FetchEnd.POSITION, bound);
        Journals.fetch(connection, name, page, true, heard);
    }
}
