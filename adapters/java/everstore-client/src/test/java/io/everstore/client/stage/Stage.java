package io.everstore.client.stage;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.function.Consumer;

/** The stage of the contract, as a process: real servers that start, die and lose answers on command. */
public final class Stage implements AutoCloseable {
    public static final ObjectMapper JSON = new ObjectMapper();

    private final Process process;
    private final Writer input;
    private final BufferedReader output;

    public Stage() {
        Path script = contract().resolve("stage.py");
        File log = Paths.get("target/stage.log").toFile();
        try {
            process = new ProcessBuilder(python(), script.toString())
                    .redirectError(ProcessBuilder.Redirect.appendTo(log))
                    .start();
        } catch (IOException error) {
            throw new UncheckedIOException("the stage cannot be started", error);
        }
        input = new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8);
        output = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    /** The repository's root: Maven runs a module's tests in the module's folder. */
    public static Path repository() {
        Path folder = Paths.get("").toAbsolutePath();
        while (!Files.exists(folder.resolve("adapters/contract"))) {
            folder = folder.getParent();
        }
        return folder;
    }

    public static Path contract() {
        return repository().resolve("adapters/contract");
    }

    /** Starts a server of its own journals, in place of the one before; returns its port. */
    public int start(int workers) {
        return start(workers, "native", options -> {});
    }

    /** The same, with what a scenario says besides. */
    public int start(int workers, String protocol, Consumer<ObjectNode> options) {
        ObjectNode command = JSON.createObjectNode();
        command.put("do", "start").put("workers", workers).put("protocol", protocol);
        options.accept(command);
        return tell(command).get("port").asInt();
    }

    /** A command without fields. */
    public JsonNode tell(String command) {
        return tell(JSON.createObjectNode().put("do", command));
    }

    public synchronized JsonNode tell(JsonNode command) {
        try {
            input.write(command + "\n");
            input.flush();
            String line = output.readLine();
            if (line == null) {
                throw new AssertionError("the stage has ended");
            }
            JsonNode answer = JSON.readTree(line);
            if (answer.has("error")) {
                throw new AssertionError("the stage could not " + command + ": " + answer.get("error").asText());
            }
            return answer;
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    @Override
    public void close() {
        try {
            input.close();
            int code = process.waitFor();
            if (code != 0) {
                throw new AssertionError("the stage ended with " + code);
            }
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        } catch (InterruptedException interruption) {
            Thread.currentThread().interrupt();
        }
    }

    private static String python() {
        String given = System.getenv("EVERSTORE_PYTHON");
        return given != null ? given : repository().resolve(".venv/bin/python").toString();
    }
}
