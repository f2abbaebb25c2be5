package org.mapfiles.cli.commands;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import org.mapfiles.cli.target.Arguments;
import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Messages about a wrong command line. */
public final class UsageMessage {
    /** How picocli's help command begins its message. */
    private static final String UNKNOWN_SUBCOMMAND = "Unknown subcommand '";

    private static final String INVALID_PARAMETER =
            "^Invalid value for positional parameter at index [\\d.*]+ \\(.*?\\): ";
    private static final String INVALID_OPTION = "^Invalid value for option '(.*?)'( \\(.*?\\))?: ";
    private static final String INVALID_CONSTANT = "expected one of \\[(.*?)\\] \\(case-sensitive\\) but was ('.*')$";
    /** Number of letters in which a similar name may differ. */
    private static final int MAX_DISTANCE = 2;

    private UsageMessage() {}

    /** Returns what is wrong with the command line, and the remedy if there is one, as the beginning of a sentence. */
    public static String of(ParameterException e) {
        CommandLine command = e.getCommandLine();
        if (e instanceof UnmatchedArgumentException) {
            return unmatched(
                    command, ((UnmatchedArgumentException) e).getUnmatched().get(0));
        }
        if (e instanceof MissingParameterException) {
            List<String> unmatched = command.getUnmatchedArguments();
            return unmatched.isEmpty()
                    ? missing(((MissingParameterException) e).getMissing())
                    : unmatched(command, unmatched.get(0));
        }
        String message = e.getMessage() == null ? "wrong usage" : e.getMessage().replaceFirst("\\.$", "");
        return message.startsWith(UNKNOWN_SUBCOMMAND)
                ? unknownCommand(
                        command, message.substring(UNKNOWN_SUBCOMMAND.length()).replaceFirst("'$", ""))
                : message.replaceFirst(INVALID_PARAMETER, "")
                        .replaceFirst(INVALID_OPTION, "$1: ")
                        .replaceFirst(INVALID_CONSTANT, "$2 is none of $1");
    }

    private static String unmatched(CommandLine command, String argument) {
        String quoted = "'" + Arguments.display(argument) + "'";
        if (argument.startsWith("-")) {
            boolean takesName = command.getCommandSpec().positionalParameters().stream()
                    .anyMatch(each -> each.paramLabel().contains("NAME"));
            return "unknown option " + quoted + similarOption(command, argument)
                    + (takesName ? "; put -- before a name that begins with -" : "");
        }
        return command.getSubcommands().isEmpty()
                ? "one argument too many: " + quoted
                : unknownCommand(command, argument);
    }

    private static String unknownCommand(CommandLine command, String name) {
        CommandLine root = command.getSubcommands().isEmpty() ? command.getParent() : command;
        return "unknown command '" + Arguments.display(name) + "'"
                + similar(root.getSubcommands().keySet(), name, name.length());
    }

    /** Returns the long option with the most similar name, as the end of a sentence; empty if none is similar. */
    private static String similarOption(CommandLine command, String argument) {
        String name = argument.replaceFirst("=.*$", "");
        return name.startsWith("--") ? similar(longOptions(command), name, name.length() - 2) : "";
    }

    private static List<String> longOptions(CommandLine command) {
        return command.getCommandSpec().optionsMap().keySet().stream()
                .filter(each -> each.startsWith("--"))
                .toList();
    }

    /**
     * Returns the most similar of several names, as the end of a sentence; empty if none is similar.
     *
     * @param letters of the name, of which at most half may differ
     */
    private static String similar(Collection<String> names, String name, int letters) {
        return names.stream()
                .min(Comparator.comparingInt(each -> distance(each, name)))
                .filter(each -> distance(each, name) <= Math.min(MAX_DISTANCE, letters / 2))
                .map(each -> ", did you mean " + each)
                .orElse("");
    }

    /** Returns how many letters have to be inserted, removed or replaced to make one name of another (Levenshtein). */
    private static int distance(String one, String other) {
        int[] previous = new int[other.length() + 1];
        for (int k = 0; k <= other.length(); k++) {
            previous[k] = k;
        }
        for (int i = 1; i <= one.length(); i++) {
            int[] current = new int[other.length() + 1];
            current[0] = i;
            for (int k = 1; k <= other.length(); k++) {
                int replaced = previous[k - 1] + (one.charAt(i - 1) == other.charAt(k - 1) ? 0 : 1);
                current[k] = Math.min(replaced, 1 + Math.min(previous[k], current[k - 1]));
            }
            previous = current;
        }
        return previous[other.length()];
    }

    private static String missing(List<ArgSpec> arguments) {
        if (arguments.size() == 1 && arguments.get(0).arity().min() > 1) {
            return "at least " + arguments.get(0).arity().min() + " arguments "
                    + arguments.get(0).paramLabel() + " are needed";
        }
        return arguments.stream().map(UsageMessage::name).collect(Collectors.joining(" and "))
                + (arguments.size() == 1 ? " is" : " are") + " missing";
    }

    private static String name(ArgSpec argument) {
        return argument.isOption()
                ? ((OptionSpec) argument).longestName() + " " + argument.paramLabel()
                : argument.paramLabel();
    }
}
