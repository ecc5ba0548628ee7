package io.everstore.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.everstore.client.stage.Stage;
import io.everstore.examples.users.Users;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each example runs, and does what it says. */
class ExamplesTest {
    @TempDir
    Path folder;

    private static Stage stage;
    private static int port;

    @BeforeAll
    static void open() {
        stage = new Stage();
        port = stage.start(2);
    }

    @AfterAll
    static void close() {
        stage.close();
    }

    @Test
    void ofTwoCompetingTransactionsOneIsWritten() throws Exception {
        List<String> lines = Output.of(() -> CompetingTransactions.main(new String[] {url()}));
        List<String> outcomes = lines.subList(0, 2).stream()
                .map(line -> line.split(": ")[1])
                .sorted()
                .collect(Collectors.toList());
        assertEquals(Arrays.asList("conflict, of [UserCreated]", "written"), outcomes);
        assertEquals(3, lines.size(), lines::toString);
    }

    @Test
    void usersAreFoldedAndTheirSnapshotsKept() throws Exception {
        String[] arguments = {url(), folder.toString()};
        List<String> wanted =
                Arrays.asList("created: Per Andersson, born 1982-05-01", "renamed: John Doe, born 1982-05-01");
        assertEquals(wanted, Output.of(() -> Users.main(arguments)));
        assertEquals(1, snapshots());
        assertEquals("created: John Doe, born 1982-05-01", Output.of(() -> Users.main(arguments)).get(0), "it was there already");
    }

    @Test
    void theRateIsOneLineOfJson() throws Exception {
        List<String> lines = Output.of(() -> AppendRate.main(new String[] {"127.0.0.1", "" + port, "2000", "64", "100"}));
        JsonNode told = Stage.JSON.readTree(String.join("\n", lines));
        assertEquals(2000, told.get("transactions").asInt());
        assertEquals(0, told.get("errors").asInt());
        assertTrue(told.get("seconds").asDouble() > 0);
    }

    private long snapshots() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.count();
        }
    }

    private static String url() {
        return "everstore://admin:passwd@127.0.0.1:" + port;
    }
}
