package org.mapfiles.cli.lines;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.mapfiles.symbols.ElfFile;
import org.mapfiles.symbols.LineFile;

/**
 * Finds source lines and inlined functions with an installed symbolizer, of which one process runs for each file.
 * Without one, a message names the packages.
 *
 * <p>The symbolizer opens the file, or its debug file, by a descriptor of this process: no name of a file that the
 * target chose is in its arguments.
 */
public final class SourceLines {
    /** Maximum of files for which the symbolizer fails: each one may take the time that it has at most. */
    static final int MAX_FAILED = 8;

    private final Consumer<String> messages;
    private final Optional<Symbolizer> symbolizer = Symbolizer.installed();
    private final Set<ElfFile> failed = Collections.newSetFromMap(new IdentityHashMap<>());
    private boolean isReported;

    /** @param messages receives each problem, as one line */
    public SourceLines(Consumer<String> messages) {
        this.messages = messages;
    }

    /** Returns the names of the symbolizers, of which the first one that is installed is used. */
    public static List<String> programs() {
        return Stream.of(Symbolizer.Kind.values()).map(kind -> kind.program).toList();
    }

    /**
     * Returns whether the function that is not inlined has the name of a symbol that may be a label in it:
     * llvm-symbolizer prefers names of the symbol table to those of the debug information, and takes the symbol that
     * begins last.
     */
    public boolean mayNameLabels() {
        return symbolizer.isPresent() && symbolizer.get().kind() == Symbolizer.Kind.LLVM;
    }

    /**
     * Reads the frames at ELF addresses of a file, innermost first.
     *
     * @param name of the file, as text output shows it
     * @return the addresses with a known source line
     */
    public Map<Long, List<SourceFrame>> read(ElfFile file, String name, SortedSet<Long> elfAddresses)
            throws IOException {
        if (symbolizer.isEmpty()) {
            if (!isReported) {
                messages.accept("source lines need a symbolizer: apt-get install llvm, or elfutils, or binutils");
            }
            isReported = true;
            return Map.of();
        }
        if (elfAddresses.isEmpty() || failed.contains(file) || failed.size() >= MAX_FAILED) {
            return Map.of();
        }
        Optional<LineFile> opened;
        try {
            opened = file.openLineFile();
        } catch (UncheckedIOException e) {
            messages.accept("source lines are missing for " + name + ": " + e.getMessage());
            return Map.of();
        }
        if (opened.isEmpty()) {
            return Map.of();
        }
        long[] addresses = elfAddresses.stream().mapToLong(Long::longValue).toArray();
        SymbolizerRun run = new SymbolizerRun(symbolizer.get(), addresses);
        List<List<SourceFrame>> frames;
        try (LineFile lineFile = opened.get()) {
            Optional<List<String>> rights = FileRights.of(lineFile.path());
            if (rights.isEmpty()) {
                failed.add(file);
                messages.accept("source lines are missing for " + name
                        + ", a file of another user: they need setpriv: apt-get install util-linux");
                return Map.of();
            }
            frames = run.run(lineFile.path(), rights.get());
        }
        if (run.problem() != null) {
            failed.add(file);
            Path program = symbolizer.get().program().getFileName();
            messages.accept(program + " " + run.problem() + ": source lines are missing for " + name);
            if (failed.size() == MAX_FAILED) {
                messages.accept(program + " is not run any more: it has failed for " + MAX_FAILED + " files");
            }
        }
        Map<Long, List<SourceFrame>> found = new HashMap<>();
        for (int i = 0; i < frames.size(); i++) {
            if (!frames.get(i).isEmpty()) {
                found.put(addresses[i], frames.get(i));
            }
        }
        return found;
    }
}
