package org.mapfiles.jvm;

import java.lang.management.ManagementFactory;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.management.ObjectName;

/** The methods that the JVM lists as compiled: {@code jcmd PID Compiler.codelist}. */
final class CodeList {
    private static final Pattern LINE = Pattern.compile(
            "\\s*(\\d+)\\s+(\\d)\\s+(-?\\d+)\\s+(\\S+)\\s+\\[0x([0-9a-f]+), 0x([0-9a-f]+) - 0x([0-9a-f]+)\\]");

    /** The state of code that is being installed: it is not reported yet (nmethod::not_installed in nmethod.hpp). */
    private static final String NOT_INSTALLED = "-1";

    /** A compiled method. */
    record MapsLine(int compileId, int tier, String method, long start, long end) {}

    private CodeList() {}

    static Set<MapsLine> read() throws Exception {
        String text = (String) ManagementFactory.getPlatformMBeanServer()
                .invoke(
                        new ObjectName("com.sun.management:type=DiagnosticCommand"),
                        "compilerCodelist",
                        new Object[0],
                        new String[0]);
        Set<MapsLine> lines = new LinkedHashSet<>();
        for (String line : text.split("\n")) {
            if (line.isEmpty()) {
                continue; // an interpreter-only JVM has no compiled method
            }
            Matcher fields = LINE.matcher(line);
            if (!fields.matches()) {
                throw new AssertionError("not understood: " + line);
            }
            if (fields.group(3).equals(NOT_INSTALLED)) {
                continue;
            }
            lines.add(new MapsLine(
                    Integer.parseInt(fields.group(1)),
                    Integer.parseInt(fields.group(2)),
                    fields.group(4),
                    Long.parseUnsignedLong(fields.group(6), 16),
                    Long.parseUnsignedLong(fields.group(7), 16)));
        }
        return lines;
    }
}
