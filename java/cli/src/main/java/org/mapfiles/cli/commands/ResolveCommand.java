package org.mapfiles.cli.commands;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.mapfiles.MapCursor;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;
import org.mapfiles.ProcessExitedException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.AddressReport;
import org.mapfiles.cli.output.FileName;
import org.mapfiles.cli.output.ResolvedJson;
import org.mapfiles.cli.output.ResolvedPrinter;
import org.mapfiles.cli.output.ResolvedText;
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.cli.target.AddressReader;
import org.mapfiles.cli.target.Arguments;
import org.mapfiles.cli.target.HexAddress;
import org.mapfiles.cli.target.InputLine;
import org.mapfiles.cli.target.JvmAddresses;
import org.mapfiles.cli.target.SavedFile;
import org.mapfiles.cli.target.Target;
import org.mapfiles.jvm.CodeInfo;
import org.mapfiles.saved.LibraryOffsets;
import org.mapfiles.saved.SavedMaps;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** Resolves addresses to mappings, files and file offsets. */
@Command(
        name = "resolve",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        customSynopsis = {
            "mapfiles resolve [OPTION...] PID|self ADDR...|-",
            "       mapfiles resolve [OPTION...] --from FILE ADDR...|-"
        },
        description =
                "Prints the function or variable, the file and the offset in the file that each address belongs to. The exit code is 1"
                        + " if an address is in no mapping, or a line of the input cannot be used.",
        footer = {
            "",
            "If the mapping has no file, the offset is an offset in the mapping.",
            "Functions and variables are those of the mapped file, or of a debug file with the same build ID. Their names are not"
                    + " demangled. They are missing if the file has no symbol there, or may not be opened.",
            "LIBRARY+0xOFFSET, such as libjvm.so+0xed2f94, is an address too. The offset is counted from the lowest address of the"
                    + " library, as hs_err files, dladdr(3) and async-profiler print it. It is no offset in the file.",
            "With - the mappings are read again whenever the input pauses. After the process has exited, its last mappings are"
                    + " used. Lines may also be frames of perf script; the other lines of perf script are copied. A line that"
                    + " cannot be used is printed in its place with the reason.",
            "",
            "--from reads the mappings of a file: text of /proc/PID/maps or smaps, an hs_err file of a JVM (JDK 8 to 28), or a"
                    + " core file. The content of the file decides which. Functions and variables are not named then.",
            "",
            "With --jvm a line below each address names the region of memory; ? marks a region that is inferred from the"
                    + " memory's content or place. For code it also names the compiled method or the stub, and the compiler"
                    + " (tier 1 to 3: C1, 4: C2, 0: neither, such as wrappers of native methods). Lines above it name the methods that are inlined at the address, innermost"
                    + " first, with the bytecode index (@ 12).",
            "HotSpot records inlined methods for the end of an instruction. So an address that a stack frame"
                    + " returns to needs --returns-to. Without it, an address is the beginning of the instruction"
                    + " that runs, as in a sample.",
            "The JVM is read from outside as it is now: nothing is loaded into it, it is not stopped, and no signal is sent to"
                    + " it. Code that was unloaded is not found. With - the input is read in blocks of up to 65,536 different"
                    + " addresses, and the JVM is read once for each block; the exit code is 4 if it has exited.",
            "",
            "JSON: one row of type address for each address. Fields: those of 'mapfiles maps --json', null for an address"
                    + " in no mapping; address; file_offset, null without a file; symbol, symbol_offset, elf_address (which"
                    + " addr2line -e FILE takes), build_id, htlhash, null if there is none. With --jvm also code, code_offset, tier,"
                    + " region, detail, inferred, and the array inlined with class, method, signature, bytecode. null means"
                    + " none or unknown. A line that cannot be used is a row of type unusable with line, input, reason. The head"
                    + " of a sample of perf script is a row of type sample with input. input_base64 has the bytes of a line that is"
                    + " not UTF-8.",
            "",
            "Example: mapfiles resolve 4711 0x7f3a1c02e6b4"
        })
