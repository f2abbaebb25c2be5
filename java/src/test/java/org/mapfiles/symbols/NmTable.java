package org.mapfiles.symbols;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The symbols of a file as nm prints them: those of .symtab and of .dynsym. */
final class NmTable {
    private static final Pattern LINE = Pattern.compile("([0-9a-f]{16})(?: ([0-9a-f]{16}))? ([a-zA-Z]) (.+)");
    /** Letters of functions: local, global, weak, IFUNC. */
    private static final String FUNCTIONS = "tTwWi";

    /**
     * A symbol.
     *
     * @param size 0: nm prints none
     */
    record Entry(long address, long size, char letter, String name) {
        boolean isSizedFunction() {
            return size != 0 && FUNCTIONS.indexOf(letter) >= 0;
        }

        boolean covers(long elfAddress) {
            return Long.compareUnsigned(elfAddress - address, size) < 0;
        }
    }

    private final Map<Long, List<Entry>> byAddress = new TreeMap<>(Long::compareUnsigned);
    private final Map<String, List<Entry>> byName = new HashMap<>();

    static NmTable read(Path file) throws IOException, InterruptedException {
        NmTable table = new NmTable();
        for (String options : new String[] {"-S", "-SD"}) {
            for (String line : Tool.run(List.of(), "nm", options, "--defined-only", file.toString())) {
                Matcher match = LINE.matcher(line);
                if (match.matches()) {
                    table.add(new Entry(
                            hex(match.group(1)),
                            match.group(2) == null ? 0 : hex(match.group(2)),
                            match.group(3).charAt(0),
                            withoutVersion(match.group(4))));
                }
            }
        }
        return table;
    }

    private static long hex(String text) {
        return Long.parseUnsignedLong(text, 16);
    }

    static String withoutVersion(String name) {
        int at = name.indexOf('@', 1);
        return at < 0 || name.endsWith("@plt") ? name : name.substring(0, at);
    }

    private void add(Entry entry) {
        byAddress.computeIfAbsent(entry.address, at -> new ArrayList<>(2)).add(entry);
        byName.computeIfAbsent(entry.name, at -> new ArrayList<>(1)).add(entry);
    }

    /** Returns the longest sized function of each address that has one. */
    List<Entry> functions() {
        List<Entry> functions = new ArrayList<>();
        for (List<Entry> entries : byAddress.values()) {
            Entry longest = null;
            for (Entry entry : entries) {
                if (entry.isSizedFunction() && (longest == null || entry.size > longest.size)) {
                    longest = entry;
                }
            }
            if (longest != null) {
                functions.add(longest);
            }
        }
        return functions;
    }

    List<Entry> at(long address) {
        return byAddress.getOrDefault(address, List.of());
    }

    List<Entry> named(String name) {
        return byName.getOrDefault(name, List.of());
    }
}
