package io.everstore.client.nio;

import io.everstore.client.conversation.Conversation;
import io.everstore.client.conversation.Heard;
import io.everstore.client.conversation.LanePlan;
import io.everstore.client.conversation.Native;
import io.everstore.client.conversation.Post;
import io.everstore.client.exception.ConnectionLostException;
import io.everstore.client.exception.EverstoreException;
import io.everstore.client.wire.NativeRequests;
import io.everstore.client.wire.Request;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A connection to the server, and its lanes to the workers. On the I/O thread only.
 *
 * <p>Error handling: what goes wrong on a lane ends that lane only; without the connection itself there are none.
 */
public final class Connection {
    private final Dialer dialer;
    private final Link main;
    private final LanePlan plan;
    private final Map<Integer, Lane> lanes = new HashMap<>();

    private Connection(Dialer dialer, Heard<Connection> opened) {
        this.dialer = dialer;
        this.plan = new LanePlan(dialer.config.lanes());
        this.main = dialer.link((nothing, error) -> opened.heard(error == null ? this : null, error), this::lostMain);
    }

    /** Connects and logs in, within the timeout. */
    static void open(Dialer dialer, Heard<Connection> heard) {
        Opening opening = new Opening(heard);
        Connection connection = new Connection(dialer, opening);
        dialer.connect(connection.main, () -> {
            if (opening.isPending) {
                connection.main.lose(dialer.tooLate());
            }
        });
    }

    /** What the server is, when it knows the native requests; null for one that knows version 1 only. */
    public Native nativeServer() {
        return main.conversation.nativeServer();
    }

    public boolean isAlive() {
        return !main.conversation.isLost();
    }

    /** How many requests wait for their answer on it. */
    int waiting() {
        int waiting = main.conversation.waiting();
        for (Lane lane : lanes.values()) {
            waiting += lane.link.conversation.waiting();
        }
        return waiting;
    }

    /** Says a request over the connection itself. */
    public <R> void ask(Request<R> request, Heard<R> heard) {
        ask(main, request, heard);
    }

    /** Says a request of a journal's worker, over its lane when there is one. */
    public <R> void ask(int worker, Request<R> request, Heard<R> heard) {
        ask(linkTo(worker), request, heard);
    }

    /** Says an append, together with others. */
    public void post(Post post) {
        Link link = linkTo(post.worker);
        link.conversation.post(post);
        link.flushLater();
    }

    /** Says a request whose answer matters to nobody. */
    public void tell(Request<?> request) {
        main.conversation.tell(request);
        main.flushLater();
    }

    void close(EverstoreException error) {
        main.lose(error);
    }

    /** Tells those whose answer is late so. */
    void expire() {
        for (Lane lane : new ArrayList<>(lanes.values())) {
            lane.link.expire(dialer.timeoutNanos);
        }
        main.expire(dialer.timeoutNanos);
    }

    private <R> void ask(Link link, Request<R> request, Heard<R> heard) {
        link.conversation.ask(request, dialer.timeoutNanos, heard);
        link.flushLater();
    }

    /** The lane of that worker, when there is one; else the connection itself, and there may soon be one. */
    private Link linkTo(int worker) {
        Lane lane = lanes.get(worker);
        if (lane == null && isAlive() && plan.wants(worker, System.nanoTime())) {
            new Lane(worker).open();
        }
        return lane != null && lane.isOpen ? lane.link : main;
    }

    private void lostMain() {
        for (Lane lane : new ArrayList<>(lanes.values())) {
            lane.link.lose(new ConnectionLostException("the lane's connection was lost"));
        }
    }

    /** A further connection, which the server gives to one worker. */
    private final class Lane {
        final Link link = dialer.link(this::loggedIn, this::lost);
        boolean isOpen;
        private final int worker;

        Lane(int worker) {
            this.worker = worker;
        }

        void open() {
            lanes.put(worker, this);
            dialer.loop.after(dialer.timeoutNanos, this::loseUnopened);
            link.connect(Collections.singletonList(main.address()));
        }

        private void loggedIn(Void nothing, EverstoreException error) {
            if (error != null) {
                return;
            }
            Native found = conversation().nativeServer();
            if (found == null || !found.hello.isOf(nativeServer().hello)) {
                link.lose(new ConnectionLostException("another server is there now"));
                return;
            }
            ask(link, NativeRequests.lane(worker), this::answered);
        }

        private void answered(Integer given, EverstoreException error) {
            if (error != null) {
                link.lose(error);
            } else {
                isOpen = true;
                plan.opened(worker);
            }
        }

        private void loseUnopened() {
            if (!isOpen) {
                link.lose(dialer.tooLate());
            }
        }

        private void lost() {
            isOpen = false;
            lanes.remove(worker, this);
            plan.failed(worker, conversation().loss(), System.nanoTime());
        }

        private Conversation conversation() {
            return link.conversation;
        }
    }

    /** Whether the one who opens it has been told. */
    private static final class Opening implements Heard<Connection> {
        boolean isPending = true;
        private final Heard<Connection> heard;

        Opening(Heard<Connection> heard) {
            this.heard = heard;
        }

        @Override
        public void heard(Connection connection, EverstoreException error) {
            isPending = false;
            heard.heard(connection, error);
        }
    }
}
