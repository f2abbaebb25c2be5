package org.mapfiles;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import org.mapfiles.MapFilter.Backend;
import org.mapfiles.events.MapEvents;
import org.mapfiles.files.MapFiles;
import org.mapfiles.files.MapFilesEntries;
import org.mapfiles.files.MappedFile;
import org.mapfiles.files.SharedMappings;
import org.mapfiles.jfr.MapCount;
import org.mapfiles.jvm.AddressInfo;
import org.mapfiles.jvm.CodeInfo;
import org.mapfiles.jvm.JvmCode;
import org.mapfiles.jvm.JvmCodeReader;
import org.mapfiles.jvm.JvmProcess;
import org.mapfiles.jvm.JvmRegions;
import org.mapfiles.jvm.JvmResolver;
import org.mapfiles.jvm.PerfMap;
import org.mapfiles.live.LiveMaps;
import org.mapfiles.resident.ResidentBytes;
import org.mapfiles.resident.ResidentPages;
import org.mapfiles.resident.Smaps;
import org.mapfiles.resident.SmapsBytes;
import org.mapfiles.saved.SavedMaps;
import org.mapfiles.symbols.CodeUpdates;
import org.mapfiles.symbols.ElfFile;
import org.mapfiles.symbols.SymbolCache;
import org.mapfiles.symbols.SymbolInfo;
import org.mapfiles.symbols.Symbols;
import org.mapfiles.timeline.MapChanges;
import org.mapfiles.timeline.MapTimeline;

/** The public operations that make system calls. Each returns the same text each time. */
final class FailingOperations {
    /** The value is a list, and its items are in the usual one too. */
    static final String A_PART = "a part";

    /** Values of a field, of which some are unknown. */
    private static final String FIELDS = "\\d*(KNOWN|FAILED|DENIED| )+";

    /**
     * A public operation.
     *
     * @param weaker a regular expression for values that contracts have if a system call fails
     * @param readsMemory whether it reads memory of a process: EIO means then that an address is not mapped
     */
    record Operation(String name, Callable<String> call, String weaker, boolean readsMemory) {}

    private final long pid;
    private final Path directory;
    private final ProcessMaps maps;
    private final MapSnapshot snapshot;
    private final ImmutableMapping code;
    private final List<Operation> operations = new ArrayList<>();

    /**
     * Makes the operations.
     *
     * @param pid a JVM that does nothing
     * @param directory for files
     */
    FailingOperations(long pid, Path directory) throws IOException {
        this.pid = pid;
        this.directory = directory;
        maps = ProcessMaps.of(pid);
        snapshot = maps.snapshot();
        code = maps.snapshot(MapFilter.all().executable().fileBacked()).stream()
                .filter(mapping -> mapping.name().endsWith("/libjvm.so"))
                .findFirst()
                .orElseThrow();
        processes();
        files();
        memory();
        changes();
        symbols();
        jvms();
        savedFiles();
    }

    List<Operation> all() {
        return operations;
    }

    private void add(String name, Callable<String> call) {
        add(name, "", call);
    }

    private void add(String name, String weaker, Callable<String> call) {
        operations.add(new Operation(name, call, weaker, name.startsWith("Jvm") || name.contains("Memory")));
    }

    private static String none(Optional<MapsException> denial) throws MapsException {
        if (denial.isPresent()) {
            throw denial.get();
        }
        return "none";
    }

    private static String opened(AutoCloseable made) throws Exception {
        made.close();
        return "opened";
    }

    private static String describe(MapSnapshot read) {
        long sum = 0;
        for (ImmutableMapping mapping : read) {
            sum = sum * 31 + mapping.hashCode();
        }
        return read.size() + " mappings, " + Long.toHexString(sum);
    }

    private void processes() {
        add("ProcessMaps.self", () -> opened(ProcessMaps.self()));
        add("ProcessMaps.of(pid)", () -> opened(ProcessMaps.of(pid)));
        add("ProcessMaps.of(Path)", () -> opened(ProcessMaps.of(Path.of("/proc/" + pid))));
        ProcessHandle handle = ProcessHandle.of(pid).orElseThrow();
        add("ProcessMaps.of(ProcessHandle)", () -> opened(ProcessMaps.of(handle)));
        add("ProcessMaps.maxMappings", "-1", () -> Long.toString(ProcessMaps.maxMappings()));
        add("ProcessMaps.loaderChanges", () -> Long.toString(ProcessMaps.loaderChanges()));
        for (Backend backend : Backend.values()) {
            MapFilter filter = MapFilter.all().by(backend);
            add("ProcessMaps.snapshot " + backend, () -> describe(maps.snapshot(filter)));
            MappingQuery query = MappingQuery.withBuildId();
            add(
                    "ProcessMaps.query " + backend,
                    () -> maps.query(code.start(), filter, false, query)
                            ? query.name() + " " + query.buildId().isPresent()
                            : "none");
        }
        MappingQuery next = new MappingQuery();
        add("ProcessMaps.queryOrNext", () -> maps.queryOrNext(1, next) ? Long.toHexString(next.start()) : "none");
        MapSnapshot refreshed = new MapSnapshot();
        add("ProcessMaps.read", () -> {
            maps.read(refreshed, MapFilter.all());
            return describe(refreshed);
        });
        add("ProcessMaps.refresh", () -> {
            maps.refresh(refreshed);
            return describe(refreshed);
        });
        add("ProcessMaps.readStable", () -> maps.readStable(refreshed, 3) + " " + describe(refreshed));
        add("ProcessMaps.chunks", () -> {
            int count = 0;
            try (MapChunks chunks = maps.chunks(MapFilter.all())) {
                while (chunks.next()) {
                    count += chunks.chunk().size();
                }
            }
            return Integer.toString(count);
        });
        byte[] bytes = new byte[4096];
        add(
                "ProcessMaps.readMemory",
                () -> maps.readMemory(code.start(), bytes, 0, 4096) + " " + java.util.Arrays.hashCode(bytes));
    }

