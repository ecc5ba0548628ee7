package io.everstore.client;

import static io.everstore.client.stage.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.everstore.client.exception.BadUrlException;
import io.everstore.client.exception.ConflictException;
import io.everstore.client.exception.ConnectionLostException;
import io.everstore.client.exception.InvalidJournalNameException;
import io.everstore.client.exception.NoSuchWorkerException;
import io.everstore.client.exception.NotAcceptableException;
import io.everstore.client.exception.TooLargeException;
import io.everstore.client.exception.TransactionEndedException;
import io.everstore.client.exception.UnreadableEventException;
import io.everstore.client.stage.Stage;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What the contract's scenarios leave open: this language's own faces of the same things. */
class ClientTest {
    private static final AtomicInteger COUNT = new AtomicInteger();
    private static Stage stage;
    private static EverstoreClient<Event> db;

    private final String journal = "/test/" + COUNT.incrementAndGet();

    @BeforeAll
    static void open() {
        stage = new Stage();
        db = EverstoreClient.connect("everstore://admin:passwd@127.0.0.1:" + stage.start(2));
    }

    @AfterAll
    static void close() {
        db.close();
        stage.close();
    }

    @Test
    void eventsAreWhatWasAppended() {
        Event event = Event.of("user.Created", "{\"name\":\"Pär €\"}");
        CommitResult<Event> result = await(db.append(journal, event));
        assertTrue(result.isSuccess());
        assertEquals(journal, result.journal());
        assertEquals(1, result.eventCount());
        assertEquals(Collections.singletonList(event), await(db.read(journal)));
        assertEquals(Collections.emptyList(), await(db.read(journal, result.size())));
    }

    @Test
    void aConflictIsAResultThatTellsWhatCame() {
        CommitResult<Event> first = await(db.appendLines(journal, "A 1"));
        await(db.appendLines(journal, "A 2"));
        CommitResult<Event> refused = await(db.append(journal, AppendOptions.after(first.size()), Event.of("A", "3")));
        assertFalse(refused.isSuccess());
        assertEquals(0, refused.eventCount());
        Conflict<Event> conflict = refused.conflict().orElseThrow(AssertionError::new);
        assertEquals(Collections.singletonList("A"), conflict.types());
        assertEquals(Collections.singletonList("2"), texts(conflict.events().orElseThrow(AssertionError::new)));
        assertEquals(refused.size(), conflict.size());
        assertEquals(conflict, assertThrows(ConflictException.class, refused::orThrow).conflict());
        assertTrue(await(db.append(journal, AppendOptions.after(conflict.size()), Event.of("A", "3"))).isSuccess());
    }

    @Test
    void whatIsWrongWithAnArgumentIsToldByTheFuture() {
        assertThrows(InvalidJournalNameException.class, () -> await(db.read("user")));
        assertThrows(InvalidJournalNameException.class, () -> await(db.openTransaction("/\uD800")));
        assertThrows(NotAcceptableException.class, () -> await(db.appendLines(journal, "no-data")));
        assertThrows(NotAcceptableException.class, () -> await(db.appendLines(journal, "A \uDC00")));
        assertThrows(NoSuchWorkerException.class, () -> await(db.workerStatus(7)));
        assertThrows(IllegalArgumentException.class, () -> db.read(journal, -1));
        assertFalse(await(db.journalExists(journal)));
    }

    @Test
    void anAppendThatCannotBeSaidIsRefusedBeforeItIsSent() {
        char[] large = new char[20 * 1024 * 1024];
        Arrays.fill(large, 'x');
        assertThrows(TooLargeException.class, () -> await(db.appendLines(journal, "A " + new String(large))));
        String type = new String(large, 0, 70_000);
        assertThrows(
                TooLargeException.class,
                () -> await(db.append(journal, AppendOptions.NONE.declaring(type), Event.of("A", "1"))));
        assertTrue(await(db.appendLines(journal, "A 1")).isSuccess());
    }

    @Test
    void manyAppendsOfLargeEventsArriveWhole() {
        char[] text = new char[300_000];
        Arrays.fill(text, 'x');
        CompletableFuture<?>[] all = new CompletableFuture<?>[100];
        for (int number = 0; number < all.length; number++) {
            all[number] = db.appendLines(journal, "A " + number + new String(text));
        }
        await(CompletableFuture.allOf(all));
        assertEquals(100, await(db.readLines(journal, 0)).stream().distinct().count());
    }

    @Test
    void nothingAppendedIsWrittenNowhere() {
        CommitResult<Event> result = await(db.append(journal, AppendOptions.NONE, Collections.emptyList()));
        assertEquals(0, result.eventCount());
        assertFalse(await(db.journalExists(journal)));
    }

    @Test
    void anotherSerializerUsesTheSameConnections() {
        EverstoreClient<String> texts = db.withSerializer(new Texts());
        await(texts.append(journal, "one", "two"));
        assertEquals(Arrays.asList("one", "two"), await(texts.read(journal)));
        assertEquals("one", await(texts.readEvents(journal, 0)).get(0).data());
        CommitResult<String> conflict = await(texts.append(journal, AppendOptions.newJournal(), "three"));
        assertEquals(
                Arrays.asList("one", "two"),
                conflict.conflict().flatMap(Conflict::events).orElseThrow(AssertionError::new));
    }

