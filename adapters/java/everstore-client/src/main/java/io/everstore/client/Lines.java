package io.everstore.client;

import io.everstore.client.exception.UnreadableEventException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;

/** A journal's text to lines. */
final class Lines {
    private Lines() {}

    /**
     * What is made of each line.
     *
     * @throws UnreadableEventException the text is not UTF-8
     */
    static <T> List<T> each(byte[] text, Function<String, T> make) {
        if (text.length == 0) {
            return Collections.emptyList();
        }
        String all = Utf8.decode(text);
        int end = all.length() - (isEnd(all.charAt(all.length() - 1)) ? 1 : 0);
        List<T> made = new ArrayList<>();
        for (int start = 0; start <= end; ) {
            int newline = all.indexOf('\n', start);
            int stop = newline < 0 || newline > end ? end : newline;
            made.add(make.apply(all.substring(start, stop)));
            start = stop + 1;
        }
        return Collections.unmodifiableList(made);
    }

    /** A server may end the last line with nothing, a newline or a NUL. */
    private static boolean isEnd(char last) {
        return last == '\n' || last == '\0';
    }
}