    private void files() {
        MapFiles files = MapFiles.of(maps);
        MapFilesEntries entries = new MapFilesEntries();
        EnumSet<MapFilesEntries.Field> fields = EnumSet.allOf(MapFilesEntries.Field.class);
        add("MapFiles.listDenial", () -> none(files.listDenial()));
        add("MapFiles.followDenial", () -> none(MapFiles.followDenial()));
        add("MapFiles.read(Mapping)", FIELDS, () -> files.read(code, entries) ? entry(entries) : "none");
        add(
                "MapFiles.read(start, end)",
                FIELDS,
                () -> files.read(code.start(), code.end(), entries) ? entry(entries) : "none");
        add("MapFiles.list", FIELDS, () -> {
            files.list(snapshot, entries, fields);
            return entries.count() + entry(entries);
        });
        add("MapFiles.readAll", FIELDS, () -> {
            files.readAll(snapshot, entries);
            return entries.count() + entry(entries);
        });
        add("MapFiles.readEachFile", FIELDS, () -> {
            files.readEachFile(snapshot, entries, fields);
            return entries.count() + entry(entries);
        });
        add("MapFiles.state", "UNKNOWN", () -> files.state(code).toString());
        add("MapFiles.resolveName", () -> files.resolveName(code).name());
        add(
                "MapFiles.quickVerify",
                "NOT_VERIFIED|SAME_.*",
                () -> files.quickVerify(code).toString());
        add("MapFiles.open", () -> opened(files.open(code)));
        add("MapFiles.openUnverified", () -> opened(files.openUnverified(code)));
        add("MapFiles.openForWriting", () -> opened(files.openForWriting(code)));
        add("MappedFile.verify and channel", "SAME_.*", () -> {
            try (MappedFile file = files.open(code)) {
                return file.verify() + " " + file.channel().size();
            }
        });
        add("SharedMappings.of", ".* [1-9]\\d* undecided", () -> {
            try (ProcessMaps self = ProcessMaps.self()) { // its other mappings may change
                SharedMappings shared = SharedMappings.withPrivate(List.of(maps, self));
                long ofCode = shared.groups().stream()
                        .filter(group -> group.ranges().stream()
                                .anyMatch(range -> range.mapping().inode() == code.inode()))
                        .count();
                return ofCode + " groups of it, " + shared.undecided() + " undecided";
            }
        });
    }

    private static String entry(MapFilesEntries entries) {
        if (!entries.next()) {
            return "none";
        }
        return entries.targetStatus() + " " + entries.accessStatus() + " " + entries.statStatus();
    }

    private void memory() {
        add("ResidentPages.read", () -> {
            ResidentPages pages = new ResidentPages();
            ResidentBytes bytes = new ResidentBytes();
            pages.read(maps, snapshot);
            pages.add(code, bytes);
            return bytes.toString();
        });
        add("Smaps.read", () -> {
            Smaps smaps = new Smaps();
            smaps.read(maps);
            return smaps.size() + " mappings";
        });
        add("Smaps.readTotal", () -> {
            new Smaps().readTotal(maps, new SmapsBytes());
            return "read";
        });
    }

    private void changes() {
        add("MapEvents.open, await and drain", () -> {
            try (MapEvents events = MapEvents.open(maps)) {
                events.await(0);
                return Integer.toString(events.drain());
            }
        });
        add("LiveMaps.start and refresh", () -> {
            try (LiveMaps live = LiveMaps.of(maps).every(Duration.ofHours(1)).start()) {
                live.refresh();
                return describe(live.snapshot());
            }
        });
        add("LiveMaps.query", () -> {
            try (LiveMaps live = LiveMaps.of(maps).every(Duration.ofHours(1)).start()) {
                MappingQuery query = new MappingQuery();
                return live.query(code.start(), query) ? query.name() : "none";
            }
        });
        add("MapTimeline.poll", () -> {
            MapSnapshot last = new MapSnapshot();
            MapTimeline.withMaxBytes(1 << 20).poll(maps, last);
            return describe(last);
        });
        add("MapChanges.of and poll", () -> {
            MapChanges changes = MapChanges.of(maps);
            return changes.mappings().size() + " " + changes.poll();
        });
    }

