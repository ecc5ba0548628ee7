package io.everstore.client.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import io.everstore.client.exception.ProtocolException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each reply of the contract's vectors is decoded to exactly its fields; of anything else only ProtocolException comes. */
class RepliesTest {
    private static final Map<Integer, Decoder<?>> DECODERS = new HashMap<>();

    static {
        DECODERS.put(Layouts.ERROR, Replies::error);
        DECODERS.put(Layouts.NEW_TRANSACTION, Replies::opened);
        DECODERS.put(Layouts.COMMIT, Replies::committed);
        DECODERS.put(Layouts.ROLLBACK, Replies::claimed);
        DECODERS.put(Layouts.READ, Replies::text);
        DECODERS.put(Layouts.EXISTS, Replies::claimed);
        DECODERS.put(Layouts.STATUS, Replies::text);
        DECODERS.put(Layouts.LIST, Replies::listed);
        DECODERS.put(Layouts.NATIVE, NativeReplies::hello);
        DECODERS.put(Layouts.APPEND, NativeReplies::outcomes);
        DECODERS.put(Layouts.FETCH, NativeReplies::fetched);
        DECODERS.put(Layouts.LANE, NativeReplies::lane);
    }

    @ParameterizedTest
    @MethodSource("vectors")
    void decodesToItsFields(JsonNode vector) {
        Frame frame = cut(vector);
        assertEquals((int) Vectors.number(vector, "uid"), frame.uid);
        if (vector.has("worker")) {
            assertEquals(vector.get("worker").asInt(), frame.worker);
        }
        if (vector.has("more") && !vector.get("reply").asText().equals("list journals")) {
            assertEquals(vector.get("more").asBoolean(), frame.hasMore());
        }
        compare(vector, DECODERS.get(frame.kind).decode(frame));
    }

    /** A body that is cut, or goes on, is none; but what some bodies count, others only hold. */
    @ParameterizedTest
    @MethodSource("vectors")
    void aBodyThatIsCutOrTooLongIsRefused(JsonNode vector) {
        byte[] frame = Vectors.frame(vector);
        byte[] body = Arrays.copyOfRange(frame, Layouts.HEADER_BYTES, frame.length);
        for (int size = 0; size <= body.length + 3; size++) {
            if (size != body.length) {
                assertRefused(vector, Arrays.copyOf(body, size));
            }
        }
    }

    @Test
    void ofRubbishComesNothingButOneException() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 5_000; round++) {
            byte[] body = new byte[random.nextInt(64)];
            random.nextBytes(body);
            // Small numbers come close to what can be.
            for (int at = 0; at < body.length; at++) {
                body[at] = random.nextInt(3) == 0 ? body[at] : (byte) random.nextInt(3);
            }
            ByteOrder order = random.nextBoolean() ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
            for (Map.Entry<Integer, Decoder<?>> each : DECODERS.entrySet()) {
                decodeOrRefuse(each.getValue(), new Frame(each.getKey(), 1, 0, 1, body, order), seed);
            }
        }
    }

    static List<Named<JsonNode>> vectors() throws IOException {
        return Vectors.all("replies");
    }

    private static void decodeOrRefuse(Decoder<?> decoder, Frame frame, long seed) {
        try {
            decoder.decode(frame);
        } catch (ProtocolException refused) {
            return;
        } catch (RuntimeException other) {
            throw new AssertionError("seed " + seed + ", type " + frame.kind, other);
        }
    }

    private static void assertRefused(JsonNode vector, byte[] body) {
        int kind = cut(vector).kind;
        Frame frame = new Frame(kind, 1, 0, 1, body, Vectors.order(vector));
        assertThrows(ProtocolException.class, () -> DECODERS.get(kind).decode(frame), () -> body.length + " bytes");
    }

    private static Frame cut(JsonNode vector) {
        FrameCutter cutter = new FrameCutter();
        cutter.feed(ByteBuffer.wrap(Vectors.hello(vector)));
        cutter.hello();
        cutter.feed(ByteBuffer.wrap(Vectors.frame(vector)));
        return cutter.next();
    }

    private static void compare(JsonNode vector, Object reply) {
        switch (vector.get("reply").asText()) {
            case "error":
                assertEquals(vector.get("code").asInt(), reply);
                return;
            case "new transaction":
                assertEquals(Vectors.number(vector, "size"), ((Opened) reply).size);
                assertEquals((int) Vectors.number(vector, "transaction"), ((Opened) reply).transaction);
                assertEquals(vector.get("worker").asInt(), ((Opened) reply).worker);
                return;
            case "commit":
                assertEquals(vector.get("success").asBoolean(), ((Committed) reply).success);
                assertEquals(Vectors.number(vector, "size"), ((Committed) reply).size);
                return;
            case "rollback":
                assertEquals(vector.get("done").asBoolean(), reply);
                return;
            case "exists":
                assertEquals(vector.get("exists").asBoolean(), reply);
                return;
            case "read":
            case "status":
                assertArrayEquals(Vectors.text(vector, "text"), (byte[]) reply);
                return;
            case "list journals":
                List<String> names = new ArrayList<>();
                vector.get("journals").forEach(each -> names.add(each.asText()));
                assertEquals(names, ((Listed) reply).names);
                assertEquals(vector.get("more").asBoolean(), ((Listed) reply).more);
                return;
            default:
                compareNative(vector, reply);
        }
    }

    private static void compareNative(JsonNode vector, Object reply) {
        switch (vector.get("reply").asText()) {
            case "native":
                NativeHello hello = (NativeHello) reply;
                assertEquals(vector.get("revision").asInt(), hello.revision);
                assertEquals(vector.get("workers").asInt(), hello.workers);
                assertEquals(vector.get("request_bytes_max").asLong(), hello.requestBytesMax);
                assertEquals(Vectors.number(vector, "run"), hello.run);
                return;
            case "append":
                compareOutcomes(vector.get("outcomes"), reply);
                return;
            case "fetch":
                assertEquals(Vectors.number(vector, "start"), ((Fetched) reply).start);
                assertEquals(Vectors.number(vector, "end"), ((Fetched) reply).end);
                assertArrayEquals(Vectors.text(vector, "text"), ((Fetched) reply).text);
                return;
            case "lane":
                assertEquals(vector.get("worker").asInt(), reply);
                return;
            default:
                throw new AssertionError("there is no reply " + vector.get("reply"));
        }
    }

    private static void compareOutcomes(JsonNode wanted, Object reply) {
        List<?> outcomes = (List<?>) reply;
        assertEquals(wanted.size(), outcomes.size());
        for (int number = 0; number < wanted.size(); number++) {
            Outcome outcome = (Outcome) outcomes.get(number);
            assertEquals(wanted.get(number).get("code").asInt(), outcome.code);
            assertEquals(Vectors.number(wanted.get(number), "position"), outcome.position);
            assertEquals(Vectors.number(wanted.get(number), "until"), outcome.until);
            assertArrayEquals(Vectors.text(wanted.get(number), "text"), outcome.text);
        }
    }
}
