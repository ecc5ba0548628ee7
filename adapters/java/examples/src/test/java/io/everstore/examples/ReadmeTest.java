package io.everstore.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.everstore.client.stage.Stage;
import java.io.IOException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The code of the README compiles and runs: the quick start as the file that it is, and what follows as one program. */
class ReadmeTest {
    private static final Pattern CODE = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
    private static final List<String> IMPORTS = Arrays.asList(
            "io.everstore.client.*",
            "io.everstore.jackson.*",
            "io.everstore.repository.*",
            "java.nio.file.*",
            "java.util.*",
            "java.util.concurrent.*");

    @TempDir
    Path folder;

    @Test
    void itsCodeRuns() throws Exception {
        try (Stage stage = new Stage()) {
            String place = "127.0.0.1:" + stage.start(2);
            List<String> blocks = blocks(place);
            write("QuickStart", blocks.get(0));
            write("Rest", program(blocks.subList(1, blocks.size())));
            compile();
            try (URLClassLoader loader = new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
                assertEquals(Arrays.asList("3 events"), Output.of(() -> main(loader, "QuickStart")));
                List<String> printed = Output.of(() -> main(loader, "Rest"));
                assertTrue(printed.contains("Pär A."), printed::toString);
            }
        }
    }

    /** Each exception that a caller can see is told of, with whether anything was written. */
    @Test
    void everyExceptionIsInItsTable() throws IOException {
        Path exceptions = Stage.repository()
                .resolve("adapters/java/everstore-client/src/main/java/io/everstore/client/exception");
        List<String> names;
        try (Stream<Path> files = Files.list(exceptions)) {
            names = files.map(each -> each.getFileName().toString().replace(".java", ""))
                    .filter(each -> each.endsWith("Exception") && !each.equals("NoLaneException"))
                    .collect(Collectors.toList());
        }
        String text = readme();
        assertTrue(names.size() > 20, names::toString);
        names.forEach(name -> assertTrue(text.contains("`" + name), name));
    }

    private static String readme() throws IOException {
        return new String(
                Files.readAllBytes(Stage.repository().resolve("adapters/java/README.md")), StandardCharsets.UTF_8);
    }

    private static List<String> blocks(String place) throws IOException {
        List<String> blocks = new ArrayList<>();
        for (Matcher block = CODE.matcher(readme()); block.find(); ) {
            blocks.add(block.group(1).replace("localhost:6929", place));
        }
        return blocks;
    }

    private static String program(List<String> blocks) {
        String imports = IMPORTS.stream().map(each -> "import " + each + ";\n").collect(Collectors.joining());
        return imports + "public class Rest { public static void main(String[] arguments) throws Exception {\n"
                + String.join("\n", blocks) + "}}";
    }

    private void write(String name, String source) throws IOException {
        Files.write(folder.resolve(name + ".java"), source.getBytes(StandardCharsets.UTF_8));
    }

    private void compile() {
        Path classes = Paths.get(folder.toString());
        int errors = ToolProvider.getSystemJavaCompiler()
                .run(null, null, null, "-encoding", "UTF-8", "-d", classes.toString(),
                        "-cp", System.getProperty("java.class.path"),
                        folder.resolve("QuickStart.java").toString(), folder.resolve("Rest.java").toString());
        assertEquals(0, errors);
    }

    private static void main(ClassLoader loader, String name) throws Exception {
        Method main = loader.loadClass(name).getMethod("main", String[].class);
        main.invoke(null, (Object) new String[0]);
    }
}
