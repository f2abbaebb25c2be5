package org.mapfiles.symbols;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.mapfiles.ImmutableMapping;
import org.mapfiles.MapCursor;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.MappingQuery;
import org.mapfiles.MapsException;
import org.mapfiles.NotEnoughMemoryException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.files.MapFiles;
import org.mapfiles.files.MapFiles.FileState;
import org.mapfiles.files.StaleMappingException;
import org.mapfiles.symbols.CodeComparison.Result;
import org.mapfiles.symbols.CodeUpdate.State;

/**
 * Finds out whether a restart of a process would run other code: compares the programs and libraries that it has mapped
 * with the files that are at their paths now.
 *
 * <pre>{@code
 * try (ProcessMaps maps = ProcessMaps.of(pid); SymbolCache cache = SymbolCache.ofBytes(1 << 20)) {
 *     for (CodeUpdate update : CodeUpdates.of(maps, cache).read()) {
 *         if (update.state() == CodeUpdate.State.OUTDATED) {
 *             System.out.println(update.mapping().name() + ": " + update.reason());
 *         }
 *     }
 * }
 * }</pre>
 *
 * <p><b>Which file is at the path now.</b> First the path by which the process loaded the file, if that is known and
 * absolute: the path of the program from its auxiliary vector, that of a library from the list of the dynamic loader.
 * It leads to a new version also if a symbolic link was changed, or a directory was renamed. It is not used for a file
 * outside of the root of the process, which was loaded before the process called chroot(2). Otherwise the path in maps.
 * Both start in the root of the process.
 *
 * <p><b>Comparison.</b> Different build IDs are different code. Files with the same bytes, or with the same build ID
 * and the same executable mappings, are the same code. Other files are different. If the mapped file may not be opened,
 * the code in memory is compared, of which a part may be missing.
 *
 * <p>Only ELF files with an executable mapping are checked. Scripts, class files and archives that an interpreter or a
 * JVM reads are not.
 *
 * <p>An object belongs to one thread at a time. Allocates.
 */
public final class CodeUpdates {
    private final ProcessMaps maps;
    private final SymbolCache cache;
    private final MapFiles files;
    private final Symbols symbols;
    private CodeComparison comparison = new CodeComparison();
    private MapSnapshot snapshot;

    private CodeUpdates(ProcessMaps maps, SymbolCache cache) {
        this.maps = maps;
        this.cache = cache;
        this.files = MapFiles.of(maps);
        this.symbols = Symbols.of(maps, cache);
        this.snapshot = new MapSnapshot();
    }

    /**
     * Returns an object that checks a process. The caller owns and closes both arguments.
     *
     * @throws OutOfMemoryError if this JVM has too little direct memory
     */
    public static CodeUpdates of(ProcessMaps maps, SymbolCache cache) {
        return new CodeUpdates(Objects.requireNonNull(maps, "maps"), Objects.requireNonNull(cache, "cache"));
    }

    /**
     * Checks all programs and libraries of the process.
     *
     * @return one result for each file, in order of address
     * @throws org.mapfiles.ProcessExitedException if the process has exited
     * @throws org.mapfiles.PermissionDeniedException if its mappings may not be read
     * @throws NotEnoughMemoryException if this JVM has too little memory
     * @throws IllegalStateException if the {@link ProcessMaps} or the {@link SymbolCache} is closed
     * @throws MapsException for any other failure
     */
    public List<CodeUpdate> read() throws MapsException {
        try {
            comparison = new CodeComparison();
            snapshot = maps.snapshot(MapFilter.all().fileBacked());
            return checkAll(LoadPaths.read(maps, snapshot));
        } catch (OutOfMemoryError e) {
            throw new NotEnoughMemoryException("an ELF file", e);
        }
    }

    private List<CodeUpdate> checkAll(LoadPaths paths) throws MapsException {
        List<CodeUpdate> updates = new ArrayList<>();
        BitSet checked = new BitSet();
        for (MapCursor mapping = snapshot.cursor(); mapping.next(); ) {
            int file = mapping.fileIndex();
            if (mapping.isExecutable() && mapping.kind() == Mapping.Kind.FILE && !checked.get(file)) {
                checked.set(file);
                try {
                    CodeUpdate update = check(mapping, file, paths);
                    if (update.state() == State.CURRENT || !isOtherFile(mapping)) {
                        updates.add(update);
                    }
                } catch (StaleMappingException unmapped) {
                    continue;
                }
            }
        }
        return updates;
    }

    /** Returns whether the mapped file is no ELF file: a jitdump of perf, closures of libffi, a library for Windows. */
    private boolean isOtherFile(Mapping code) throws MapsException {
        SymbolInfo info = new SymbolInfo();
        return !symbols.locate(code, code.start(), info) && info.status() == SymbolInfo.Status.NO_ELF_FILE;
    }

