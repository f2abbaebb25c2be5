package org.mapfiles.symbols;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.mapfiles.MapCursor;

/**
 * Compares ELF addresses and symbols of one file with readelf, nm, eu-addr2line and llvm-symbolizer. Debug information,
 * in the file or in another one, is left out: it has other names than the symbol tables.
 */
final class SymbolComparison {
    private static final int MAX_EXAMPLES = 5;

    /** Why a symbol differs from that of llvm-symbolizer. */
    enum Reason {
        /** It names an entry of the procedure linkage table by the symbol before it, or not at all. */
        PLT("entry of the PLT"),
        /** It takes a symbol without a size, such as a local label of assembler code. */
        LABEL("label without a size"),
        /** It extends a symbol over addresses after its size. */
        AFTER_END("after the end of its symbol"),
        /** It takes the outer of two symbols of which one encloses the other. */
        ENCLOSING("enclosing symbol"),
        /** It has no symbol: the one found is data in code, or has no type or no size. */
        NONE("it has no symbol"),
        OTHER("other");

        final String text;

        Reason(String text) {
            this.text = text;
        }
    }

    private final String name;
    private final Path path;
    private final ElfFile file;
    private final NmTable nm;
    private final ProgramHeaders headers;
    private final Random random;
    private final SymbolInfo info = new SymbolInfo();
    private final List<String> examples = new ArrayList<>();
    private final Map<Reason, Integer> reasons = new TreeMap<>();

    int elfAddresses;
    int equalElfAddresses;
    int functions;
    int equalFunctions;
    int elfutilsAddresses;
    int equalElfutilsAddresses;
    int equalElfutilsSymbols;
    int addresses;
    int equal;
    int aliases;

    /** @param directory for a copy of the file without debug information */
    SymbolComparison(Path original, SymbolCache cache, Path directory, long seed)
            throws IOException, InterruptedException {
        name = original.toString();
        path = withoutDebugInformation(original, cache.open(original), directory);
        file = cache.open(path);
        nm = NmTable.read(path);
        headers = ProgramHeaders.read(path);
        random = new Random(seed);
    }

    private static Path withoutDebugInformation(Path original, ElfFile file, Path directory)
            throws IOException, InterruptedException {
        boolean hasDebugInformation = Tool.run(List.of(), "readelf", "-SW", original.toString()).stream()
                .anyMatch(line -> line.contains(" .debug_") || line.contains(" .gnu_debugdata"));
        if (!hasDebugInformation && file.sources().equals(List.of(SymbolInfo.Source.FILE_ITSELF))) {
            return original;
        }
        Path copy = directory.resolve(original.getFileName());
        Tool.run(
                List.of(),
                "objcopy",
                "--strip-debug",
                "--remove-section=.note.gnu.build-id",
                "--remove-section=.gnu_debuglink",
                "--remove-section=.gnu_debugdata",
                original.toString(),
                copy.toString());
        return Files.isRegularFile(copy) ? copy : original;
    }

    private void example(String kind, long address, String text) {
        if (examples.size() < MAX_EXAMPLES) {
            examples.add("    " + kind + " 0x" + Long.toHexString(address) + ": " + text);
        }
    }

    /** Maps the segments as a loader does. The ELF address of each byte is its address minus the bias. */
    void compareElfAddresses(int count) throws IOException {
        long bias = headers.loadBias(random);
        MapCursor mapping = headers.mappings(path, bias).cursor();
        for (long expected : headers.randomAddresses(random, count, false)) {
            elfAddresses++;
            boolean isFound = mapping.goTo(expected + bias) && file.elfAddress(mapping, expected + bias, info);
            if (isFound && info.elfAddress() == expected) {
                equalElfAddresses++;
            } else {
                example("ELF address", expected, isFound ? Long.toHexString(info.elfAddress()) : "unknown");
            }
        }
    }

    /**
     * Each sized function of nm is found at its first address, with the size and one of the names that nm has there.
     */
    void compareWithNm() {
        for (NmTable.Entry function : nm.functions()) {
            if (!headers.isCode(function.address())) { // an offset of a thread-local variable
                continue;
            }
            functions++;
            boolean isFound = file.find(function.address(), info);
            if (isFound
                    && info.address() == function.address()
                    && info.size() == function.size()
                    && nm.at(function.address()).stream()
                            .anyMatch(entry -> entry.name().equals(foundName()))) {
                equalFunctions++;
            } else {
                example(
                        "nm",
                        function.address(),
                        function.name() + ", " + function.size() + " bytes: " + found(isFound));
            }
        }
    }

    private String foundName() {
        return NmTable.withoutVersion(String.valueOf(info.name()));
    }

    private String found(boolean isFound) {
        return isFound
                ? foundName() + ", " + info.size() + " bytes from 0x" + Long.toHexString(info.address())
                : "none";
    }

