package io.everstore.client.wire;

import java.io.ByteArrayOutputStream;
import java.util.List;

/** The requests of version 1, and the two that any server of this protocol's makers knows besides. */
public final class Requests {
    private Requests() {}

    /** It is not answered when it succeeds. */
    public static Request<Void> authenticate(byte[] user, byte[] password) {
        return Request.of(Layouts.AUTHENTICATE, frame -> null, numbers(user.length, password.length), user, password);
    }

    public static Request<Opened> newTransaction(byte[] name) {
        return Request.of(Layouts.NEW_TRANSACTION, Replies::opened, numbers(name.length), name);
    }

    /** Types are joined by commas, events by newlines. */
    public static Request<Committed> commit(byte[] name, int worker, int transaction, byte[] types, byte[] events) {
        long[] numbers = numbers(name.length, types.length, events.length, Integer.toUnsignedLong(transaction));
        return Request.of(Layouts.COMMIT, Replies::committed, numbers, name, types, events).to(worker);
    }

    public static Request<Boolean> rollback(byte[] name, int worker, int transaction) {
        long[] numbers = numbers(name.length, Integer.toUnsignedLong(transaction));
        return Request.of(Layouts.ROLLBACK, Replies::claimed, numbers, name).to(worker);
    }

    public static Request<byte[]> read(byte[] name, int worker, long since, long size, boolean timestamps) {
        return Request.of(Layouts.READ, Replies::text, numbers(name.length, since, size), name)
                .to(worker)
                .withTimestamps(timestamps)
                .inParts(Requests::joined);
    }

    public static Request<Boolean> exists(byte[] name) {
        return Request.of(Layouts.EXISTS, Replies::claimed, numbers(name.length), name);
    }

    /** {@code worker} 0 asks the supervisor. */
    public static Request<byte[]> status(int worker) {
        return Request.of(Layouts.STATUS, Replies::text, numbers()).to(worker);
    }

    public static Request<Listed> list(byte[] prefix, byte[] after, int most) {
        return Request.of(Layouts.LIST, Replies::listed, numbers(prefix.length, after.length, most), prefix, after);
    }

    static byte[] joined(List<byte[]> parts) {
        ByteArrayOutputStream joined = new ByteArrayOutputStream(parts.stream().mapToInt(part -> part.length).sum());
        for (byte[] part : parts) {
            joined.write(part, 0, part.length);
        }
        return joined.toByteArray();
    }

    static long[] numbers(long... numbers) {
        return numbers;
    }
}
