package io.everstore.examples;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.List;

/** What a program prints. */
final class Output {
    interface Program {
        void run() throws Exception;
    }

    private Output() {}

    static List<String> of(Program program) throws Exception {
        PrintStream before = System.out;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        System.setOut(new PrintStream(bytes, true, "UTF-8"));
        try {
            program.run();
        } finally {
            System.setOut(before);
        }
        return Arrays.asList(bytes.toString("UTF-8").split(System.lineSeparator()));
    }
}