    /**
     * eu-addr2line -S prints symbol + offset for an ELF address. With the address that nm has for the symbol, the sum
     * is the ELF address. It is given the ELF addresses that were found for mapped addresses.
     */
    void compareWithElfutils(int count) throws IOException, InterruptedException {
        long bias = headers.loadBias(random);
        MapCursor mapping = headers.mappings(path, bias).cursor();
        List<Long> found = new ArrayList<>();
        List<String> input = new ArrayList<>();
        for (long address : headers.randomAddresses(random, count, true)) {
            if (mapping.goTo(address + bias) && file.elfAddress(mapping, address + bias, info)) {
                found.add(info.elfAddress());
                input.add("0x" + Long.toHexString(info.elfAddress()));
            }
        }
        List<String> output = Tool.run(input, "eu-addr2line", "-S", "-e", path.toString());
        if (output.size() != 2 * found.size()) {
            throw new IOException("eu-addr2line prints " + output.size() + " lines for " + path);
        }
        for (int i = 0; i < found.size(); i++) {
            compareWithElfutils(found.get(i), output.get(2 * i));
        }
    }

    private void compareWithElfutils(long address, String line) {
        int plus = line.lastIndexOf("+0x");
        String symbol = plus < 0 ? line : line.substring(0, plus);
        long offset = plus < 0 ? 0 : Long.parseUnsignedLong(line.substring(plus + 3), 16);
        List<NmTable.Entry> named = nm.named(NmTable.withoutVersion(symbol));
        if (named.isEmpty()) { // a section, or no symbol
            return;
        }
        elfutilsAddresses++;
        if (named.stream().noneMatch(entry -> entry.address() + offset == address)) {
            example("eu-addr2line", address, line);
            return;
        }
        equalElfutilsAddresses++;
        if (file.find(address, info) && info.offset() == offset) {
            equalElfutilsSymbols++;
        }
    }

    /** An alias has the address of the symbol that was found. It counts as equal. */
    void compareWithLlvm(int count) throws IOException, InterruptedException {
        long[] all = headers.randomAddresses(random, count, true);
        List<String> input = new ArrayList<>();
        for (long address : all) {
            input.add("0x" + Long.toHexString(address));
        }
        List<String> output = Tool.run(
                input,
                "llvm-symbolizer",
                "--obj=" + path,
                "--functions=linkage",
                "--no-demangle",
                "--no-inlines",
                "--output-style=LLVM");
        if (output.size() < 3 * count) {
            throw new IOException("llvm-symbolizer prints " + output.size() + " lines for " + path);
        }
        for (int i = 0; i < count; i++) {
            compare(all[i], NmTable.withoutVersion(output.get(3 * i)));
        }
    }

    private void compare(long address, String llvm) {
        addresses++;
        boolean isFound = file.find(address, info);
        boolean isLlvmFound = !llvm.equals("??");
        List<NmTable.Entry> named = nm.named(llvm);
        if (isFound ? foundName().equals(llvm) : !isLlvmFound) {
            equal++;
        } else if (isFound && named.stream().anyMatch(entry -> entry.address() == info.address())) {
            aliases++;
        } else {
            Reason reason = reason(address, isFound, isLlvmFound, named);
            reasons.merge(reason, 1, Integer::sum);
            if (reason == Reason.OTHER) {
                example("llvm-symbolizer", address, llvm + ": " + found(isFound));
            }
        }
    }

    private Reason reason(long address, boolean isFound, boolean isLlvmFound, List<NmTable.Entry> named) {
        if (isFound && info.kind() == SymbolInfo.Kind.PLT) {
            return Reason.PLT;
        }
        if (!isLlvmFound) {
            return Reason.NONE;
        }
        for (NmTable.Entry entry : named) {
            long distance = address - entry.address();
            if (distance < 0) {
                continue;
            }
            if (entry.size() == 0) {
                return Reason.LABEL;
            }
            if (!entry.covers(address)) {
                return Reason.AFTER_END;
            }
            if (isFound && entry.address() < info.address()) {
                return Reason.ENCLOSING;
            }
        }
        return Reason.OTHER;
    }

    /** Returns the part of addresses whose symbol is equal, without PLT entries and labels, from 0 to 1. */
    double equalPart() {
        int compared = addresses - count(Reason.PLT) - count(Reason.LABEL);
        return compared == 0 ? 1 : (double) (equal + aliases) / compared;
    }

    int count(Reason reason) {
        return reasons.getOrDefault(reason, 0);
    }

    static String head() {
        return String.format(
                "%-44s %14s %16s %26s %14s %8s %7s  %s",
                "file",
                "ELF addresses",
                "nm functions",
                "eu-addr2line, same symbol",
                "llvm addresses",
                "equal",
                "aliases",
                "other differences");
    }

    @Override
    public String toString() {
        StringBuilder differences = new StringBuilder();
        reasons.forEach((reason, count) ->
                differences.append(differences.length() == 0 ? "" : ", ").append(reason.text + " " + count));
        String row = String.format(
                Locale.ROOT,
                "%-44s %6d of %5d %6d of %6d %7d of %5d, %9d %14d %7.2f%% %7d  %s",
                name.length() > 44 ? "..." + name.substring(name.length() - 41) : name,
                equalElfAddresses,
                elfAddresses,
                equalFunctions,
                functions,
                equalElfutilsAddresses,
                elfutilsAddresses,
                equalElfutilsSymbols,
                addresses,
                100 * equalPart(),
                aliases,
                differences);
        return examples.isEmpty() ? row : row + "\n" + String.join("\n", examples);
    }
}
