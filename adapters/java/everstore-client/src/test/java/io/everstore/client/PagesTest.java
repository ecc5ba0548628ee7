package io.everstore.client;

import static io.everstore.client.stage.Patience.await;
import static java.util.concurrent.CompletableFuture.completedFuture;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.everstore.client.exception.CannotReadException;
import io.everstore.client.exception.InvalidJournalNameException;
import io.everstore.client.stage.Stage;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What the contract's scenarios leave open of reading in pages. */
class PagesTest {
    private static final int EVENTS = 1000;
    private static final int LINE_BYTES = "2015-08-02T16:23:02.580 A 100\n".length();
    private static Stage stage;
    private static EverstoreClient<Event> db;
    private static long size;

    private final List<Page<Event>> pages = Collections.synchronizedList(new ArrayList<>());

    @BeforeAll
    static void open() {
        stage = new Stage();
        db = EverstoreClient.connect("everstore://admin:passwd@127.0.0.1:" + stage.start(2));
        String[] lines = IntStream.range(0, EVENTS).mapToObj(number -> "A " + (100 + number % 900)).toArray(String[]::new);
        size = await(db.appendLines("/long", lines)).size();
    }

    @AfterAll
    static void close() {
        db.close();
        stage.close();
    }

    @Test
    void aPageIsAsLargeAsAskedForAndOnToTheEndOfAnEvent() {
        long end = await(db.readPages("/long", ReadOptions.ALL.inPagesOf(10 * LINE_BYTES - 1), this::take));
        assertEquals(size, end);
        assertEquals(EVENTS / 10, pages.size());
        long position = 0;
        for (Page<Event> page : pages) {
            position += 10 * LINE_BYTES;
            assertEquals(10, page.events().size());
            assertEquals(position, page.end());
        }
        assertEquals(await(db.readLines("/long", 0)), lines());
    }

    @Test
    void aPageHoldsTheEventsDecodedAndWithTheirTimes() {
        Serializer<String> numbers = new Serializer<String>() {
            @Override
            public Event encode(String number) {
                return Event.of("A", number);
            }

            @Override
            public String decode(Event event) {
                return event.data();
            }
        };
        List<Page<String>> decoded = new ArrayList<>();
        await(db.withSerializer(numbers).readPages("/long", ReadOptions.ALL, page -> {
            decoded.add(page);
            return completedFuture(null);
        }));
        assertEquals(1, decoded.size());
        assertEquals(await(db.readEvents("/long", 0)), decoded.get(0).stamped());
        assertTrue(decoded.get(0).stamped().get(0).timestamp().isPresent());
        assertEquals(await(db.withSerializer(numbers).read("/long")), decoded.get(0).events());
    }

    @Test
    void theNextPageWaitsForTheOneBeforeAndNobodyElseDoes() {
        CompletableFuture<Void> busy = new CompletableFuture<>();
        CompletableFuture<Long> read = db.readPages("/long", ReadOptions.ALL.inPagesOf(1000), page -> {
            take(page);
            return busy;
        });
        for (int number = 0; number < 100; number++) {
            assertEquals(EVENTS, await(db.read("/long")).size());
        }
        assertEquals(1, pages.size());
        assertFalse(read.isDone());
        busy.complete(null);
        assertEquals(size, await(read));
        assertEquals(EVENTS, lines().size());
    }

    @Test
    void whatComesMeanwhileIsForTheNextTime() {
        await(db.appendLines("/growing", "A 1", "A 2", "A 3"));
        long end = await(db.readPages("/growing", ReadOptions.ALL.inPagesOf(1), page -> {
            take(page);
            return db.appendLines("/growing", "B 1");
        }));
        assertEquals(3, pages.size());
        pages.clear();
        await(db.readPages("/growing", ReadOptions.ALL.since(end), this::take));
        assertEquals(Collections.nCopies(3, "B 1"), lines());
    }

    @Test
    void pagesWithoutAnEventThatIsWantedAreGivenToNobody() {
        assertEquals(size, await(db.readPages("/long", ReadOptions.ALL.ofTypes("none").inPagesOf(5000), this::take)));
        assertEquals(0, pages.size());
        assertEquals(0, await(db.readPages("/none", ReadOptions.ALL, this::take)));
        assertEquals(0, pages.size());
    }

    @Test
    void aReaderThatFailsEndsTheReading() {
        IllegalStateException flaw = new IllegalStateException("that page");
        CompletableFuture<Void> failed = new CompletableFuture<>();
        failed.completeExceptionally(flaw);
        ReadOptions options = ReadOptions.ALL.inPagesOf(1000);
        assertEquals(flaw, assertThrows(IllegalStateException.class, () -> await(db.readPages("/long", options, page -> {
            take(page);
            return failed;
        }))));
        assertEquals(flaw, assertThrows(IllegalStateException.class, () -> await(db.readPages("/long", options, page -> {
            take(page);
            throw flaw;
        }))));
        assertEquals(2, pages.size());
    }

    @Test
    void whatCannotBeReadIsTold() {
        assertThrows(CannotReadException.class, () -> await(db.readPages("/long", ReadOptions.ALL.since(1), this::take)));
        assertThrows(CannotReadException.class, () -> await(db.readPages("/long", ReadOptions.ALL.until(1), this::take)));
        assertThrows(
                CannotReadException.class, () -> await(db.readPages("/long", ReadOptions.ALL.since(size + 1), this::take)));
        assertThrows(InvalidJournalNameException.class, () -> await(db.readPages("long", ReadOptions.ALL, this::take)));
        assertThrows(
                IllegalArgumentException.class, () -> db.readPages("/long", ReadOptions.ALL.newestFirst(), this::take));
        assertEquals(0, pages.size());
    }

    private CompletableFuture<Void> take(Page<Event> page) {
        pages.add(page);
        return completedFuture(null);
    }

    private List<String> lines() {
        return pages.stream()
                .flatMap(page -> page.events().stream())
                .map(Event::line)
                .collect(Collectors.toList());
    }
}