    private CodeUpdate check(MapCursor code, int file, LoadPaths paths) throws MapsException {
        FileState state = files.state(code);
        ImmutableMapping mapping = files.resolveName(code);
        Check check = new Check(mapping, file, file == paths.program());
        byte[] name = new byte[mapping.nameLength()];
        mapping.name(name, 0);
        try (PathFile atName = PathFile.open(maps, name, PathFile.AS_IN_MAPS);
                PathFile loaded = PathFile.open(maps, paths.of(file), PathFile.OF_PROCESS)) {
            if (loaded.isOpen() && !loaded.isSameFile(atName)) {
                CodeUpdate update = check.compareLoaded(state, loaded);
                if (update != null) {
                    return update;
                }
            }
            switch (state) {
                case PRESENT:
                    return check.result(State.CURRENT, "the file is at its path");
                case DELETED:
                case UNLINKED:
                case PATH_REMOVED:
                    Optional<MapsException> denial = paths.denial();
                    return denial.isEmpty()
                            ? check.result(State.DELETED, "nothing is at the path")
                            : check.result(
                                    State.UNKNOWN,
                                    "nothing is at the path, and the path of the load is unknown: "
                                            + denial.get().getMessage());
                default:
                    return check.compareAtName(state, atName);
            }
        } catch (ElfReadException e) {
            if (e.isShortage()) {
                throw e.unwrap();
            }
            return check.result(State.UNKNOWN, e.unwrap().getMessage());
        }
    }

    /** The check of one file. */
    private final class Check {
        private final ImmutableMapping mapping;
        private final int file;
        private final boolean isProgram;
        private @Nullable String buildId;
        private byte @Nullable [] pathNow;
        private @Nullable String buildIdNow;

        Check(ImmutableMapping mapping, int file, boolean isProgram) {
            this.mapping = mapping;
            this.file = file;
            this.isProgram = isProgram;
        }

        CodeUpdate result(State state, String reason) {
            return new CodeUpdate(state, reason, mapping, isProgram, buildId, pathNow, buildIdNow);
        }

        /**
         * Compares the file at the path of the load; null if the process did not load that file: the path of a program
         * may lead to the script or the foreign program that it interprets.
         */
        @Nullable
        CodeUpdate compareLoaded(FileState state, PathFile loaded) throws MapsException {
            ElfFile now = loaded.share(cache);
            ElfFile mapped = now == null ? null : symbols.file(mapping).orElse(null);
            if (now == null || isProgram && mapped != null && !mapped.isOfMachineOf(now)) {
                return null;
            }
            return compare(state, mapped, now, loaded.path());
        }

        CodeUpdate compareAtName(FileState state, PathFile atName) throws MapsException {
            if (!atName.isOpen()) {
                return atName.isAbsent()
                        ? result(State.DELETED, "no regular file is at the path")
                        : result(State.UNKNOWN, "the file at the path " + atName.reason());
            }
            ElfFile now = atName.share(cache);
            if (now == null) {
                pathNow = atName.path();
                return result(State.OUTDATED, "the file at the path is no ELF file");
            }
            return compare(state, symbols.file(mapping).orElse(null), now, atName.path());
        }

        private CodeUpdate compare(FileState state, @Nullable ElfFile mapped, ElfFile now, byte[] path)
                throws MapsException {
            boolean mayBeSameFile = state == FileState.PRESENT || state == FileState.UNKNOWN;
            if (mapped == now) {
                return result(State.CURRENT, "the file is at its path");
            }
            pathNow = path;
            buildId = mapped == null ? queryBuildId() : mapped.buildId().orElse(null);
            buildIdNow = now.buildId().orElse(null);
            if (!Objects.equals(buildId, buildIdNow) && (mapped != null || buildId != null)) {
                return result(State.OUTDATED, "another build ID");
            }
            State same = mayBeSameFile ? State.CURRENT : State.REPLACED_SAME;
            if (mapped == null) {
                return compareMemory(same, now);
            }
            Result bytes = comparison.compare(mapped, now);
            if (bytes == Result.SAME) {
                return result(same, "same bytes");
            }
            if (bytes == Result.DIFFERENT && buildId == null) {
                return result(State.OUTDATED, "no build ID, and other bytes");
            }
            Result code = bytes == Result.DIFFERENT ? compareCode(mapped, now) : bytes;
            switch (code) {
                case SAME:
                    return result(same, "same build ID and code, other bytes elsewhere");
                case DIFFERENT:
                    return result(State.OUTDATED, "same build ID, but other code");
                default:
                    return result(State.UNKNOWN, "the files cannot be read as a whole, or are too large to compare");
            }
        }

        private @Nullable String queryBuildId() throws MapsException {
            MappingQuery query = MappingQuery.withBuildId();
            return maps.query(mapping.start(), query) && query.inode() == mapping.inode()
                    ? query.buildId().orElse(null)
                    : null;
        }

        private Result compareCode(ElfFile mapped, ElfFile now) {
            Result all = Result.SAME;
            for (MapCursor code = snapshot.cursor(); code.next() && all == Result.SAME; ) {
                if (code.fileIndex() == file && code.isExecutable()) {
                    all = comparison.compare(mapped, now, code.offset(), code.size());
                }
            }
            return all;
        }

        private CodeUpdate compareMemory(State same, ElfFile now) throws MapsException {
            Result all = Result.NOT_COMPARED;
            for (MapCursor code = snapshot.cursor(); code.next() && all != Result.DIFFERENT; ) {
                if (code.fileIndex() == file && code.isExecutable()) {
                    Result result = comparison.compareMemory(maps, snapshot, code, now);
                    all = result == Result.NOT_COMPARED ? all : result;
                }
            }
            files.state(mapping); // throws if the process does not have the mapping any more
            if (all == Result.DIFFERENT) {
                return result(State.OUTDATED, "other code in memory than in the file");
            }
            if (all == Result.SAME && buildId != null) {
                return result(same, "same build ID, and same code as far as it is in memory");
            }
            return result(
                    State.UNKNOWN,
                    "the mapped file may not be opened"
                            + MapFiles.followDenial()
                                    .map(denial -> ": " + denial.getMessage())
                                    .orElse(""));
        }
    }
}
