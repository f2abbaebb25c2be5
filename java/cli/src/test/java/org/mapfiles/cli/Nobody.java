package org.mapfiles.cli;

import java.util.ArrayList;
import java.util.List;

/** Commands of setpriv(1) that run a program as the user nobody. */
public final class Nobody {
    /** Without any permission of root. */
    public static final List<String> WITHOUT_CAPABILITIES =
            List.of("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups");

    /** May also read all files: the class path may be below a home directory. */
    public static final List<String> READING_FILES =
            with("--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search");

    private Nobody() {}

    private static List<String> with(String... options) {
        List<String> command = new ArrayList<>(WITHOUT_CAPABILITIES);
        command.addAll(List.of(options));
        return List.copyOf(command);
    }
}