public final class ResolveCommand implements Callable<Integer> {
    /** Maximum number of different addresses in a block: their reports are kept until all are printed. */
    private static final int MAX_DIFFERENT = 1 << 16;
    /** Maximum number of lines in a block. A profile contains the same addresses many times. */
    private static final int MAX_LINES = 1 << 20;

    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "PID|self",
            description = "The process; self: the JVM that runs this command. Not with --from.")
    private String process;

    @Parameters(
            index = "1..*",
            arity = "0..*",
            paramLabel = "ADDR|-",
            description =
                    "Addresses in hexadecimal, with or without 0x, or LIBRARY+0xOFFSET; -: read addresses from stdin, one on"
                            + " each line.")
    private List<String> addresses = new ArrayList<>();

    @Option(
            names = "--from",
            paramLabel = "FILE",
            description = "Read the mappings of a file, not of a process: see below.")
    private String from;

    @Option(names = "--json", description = "Print JSON Lines.")
    private boolean json;

    @Option(
            names = "--jvm",
            description = "The process is a JVM: also print the Java method or the stub, and the region.")
    private boolean jvm;

    @Option(names = "--returns-to", description = "With --jvm: the addresses are return addresses of stack frames.")
    private boolean returnsTo;

    @Spec
    private CommandSpec spec;

    private final Terminal terminal;

    public ResolveCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        if (returnsTo && !jvm) {
            throw wrong("--returns-to needs --jvm");
        }
        if (from != null && jvm) {
            throw wrong("--jvm reads a process, so it cannot be combined with --from");
        }
        if (from != null && process != null) {
            addresses.add(0, process);
        }
        if (from == null && process == null || addresses.isEmpty()) {
            throw wrong(from == null && process == null ? "PID|self and ADDR|- are missing" : "ADDR|- is missing");
        }
        Target target = from == null ? target() : null;
        List<Object> given = addresses.equals(List.of("-")) ? null : parsed();
        if (from != null) {
            SavedMaps saved = SavedFile.read(from, terminal);
            return run(new Resolver(saved), given);
        }
        try (ProcessMaps maps = target.open()) {
            return run(new Resolver(maps), given);
        }
    }

    private int run(Resolver resolver, List<Object> given) throws IOException {
        if (given != null) {
            resolver.resolve(given);
        } else if (jvm) {
            resolver.resolveInputInBlocks();
        } else {
            resolver.resolveInput();
        }
        return resolver.printer.hasUnresolved() ? ExitCode.NOT_RESOLVED : ExitCode.OK;
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    private Target target() {
        try {
            return new Target.Converter().convert(process);
        } catch (TypeConversionException e) {
            throw wrong(e.getMessage());
        }
    }

    /** Returns each argument as a Long or an InputLine. */
    private List<Object> parsed() {
        List<Object> values = new ArrayList<>();
        for (String argument : addresses) {
            byte[] text = argument.strip().getBytes(StandardCharsets.UTF_8);
            InputLine library = InputLine.ofArgument(argument);
            if (text.length == 1 && text[0] == '-') {
                throw wrong("-, for addresses from stdin, cannot be combined with addresses");
            }
            if (library == null && !HexAddress.isAddress(text, 0, text.length)) {
                throw wrong("'" + Arguments.display(argument) + "' " + HexAddress.whyNot(text, 0, text.length));
            }
            values.add(library != null ? library : HexAddress.parse(text, 0, text.length));
        }
        return values;
    }

    /** Resolves addresses of one process or saved file, and prints them. */
    private final class Resolver {
        /** Null: the mappings are of a saved file. */
        private final ProcessMaps maps;
        /** Null: the mappings are of a process. */
        private final SavedMaps saved;

        private final MapSnapshot snapshot;
        private final MapCursor cursor;
        private final ResolvedPrinter printer;
        /** Null: not read yet since the last refresh. */
        private LibraryOffsets libraries;

        private boolean hasExited;

        Resolver(ProcessMaps maps) throws IOException {
            this.maps = maps;
            saved = null;
            snapshot = maps.snapshot(MapFilter.all());
            cursor = snapshot.cursor();
            printer = json
                    ? new ResolvedJson(maps, snapshot, terminal.out())
                    : new ResolvedText(maps, snapshot, terminal.out());
        }

        Resolver(SavedMaps saved) throws IOException {
            this.maps = null;
            this.saved = saved;
            snapshot = saved.snapshot();
            cursor = snapshot.cursor();
            printer = json ? new ResolvedJson(saved, terminal.out()) : new ResolvedText(saved, terminal.out());
        }

        /** Resolves arguments in the snapshot, and in the JVM, which is read once. */
        void resolve(List<Object> given) throws IOException {
            Block block = new Block();
            given.forEach(block::add);
            resolve(block);
        }

        private void resolve(Block block) throws IOException {
            if (jvm) {
                printer.setReports(reports(block));
            }
            for (int i = 0; i < block.count; i++) {
                InputLine other = block.others.get(i);
                if (other == null) {
                    print(block.addresses[i]);
                } else {
                    print(other);
                }
            }
        }

        private void print(long address) throws IOException {
            if (saved != null && saved.isContradicted(address)) {
                printer.printUnusable(
                        0,
                        ("0x" + Long.toHexString(address)).getBytes(StandardCharsets.US_ASCII),
                        "is in mappings that contradict each other");
            } else {
                printer.print(address, snapshot.find(address));
            }
        }

        private void print(InputLine line) throws IOException {
            InputLine found = located(line);
            byte[] text = Arguments.bytes(found.text());
            if (found.kind() == InputLine.Kind.UNUSABLE) {
                printer.printUnusable(
                        found.number(), Arguments.bytes(found.text().strip()), found.reason());
            } else if (found.kind() == InputLine.Kind.SAMPLE) {
                printer.printSample(text);
            } else {
                print(found.address());
            }
        }

        /** Returns a line with its address, or with the reason why it cannot be used. */
        private InputLine located(InputLine line) {
            if (!line.isAddress() || line.kind() == InputLine.Kind.FRAME && !line.namesCode()) {
                return line;
            }
            if (libraries == null) {
                libraries = new LibraryOffsets(snapshot);
            }
            if (line.kind() == InputLine.Kind.FRAME) {
                return locatedFrame(line);
            }
            LibraryOffsets.Outcome outcome = libraries.find(line.name(), line.address());
            return outcome == LibraryOffsets.Outcome.FOUND
                    ? line.at(libraries.address())
                    : line.unusable(outcome.reason());
        }

        /**
         * Some versions of perf script print the address of a frame, others its offset in the file. The file decides.
         */
        private InputLine locatedFrame(InputLine frame) {
            int index = snapshot.find(frame.address());
            boolean isAddress = index >= 0 && isSameFile(frame.name(), cursor.seek(index));
            LibraryOffsets.Outcome asOffset = libraries.findInFile(frame.name(), frame.address());
            if (isAddress && asOffset == LibraryOffsets.Outcome.FOUND && libraries.address() != frame.address()) {
                return frame.unusable("may be an address or an offset in the file");
            }
            if (isAddress) {
                return frame;
            }
            return asOffset == LibraryOffsets.Outcome.FOUND
                    ? frame.at(libraries.address())
                    : frame.unusable(index >= 0 ? "another file is mapped there" : asOffset.reason());
        }

        private boolean isSameFile(String recorded, MapCursor mapping) {
            String name = mapping.name();
            return recorded.equals(name)
                    || name != null && recorded.equals(name + FileName.DELETED_SUFFIX)
                    || (recorded + FileName.DELETED_SUFFIX).equals(name);
        }

        /** Resolves each line of the input when it is read. */
        void resolveInput() throws IOException {
            AddressReader input = input(this::refreshUntilExit);
            while (input.next()) {
                if (input.other() == null) {
                    print(input.address());
                } else {
                    print(input.other());
                }
            }
        }

        /** Resolves the input in blocks, since the JVM is read for each block. */
        void resolveInputInBlocks() throws IOException {
            AddressReader input = input(() -> {});
            for (Block block = Block.read(input); block.count > 0; block = Block.read(input)) {
                refresh();
                resolve(block);
            }
        }

        private AddressReader input(AddressReader.Pause afterWaiting) {
            return new AddressReader(terminal.in(), terminal::flush, afterWaiting);
        }

        private Map<Long, AddressReport> reports(Block block) throws IOException {
            Map<Long, AddressReport> reports = new HashMap<>();
            CodeInfo.AddressKind kind = returnsTo ? CodeInfo.AddressKind.RETURNS_TO : CodeInfo.AddressKind.RUNNING_AT;
            try (JvmAddresses jvmAddresses = new JvmAddresses(maps, kind)) {
                for (int i = 0; i < block.count; i++) {
                    InputLine other = block.others.get(i);
                    InputLine found = other == null ? null : located(other);
                    if (found == null || found.isAddress()) {
                        long address = found == null ? block.addresses[i] : found.address();
                        if (!reports.containsKey(address)) {
                            reports.put(address, jvmAddresses.report(address));
                        }
                    }
                }
            }
            return reports;
        }

        private void refresh() throws IOException {
            if (maps.refresh(snapshot)) {
                printer.snapshotRefreshed();
                cursor.reset();
                libraries = null;
            }
        }

        /**
         * Refreshes the snapshot. After the process has exited, the last snapshot stays, for addresses that were
         * sampled before.
         */
        private void refreshUntilExit() throws IOException {
            if (hasExited || maps == null) {
                return;
            }
            try {
                refresh();
            } catch (ProcessExitedException e) {
                terminal.report(e.getMessage() + ": its last mappings are used");
                hasExited = true;
            }
        }
    }

    /** Lines that are resolved together. */
    private static final class Block {
        private long[] addresses = new long[1024];
        private int count;
        /** Lines that are not an address alone, by index. */
        private final Map<Integer, InputLine> others = new HashMap<>();

        void add(Object line) {
            if (line instanceof InputLine) {
                others.put(count, (InputLine) line);
                add(0);
            } else {
                add(((Long) line).longValue());
            }
        }

        private void add(long address) {
            addresses = count < addresses.length ? addresses : Arrays.copyOf(addresses, 2 * count);
            addresses[count++] = address;
        }

        /** Reads lines up to the end of the input or the maximum of a block. */
        static Block read(AddressReader input) throws IOException {
            Block block = new Block();
            Set<Long> different = new HashSet<>();
            while (block.count < MAX_LINES && different.size() + block.others.size() < MAX_DIFFERENT && input.next()) {
                if (input.other() != null) {
                    block.add(input.other());
                } else {
                    block.add(input.address());
                    different.add(input.address());
                }
            }
            return block;
        }
    }
}
