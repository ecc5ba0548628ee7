package io.everstore.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.everstore.client.stage.Stage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A package knows only those below it: what is pure stays so, and nothing but the I/O thread's part knows sockets. */
class LayersTest {
    private static final Pattern IMPORT = Pattern.compile("import (?:static )?([\\w.]+);");
    private static final String SOURCES = "adapters/java/everstore-client/src/main/java/io/everstore/client";

    @ParameterizedTest
    @CsvSource({
        "wire, Limits|exception[.].*",
        "conversation, Limits|exception[.].*|wire[.].*",
        "transport, exception[.].*",
        "nio, Limits|ClientConfig|exception[.].*|wire[.].*|conversation[.].*|transport[.].*",
        "operations, Limits|exception[.].*|wire[.].*|conversation[.].*|nio[.].*",
    })
    void aPackageKnowsOnlyThoseBelowIt(String name, String below) throws IOException {
        Pattern allowed = Pattern.compile("io[.]everstore[.]client[.](" + below + "|" + name + "[.].*)");
        List<String> others = imports(name).stream()
                .filter(each -> each.startsWith("io.everstore") && !allowed.matcher(each).matches())
                .collect(Collectors.toList());
        assertEquals(Collections.emptyList(), others);
    }

    @ParameterizedTest
    @CsvSource({"wire", "conversation"})
    void whatIsPureKnowsNoSocketAndNoThread(String name) throws IOException {
        List<String> impure = imports(name).stream()
                .filter(each -> each.matches("java[.](net|nio[.]channels|nio[.]file|util[.]concurrent[.]atomic)[.].*"))
                .collect(Collectors.toList());
        assertEquals(Collections.emptyList(), impure);
    }

    private static List<String> imports(String name) throws IOException {
        try (Stream<Path> files = Files.list(Stage.repository().resolve(SOURCES).resolve(name))) {
            List<String> found = files.flatMap(LayersTest::imports).collect(Collectors.toList());
            assertFalse(found.isEmpty());
            return found;
        }
    }

    private static Stream<String> imports(Path file) {
        try {
            Stream.Builder<String> found = Stream.builder();
            for (String line : Files.readAllLines(file)) {
                Matcher matcher = IMPORT.matcher(line);
                if (matcher.matches()) {
                    found.add(matcher.group(1));
                }
            }
            return found.build();
        } catch (IOException error) {
            throw new AssertionError(error);
        }
    }
}
