package org.mapfiles.cli.commands;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;
import org.mapfiles.ProcessExitedException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.AddressReport;
import org.mapfiles.cli.output.ResolvedJson;
import org.mapfiles.cli.output.ResolvedPrinter;
import org.mapfiles.cli.output.ResolvedText;
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.cli.target.AddressReader;
import org.mapfiles.cli.target.Arguments;
import org.mapfiles.cli.target.HexAddress;
import org.mapfiles.cli.target.JvmAddresses;
import org.mapfiles.cli.target.Target;
import org.mapfiles.jvm.CodeInfo;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Resolves addresses to mappings, files and file offsets. */
@Command(name = "resolve", mixinStandardHelpOptions = true, versionProvider = Version.class,
        description = "Prints the function or variable, the file and the offset in the file that each address belongs to. The exit code is 1"
                + " if an address is in no mapping.",
        footer = {"", "If the mapping has no file, the offset is an offset in the mapping.",
            "Functions and variables are those of the mapped file, or of a debug file with the same build ID. Their names are not"
                    + " demangled. They are missing if the file has no symbol there, or may not be opened.",
            "With - the mappings are read again whenever the input pauses. After the process has exited, its last mappings are"
                    + " used. A line that is not an address ends the command with exit code 2.",
            "", "With --jvm a line below each address names the region of memory; ? marks a region that is inferred from the"
                    + " memory's content or place. For code it also names the compiled method or the stub, and the compiler"
                    + " (tier 1 to 3: C1, 4: C2, 0: neither, such as wrappers of native methods). Lines above it name the methods that are inlined at the address, innermost"
                    + " first, with the bytecode index (@ 12).",
            "HotSpot records inlined methods for the end of an instruction. So an address that a stack frame"
                    + " returns to needs --returns-to. Without it, an address is the beginning of the instruction"
                    + " that runs, as in a sample.",
            "The JVM is read from outside as it is now: nothing is loaded into it, it is not stopped, and no signal is sent to"
                    + " it. Code that was unloaded is not found. With - the input is read in blocks of up to 65,536 different"
                    + " addresses, and the JVM is read once for each block; the exit code is 4 if it has exited.",
            "", "JSON: one row of type address for each address. Fields: those of 'mapfiles maps --json', null for an address"
                    + " in no mapping; address; file_offset, null without a file; symbol, symbol_offset, elf_address (which"
                    + " addr2line -e FILE takes), build_id, htlhash, null if there is none. With --jvm also code, code_offset, tier,"
                    + " region, detail, inferred, and the array inlined with class, method, signature, bytecode. null means"
                    + " none or unknown.",
            "", "Example: mapfiles resolve 4711 0x7f3a1c02e6b4"})
public final class ResolveCommand implements Callable<Integer> {
    /** Maximum number of different addresses in a block: their reports are kept until all are printed. */
    private static final int MAX_DIFFERENT = 1 << 16;
    /** Maximum number of lines in a block. A profile contains the same addresses many times. */
    private static final int MAX_LINES = 1 << 20;

