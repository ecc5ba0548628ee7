package io.everstore.client.contract;

import static io.everstore.client.stage.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.everstore.client.AppendOptions;
import io.everstore.client.ClientConfig;
import io.everstore.client.CommitResult;
import io.everstore.client.Conflict;
import io.everstore.client.Event;
import io.everstore.client.EverstoreClient;
import io.everstore.client.ReadOptions;
import io.everstore.client.Serializer;
import io.everstore.client.Transaction;
import io.everstore.client.exception.ConflictException;
import io.everstore.client.stage.Stage;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** Plays a scenario of the contract, as its README says. */
final class Scenario implements AutoCloseable {
    private final JsonNode scenario;
    private final Stage stage;
    private final int port;
    private final Instant began = Instant.now();
    private final Map<String, EverstoreClient<Event>> clients = new HashMap<>();
    private final Map<String, Transaction<Event>> transactions = new HashMap<>();
    private final Map<String, Long> saved = new HashMap<>();
    private final Map<String, Instant> moments = new HashMap<>();

    Scenario(JsonNode scenario, Stage stage, int port) {
        this.scenario = scenario;
        this.stage = stage;
        this.port = port;
    }

    void play() {
        connect("db", "admin", "passwd");
        int number = 1;
        for (JsonNode step : scenario.get("steps")) {
            try {
                take(step);
            } catch (RuntimeException | AssertionError error) {
                String text = step.toString();
                throw new AssertionError("step " + number + ", " + text.substring(0, Math.min(500, text.length())), error);
            }
            number++;
        }
    }

    @Override
    public void close() {
        clients.values().forEach(EverstoreClient::close);
    }

    private void take(JsonNode step) {
        if (step.has("fails")) {
            fail(step);
            return;
        }
        JsonNode result = act(step);
        if (step.has("save") && result != null) {
            saved.put(step.get("save").asText(), result.get("size").asLong());
        }
        if (step.has("gives")) {
            compare(result, step.get("gives"));
        }
    }

    private void fail(JsonNode step) {
        String wanted = "io.everstore.client.exception." + step.get("fails").asText() + "Exception";
        RuntimeException error = assertThrows(RuntimeException.class, () -> act(step));
        assertEquals(wanted, error.getClass().getName(), error::toString);
        if (step.has("conflict")) {
            compare(told(((ConflictException) error).conflict()), step.get("conflict"));
        }
    }

    private static void compare(JsonNode result, JsonNode wanted) {
        if (wanted.has("line")) {
            assertEquals(lines(wanted), strings(result));
        } else if (wanted.isObject() && result.isArray()) {
            assertEquals(wanted.get("count").asInt(), result.size());
        } else if (wanted.isObject()) {
            wanted.fieldNames().forEachRemaining(name -> compare(result.get(name), wanted.get(name)));
        } else if (wanted.isNumber()) {
            assertEquals(wanted.asLong(), result.asLong());
        } else {
            assertEquals(wanted, result);
        }
    }

    private JsonNode act(JsonNode step) {
        switch (step.get("do").asText()) {
            case "connect":
                connect(step.get("client").asText(), step.get("user").asText(), step.get("password").asText());
                return null;
            case "close":
                client(step).close();
                return null;
            case "open":
                return open(step);
            case "add":
                transaction(step).addLines(lines(step.get("events")));
                return null;
            case "declare":
                transaction(step).declare(strings(step.get("types")).toArray(new String[0]));
                return null;
            case "commit":
                return done(await(transaction(step).commit()));
            case "rollback":
                transaction(step).rollback();
                return null;
            case "append":
                return done(await(client(step)
                        .appendLines(step.get("journal").asText(), options(step), lines(step.get("events")))));
            case "read":
                return read(step);
            case "moment":
                moment(step.get("save").asText());
                return null;
            case "exists":
                return Stage.JSON.valueToTree(await(client(step).journalExists(step.get("journal").asText())));
            case "journals":
                return Stage.JSON.valueToTree(await(client(step).journals(step.get("prefix").asText())));
            case "stage":
                return stage.tell(step.get("command"));
            case "load":
                load(step);
                return null;
            default:
                throw new AssertionError("there is no step " + step.get("do"));
        }
    }

    private void connect(String name, String user, String password) {
        ClientConfig config =
                ClientConfig.DEFAULT.withHost("127.0.0.1").withPort(port).withUser(user, password);
        clients.put(name, EverstoreClient.connect(config, Serializer.PLAIN));
    }

    private JsonNode open(JsonNode step) {
        EverstoreClient<Event> client = client(step);
        String journal = step.get("journal").asText();
        boolean mustBeNew = step.path("mustBeNew").asBoolean();
        Transaction<Event> opened =
                await(mustBeNew ? client.openTransactionOnNewJournal(journal) : client.openTransaction(journal));
        transactions.put(step.get("transaction").asText(), opened);
        ObjectNode result = Stage.JSON.createObjectNode();
        return result.put("size", opened.size()).put("exists", opened.exists());
    }

