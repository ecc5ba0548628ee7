package io.everstore.client.conversation;

import io.everstore.client.Limits;
import java.security.SecureRandom;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * Who a client is to a worker that it appends to: what makes an append that is sent again one and the same. It is 16 random
 * bytes; it numbers its appends, and says with each request below which number it knows all outcomes.
 *
 * <p>Laws: no two appends of a sender have the same number; {@code answered} passes none whose outcome is still waited for.
 */
public final class Sender {
    private static final int CLIENT_BYTES = 16;
    private static final SecureRandom RANDOM = new SecureRandom();

    private final byte[] client = new byte[CLIENT_BYTES];
    private final Set<Long> open = new LinkedHashSet<>();
    private long next = 1;

    public Sender() {
        RANDOM.nextBytes(client);
    }

    byte[] client() {
        return client;
    }

    /** Whether the server has to remember so many outcomes that another sender had better go on. */
    public boolean isFull() {
        return next - answered() >= Limits.OPEN_APPENDS_MAX;
    }

    /** The sequence of a further append. */
    public long begin() {
        open.add(next);
        return next++;
    }

    /** Its outcome is known, or nobody will ask for it again. */
    public void end(long sequence) {
        open.remove(sequence);
    }

    /** It knows the outcomes of all appends below this one. */
    public long answered() {
        Iterator<Long> oldest = open.iterator();
        return oldest.hasNext() ? oldest.next() : next;
    }
}
