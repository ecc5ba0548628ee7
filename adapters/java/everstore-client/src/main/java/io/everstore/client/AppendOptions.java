package io.everstore.client;

import io.everstore.client.exception.NotAcceptableException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;

/**
 * Under which condition an append happens, and which types it declares. Immutable.
 *
 * <p>What is depended on and what is declared are two sets: two appends that depend on one type and declare others do not
 * conflict with each other. What the server does not remember counts as a conflict: it knows what was declared while a journal
 * is in use, and for ten seconds more.
 */
public final class AppendOptions {
    /** It happens always, and declares its events' types. */
    public static final AppendOptions NONE = new AppendOptions(-1, false, null, null);

    final long after;
    final boolean mustBeNew;
    final List<String> depends;
    final List<String> declares;

    private AppendOptions(long after, boolean mustBeNew, List<String> depends, List<String> declares) {
        this.after = after;
        this.mustBeNew = mustBeNew;
        this.depends = depends;
        this.declares = declares;
    }

    /** It happens if the journal does not exist yet. */
    public static AppendOptions newJournal() {
        return new AppendOptions(-1, true, null, null);
    }

    /**
     * It happens if no event has come of a type that it depends on since the journal had this size: those that it declares,
     * unless {@link #dependingOn} says others.
     *
     * @param size a size of the journal in bytes, as results and transactions tell it
     */
    public static AppendOptions after(long size) {
        if (size < 0) {
            throw new IllegalArgumentException("the size to append after is " + size + ", expected 0 or more");
        }
        return new AppendOptions(size, false, null, null);
    }

    /**
     * The types that it depends on, in place of those that it declares.
     *
     * @throws IllegalStateException it is not {@link #after} a size
     * @throws NotAcceptableException a type is none that there can be
     */
    public AppendOptions dependingOn(Collection<String> types) {
        if (after < 0) {
            throw new IllegalStateException(
                    "what an append depends on needs `after`: since which size nothing of it may have come");
        }
        return new AppendOptions(after, mustBeNew, checked(types), declares);
    }

    /** The same. */
    public AppendOptions dependingOn(String... types) {
        return dependingOn(Arrays.asList(types));
    }

    /**
     * The types that it declares, in place of its events' own.
     *
     * @throws NotAcceptableException a type is none that there can be
     */
    public AppendOptions declaring(Collection<String> types) {
        return new AppendOptions(after, mustBeNew, depends, checked(types));
    }

    /** The same. */
    public AppendOptions declaring(String... types) {
        return declaring(Arrays.asList(types));
    }

    private static List<String> checked(Collection<String> types) {
        types.forEach(Names::eventType);
        return new ArrayList<>(new LinkedHashSet<>(types));
    }
}
