package org.mapfiles.cli;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.mapfiles.cli.output.Terminal;
import tools.jackson.core.type.TypeReference;

/** The exit code and the output of one run of the command. */
public record CliResult(int code, String out, String err) {
    public static CliResult with(String... arguments) {
        return reading("", arguments);
    }

    /** Runs the command with an input. */
    public static CliResult reading(String input, String... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = Main.run(arguments, new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)), out, err);
        return new CliResult(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    /** Runs the command on a terminal of some width, without colours. */
    public static CliResult onTerminal(int width, String... arguments) {
        return onTerminal(width, "", List.of(arguments));
    }

    /** Runs the command on a terminal with an input. */
    static CliResult onTerminal(int width, String input, List<String> arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        InputStream in = new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8));
        int code = Main.run(arguments.toArray(String[]::new), new Terminal(in, out, err, width));
        return new CliResult(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    public List<String> lines() {
        return out.lines().toList();
    }

    /** Returns the rows of JSON Lines, each with its fields in order. Fails if a row does not match the schema. */
    public List<Map<String, Object>> rows() {
        return rows(out);
    }

    /** Returns the rows of an output, as {@link #rows()}. Integers are of type Long. */
    public static List<Map<String, Object>> rows(String output) {
        List<Map<String, Object>> rows = new ArrayList<>();
        output.lines()
                .forEach(line -> rows.add(RowSchema.MAPPER.convertValue(
                        RowSchema.check(line), new TypeReference<Map<String, Object>>() {})));
        return rows;
    }
}
