package org.mapfiles.benchmarks;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import org.mapfiles.ProcessMaps;
import org.mapfiles.symbols.SymbolCache;
import org.mapfiles.symbols.SymbolInfo;

/**
 * Measures the first name of a function of libjvm.so in a new JVM, up to which its symbol table is read and indexed.
 * The native library is loaded before. The floor is the first read of the same symbol table in a new JVM, after a
 * native call.
 */
final class FirstSymbolFigures {
    private static final int SECTION_HEADER = 64;
    private static final int SHT_SYMTAB = 2;

    private final Figures figures;
    private final Path bin;
    private final int rounds;

    FirstSymbolFigures(Figures figures, Path bin, boolean quick) {
        this.figures = figures;
        this.bin = bin;
        this.rounds = quick ? 11 : 31;
    }

    /** @param elfAddress of a function in libjvm.so */
    void run(int symbols, long elfAddress) throws Exception {
        long[] table = symbolTable();
        String name = "symbols-first";
        if (table == null) {
            figures.skip(name, "libjvm.so has no .symtab");
            return;
        }
        Rounds.Side floor =
                () -> start(SymbolFigures.LIBJVM.toString(), Long.toString(table[0]), Long.toString(table[1]));
        figures.add(
                name,
                symbols,
                Rounds.of(1, rounds, () -> start(SymbolFigures.LIBJVM.toString(), Long.toString(elfAddress)), floor),
                "open, index and first lookup in a new JVM / read .symtab in a new JVM",
                Goal.measuredAtMost(5_000_000));
        figures.add(
                "symbols-first-floor",
                symbols,
                Rounds.of(1, rounds, this::startInC, floor),
                "the same in C in a new process / read .symtab in a new JVM",
                null);
    }

    private double startInC() throws Exception {
        try (ChildProgram program =
                new ChildProgram(bin.resolve("bare_symtab").toString(), SymbolFigures.LIBJVM.toString())) {
            return program.query("index");
        }
    }

    private static double start(String... arguments) throws Exception {
        try (ChildProgram jvm = ChildProgram.ofJava(List.of(), FirstSymbolMain.class, arguments)) {
            return Double.parseDouble(jvm.line());
        }
    }

    /** Returns offset and size of .symtab in libjvm.so (elf(5)); null: there is none. */
    private static long[] symbolTable() throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(SymbolFigures.LIBJVM.toFile(), "r")) {
            ByteBuffer header = read(file, 0, SECTION_HEADER);
            long sections = header.getLong(40);
            for (int i = 0; i < header.getShort(60); i++) {
                ByteBuffer section = read(file, sections + (long) i * SECTION_HEADER, SECTION_HEADER);
                if (section.getInt(4) == SHT_SYMTAB) {
                    return new long[] {section.getLong(24), section.getLong(32)};
                }
            }
            return null;
        }
    }

    private static ByteBuffer read(RandomAccessFile file, long offset, int size) throws IOException {
        byte[] bytes = new byte[size];
        file.seek(offset);
        file.readFully(bytes);
        return ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    }

    /** Prints the nanoseconds of the first name in a file, with two arguments; or those of the floor. */
    static final class FirstSymbolMain {
        private FirstSymbolMain() {}

        public static void main(String[] arguments) throws Exception {
            ProcessMaps.self().close(); // loads the native library
            boolean isFloor = arguments.length == 3;
            Path libjvm = Path.of(arguments[0]);
            long begin = System.nanoTime();
            boolean isRead = isFloor
                    ? readTable(libjvm, Long.parseLong(arguments[1]), Integer.parseInt(arguments[2]))
                    : findName(libjvm, Long.parseLong(arguments[1]));
            long spent = System.nanoTime() - begin;
            if (!isRead) {
                throw new IllegalStateException("no symbol");
            }
            System.out.println(spent);
        }

        private static boolean readTable(Path libjvm, long offset, int size) throws IOException {
            try (RandomAccessFile file = new RandomAccessFile(libjvm.toFile(), "r")) {
                return read(file, offset, size).remaining() == size;
            }
        }

        private static boolean findName(Path libjvm, long elfAddress) throws IOException {
            try (SymbolCache cache = SymbolCache.ofBytes(64 << 20)) {
                SymbolInfo info = new SymbolInfo();
                return cache.open(libjvm).find(elfAddress, info) && info.name() != null;
            }
        }
    }
}
