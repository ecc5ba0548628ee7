package io.everstore.client.conversation;

import io.everstore.client.Limits;
import io.everstore.client.exception.ConnectionLostException;
import io.everstore.client.exception.ErrorCode;
import io.everstore.client.exception.EverstoreException;
import io.everstore.client.exception.ProtocolException;
import io.everstore.client.exception.ServerException;
import io.everstore.client.exception.TimeoutException;
import io.everstore.client.exception.TooLargeException;
import io.everstore.client.exception.UnknownErrorException;
import io.everstore.client.wire.Append;
import io.everstore.client.wire.Frame;
import io.everstore.client.wire.FrameCutter;
import io.everstore.client.wire.Layouts;
import io.everstore.client.wire.NativeHello;
import io.everstore.client.wire.NativeRequests;
import io.everstore.client.wire.Outcome;
import io.everstore.client.wire.Replies;
import io.everstore.client.wire.Request;
import io.everstore.client.wire.Requests;
import io.everstore.client.wire.ServerHello;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/**
 * One connection's conversation, without the connection: which requests wait, and what each piece of the answers means.
 *
 * <p>A shell gives it what came ({@link #receive}), sends what it has to say ({@link #outgoing}), and tells it when the stream
 * ended ({@link #lose}). Laws: whoever asks is told exactly once; a UID is not used again while its answer may still come; parts
 * of different reads may interleave; an error ends a read even between two of its parts; the answer to a request that nobody
 * waits for any more is dropped; an append is said at most once, unless its request was refused whole for another's sake.
 *
 * <pre>
 * state      what comes                                            next
 * GREETING   the hello                                             OPENING: the login and a first question are said
 * OPENING    the answer to that question                           OPEN
 * OPENING    an error to the login (one that succeeds is silent)   LOST
 * any        the stream's end, rubbish, an unasked answer          LOST
 * </pre>
 *
 * <p>For one thread.
 */
public final class Conversation {
    private enum State {
        GREETING,
        OPENING,
        OPEN,
        LOST
    }

    private static final long FOR_EVER = Long.MAX_VALUE;
    private static final byte[] A_JOURNAL = "/everstore".getBytes(StandardCharsets.US_ASCII);

    private final Request<Void> login;
    private final Senders senders;
    private final LongSupplier clock;
    private final Heard<Void> opened;
    private final long answerBytesMax;
    private final FrameCutter cutter = new FrameCutter();
    private final Outbox outbox = new Outbox();
    private final Map<Integer, Pending<?>> pending = new HashMap<>();
    private final Set<Integer> forgotten = new HashSet<>();
    private final Set<List<Post>> underWay = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Deque<byte[]> said = new ArrayDeque<>();
    private ByteOrder order = ByteOrder.LITTLE_ENDIAN;
    private State state = State.GREETING;
    private EverstoreException loss;
    private Native nativeServer;
    private int uid;

    /**
     * @param login said when the server asks for it
     * @param senders who appends over it
     * @param clock in nanoseconds
     * @param opened told once the server has let this client in, or what kept it out
     */
    public Conversation(Request<Void> login, Senders senders, LongSupplier clock, Heard<Void> opened) {
        this(login, senders, clock, opened, Limits.READ_BYTES_MAX);
    }

    Conversation(
            Request<Void> login, Senders senders, LongSupplier clock, Heard<Void> opened, long answerBytesMax) {
        this.login = login;
        this.senders = senders;
        this.clock = clock;
        this.opened = opened;
        this.answerBytesMax = answerBytesMax;
    }

    /** What the server is, when it knows the native requests; null for one that knows version 1 only. */
    public Native nativeServer() {
        return nativeServer;
    }

    /** How many requests wait for their answer. */
    public int waiting() {
        return pending.size() + outbox.size();
    }

    public boolean isLost() {
        return state == State.LOST;
    }

    /** Why it is lost, null while it is not. */
    public EverstoreException loss() {
        return loss;
    }

    /** Says a request; {@code timeoutNanos} may pass without any part of its answer. */
    public <R> void ask(Request<R> request, long timeoutNanos, Heard<R> heard) {
        if (state == State.LOST) {
            heard.heard(null, copyOfLoss(false));
            return;
        }
        try {
            say(request, timeoutNanos, heard);
        } catch (EverstoreException unsayable) {
            heard.heard(null, unsayable);
        }
    }

