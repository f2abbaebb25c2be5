package org.mapfiles.cli.target;

import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** The target process: a PID, or {@code self}, the JVM that runs the command. */
public final class Target {
    private final long pid;

    private Target(long pid) {
        this.pid = pid;
    }

    /** Returns the PID. */
    public long pid() {
        return pid == 0 ? ProcessHandle.current().pid() : pid;
    }

    /** Opens the process. */
    public ProcessMaps open() throws MapsException {
        return pid == 0 ? ProcessMaps.self() : ProcessMaps.of(pid);
    }

    /** Parses the argument. */
    public static final class Converter implements ITypeConverter<Target> {
        @Override
        public Target convert(String text) {
            if (text.equals("self")) {
                return new Target(0);
            }
            int pid = PositiveNumber.parse(text);
            if (pid < 0) {
                throw new TypeConversionException("'" + Arguments.display(text) + "' is neither a PID nor self");
            }
            return new Target(pid);
        }
    }
}