    @Parameters(index = "0", paramLabel = "PID|self", converter = Target.Converter.class,
            description = "The process; self: the JVM that runs this command.")
    private Target target;

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "ADDR|-",
            description = "Addresses in hexadecimal, with or without 0x; -: read addresses from stdin, one on each line.")
    private List<String> addresses;

    @Option(names = "--json", description = "Print JSON Lines.")
    private boolean json;

    @Option(names = "--jvm", description = "The process is a JVM: also print the Java method or the stub, and the region.")
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
            throw new ParameterException(spec.commandLine(), "--returns-to needs --jvm");
        }
        boolean fromInput = addresses.equals(List.of("-"));
        long[] given = fromInput ? null : parsed();
        try (ProcessMaps maps = target.open()) {
            Resolver resolver = new Resolver(maps);
            if (!fromInput) {
                resolver.resolve(given);
            } else {
                AddressReader input = jvm ? resolver.resolveInputInBlocks() : resolver.resolveInput();
                if (input.invalidLine() != null) {
                    return reportInvalid(input);
                }
            }
            return resolver.printer.hasUnresolved() ? ExitCode.NOT_RESOLVED : ExitCode.OK;
        }
    }

    private int reportInvalid(AddressReader input) throws IOException {
        terminal.flush();
        terminal.report("line " + input.lineNumber() + " of the input, '" + input.invalidLine() + "', " + input.reason());
        return ExitCode.USAGE;
    }

    private long[] parsed() {
        long[] values = new long[addresses.size()];
        for (int i = 0; i < values.length; i++) {
            byte[] text = addresses.get(i).strip().getBytes(StandardCharsets.UTF_8);
            if (text.length == 1 && text[0] == '-') {
                throw new ParameterException(spec.commandLine(), "-, for addresses from stdin, cannot be combined"
                        + " with addresses");
            }
            if (!HexAddress.isAddress(text, 0, text.length)) {
                throw new ParameterException(spec.commandLine(), "'" + Arguments.display(addresses.get(i)) + "' "
                        + HexAddress.whyNot(text, 0, text.length));
            }
            values[i] = HexAddress.parse(text, 0, text.length);
        }
        return values;
    }

    /** Resolves addresses of one process, and prints them. */
    private final class Resolver {
        private final ProcessMaps maps;
        private final MapSnapshot snapshot;
        private final ResolvedPrinter printer;
        private boolean hasExited;

        Resolver(ProcessMaps maps) throws IOException {
            this.maps = maps;
            snapshot = maps.snapshot(MapFilter.all());
            printer = json ? new ResolvedJson(maps, snapshot, terminal.out()) : new ResolvedText(maps, snapshot, terminal.out());
        }

        /** Resolves addresses in the snapshot, and in the JVM, which is read once. */
        void resolve(long... block) throws IOException {
            if (jvm) {
                printer.setReports(reports(block));
            }
            for (long address : block) {
                printer.print(address, snapshot.find(address));
            }
        }

        /** Resolves each address of the input when it is read. */
        AddressReader resolveInput() throws IOException {
            AddressReader input = input(this::refreshUntilExit);
            while (input.next()) {
                printer.print(input.address(), snapshot.find(input.address()));
            }
            return input;
        }

        /** Resolves the input in blocks, since the JVM is read for each block. */
        AddressReader resolveInputInBlocks() throws IOException {
            AddressReader input = input(() -> { });
            for (long[] block = readBlock(input); block.length > 0; block = readBlock(input)) {
                refresh();
                resolve(block);
            }
            return input;
        }

        private AddressReader input(AddressReader.Pause afterWaiting) {
            return new AddressReader(terminal.in(), terminal::flush, afterWaiting);
        }

        private Map<Long, AddressReport> reports(long[] block) throws IOException {
            Map<Long, AddressReport> reports = new HashMap<>();
            CodeInfo.AddressKind kind = returnsTo ? CodeInfo.AddressKind.RETURNS_TO : CodeInfo.AddressKind.RUNNING_AT;
            try (JvmAddresses addresses = new JvmAddresses(maps, kind)) {
                for (long address : block) {
                    if (!reports.containsKey(address)) {
                        reports.put(address, addresses.report(address));
                    }
                }
            }
            return reports;
        }

        private void refresh() throws IOException {
            if (maps.refresh(snapshot)) {
                printer.snapshotRefreshed();
            }
        }

        /**
         * Refreshes the snapshot. After the process has exited, the last snapshot stays, for addresses that were sampled
         * before.
         */
        private void refreshUntilExit() throws IOException {
            if (hasExited) {
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

    /** Reads addresses up to the end of the input or the maximum of a block. */
    private static long[] readBlock(AddressReader input) throws IOException {
        long[] block = new long[1024];
        int count = 0;
        Set<Long> different = new HashSet<>();
        while (count < MAX_LINES && different.size() < MAX_DIFFERENT && input.invalidLine() == null && input.next()) {
            block = count < block.length ? block : Arrays.copyOf(block, 2 * count);
            block[count++] = input.address();
            different.add(input.address());
        }
        return Arrays.copyOf(block, count);
    }
}