    /** Says an append, together with others. */
    public void post(Post post) {
        if (state == State.LOST) {
            post.finish(null, copyOfLoss(false));
        } else {
            outbox.add(post);
        }
    }

    /** Says a request whose answer matters to nobody. */
    public void tell(Request<?> request) {
        if (state != State.LOST) {
            int number = nextUid();
            forgotten.add(number);
            said.add(request.encode(number, order));
        }
    }

    /** What has been said since the last call, to be sent next; null for nothing. */
    public ByteBuffer outgoing() {
        for (List<Post> posts = outbox.take(); posts != null; posts = outbox.take()) {
            sayAppends(posts);
        }
        return said.size() > 1 ? joined() : said.isEmpty() ? null : ByteBuffer.wrap(said.remove());
    }

    /** Takes what came; rubbish ends the conversation. */
    public void receive(ByteBuffer data) {
        try {
            cutter.feed(data);
            if (state == State.GREETING && !greeted()) {
                return;
            }
            for (Frame frame = cutter.next(); frame != null && state != State.LOST; frame = cutter.next()) {
                hear(frame);
            }
        } catch (ProtocolException rubbish) {
            lose(rubbish);
        }
    }

    /** Tells those whose answer is late so; returns whether there was one. */
    public boolean expire() {
        long now = clock.getAsLong();
        List<Pending<?>> late = pending.values().stream().filter(each -> each.isLate(now)).collect(Collectors.toList());
        List<Post> latePosts = outbox.takeLate(now);
        underWay.forEach(posts -> posts.stream().filter(post -> post.isLate(now)).forEach(latePosts::add));
        for (Pending<?> each : late) {
            pending.remove(each.uid);
            forgotten.add(each.uid);
            each.fail(new TimeoutException("no part of the answer came in time"));
        }
        latePosts.forEach(post -> post.finish(null, new TimeoutException("the append was not answered in time")));
        return !late.isEmpty() || !latePosts.isEmpty();
    }

    /** The stream is over: whatever is pending fails, as does whatever will be asked. */
    public void lose(EverstoreException error) {
        if (state == State.LOST) {
            return;
        }
        boolean wasOpening = state != State.OPEN;
        state = State.LOST;
        loss = error;
        List<Pending<?>> lost = new ArrayList<>(pending.values());
        List<Post> unsent = outbox.clear();
        pending.clear();
        said.clear();
        lost.forEach(each -> each.fail(copyOfLoss(true)));
        unsent.forEach(post -> post.finish(null, copyOfLoss(false)));
        if (wasOpening) {
            opened.heard(null, error);
        }
    }

    /** Small frames leave in one system call; a large one is not copied for it. */
    private ByteBuffer joined() {
        int bytes = 0;
        int frames = 0;
        for (byte[] frame : said) {
            if (frames > 0 && bytes + frame.length > Limits.SEND_BYTES) {
                break;
            }
            bytes += frame.length;
            frames++;
        }
        ByteBuffer joined = ByteBuffer.allocate(bytes);
        while (frames-- > 0) {
            joined.put(said.remove());
        }
        joined.flip();
        return joined;
    }

    private boolean greeted() {
        ServerHello hello = cutter.hello();
        if (hello == null) {
            return false;
        }
        order = hello.order;
        state = State.OPENING;
        if (hello.mustLogIn) {
            tell(login);
        }
        if (order == ByteOrder.LITTLE_ENDIAN) {
            say(NativeRequests.hello(), FOR_EVER, this::answered);
        } else {
            say(Requests.exists(A_JOURNAL), FOR_EVER, (exists, error) -> answered(null, error));
        }
        return true;
    }

    /** Any answer proves the login, also an error. Native requests are little endian. */
    private void answered(NativeHello hello, EverstoreException error) {
        if (state == State.OPENING) {
            state = State.OPEN;
            if (hello != null && hello.revision > 0) {
                nativeServer = new Native(hello, senders);
            }
            opened.heard(null, null);
        }
    }