    private void symbols() {
        long address = code.start() + 0x1000;
        long[] addresses = {address, address + 0x1000, 8};
        add("Symbols.find", "NOT_OPENED|null.*", () -> {
            try (SymbolCache cache = SymbolCache.ofBytes(64 << 20)) {
                SymbolInfo info = new SymbolInfo();
                Symbols.of(maps, cache).find(code, address, info);
                return info.toString();
            }
        });
        add("Symbols.findAll", ".*(NOT_OPENED|null).*", () -> {
            try (SymbolCache cache = SymbolCache.ofBytes(64 << 20)) {
                SymbolInfo[] info = {new SymbolInfo(), new SymbolInfo(), new SymbolInfo()};
                Symbols.of(maps, cache).findAll(snapshot, addresses, info);
                return List.of(info).toString();
            }
        });
        add("SymbolCache.open", () -> {
            try (SymbolCache cache = SymbolCache.ofBytes(64 << 20)) {
                ElfFile file = cache.open(Path.of(code.name()));
                return file.buildId() + " " + file.symbolCount() + " "
                        + file.openLineFile().isPresent();
            } catch (UncheckedIOException e) {
                throw e.getCause();
            }
        });
        add("CodeUpdates.read", () -> {
            try (SymbolCache cache = SymbolCache.ofBytes(64 << 20)) {
                StringBuilder states = new StringBuilder();
                CodeUpdates.of(maps, cache)
                        .read()
                        .forEach(update -> states.append(update.state()).append(' '));
                return states.toString();
            }
        });
    }

    private void jvms() {
        add("JvmProcess.of and version", () -> {
            try (JvmProcess jvm = JvmProcess.of(maps)) {
                return jvm.version();
            }
        });
        add("JvmProcess.flags", () -> {
            try (JvmProcess jvm = JvmProcess.of(maps)) {
                return jvm.flags().toString();
            }
        });
        add("JvmProcess.runState", "UNKNOWN", () -> {
            try (JvmProcess jvm = JvmProcess.of(maps)) {
                return jvm.runState().toString();
            }
        });
        add("JvmProcess.javaThreads", () -> {
            try (JvmProcess jvm = JvmProcess.of(maps)) {
                return jvm.javaThreads().keySet().toString();
            }
        });
        add("JvmProcess.execute", () -> {
            try (JvmProcess jvm = JvmProcess.of(maps)) {
                return jvm.execute("VM.version", Duration.ofSeconds(60));
            }
        });
        add("JvmCodeReader.of and find", "incomplete|UNREADABLE.*|READ ", () -> {
            try (JvmCodeReader reader = JvmCodeReader.of(maps)) {
                CodeInfo info = new CodeInfo();
                AtomicLong first = new AtomicLong();
                if (!reader.forEach(each -> first.compareAndSet(0, each.start()))) {
                    return "incomplete";
                }
                reader.find(first.get(), info);
                return info.certainty() + " " + info;
            }
        });
        add("JvmCodeReader.snapshot", "\\d+", () -> {
            try (JvmCodeReader reader = JvmCodeReader.of(maps)) {
                return Integer.toString(reader.snapshot().size());
            }
        });
        add("JvmRegions.read", A_PART, () -> {
            JvmRegions regions = JvmRegions.read(maps);
            EnumSet<JvmRegions.Kind> kinds = EnumSet.noneOf(JvmRegions.Kind.class); // ranges change in an idle JVM too
            for (int i = 0; i < regions.size(); i++) {
                kinds.add(regions.region(i));
            }
            return kinds.toString();
        });
        add("JvmResolver.of, refresh and resolve", () -> {
            try (JvmResolver resolver = JvmResolver.of(maps)) {
                AddressInfo info = new AddressInfo();
                resolver.refresh();
                resolver.resolve(code.start(), info);
                return info.toString();
            }
        });
    }

    private void savedFiles() throws IOException {
        Path text = directory.resolve("maps.txt");
        Files.copy(Path.of("/proc/" + pid + "/maps"), text);
        Path perf = Files.writeString(directory.resolve("perf.map"), "1000 10 one\n2000 10 two\n");
        Path written = directory.resolve("written.map");
        JvmCode recorded = JvmCode.open(1 << 20);
        SavedMaps saved = SavedMaps.read(text);
        add("SavedMaps.read", () -> describe(SavedMaps.read(text).snapshot()));
        add("SavedMaps.check", "UNKNOWN.*", () -> saved.check(code).toString());
        add("PerfMap.read", () -> Integer.toString(PerfMap.read(perf, 10).size()));
        add("PerfMap.write", () -> {
            Files.deleteIfExists(written);
            return PerfMap.write(recorded, written) > 0 ? "written" : "nothing";
        });
        add("MapCount.register", () -> opened(MapCount.register(Duration.ofHours(1))));
    }
}