    private AppendOptions options(JsonNode step) {
        AppendOptions options = AppendOptions.NONE;
        if (step.path("mustBeNew").asBoolean()) {
            options = AppendOptions.newJournal();
        } else if (step.has("after")) {
            options = AppendOptions.after(number(step.get("after")));
        }
        if (step.has("depends")) {
            options = options.dependingOn(strings(step.get("depends")));
        }
        return step.has("types") ? options.declaring(strings(step.get("types"))) : options;
    }

    private JsonNode read(JsonNode step) {
        boolean stamped = step.path("timestamps").asBoolean();
        if (stamped || step.has("page")) {
            List<Event> events = step.has("page") ? readPages(step) : readEvents(step);
            checkTimes(events);
            return Stage.JSON.valueToTree(events.stream().map(Event::line).collect(Collectors.toList()));
        }
        List<String> lines = step.has("transaction")
                ? await(transaction(step).readLines(since(step)))
                : await(client(step).readLines(step.get("journal").asText(), wanted(step)));
        return Stage.JSON.valueToTree(lines);
    }

    private List<Event> readEvents(JsonNode step) {
        return step.has("transaction")
                ? await(transaction(step).readEvents(since(step)))
                : await(client(step).readEvents(step.get("journal").asText(), wanted(step)));
    }

    private List<Event> readPages(JsonNode step) {
        List<Event> events = new ArrayList<>();
        ReadOptions options = wanted(step).inPagesOf(step.get("page").asLong());
        await(client(step).readPages(step.get("journal").asText(), options, page -> {
            events.addAll(page.stamped());
            return CompletableFuture.completedFuture(null);
        }));
        return events;
    }

    private long since(JsonNode step) {
        return step.has("since") ? number(step.get("since")) : 0;
    }

    private ReadOptions wanted(JsonNode step) {
        ReadOptions options = ReadOptions.ALL.ofTypes(strings(step.path("types")));
        if (step.has("since")) {
            Instant time = moments.get(name(step.get("since")));
            options = time == null ? options.since(since(step)) : options.since(time);
        }
        if (step.has("until")) {
            Instant time = moments.get(name(step.get("until")));
            options = time == null ? options.until(number(step.get("until"))) : options.until(time);
        }
        if (step.has("last")) {
            options = options.last(step.get("last").asInt());
        }
        return step.path("newestFirst").asBoolean() ? options.newestFirst() : options;
    }

    /** Journals count in whole milliseconds: the moment is one that begins later than now, and has begun when this ends. */
    private void moment(String name) {
        Instant moment = Instant.ofEpochMilli(Instant.now().toEpochMilli() + 1);
        moments.put(name, moment);
        while (Instant.now().isBefore(moment)) {
            Thread.yield();
        }
    }

    private void checkTimes(List<Event> events) {
        Instant last = began.minusSeconds(1);
        for (Event event : events) {
            Instant time = event.timestamp().orElseThrow(AssertionError::new);
            assertFalse(time.isBefore(last), time + " behind " + last);
            last = time;
        }
        assertTrue(last.isBefore(Instant.now().plusSeconds(1)));
    }

    private void load(JsonNode step) {
        Load load = new Load(
                client(step),
                step.path("prefix").asText("/load/"),
                step.get("transactions").asInt(),
                step.get("journals").asInt(),
                step.path("through").asText("append").equals("transaction"));
        load.run(step.get("inFlight").asInt());
        load.check();
    }

    private EverstoreClient<Event> client(JsonNode step) {
        return clients.get(step.path("client").asText("db"));
    }

    private Transaction<Event> transaction(JsonNode step) {
        return transactions.get(step.get("transaction").asText());
    }

    private long number(JsonNode value) {
        return value.isTextual() ? saved.get(name(value)) : value.asLong();
    }

    private static String name(JsonNode value) {
        return value.isTextual() ? value.asText().substring(1) : "";
    }

    private static JsonNode done(CommitResult<Event> result) {
        CommitResult<Event> written = result.orThrow();
        return Stage.JSON.createObjectNode().put("size", written.size()).put("events", written.eventCount());
    }

    private static JsonNode told(Conflict<?> conflict) {
        ObjectNode told = Stage.JSON.createObjectNode();
        told.set("types", Stage.JSON.valueToTree(conflict.types()));
        told.put("size", conflict.size());
        conflict.until().ifPresent(until -> told.put("until", until));
        Supplier<List<?>> none = Collections::emptyList;
        List<?> events = conflict.events().<List<?>>map(each -> each).orElseGet(none);
        List<String> lines = events.stream().map(each -> ((Event) each).line()).collect(Collectors.toList());
        told.set("events", Stage.JSON.valueToTree(lines));
        return told;
    }

    /** Events that a scenario spells out, or of which it gives a pattern. */
    private static List<String> lines(JsonNode wanted) {
        if (wanted.isArray()) {
            return strings(wanted);
        }
        char[] padding = new char[wanted.path("padding").asInt()];
        Arrays.fill(padding, 'x');
        String line = wanted.get("line").asText().replace("~", new String(padding));
        List<String> lines = new ArrayList<>();
        for (int number = 0; number < wanted.get("count").asInt(); number++) {
            lines.add(line.replace("#", String.valueOf(number)));
        }
        return lines;
    }

    private static List<String> strings(JsonNode list) {
        List<String> strings = new ArrayList<>();
        list.forEach(each -> strings.add(each.asText()));
        return strings;
    }
}
