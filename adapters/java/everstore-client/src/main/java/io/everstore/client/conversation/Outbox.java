package io.everstore.client.conversation;

import io.everstore.client.Limits;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Appends on their way out of one connection: those to one worker that wait at the same time leave in one request.
 *
 * <p>A request leaves at once when none is under way to its worker, or when it is full; else it waits for the answer and takes
 * along what has come meanwhile. So a single append waits for nothing, and many share the costs of a request, a batch and a
 * sync. Appends keep their order; those of one request have one sender and one run.
 */
final class Outbox {
    private final Map<Route, Queue> queues = new LinkedHashMap<>();
    private final Map<Integer, Integer> underWay = new HashMap<>();
    private int size;

    /** How many wait. */
    int size() {
        return size;
    }

    void add(Post post) {
        queues.computeIfAbsent(new Route(post), route -> new Queue()).add(post);
        size++;
    }

    /** The next request's appends, once they may leave; null when nothing may. Each is then taken to be under way. */
    List<Post> take() {
        for (Map.Entry<Route, Queue> each : queues.entrySet()) {
            Queue queue = each.getValue();
            int worker = each.getKey().worker;
            if (queue.isFull() || underWay.getOrDefault(worker, 0) < Limits.APPENDS_UNDER_WAY) {
                List<Post> taken = queue.take();
                if (queue.posts.isEmpty()) {
                    queues.remove(each.getKey());
                }
                size -= taken.size();
                left(worker);
                return taken;
            }
        }
        return null;
    }

    /** A request to the worker is under way. */
    void left(int worker) {
        underWay.merge(worker, 1, Integer::sum);
    }

    /** It no longer is. */
    void answered(int worker) {
        underWay.merge(worker, -1, Integer::sum);
    }

    /** Those that wait for too long by now; they no longer wait. */
    List<Post> takeLate(long now) {
        List<Post> late = new ArrayList<>();
        for (Queue queue : queues.values()) {
            queue.takeLate(now, late);
        }
        queues.values().removeIf(queue -> queue.posts.isEmpty());
        size -= late.size();
        return late;
    }

    /** All that wait, which will not leave. */
    List<Post> clear() {
        List<Post> waiting = new ArrayList<>(size);
        queues.values().forEach(queue -> waiting.addAll(queue.posts));
        queues.clear();
        size = 0;
        return waiting;
    }

    /** What waits for one worker, of one sender and run. */
    private static final class Queue {
        final Deque<Post> posts = new ArrayDeque<>();
        private long bytes;

        void add(Post post) {
            posts.add(post);
            bytes += post.append.bytes();
        }

        boolean isFull() {
            return posts.size() >= Limits.APPENDS_MAX || bytes >= Limits.APPENDS_BYTES_MAX;
        }

        /** As many as one request may have, at least one. */
        List<Post> take() {
            List<Post> taken = new ArrayList<>(Math.min(posts.size(), Limits.APPENDS_MAX));
            long room = Limits.APPENDS_BYTES_MAX;
            do {
                Post post = posts.remove();
                room -= post.append.bytes();
                bytes -= post.append.bytes();
                taken.add(post);
            } while (taken.size() < Limits.APPENDS_MAX && !posts.isEmpty() && posts.peek().append.bytes() <= room);
            return taken;
        }

        void takeLate(long now, List<Post> late) {
            posts.removeIf(post -> {
                if (!post.isLate(now)) {
                    return false;
                }
                bytes -= post.append.bytes();
                return late.add(post);
            });
        }
    }

    private static final class Route {
        final int worker;
        private final Sender sender;
        private final long run;

        Route(Post post) {
            sender = post.sender;
            run = post.run;
            worker = post.worker;
        }

        @Override
        public boolean equals(Object other) {
            if (!(other instanceof Route)) {
                return false;
            }
            Route route = (Route) other;
            return sender == route.sender && run == route.run && worker == route.worker;
        }

        @Override
        public int hashCode() {
            return Objects.hash(System.identityHashCode(sender), run, worker);
        }
    }
}
