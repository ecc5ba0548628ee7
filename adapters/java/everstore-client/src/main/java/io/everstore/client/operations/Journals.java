package io.everstore.client.operations;

import io.everstore.client.Limits;
import io.everstore.client.conversation.Heard;
import io.everstore.client.conversation.Native;
import io.everstore.client.exception.ConnectionLostException;
import io.everstore.client.exception.EverstoreException;
import io.everstore.client.exception.OutcomeUnknownException;
import io.everstore.client.exception.ProtocolException;
import io.everstore.client.exception.TimeoutException;
import io.everstore.client.exception.UnknownErrorException;
import io.everstore.client.nio.Connection;
import io.everstore.client.nio.Pool;
import io.everstore.client.wire.FetchEnd;
import io.everstore.client.wire.Fetched;
import io.everstore.client.wire.Listed;
import io.everstore.client.wire.NativeRequests;
import io.everstore.client.wire.Request;
import io.everstore.client.wire.Requests;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** What can be asked of a journal, step by step, of either kind of server. On the I/O thread. */
public final class Journals {
    private static final byte[] NOTHING = new byte[0];

    private Journals() {}

    public static Attempt<Boolean> exists(byte[] name) {
        return (connection, heard) -> connection.ask(Requests.exists(name), heard);
    }

    /** {@code worker} 0: the supervisor. */
    public static Attempt<byte[]> status(int worker) {
        return (connection, heard) -> connection.ask(Requests.status(worker), heard);
    }

    /** All names with that prefix, page by page. */
    public static void list(Pool pool, byte[] prefix, Heard<List<String>> heard) {
        listBehind(pool, prefix, NOTHING, new ArrayList<>(), heard);
    }

    /** A journal's size, and where the server has transactions, one on it. */
    public static Attempt<OpenJournal> open(byte[] name) {
        return (connection, heard) -> {
            if (connection.nativeServer() == null) {
                connection.ask(Requests.newTransaction(name), mapped(heard, opened -> new OpenJournal(connection, opened)));
            } else {
                fetch(connection, name, Choice.NONE, false, mapped(heard, fetched -> new OpenJournal(fetched.end)));
            }
        };
    }

    /** What is chosen of a journal. */
    public static Attempt<byte[]> read(byte[] name, Choice choice, boolean timestamps) {
        Attempt<Fetched> chosen = chosen(name, choice, timestamps);
        return (connection, heard) -> chosen.over(connection, mapped(heard, fetched -> fetched.text));
    }

    /** The same, and between which positions it stands. */
    static Attempt<Fetched> chosen(byte[] name, Choice choice, boolean timestamps) {
        return (connection, heard) -> {
            if (connection.nativeServer() != null) {
                fetch(connection, name, choice, timestamps, heard);
            } else {
                readByTransaction(connection, name, choice, timestamps, heard);
            }
        };
    }

    /** What a transaction sees of its journal behind {@code since}. Where nothing is new, nothing is asked. */
    public static void readOpen(
            Pool pool, OpenJournal open, byte[] name, long since, boolean timestamps, Heard<byte[]> heard) {
        if (since == open.size) {
            heard.heard(NOTHING, null);
        } else if (open.isNative()) {
            Choice seen = Choice.behind(since).endingAt(FetchEnd.POSITION, open.size);
            Repeating.perform(pool, false, read(name, seen, timestamps), heard);
        } else {
            open.connection.ask(Requests.read(name, open.opened.worker, since, open.size, timestamps), heard);
        }
    }

    /** Gives a transaction up. The server is only told, so this cannot fail. */
    public static void end(OpenJournal open, byte[] name) {
        if (!open.isNative()) {
            open.connection.tell(Requests.rollback(name, open.opened.worker, open.opened.transaction));
        }
    }

    /**
     * Commits over a transaction of version 1, and tells a commit that certainly did not happen from one that perhaps did: the
     * request was said and its answer did not come, or is error 1.
     */
    static void commit(OpenJournal open, Wanted wanted, Heard<Decision> heard) {
        byte[] types = String.join(",", wanted.declares).getBytes(StandardCharsets.UTF_8);
        open.connection.ask(
                Requests.commit(wanted.name, open.opened.worker, open.opened.transaction, types, wanted.events),
                (committed, error) -> {
                    if (error == null) {
                        heard.heard(
                                committed.success
                                        ? Decision.written(committed.size)
                                        : Decision.conflict(wanted.declares, committed.size),
                                null);
                    } else if (perhapsHappened(error)) {
                        heard.heard(null, new OutcomeUnknownException(wanted.journal, error));
                    } else {
                        end(open, wanted.name);
                        heard.heard(null, error);
                    }
                });
    }

    private static boolean perhapsHappened(EverstoreException error) {
        return error instanceof UnknownErrorException
                || error instanceof TimeoutException
                || error instanceof ProtocolException
                || error instanceof ConnectionLostException && ((ConnectionLostException) error).sent();
    }

    static void fetch(Connection connection, byte[] name, Choice choice, boolean timestamps, Heard<Fetched> heard) {
        Native server = connection.nativeServer();
        if (server == null) {
            heard.heard(null, new ConnectionLostException("another server, which knows version 1 only, is there now"));
            return;
        }
        String types = String.join("\n", choice.types);
        Request<Fetched> request =
                NativeRequests.fetch(name, choice.startIs, choice.start, choice.endIs, choice.end, types, timestamps);
        connection.ask(server.workerOf(name), request, heard);
    }

    /** The transaction, which tells the size and the worker, is over at once. What is chosen is chosen here. */
    private static void readByTransaction(
            Connection connection, byte[] name, Choice choice, boolean timestamps, Heard<Fetched> heard) {
        connection.ask(Requests.newTransaction(name), (opened, error) -> {
            if (error != null) {
                heard.heard(null, error);
                return;
            }
            long since = choice.since();
            long until = choice.until(opened.size);
            boolean isRange = choice.isRange();
            if (since == until) {
                heard.heard(Fetched.nothing(until), null);
            } else {
                connection.ask(
                        Requests.read(name, opened.worker, since, until, !isRange || timestamps),
                        mapped(heard, text -> isRange
                                ? new Fetched(since, until, text)
                                : new Picker(choice).fetched(since, text, timestamps)));
            }
            end(new OpenJournal(connection, opened), name);
        });
    }

    private static void listBehind(
            Pool pool, byte[] prefix, byte[] after, List<String> found, Heard<List<String>> heard) {
        Request<Listed> request = Requests.list(prefix, after, Limits.LIST_NAMES);
        Repeating.<Listed>perform(pool, false, (connection, told) -> connection.ask(request, told), (page, error) -> {
            if (error != null) {
                heard.heard(null, error);
                return;
            }
            found.addAll(page.names);
            if (page.more && !page.names.isEmpty()) {
                byte[] last = found.get(found.size() - 1).getBytes(StandardCharsets.UTF_8);
                listBehind(pool, prefix, last, found, heard);
            } else {
                heard.heard(found, null);
            }
        });
    }

    private static <R, T> Heard<R> mapped(Heard<T> heard, Function<R, T> map) {
        return (reply, error) -> heard.heard(error == null ? map.apply(reply) : null, error);
    }
}
