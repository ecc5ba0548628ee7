package io.everstore.client.contract;

import com.fasterxml.jackson.databind.JsonNode;
import io.everstore.client.stage.Stage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every scenario of the contract, for each protocol that it names, with one worker and with five. */
class ScenariosTest {
    private static final int AT_ONCE = 2;
    private static final BlockingQueue<Stage> STAGES = new ArrayBlockingQueue<>(AT_ONCE);
    /** A worker that is killed all along has little time to serve in: nobody else shall take it. */
    private static final Semaphore MACHINE = new Semaphore(AT_ONCE, true);

    @BeforeAll
    static void open() {
        for (int count = 0; count < AT_ONCE; count++) {
            STAGES.add(new Stage());
        }
    }

    @AfterAll
    static void close() {
        STAGES.forEach(Stage::close);
    }

    @ParameterizedTest(name = "{0}, {1}, {2} workers")
    @MethodSource("cases")
    @Execution(ExecutionMode.CONCURRENT)
    void scenario(String name, String protocol, int workers) throws Exception {
        JsonNode scenario = read(Stage.contract().resolve("scenarios").resolve(name + ".json"));
        int share = scenario.has("killing") ? AT_ONCE : 1;
        MACHINE.acquire(share);
        Stage stage = STAGES.take();
        try {
            play(stage, scenario, protocol, workers);
        } finally {
            STAGES.add(stage);
            MACHINE.release(share);
        }
    }

    private static void play(Stage stage, JsonNode scenario, String protocol, int workers) {
        int port = stage.start(workers, protocol, options -> {
            for (String option : new String[] {"killing", "cutting"}) {
                if (scenario.has(option)) {
                    options.set(option, scenario.get(option));
                }
            }
        });
        try (Scenario played = new Scenario(scenario, stage, port)) {
            played.play();
        }
    }

    static List<Arguments> cases() throws IOException {
        List<Arguments> cases = new ArrayList<>();
        for (Path path : paths()) {
            String name = path.getFileName().toString().replace(".json", "");
            for (String protocol : protocols(read(path))) {
                cases.add(Arguments.of(name, protocol, 1));
                cases.add(Arguments.of(name, protocol, 5));
            }
        }
        return cases;
    }

    private static List<Path> paths() throws IOException {
        try (Stream<Path> files = Files.list(Stage.contract().resolve("scenarios"))) {
            return files.sorted().collect(Collectors.toList());
        }
    }

    private static List<String> protocols(JsonNode scenario) {
        if (!scenario.has("protocols")) {
            return Collections.singletonList("native");
        }
        List<String> protocols = new ArrayList<>();
        scenario.get("protocols").forEach(each -> protocols.add(each.asText()));
        return protocols;
    }

    private static JsonNode read(Path path) throws IOException {
        return Stage.JSON.readTree(Files.readAllBytes(path));
    }
}
