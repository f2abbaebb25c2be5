package org.mapfiles.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.ProcessMaps;
import org.mapfiles.symbols.ElfFile;
import org.mapfiles.symbols.SymbolCache;
import org.mapfiles.symbols.SymbolInfo;
import org.mapfiles.symbols.Symbols;

/** Opens the symbols of libjvm.so of this JVM, and finds the symbols of its addresses. */
final class SymbolFigures {
    static final Path LIBJVM = Path.of(System.getProperty("java.home"), "lib/server/libjvm.so");
    private static final int SAMPLES = 1 << 16;

    private final Figures figures;
    private final Path bin;
    private final int rounds;

    @SuppressWarnings("UnusedVariable") // keeps the calls alive
    private long sink;

    SymbolFigures(Figures figures, Path bin, boolean quick) {
        this.figures = figures;
        this.bin = bin;
        this.rounds = quick ? 31 : 101;
    }

    void run() throws Exception {
        try (ProcessMaps maps = ProcessMaps.self();
                SymbolCache cache = SymbolCache.ofBytes(256 << 20);
                ChildProgram bare = new ChildProgram(bin.resolve("bare_symtab").toString(), LIBJVM.toString())) {
            MapSnapshot snapshot = maps.snapshot();
            MapCursor mapping = code(snapshot);
            ElfFile file = cache.open(LIBJVM);
            int symbols = file.symbolCount();
            SymbolInfo info = new SymbolInfo();
            Symbols of = Symbols.of(maps, cache);
            of.locate(mapping, mapping.start() + mapping.size() / 2, info);
            long middle = info.elfAddress();

            figures.add(
                    "symbols-open",
                    symbols,
                    Rounds.of(rounds, rounds, () -> open(middle), () -> bare.query("read")),
                    "open, index and first lookup / read .symtab in C",
                    Goal.measuredAtMost(5_000_000));
            figures.add(
                    "symbols-open-c",
                    symbols,
                    Rounds.of(rounds, rounds, () -> bare.query("index"), () -> bare.query("read")),
                    "the same in C / read .symtab in C",
                    Goal.measuredAtMost(5_000_000));
            new FirstSymbolFigures(figures, bin, rounds < 100).run(symbols, middle);
            compareWithLlvm(symbols, middle);
            long[] addresses =
                    new Random(1).longs(SAMPLES, mapping.start(), mapping.end()).toArray();
            figures.add(
                    "symbols-find",
                    symbols,
                    Rounds.of(rounds, rounds, () -> find(of, snapshot, addresses), () -> find(snapshot, addresses)),
                    "mapping and symbol / mapping only",
                    null);
            for (int i = 0; i < SAMPLES; i++) {
                addresses[i] += middle - mapping.start() - mapping.size() / 2; // to ELF addresses
            }
            figures.add(
                    "symbols-index",
                    symbols,
                    Rounds.of(rounds, rounds, () -> find(file, addresses), () -> find(snapshot, addresses)),
                    "ElfFile.find / MapSnapshot.find",
                    Goal.measuredAtMost(50));
        }
    }

    /** Returns the mapping of the code of libjvm.so of this JVM. */
    static MapCursor code(MapSnapshot snapshot) {
        MapCursor mapping = snapshot.cursor();
        while (mapping.next()) {
            if (mapping.isExecutable()
                    && mapping.name() != null
                    && mapping.name().endsWith("/libjvm.so")) {
                return mapping;
            }
        }
        throw new IllegalStateException("this JVM has no libjvm.so");
    }

    private double open(long elfAddress) throws IOException {
        long begin = System.nanoTime();
        try (SymbolCache cache = SymbolCache.ofBytes(64 << 20)) {
            SymbolInfo info = new SymbolInfo();
            if (cache.open(LIBJVM).find(elfAddress, info)) {
                sink += info.name().length();
            }
        }
        return System.nanoTime() - begin;
    }

    private double find(ElfFile file, long[] elfAddresses) {
        SymbolInfo info = new SymbolInfo();
        long begin = System.nanoTime();
        for (long address : elfAddresses) {
            sink += file.find(address, info) ? 1 : 0;
        }
        return (double) (System.nanoTime() - begin) / elfAddresses.length;
    }

    private double find(Symbols symbols, MapSnapshot snapshot, long[] addresses) throws IOException {
        SymbolInfo info = new SymbolInfo();
        MapCursor mapping = snapshot.cursor();
        long begin = System.nanoTime();
        for (long address : addresses) {
            sink += mapping.goTo(address) && symbols.find(mapping, address, info) ? 1 : 0;
        }
        return (double) (System.nanoTime() - begin) / addresses.length;
    }

    private double find(MapSnapshot snapshot, long[] addresses) {
        MapCursor mapping = snapshot.cursor();
        long begin = System.nanoTime();
        for (long address : addresses) {
            sink += mapping.goTo(address) ? 1 : 0;
        }
        return (double) (System.nanoTime() - begin) / addresses.length;
    }

    /** One address, by a new process, which is how llvm-symbolizer is used from a script. */
    private void compareWithLlvm(int symbols, long elfAddress) throws Exception {
        String[] command = {
            "llvm-symbolizer", "--no-inlines", "-e", LIBJVM.toString(), "0x" + Long.toHexString(elfAddress)
        };
        try {
            new ProcessBuilder(command).start().waitFor();
        } catch (IOException absent) {
            figures.skip("symbols-open-llvm", "llvm-symbolizer is not there");
            return;
        }
        Rounds.Side llvm =
                Rounds.timed(1, () -> new ProcessBuilder(command).start().waitFor());
        figures.addInverse(
                "symbols-open-llvm",
                symbols,
                Rounds.of(2, 11, () -> open(elfAddress), llvm),
                "llvm-symbolizer / open, index and first lookup",
                Goal.ratioAtLeast(2));
    }
}
