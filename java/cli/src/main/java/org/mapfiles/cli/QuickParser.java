package org.mapfiles.cli;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.mapfiles.cli.commands.Converters;
import org.mapfiles.cli.output.Terminal;

/**
 * Parses most command lines without picocli, which takes longer to read the annotations of a command than most commands
 * take to run. What is not an ordinary correct command line is left to picocli: help, and all that is wrong or unusual.
 * A test compares {@link CommandEntry} with the annotations.
 */
final class QuickParser {
    private final Object command;
    private final String[] lines;
    private final Set<String> seen = new HashSet<>();
    private int values;

    private QuickParser(CommandEntry entry, Terminal terminal) {
        this.command = entry.command(terminal);
        this.lines = entry.arguments().split("\n");
    }

    /** Returns the command with its options and arguments; null: picocli has to parse the command line. */
    @SuppressWarnings("unchecked") // all commands return their exit code
    static Callable<Integer> parse(String[] arguments, Terminal terminal) {
        CommandEntry entry = arguments.length == 0 ? null : CommandEntry.of(arguments[0]);
        if (entry == null || entry.arguments().isEmpty()) {
            return null;
        }
        QuickParser parser = new QuickParser(entry, terminal);
        try {
            return parser.parse(arguments) ? (Callable<Integer>) parser.command : null;
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("the options of " + entry.name(), e);
        } catch (Exception e) {
            return null; // a value cannot be converted: picocli reports it
        }
    }

    private boolean parse(String[] arguments) throws Exception {
        for (int i = 1; i < arguments.length; i++) {
            String argument = arguments[i];
            if (argument.isEmpty()) {
                return false;
            }
            if (argument.charAt(0) != '-' || argument.equals("-")) {
                if (!addValue(argument)) {
                    return false;
                }
                continue;
            }
            int equals = argument.indexOf('=');
            String[] option = option(equals < 0 ? argument : argument.substring(0, equals));
            if (option == null || !seen.add(option[1])) {
                return false;
            }
            Place place = new Place(command, option[1]);
            if (place.isFlag() && equals < 0) {
                place.setFlag();
            } else if (place.isFlag()) {
                return false;
            } else {
                String value = equals < 0 && i + 1 < arguments.length ? arguments[++i] : argument.substring(equals + 1);
                if (value.isEmpty() || value.charAt(0) == '-' && value.length() > 1) {
                    return false;
                }
                place.set(value, option.length > 2 ? option[2] : null);
            }
        }
        return hasEnough();
    }

    /** Returns the words of the line of an option; null: the command has no such option. */
    private String[] option(String name) {
        for (String line : lines) {
            String[] words = line.split(" ");
            if (words[0].equals(name)) {
                return words;
            }
        }
        return null;
    }

    private static boolean isPositional(String line) {
        return line.charAt(0) != '-';
    }

    /** Sets or adds a value that belongs to no option. Returns false if there are too many. */
    private boolean addValue(String value) throws Exception {
        int index = values++;
        for (String line : lines) {
            String[] words = line.split(" ");
            if (isPositional(line)
                    && index >= Integer.parseInt(words[0])
                    && index - Integer.parseInt(words[0]) < Integer.parseInt(words[2])) {
                new Place(command, words[3]).set(value, words.length > 4 ? words[4] : null);
                return true;
            }
        }
        return false;
    }

    /** Returns whether there are as many values as the positional parameters need. */
    private boolean hasEnough() {
        for (String line : lines) {
            String[] words = line.split(" ");
            if (isPositional(line) && values - Integer.parseInt(words[0]) < Integer.parseInt(words[1])) {
                return false;
            }
        }
        return true;
    }

    /**
     * A field of a command or of one of its mixins. Since JDK 18 the first use of a {@link java.lang.reflect.Field}
     * generates classes, which takes a fifth of a short run (JEP 416).
     */
    private static final class Place {
        private final Object owner;
        private final VarHandle field;

        Place(Object command, String path) throws ReflectiveOperationException {
            int dot = path.indexOf('.');
            owner = dot < 0 ? command : field(command, path.substring(0, dot)).get(command);
            field = field(owner, path.substring(dot + 1));
        }

        private static VarHandle field(Object owner, String name) throws ReflectiveOperationException {
            Class<?> type = owner.getClass();
            return MethodHandles.privateLookupIn(type, MethodHandles.lookup())
                    .unreflectVarHandle(type.getDeclaredField(name));
        }

        boolean isFlag() {
            return field.varType() == boolean.class;
        }

        void setFlag() {
            field.set(owner, true);
        }

        /** @param converter name in {@link Converters}; null: the type needs none */
        @SuppressWarnings("unchecked") // a list of what its converter returns, or of texts
        void set(String text, String converter) throws Exception {
            Object value = converter == null ? ofType(text) : Converters.convert(converter, text);
            if (field.varType() == List.class) {
                Object list = field.get(owner);
                if (list == null) {
                    list = new ArrayList<>();
                    field.set(owner, list);
                }
                ((List<Object>) list).add(value);
            } else {
                field.set(owner, value);
            }
        }

        private Object ofType(String text) {
            Class<?> type = field.varType();
            if (type == Path.class) {
                return Path.of(text);
            }
            if (type.isEnum()) {
                for (Object constant : type.getEnumConstants()) {
                    if (((Enum<?>) constant).name().equals(text)) {
                        return constant;
                    }
                }
                throw new IllegalArgumentException(text);
            }
            return text;
        }
    }
}
