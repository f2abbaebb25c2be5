package org.mapfiles.cli.lines;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.mapfiles.cli.programs.InstalledProgram;

/**
 * An installed program that finds source lines. It reads DWARF in a process of its own, so a malformed file cannot end
 * this one.
 *
 * @param kind decides the options
 * @param program its absolute path
 */
record Symbolizer(Kind kind, Path program) {
    /** The programs that are used, in the order of preference: the fastest first. */
    enum Kind {
        LLVM("llvm-symbolizer", "llvm"),
        ELFUTILS("eu-addr2line", "elfutils"),
        BINUTILS("addr2line", "binutils");

        final String program;
        final String debianPackage;

        Kind(String program, String debianPackage) {
            this.program = program;
            this.debianPackage = debianPackage;
        }
    }

    /**
     * Maximum of address space in KiB: 8 GiB. A malformed file can make the program allocate any amount. The programs
     * map the file, and decompress sections of it; for files of 100 MB they take less than 1 GB.
     */
    private static final int MAX_MEMORY = 8 << 20;

    /** A malformed file may crash the program. The file is opened before the program may have fewer rights. */
    private static final String LIMITED = "ulimit -c 0; ulimit -v " + MAX_MEMORY + "; exec \"$@\" 3<\"$0\"";

    private static final String OPENED = "/proc/self/fd/3";

    /** System property: the directories that are searched in place of PATH. */
    static final String PATH_PROPERTY = "mapfiles.symbolizer-path";

    /** Returns the first program that is installed. */
    static Optional<Symbolizer> installed() {
        return in(System.getProperty(PATH_PROPERTY, System.getenv("PATH")));
    }

    static Optional<Symbolizer> in(String path) {
        for (Kind kind : Kind.values()) {
            Optional<Path> program = InstalledProgram.find(kind.program, path);
            if (program.isPresent()) {
                return Optional.of(new Symbolizer(kind, program.get()));
            }
        }
        return Optional.empty();
    }

    /**
     * Returns the command that reads addresses from its input.
     *
     * @param rights a command that runs another one with the rights of a user; empty: with those of this process
     */
    List<String> command(Path file, List<String> rights) {
        List<String> command = new ArrayList<>(List.of("/bin/sh", "-c", LIMITED, file.toString()));
        command.addAll(rights);
        command.add(program.toString());
        switch (kind) {
            case LLVM:
                command.addAll(List.of("--obj=" + OPENED, "--addresses", "--functions=linkage", "--inlines"));
                command.addAll(List.of("--no-demangle", "--output-style=LLVM"));
                break;
            default:
                command.addAll(List.of("-e", OPENED, "-a", "-f", "-i"));
                break;
        }
        return command;
    }
}
