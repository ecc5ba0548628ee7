package io.everstore.client.wire;

import com.fasterxml.jackson.databind.JsonNode;
import io.everstore.client.stage.Stage;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Named;

/** The vectors of the contract. */
final class Vectors {
    private Vectors() {}

    /** Those of both protocols: {@code requests} or {@code replies}. */
    static List<Named<JsonNode>> all(String kind) throws IOException {
        List<Named<JsonNode>> all = new ArrayList<>();
        for (String file : new String[] {"version1.json", "native.json"}) {
            JsonNode vectors = Stage.JSON.readTree(Files.readAllBytes(Stage.contract().resolve(file)));
            vectors.get(kind).forEach(each -> all.add(Named.of(file + ": " + each.get("name").asText(), each)));
        }
        return all;
    }

    static byte[] frame(JsonNode vector) {
        return hex(vector.get("frame").asText().replace(" ", ""));
    }

    static byte[] hex(String digits) {
        byte[] bytes = new byte[digits.length() / 2];
        for (int at = 0; at < bytes.length; at++) {
            bytes[at] = (byte) Integer.parseInt(digits.substring(2 * at, 2 * at + 2), 16);
        }
        return bytes;
    }

    static boolean isBig(JsonNode vector) {
        return vector.path("order").asText().equals("big");
    }

    static ByteOrder order(JsonNode vector) {
        return isBig(vector) ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
    }

    static byte[] hello(JsonNode vector) {
        return new byte[] {(byte) (isBig(vector) ? 1 : 0), 1, 1};
    }

    static byte[] text(JsonNode vector, String field) {
        return vector.get(field).asText().getBytes(StandardCharsets.UTF_8);
    }

    static byte[] joined(JsonNode list, String separator) {
        List<String> strings = new ArrayList<>();
        list.forEach(each -> strings.add(each.asText()));
        return String.join(separator, strings).getBytes(StandardCharsets.UTF_8);
    }

    /** Numbers of 64 bits are unsigned. */
    static long number(JsonNode vector, String field) {
        return vector.get(field).bigIntegerValue().longValue();
    }
}
