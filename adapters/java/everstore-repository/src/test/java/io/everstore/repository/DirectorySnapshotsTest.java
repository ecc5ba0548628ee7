package io.everstore.repository;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DirectorySnapshotsTest {
    private static final StateCodec<String> CODEC = StateCodec.of(
            state -> state.getBytes(StandardCharsets.UTF_8), bytes -> new String(bytes, StandardCharsets.UTF_8));
    private static final String JOURNAL = "/user/42";

    @TempDir
    Path folder;

    private Snapshots<String> snapshots;

    @BeforeEach
    void make() {
        snapshots = of("1");
    }

    @Test
    void whatWasKeptIsThereAgain() {
        assertFalse(snapshots.load(JOURNAL).isPresent());
        snapshots.save(JOURNAL, new Snapshot<>("old", 10));
        snapshots.save(JOURNAL, new Snapshot<>("a\nstate €", 1L << 40));
        Snapshot<String> loaded = of("1").load(JOURNAL).orElseThrow(AssertionError::new);
        assertEquals("a\nstate €", loaded.state());
        assertEquals(1L << 40, loaded.size());
        assertFalse(snapshots.load("/user/43").isPresent());
    }

    @Test
    void oneOfAnotherVersionIsNotUsed() {
        snapshots.save(JOURNAL, new Snapshot<>("state", 10));
        assertFalse(of("2").load(JOURNAL).isPresent());
    }

    @Test
    void oneOfAnotherJournalIsNotUsed() throws IOException {
        snapshots.save(JOURNAL, new Snapshot<>("state", 10));
        snapshots.save("/user/43", new Snapshot<>("other", 10));
        List<Path> files = files();
        Files.write(files.get(0), Files.readAllBytes(files.get(1)));
        long usable = Stream.of(JOURNAL, "/user/43").filter(each -> snapshots.load(each).isPresent()).count();
        assertEquals(1, usable);
    }

    /** Cut at every byte, and with every byte changed. */
    @Test
    void aTornOneIsNeverUsed() throws IOException {
        snapshots.save(JOURNAL, new Snapshot<>("a state", 10));
        Path file = files().get(0);
        byte[] whole = Files.readAllBytes(file);
        for (int size = 0; size < whole.length; size++) {
            Files.write(file, Arrays.copyOf(whole, size));
            assertFalse(snapshots.load(JOURNAL).isPresent(), "cut to " + size);
        }
        for (int at = 0; at < whole.length; at++) {
            byte[] changed = whole.clone();
            changed[at] ^= 1;
            Files.write(file, changed);
            assertFalse(snapshots.load(JOURNAL).isPresent(), "changed at " + at);
        }
        Files.write(file, whole);
        assertTrue(snapshots.load(JOURNAL).isPresent());
    }

    @Test
    void oneThatItsCodecCannotReadIsNotUsed() {
        snapshots.save(JOURNAL, new Snapshot<>("state", 10));
        StateCodec<String> unable = StateCodec.of(state -> new byte[0], bytes -> {
            throw new IOException("it is of another class");
        });
        assertFalse(new DirectorySnapshots<>(folder, unable, "1").load(JOURNAL).isPresent());
    }

    @Test
    void nothingIsLeftOfOneThatCouldNotBeWritten() throws IOException {
        snapshots.save(JOURNAL, new Snapshot<>("state", 10));
        StateCodec<String> unable = StateCodec.of(
                state -> {
                    throw new IOException("it has no form");
                },
                bytes -> "");
        Snapshots<String> failing = new DirectorySnapshots<>(folder, unable, "1");
        assertThrows(RuntimeException.class, () -> failing.save(JOURNAL, new Snapshot<>("new", 20)));
        assertEquals("state", snapshots.load(JOURNAL).orElseThrow(AssertionError::new).state());
        assertEquals(1, files().size());
    }

    @Test
    void theLeastRecentlyUsedInMemoryIsDropped() {
        MemorySnapshots<String> few = new MemorySnapshots<>(2);
        few.save("/a", new Snapshot<>("a", 1));
        few.save("/b", new Snapshot<>("b", 1));
        few.load("/a");
        few.save("/c", new Snapshot<>("c", 1));
        assertTrue(few.load("/a").isPresent());
        assertFalse(few.load("/b").isPresent());
    }

    private Snapshots<String> of(String version) {
        return new DirectorySnapshots<>(folder, CODEC, version);
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.collect(Collectors.toList());
        }
    }
}
