package io.everstore.client.operations;

import io.everstore.client.conversation.Heard;
import io.everstore.client.conversation.Native;
import io.everstore.client.conversation.Pauses;
import io.everstore.client.conversation.Post;
import io.everstore.client.conversation.Sender;
import io.everstore.client.exception.ConnectionLostException;
import io.everstore.client.exception.ErrorCode;
import io.everstore.client.exception.EverstoreException;
import io.everstore.client.exception.OutcomeUnknownException;
import io.everstore.client.exception.ProtocolException;
import io.everstore.client.exception.TimeoutException;
import io.everstore.client.exception.TooLargeException;
import io.everstore.client.exception.UnknownErrorException;
import io.everstore.client.nio.Connection;
import io.everstore.client.nio.Pool;
import io.everstore.client.wire.Append;
import io.everstore.client.wire.NativeRequests;
import io.everstore.client.wire.Outcome;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;

/**
 * Exactly once: one native append until its outcome is known, and what that outcome means. On the I/O thread.
 *
 * <pre>
 * what comes                                            nothing was sent before   it was sent before
 * it is written, or a conflict                          that                      that
 * error 1 as its outcome: the server cannot know        UnknownError              OutcomeUnknown
 * another error                                         that error                that error
 * error 1 to the whole request; the connection is lost  it is sent again, over another connection
 * nothing, in time                                      OutcomeUnknown, or Timeout if it never left
 * no more may be sent again, or nobody can be reached   that error                OutcomeUnknown
 * </pre>
 *
 * <p>What is sent again is the same append: its sender, its sequence, and the run of the server in which it was first sent.
 */
public final class AppendOnce {
    private final Pool pool;
    private final Wanted wanted;
    private final Heard<Decision> heard;
    private final Pauses pauses = Pauses.ofReconnecting();
    private final long resendUntil;
    private final List<String> depends;
    private Sender sender;
    private Append append;
    private long run;
    private boolean again;
    private Post post;
    private EverstoreException lost;

    private AppendOnce(Pool pool, Wanted wanted, Heard<Decision> heard) {
        this.pool = pool;
        this.wanted = wanted;
        this.heard = heard;
        this.resendUntil = System.nanoTime() + pool.resendNanos();
        this.depends = wanted.mustBeNew || wanted.after >= 0 ? wanted.depends : Collections.emptyList();
    }

    /** Over a connection to a server that knows the native requests. */
    public static void perform(Pool pool, Connection connection, Wanted wanted, Heard<Decision> heard) {
        new AppendOnce(pool, wanted, heard).begin(connection);
    }

    private void begin(Connection connection) {
        Native server = connection.nativeServer();
        int worker = server.workerOf(wanted.name);
        sender = server.senderTo(worker);
        run = server.hello.run;
        append = numbered(sender.begin());
        EverstoreException flaw = unsayable(server.hello.requestBytesMax);
        if (flaw != null) {
            finish(null, flaw);
        } else {
            send(connection, worker);
        }
    }

    private Append numbered(long sequence) {
        byte[] declares = joined(wanted.declares);
        if (wanted.mustBeNew) {
            return new Append(sequence, 0, Append.NEW, wanted.name, declares, joined(depends), wanted.events);
        }
        int condition = depends.isEmpty() ? Append.ALWAYS : Append.UNCHANGED;
        long position = depends.isEmpty() ? 0 : wanted.after;
        return new Append(sequence, position, condition, wanted.name, declares, joined(depends), wanted.events);
    }

    /** What the server would not hear; with others an append only travels where there is room. */
    private EverstoreException unsayable(long requestBytesMax) {
        if (Math.max(append.declares.length, append.depends.length) > NativeRequests.TYPES_BYTES_MAX) {
            return new TooLargeException("the types of an append are over " + NativeRequests.TYPES_BYTES_MAX
                    + " bytes, which is all that can be said");
        }
        if (NativeRequests.APPENDS_BYTES + append.bytes() > requestBytesMax) {
            return new TooLargeException(
                    "an append of " + append.bytes() + " bytes is more than the server takes, " + requestBytesMax);
        }
        return null;
    }

    /** What is sent again must not leave late: the server remembers for so long only whether it was written. */
    private void send(Connection connection, int worker) {
        long patience = again ? pool.resendNanos() : pool.timeoutNanos();
        post = new Post(sender, run, worker, append, System.nanoTime() + patience, this::answered);
        connection.post(post);
    }

    private void answered(Outcome outcome, EverstoreException error) {
        if (error == null) {
            judge(outcome);
        } else if (error instanceof ConnectionLostException || error instanceof UnknownErrorException) {
            again |= !(error instanceof ConnectionLostException) || ((ConnectionLostException) error).sent();
            lost = error;
            sendAgain();
        } else if (error instanceof TimeoutException || error instanceof ProtocolException) {
            again |= post.left();
            finish(null, orUnknown(error));
        } else {
            finish(null, error);
        }
    }

    private void judge(Outcome outcome) {
        if (outcome.code == Outcome.WRITTEN || outcome.code == Outcome.CONFLICT) {
            if (lost != null) {
                pool.resending().goOn();
            }
            finish(Decision.of(outcome, depends), null);
            return;
        }
        EverstoreException error = ErrorCode.exception(outcome.code);
        finish(null, error instanceof UnknownErrorException ? orUnknown(error) : error);
    }

    private void sendAgain() {
        long pause = pauses.nextNanos();
        if (pool.isClosed() || System.nanoTime() + pause - resendUntil >= 0) {
            finish(null, orUnknown(lost));
        } else {
            pool.resending().after(pause, () -> pool.take(true, this::taken));
        }
    }

    /** The server may have more or fewer workers than the one before. */
    private void taken(Connection connection, EverstoreException error) {
        if (error != null) {
            finish(null, again ? orUnknown(lost) : error);
        } else if (connection.nativeServer() == null || System.nanoTime() - resendUntil >= 0) {
            finish(null, orUnknown(lost));
        } else {
            Native server = connection.nativeServer();
            run = again ? run : server.hello.run;
            send(connection, server.workerOf(wanted.name));
        }
    }

    private EverstoreException orUnknown(EverstoreException error) {
        return again ? new OutcomeUnknownException(wanted.journal, error) : error;
    }

    private void finish(Decision decision, EverstoreException error) {
        sender.end(append.sequence);
        heard.heard(decision, error);
    }

    private static byte[] joined(List<String> types) {
        return String.join("\n", types).getBytes(StandardCharsets.UTF_8);
    }
}