    @Test
    void typesThatASerializerNamesBesidesAreDeclared() {
        EverstoreClient<String> texts = db.withSerializer(new Texts());
        long size = await(texts.append(journal, "one")).size();
        await(texts.append(journal, "two"));
        CommitResult<Event> refused =
                await(db.append(journal, AppendOptions.after(size).dependingOn("Family"), Event.of("A", "3")));
        assertFalse(refused.isSuccess());
    }

    @Test
    void anEventThatTheSerializerCannotReadFailsTheFuture() {
        await(db.appendLines(journal, "Text fine", "Other unreadable"));
        assertThrows(UnreadableEventException.class, () -> await(db.withSerializer(new Texts()).read(journal)));
    }

    @Test
    void aTransactionAddsAllOrNoneOfItsEvents() {
        Transaction<Event> transaction = await(db.openTransaction(journal));
        transaction.addLines(Collections.singleton("A 1"));
        assertThrows(NotAcceptableException.class, () -> transaction.addLines(Arrays.asList("A 2", "no-data")));
        assertThrows(NotAcceptableException.class, () -> transaction.declare("B", "not this"));
        assertEquals(1, await(transaction.commit()).eventCount());
        assertFalse(transaction.isOpen());
        assertThrows(TransactionEndedException.class, () -> transaction.add(Event.of("A", "3")));
        assertEquals(Collections.singletonList("1"), texts(await(db.read(journal))));
    }

    @Test
    void aTransactionIsBeingCommittedOnce() {
        Transaction<Event> transaction = await(db.openTransaction(journal));
        transaction.add(Event.of("A", "1"));
        CompletableFuture<CommitResult<Event>> first = transaction.commit();
        assertThrows(TransactionEndedException.class, () -> await(transaction.commit()));
        transaction.rollback();
        assertTrue(await(first).isSuccess());
    }

    @Test
    void workIsDoneAgainWhileItMeetsConflicts() {
        AtomicInteger times = new AtomicInteger();
        CommitResult<Event> result = await(db.run(journal, transaction -> {
            transaction.add(Event.of("A", "mine"));
            return times.incrementAndGet() < 3
                    ? db.appendLines(journal, "A theirs")
                    : CompletableFuture.completedFuture(null);
        }));
        assertTrue(result.isSuccess());
        assertEquals(3, times.get());
        assertEquals(Arrays.asList("theirs", "theirs", "mine"), texts(await(db.read(journal))));
    }

    @Test
    void workThatMeetsConflictsForEverEndsWithOne() {
        CommitResult<Event> result = await(db.run(journal, 2, transaction -> {
            transaction.add(Event.of("A", "mine"));
            return db.appendLines(journal, "A theirs");
        }));
        assertFalse(result.isSuccess());
        assertEquals(2, await(db.read(journal)).size());
    }

    @Test
    void workThatFailsWritesNothing() {
        RuntimeException flaw = new RuntimeException("a flaw");
        assertEquals(flaw, assertThrows(RuntimeException.class, () -> await(db.run(journal, transaction -> {
            transaction.add(Event.of("A", "1"));
            throw flaw;
        }))));
        assertFalse(await(db.journalExists(journal)));
    }

    @Test
    void anyNumberOfThreadsShareAClient() throws InterruptedException {
        Thread[] threads = new Thread[16];
        for (int number = 0; number < threads.length; number++) {
            threads[number] = new Thread(() -> {
                for (int count = 0; count < 50; count++) {
                    await(db.appendLines(journal, "A 1"));
                }
            });
            threads[number].start();
        }
        for (Thread each : threads) {
            each.join();
        }
        assertEquals(16 * 50, await(db.read(journal)).size());
    }

    @Test
    void theStatusIsJson() {
        assertTrue(await(db.status()).startsWith("{"));
        assertTrue(await(db.workerStatus(2)).startsWith("{"));
    }

    @Test
    void aClientThatIsClosedSaysSo() {
        EverstoreClient<Event> closed = EverstoreClient.connect(db.config());
        Transaction<Event> transaction = await(closed.openTransaction(journal));
        closed.close();
        closed.close();
        assertThrows(ConnectionLostException.class, () -> await(closed.read(journal)));
        transaction.add(Event.of("A", "1"));
        assertThrows(ConnectionLostException.class, () -> await(transaction.commit()));
        transaction.rollback();
        assertFalse(await(db.journalExists(journal)));
    }

    @Test
    void whoeverCannotConnectIsToldAtOnce() {
        assertThrows(BadUrlException.class, () -> EverstoreClient.connect("http://localhost"));
        Throwable error = assertThrows(
                ConnectionLostException.class, () -> EverstoreClient.connect("everstore://127.0.0.1:1?timeout=20"));
        assertTrue(error.getMessage().contains("127.0.0.1"), error::getMessage);
        assertInstanceOf(
                ConnectionLostException.class,
                assertThrows(RuntimeException.class, () -> EverstoreClient.connect("everstore://no-such-host.invalid")));
    }

    private static List<String> texts(List<Event> events) {
        return events.stream().map(Event::data).collect(Collectors.toList());
    }

    /** Events are texts, of one type and one family. */
    private static final class Texts implements Serializer<String> {
        @Override
        public Event encode(String event) {
            return Event.of("Text", event);
        }

        @Override
        public String decode(Event event) {
            if (!event.type().equals("Text")) {
                throw new UnreadableEventException("it is no text");
            }
            return event.data();
        }

        @Override
        public Collection<String> types(String event, Event encoded) {
            return Arrays.asList("Text", "Family");
        }
    }
}
