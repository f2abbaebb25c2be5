package org.mapfiles.cli.target;

import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** The process a command is about: a pid, or {@code self}, the JVM that runs the command. */
public final class Target {
    private final long pid;

    private Target(long pid) {
        this.pid = pid;
    }

    public ProcessMaps open() throws MapsException {
        return pid == 0 ? ProcessMaps.self() : ProcessMaps.of(pid);
    }

    /** From the command line. */
    public static final class Converter implements ITypeConverter<Target> {
        @Override
        public Target convert(String text) {
            if (text.equals("self")) {
                return new Target(0);
            }
            try {
                int pid = Integer.parseInt(text);
                if (pid > 0) {
                    return new Target(pid);
                }
            } catch (NumberFormatException notANumber) {
                // said below, as for a number that is no pid
            }
            throw new TypeConversionException("'" + text + "' is neither a process id nor self");
        }
    }
}
