package io.everstore.client.operations;

import io.everstore.client.conversation.Heard;
import io.everstore.client.nio.Connection;
import io.everstore.client.nio.Pool;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** How events are written, to either kind of server. On the I/O thread. */
public final class Commits {
    private Commits() {}

    /** One whole transaction that only appends: over native requests one request, which is sent until it is answered. */
    public static void append(Pool pool, Wanted wanted, Heard<Decision> heard) {
        Repeating.perform(pool, true, (connection, told) -> appendOver(pool, connection, wanted, told), heard);
    }

    /** The commit of a transaction, whose journal is as {@code open} has it. */
    public static void commit(Pool pool, OpenJournal open, Wanted wanted, Heard<Decision> heard) {
        if (!open.isNative()) {
            Journals.commit(open, wanted, heard);
            return;
        }
        pool.take(true, (connection, error) -> {
            if (error != null) {
                heard.heard(null, error);
            } else {
                appendOver(pool, connection, wanted, heard);
            }
        });
    }

    private static void appendOver(Pool pool, Connection connection, Wanted wanted, Heard<Decision> heard) {
        if (connection.nativeServer() != null) {
            AppendOnce.perform(pool, connection, wanted, heard);
        } else {
            appendByTransaction(connection, wanted, heard);
        }
    }

    /**
     * What a server that knows version 1 can do: types that are depended on are declared, too, and whatever came before the
     * transaction opened counts as a conflict.
     */
    private static void appendByTransaction(Connection connection, Wanted wanted, Heard<Decision> heard) {
        Journals.open(wanted.name).over(connection, (open, error) -> {
            if (error != null) {
                heard.heard(null, error);
            } else if (wanted.after >= 0 && wanted.after != open.size || wanted.mustBeNew && open.size > 0) {
                Journals.end(open, wanted.name);
                heard.heard(Decision.conflict(wanted.depends, open.size), null);
            } else {
                Journals.commit(open, declaringAll(wanted), heard);
            }
        });
    }

    private static Wanted declaringAll(Wanted wanted) {
        Set<String> types = new LinkedHashSet<>(wanted.declares);
        types.addAll(wanted.depends);
        List<String> declares = new ArrayList<>(types);
        return new Wanted(
                wanted.journal, wanted.name, wanted.events, declares, wanted.depends, wanted.mustBeNew, wanted.after);
    }
}
