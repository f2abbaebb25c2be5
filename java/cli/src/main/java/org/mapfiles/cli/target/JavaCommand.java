package org.mapfiles.cli.target;

import java.util.Arrays;
import java.util.List;
import java.util.Set;

/** The command line of the launcher java(1). */
final class JavaCommand {
    /** Options whose value is the next argument: java(1), and IsWhiteSpaceOption() of the JDK's java.c. */
    private static final Set<String> WITH_VALUE = Set.of(
            "-cp",
            "-classpath",
            "--class-path",
            "-p",
            "--module-path",
            "--upgrade-module-path",
            "--add-modules",
            "--limit-modules",
            "--add-exports",
            "--add-reads",
            "--add-opens",
            "--patch-module",
            "--enable-native-access",
            "--illegal-native-access",
            "--enable-final-field-mutation",
            "--illegal-final-field-mutation",
            "--sun-misc-unsafe-memory-access",
            "--finalization",
            "--source");

    private JavaCommand() {}

    /** Returns whether a command line is that of java(1). */
    static boolean isJava(List<String> words) {
        return !words.isEmpty()
                && words.get(0).substring(words.get(0).lastIndexOf('/') + 1).equals("java");
    }

    /**
     * Returns the main class, {@code MODULE/CLASS}, or the path of the jar, as jcmd lists JVMs; null if the command
     * line does not have it: an argument file, {@code @FILE}, may contain it.
     */
    static String main(List<String> words) {
        for (int i = 1; i < words.size(); i++) {
            String word = words.get(i);
            if (word.equals("-jar") || word.equals("-m") || word.equals("--module")) {
                return i + 1 < words.size() && !words.get(i + 1).startsWith("@") ? words.get(i + 1) : null;
            }
            if (word.startsWith("--module=")) {
                return word.substring("--module=".length());
            }
            if (word.startsWith("@")) {
                return null;
            }
            if (!word.startsWith("-")) {
                return word;
            }
            i += WITH_VALUE.contains(word) ? 1 : 0;
        }
        return null;
    }

    /** Splits the text of /proc/PID/cmdline at its NUL bytes. */
    static List<String> words(byte[] commandLine) {
        int end = commandLine.length;
        while (end > 0 && commandLine[end - 1] == 0) {
            end--;
        }
        return Arrays.asList(Arguments.string(Arrays.copyOf(commandLine, end)).split("\0", -1));
    }

    /** Returns whether a name is that of a main class or a jar: the whole name, or its last part. */
    static boolean isNamed(String main, String name) {
        if (main.equals(name)) {
            return true;
        }
        String file = main.substring(main.lastIndexOf('/') + 1);
        return file.equals(name) || file.equals(name + ".jar") || !file.endsWith(".jar") && file.endsWith("." + name);
    }
}
