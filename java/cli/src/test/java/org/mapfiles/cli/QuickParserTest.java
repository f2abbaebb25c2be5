package org.mapfiles.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mapfiles.cli.output.Terminal;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;

/** The parser of ordinary command lines sets what picocli sets, and leaves all other command lines to it. */
class QuickParserTest {
    private static Terminal terminal() {
        return new Terminal(
                InputStream.nullInputStream(), OutputStream.nullOutputStream(), OutputStream.nullOutputStream(), false);
    }

    private static String converter(ArgSpec argument) {
        return argument.converters().length == 0
                ? ""
                : " " + argument.converters()[0].getClass().getSimpleName();
    }

    /** Returns the path of the annotated field from the command on. */
    private static String field(ArgSpec argument, Object command) {
        Field field = (Field) argument.userObject();
        if (field.getDeclaringClass() == command.getClass()) {
            return field.getName();
        }
        List<String> mixins = new ArrayList<>();
        for (Field each : command.getClass().getDeclaredFields()) {
            if (each.isAnnotationPresent(Mixin.class) && each.getType() == field.getDeclaringClass()) {
                mixins.add(each.getName());
            }
        }
        assertThat(mixins).as("%s", field).hasSize(1);
        return mixins.get(0) + "." + field.getName();
    }

    @Test
    void eachCommandHasItsOptionsAndParameters() {
        for (Map.Entry<String, CommandLine> each :
                RootCommand.commandLine(terminal()).getSubcommands().entrySet()) {
            CommandEntry entry = CommandEntry.of(each.getKey());
            if (entry == null || entry.arguments().isEmpty()) {
                assertThat(each.getKey()).isIn("help", "generate-completion", "html");
                continue;
            }
            CommandSpec spec = each.getValue().getCommandSpec();
            List<String> expected = new ArrayList<>();
            spec.options().stream()
                    .filter(option -> !option.usageHelp() && !option.versionHelp())
                    .forEach(option -> {
                        assertThat(option.required()).as(option.longestName()).isFalse();
                        for (String name : option.names()) {
                            expected.add(name + " " + field(option, spec.userObject()) + converter(option));
                        }
                    });
            spec.positionalParameters()
                    .forEach(parameter -> expected.add(parameter.index().min() + " "
                            + parameter.arity().min() + " " + parameter.arity().max() + " "
                            + field(parameter, spec.userObject()) + converter(parameter)));
            assertThat(entry.arguments().split("\n")).as(each.getKey()).containsExactlyInAnyOrderElementsOf(expected);
        }
    }

    /** Returns what is set in a command and its mixins. */
    private static Map<String, Object> fields(Object owner) throws Exception {
        Map<String, Object> values = new TreeMap<>();
        for (Field field : owner.getClass().getDeclaredFields()) {
            if (Modifier.isStatic(field.getModifiers()) || field.getType() == Terminal.class) {
                continue;
            }
            field.setAccessible(true);
            Object value = field.get(owner);
            if (field.isAnnotationPresent(Mixin.class)) {
                fields(value).forEach((name, each) -> values.put(field.getName() + "." + name, each));
            } else if (value == null
                    || value instanceof Boolean
                    || value instanceof Number
                    || value instanceof String
                    || value instanceof Enum
                    || value instanceof Path) {
                values.put(field.getName(), value);
            } else {
                values.put(field.getName(), value instanceof List ? value.toString() : shape(value));
            }
        }
        return values;
    }

    /** Values of other types are compared by their fields. */
    private static Object shape(Object value) throws Exception {
        if (value.getClass().getName().startsWith("java.")) {
            return value.toString();
        }
        Map<String, String> values = new TreeMap<>();
        for (Field field : value.getClass().getDeclaredFields()) {
            if (!Modifier.isStatic(field.getModifiers())) {
                field.setAccessible(true);
                values.put(field.getName(), String.valueOf(field.get(value)));
            }
        }
        return values;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "maps self",
                "maps self 1 --wide --json",
                "maps --all --exec --files",
                "maps --file=*.so self --kind file,heap --perms rw",
                "maps --file a=b self",
                "maps self --sort rss --top 5 --pss --rss --elf --deleted",
                "resolve self -",
                "resolve self 7f00 0x7f01 libjvm.so+0x12 --jvm --returns-to",
                "resolve --from file 1 2 --lines --json --no-demangle",
                "count --by dir self --top=3",
                "files self --mappings --rss",
                "cat self [heap]",
                "cat --output file --force self name --unverified",
                "shared self 1 --private --exec",
                "watch self --interval 50 --duration=3 --poll --each --initial",
                "watch self",
                "jvm self --region gc,java_heap --all-parts --attach --sort path",
                "crash file --json",
                "stale --all --verbose",
                "save self",
                "diff one self --mappings",
                "doctor --json",
                "doctor"
            })
    void setsWhatPicocliSets(String line) throws Exception {
        String[] arguments = line.split(" ");
        Object quick = QuickParser.parse(arguments, terminal());
        assertThat(quick).isNotNull();
        CommandLine picocli = RootCommand.commandLine(terminal());
        CommandLine.ParseResult parsed = picocli.parseArgs(arguments);
        assertThat(parsed.subcommand().unmatched()).isEmpty();
        Map<String, Object> expected = fields(parsed.subcommand().commandSpec().userObject());
        assertThat(fields(quick)).containsExactlyInAnyOrderEntriesOf(expected);
        assertThat(new TreeSet<>(expected.keySet())).isNotEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "--help",
                "help maps",
                "generate-completion",
                "mapss self",
                "maps self --help",
                "maps self -h",
                "maps self --version",
                "maps self --frog",
                "maps self --js",
                "maps self --json --json",
                "maps self --json=true",
                "maps self --top",
                "maps self --top x",
                "maps self --top 0",
                "maps self --sort size --sort path",
                "maps self --sort none",
                "maps self --kind none",
                "maps self --file --json",
                "maps self --file=",
                "maps -- self",
                "cat self",
                "cat self a b",
                "cat self -- -a",
                "shared self",
                "diff a",
                "save self junk",
                "html self -o -"
            })
    void leavesAllElseToPicocli(String line) {
        assertThat(QuickParser.parse(line.isEmpty() ? new String[0] : line.split(" "), terminal()))
                .isNull();
        assertThat(QuickParser.parse(new String[] {"maps", ""}, terminal())).isNull();
        assertThat(QuickParser.parse(new String[] {"maps", "self", "--top order.top", "5"}, terminal()))
                .as("a name that goes on after the name of an option")
                .isNull();
    }
}
