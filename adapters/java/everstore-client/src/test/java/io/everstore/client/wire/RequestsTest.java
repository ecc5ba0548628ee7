package io.everstore.client.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import io.everstore.client.exception.TooLargeException;
import java.io.IOException;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each request of the contract's vectors is encoded to exactly its bytes. */
class RequestsTest {
    private static final byte[] NAME = {'/', 'a'};
    private static final byte[] NONE = {};

    @ParameterizedTest
    @MethodSource("vectors")
    void encodesToItsFrame(JsonNode vector) {
        byte[] frame = request(vector).encode((int) Vectors.number(vector, "uid"), Vectors.order(vector));
        assertArrayEquals(Vectors.frame(vector), frame);
    }

    @Test
    void whatHasMoreBitsThanItsFieldCannotBeSaid() {
        Request<byte[]> past = Requests.read(NAME, 1, 0, 1L << 32, false);
        assertThrows(TooLargeException.class, () -> past.encode(1, ByteOrder.LITTLE_ENDIAN));
        Append types = new Append(1, 0, Append.ALWAYS, NAME, new byte[65_536], NONE, NAME);
        assertThrows(
                TooLargeException.class,
                () -> NativeRequests.appends(new byte[16], 1, 1, 1, Collections.singletonList(types)));
    }

    static List<Named<JsonNode>> vectors() throws IOException {
        return Vectors.all("requests");
    }

    private static Request<?> request(JsonNode vector) {
        byte[] name = vector.has("journal") ? Vectors.text(vector, "journal") : NONE;
        int worker = vector.path("worker").asInt();
        switch (vector.get("request").asText()) {
            case "authenticate":
                return Requests.authenticate(Vectors.text(vector, "user"), Vectors.text(vector, "password"));
            case "new transaction":
                return Requests.newTransaction(name);
            case "commit":
                byte[] types = Vectors.joined(vector.get("types"), ",");
                byte[] events = Vectors.joined(vector.get("events"), "\n");
                return Requests.commit(name, worker, (int) Vectors.number(vector, "transaction"), types, events);
            case "rollback":
                return Requests.rollback(name, worker, (int) Vectors.number(vector, "transaction"));
            case "read":
                long since = Vectors.number(vector, "since");
                return Requests.read(name, worker, since, Vectors.number(vector, "size"), vector.get("timestamps").asBoolean());
            case "exists":
                return Requests.exists(name);
            case "status":
                return Requests.status(worker);
            case "list journals":
                return Requests.list(
                        Vectors.text(vector, "prefix"), Vectors.text(vector, "after"), vector.get("most").asInt());
            case "native":
                return NativeRequests.hello();
            case "append":
                return appends(vector, worker);
            case "fetch":
                return fetch(vector, name);
            case "lane":
                return NativeRequests.lane(vector.get("to").asInt());
            default:
                throw new AssertionError("there is no request " + vector.get("request"));
        }
    }

    private static Request<?> appends(JsonNode vector, int worker) {
        List<Append> appends = new ArrayList<>();
        for (JsonNode each : vector.get("appends")) {
            appends.add(new Append(
                    Vectors.number(each, "sequence"),
                    Vectors.number(each, "position"),
                    each.get("condition").asInt(),
                    Vectors.text(each, "journal"),
                    Vectors.joined(each.get("declares"), "\n"),
                    Vectors.joined(each.get("depends"), "\n"),
                    Vectors.joined(each.get("events"), "\n")));
        }
        byte[] client = Vectors.hex(vector.get("client").asText());
        return NativeRequests.appends(
                client, Vectors.number(vector, "run"), Vectors.number(vector, "answered"), worker, appends);
    }

    private static Request<?> fetch(JsonNode vector, byte[] name) {
        List<String> types = new ArrayList<>();
        vector.get("types").forEach(each -> types.add(each.asText()));
        return NativeRequests.fetch(
                name,
                FetchStart.values()[vector.get("start_is").asInt()],
                Vectors.number(vector, "start"),
                FetchEnd.values()[vector.get("end_is").asInt()],
                Vectors.number(vector, "end"),
                String.join("\n", types),
                vector.get("timestamps").asBoolean());
    }
}
