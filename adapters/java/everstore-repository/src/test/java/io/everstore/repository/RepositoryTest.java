package io.everstore.repository;

import static io.everstore.client.stage.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.everstore.client.CommitResult;
import io.everstore.client.Event;
import io.everstore.client.EverstoreClient;
import io.everstore.client.Transaction;
import io.everstore.client.stage.Stage;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** States are sums of the numbers that a journal's events are. */
class RepositoryTest {
    private static final AtomicInteger COUNT = new AtomicInteger();
    private static Stage stage;
    private static EverstoreClient<Event> db;

    private final String journal = "/sum/" + COUNT.incrementAndGet();
    private final AtomicInteger folded = new AtomicInteger();
    private final Repository<Integer, Event> sums = new Repository<>(db, () -> 0, this::add);

    @BeforeAll
    static void open() {
        stage = new Stage();
        db = EverstoreClient.connect("everstore://127.0.0.1:" + stage.start(2));
    }

    @AfterAll
    static void close() {
        db.close();
        stage.close();
    }

    @Test
    void aStateIsWhatItsEventsMakeOfTheBeginning() {
        assertEquals(0, await(sums.get(journal)));
        await(db.appendLines(journal, "N 1", "N 2"));
        assertEquals(3, await(sums.get(journal)));
    }

    @Test
    void onlyWhatIsNewerThanASnapshotIsRead() {
        Repository<Integer, Event> kept = sums.withSnapshotEvery(2);
        await(db.appendLines(journal, "N 1", "N 2"));
        assertEquals(3, await(kept.get(journal)));
        assertEquals(2, folded.get());
        await(db.appendLines(journal, "N 3"));
        assertEquals(6, await(kept.get(journal)));
        assertEquals(6, await(kept.get(journal)));
        assertEquals(4, folded.get(), "one event is not worth a snapshot, and is folded anew each time");
    }

    @Test
    void aStateIsThatOfItsTransaction() {
        await(db.appendLines(journal, "N 1"));
        Transaction<Event> transaction = await(db.openTransaction(journal));
        await(db.appendLines(journal, "N 2"));
        assertEquals(1, await(sums.state(transaction)));
        assertEquals(3, await(sums.withSnapshotEvery(1).get(journal)));
        assertEquals(1, await(sums.state(transaction)), "a snapshot past what it sees is not used");
    }

    @Test
    void aDecisionIsMadeAgainOfTheNewState() {
        AtomicInteger decisions = new AtomicInteger();
        CommitResult<Event> result = await(sums.update(journal, state -> {
            if (decisions.incrementAndGet() == 1) {
                await(db.appendLines(journal, "N 10"));
            }
            return Collections.singletonList(number(state + 1));
        }));
        assertTrue(result.isSuccess());
        assertEquals(2, decisions.get());
        assertEquals(21, await(sums.get(journal)));
    }

    @Test
    void aDecisionThatAlwaysMeetsConflictsEndsWithOne() {
        assertFalse(await(sums.update(journal, 2, state -> {
            await(db.appendLines(journal, "N 10"));
            return Collections.singletonList(number(1));
        })).isSuccess());
    }

    @Test
    void ofManyDecisionsAtOnceNoneIsLost() {
        List<CompletableFuture<CommitResult<Event>>> all = new ArrayList<>();
        for (int count = 0; count < 20; count++) {
            all.add(sums.update(journal, 1000, state -> Collections.singletonList(number(1))));
        }
        all.forEach(each -> assertTrue(await(each).isSuccess()));
        assertEquals(20, await(sums.get(journal)));
    }

    @Test
    void aDecisionNotToWriteWritesNothing() {
        assertEquals(0, await(sums.update(journal, state -> Collections.emptyList())).eventCount());
        assertFalse(await(db.journalExists(journal)));
    }

    @Test
    void whatAFoldThrowsIsTold() {
        await(db.appendLines(journal, "N one"));
        assertThrows(NumberFormatException.class, () -> await(sums.get(journal)));
    }

    /** Within a line, and past the journal's end. */
    @ParameterizedTest
    @ValueSource(longs = {3, 4711})
    void aSnapshotOfAnotherJournalIsNotUsed(long size) {
        await(db.appendLines(journal, "N 1", "N 2"));
        MemorySnapshots<Integer> wrong = new MemorySnapshots<>();
        wrong.save(journal, new Snapshot<>(100, size));
        assertEquals(3, await(sums.withSnapshots(wrong).get(journal)));
    }

    @Test
    void aSnapshotThatCannotBeKeptIsMissedByNobody() {
        await(db.appendLines(journal, "N 1"));
        Snapshots<Integer> full = new Snapshots<Integer>() {
            @Override
            public Optional<Snapshot<Integer>> load(String name) {
                return Optional.empty();
            }

            @Override
            public void save(String name, Snapshot<Integer> snapshot) {
                throw new IllegalStateException("the disk is full");
            }
        };
        assertEquals(1, await(sums.withSnapshots(full).withSnapshotEvery(1).get(journal)));
    }

    private int add(int sum, Event event) {
        folded.incrementAndGet();
        return sum + Integer.parseInt(event.data());
    }

    private static Event number(int number) {
        return Event.of("N", Integer.toString(number));
    }
}