    private <R> void say(Request<R> request, long timeoutNanos, Heard<R> heard) {
        int number = nextUid();
        said.add(request.encode(number, order));
        pending.put(number, new Pending<>(number, request, timeoutNanos, clock.getAsLong(), heard));
    }

    /** One request for all of them; when it is answered, so is each of them. */
    private void sayAppends(List<Post> posts) {
        Post first = posts.get(0);
        List<Append> appends = posts.stream().map(post -> post.append).collect(Collectors.toList());
        posts.forEach(Post::leave);
        underWay.add(posts);
        try {
            say(
                    NativeRequests.appends(first.sender.client(), first.run, first.sender.answered(), first.worker, appends),
                    FOR_EVER,
                    (outcomes, error) -> heardAppends(posts, outcomes, error));
        } catch (EverstoreException unsayable) {
            heardAppends(posts, null, unsayable);
        }
    }

    /** A request that is refused whole may be so for one append of another's journal: each is asked by itself. */
    private void heardAppends(List<Post> posts, List<Outcome> outcomes, EverstoreException error) {
        underWay.remove(posts);
        outbox.answered(posts.get(0).worker);
        if (error instanceof ServerException && !(error instanceof UnknownErrorException) && posts.size() > 1) {
            posts.stream().filter(post -> !post.isDone()).forEach(this::sayAlone);
        } else if (error != null) {
            posts.forEach(post -> post.finish(null, error));
        } else if (outcomes.size() != posts.size()) {
            ProtocolException rubbish =
                    new ProtocolException(posts.size() + " appends were answered by " + outcomes.size() + " outcomes");
            posts.forEach(post -> post.finish(null, rubbish));
            throw rubbish;
        } else {
            for (int number = 0; number < posts.size(); number++) {
                posts.get(number).finish(outcomes.get(number), null);
            }
        }
    }

    private void sayAlone(Post post) {
        outbox.left(post.worker);
        List<Post> alone = new ArrayList<>(1);
        alone.add(post);
        sayAppends(alone);
    }

    /** The next number that no request in flight has; they wrap around at 32 bits. */
    private int nextUid() {
        do {
            uid++;
        } while (pending.containsKey(uid) || forgotten.contains(uid));
        return uid;
    }

    private void hear(Frame frame) {
        Pending<?> asked = pending.get(frame.uid);
        if (asked == null) {
            hearForgotten(frame);
        } else if (frame.kind == Layouts.ERROR) {
            EverstoreException error = ErrorCode.exception(Replies.error(frame));
            pending.remove(frame.uid);
            asked.fail(error);
        } else if (frame.kind != asked.request.kind) {
            throw new ProtocolException("a request of type " + asked.request.kind + " was answered by the type " + frame.kind);
        } else {
            hearAnswer(asked, frame);
        }
    }

    private void hearAnswer(Pending<?> asked, Frame frame) {
        if (frame.hasMore() && !asked.request.isInParts()) {
            throw new ProtocolException("a reply of type " + frame.kind + " comes in parts");
        }
        try {
            asked.take(frame, clock.getAsLong(), answerBytesMax);
        } catch (TooLargeException tooLarge) {
            pending.remove(frame.uid);
            if (frame.hasMore()) {
                forgotten.add(frame.uid);
            }
            asked.fail(tooLarge);
            return;
        }
        if (!frame.hasMore()) {
            pending.remove(frame.uid);
            asked.finish();
        }
    }

    private void hearForgotten(Frame frame) {
        if (!forgotten.contains(frame.uid)) {
            throw new ProtocolException("an answer of type " + frame.kind + " came for the request "
                    + Integer.toUnsignedString(frame.uid) + ", which was not asked");
        }
        if (state == State.OPENING && frame.kind == Layouts.ERROR) {
            lose(ErrorCode.exception(Replies.error(frame)));
        } else if (!frame.hasMore()) {
            forgotten.remove(frame.uid);
        }
    }

    /** One exception for each request that fails: whoever is given one may add to it. */
    private EverstoreException copyOfLoss(boolean sent) {
        if (sent && loss instanceof ProtocolException) {
            return new ProtocolException(loss.getMessage());
        }
        return new ConnectionLostException(loss.getMessage(), loss, sent);
    }
}
