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
import org.mapfiles.cli.target.JvmAddresses;
import org.mapfiles.cli.target.Target;
import org.mapfiles.jvm.CodeAddress;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Addresses to mappings, files and file offsets. */
@Command(name = "resolve", mixinStandardHelpOptions = true, versionProvider = Version.class,
        description = "Tells which mapping, file and byte of the file each address belongs to.",
        footer = {"", "The offset is of the file, or of the mapping where that has none.",
            "From stdin the mappings are read again whenever the input has paused; once the"
                    + " process has ended, what it had mapped last goes on to answer. A line that is no"
                    + " address ends it, with exit code 2.",
            "The exit code is 1 if an address is in no mapping.",
            "", "With --jvm addresses from stdin are read to their end before the first is answered, up to 65,536 different ones, or"
                    + " 1,048,576 lines; then the JVM is read again. The exit code is 4 if it has exited.",
            "With --jvm a line below each address names the region of memory, with ? where the region is inferred from the memory's"
                    + " look. For code the line also names the compiled method or the stub, and the compiler (tier 1 to 3: C1, 4: C2);"
                    + " above it are the methods that are inlined there, innermost first, with the bytecode index (@ 12). They are"
                    + " those of the instruction that begins at the address, as for a sample. An address that a stack frame returns to"
                    + " needs --returns-to, since the JVM records what is inlined by the end of an instruction.",
            "The JVM's memory is read as it is now: nothing is loaded into the process, it is not stopped, and no signal is sent to"
                    + " it. Code that has been unloaded is not found.",
            "", "JSON: address, start, end and file_offset as \"0x...\"; perms; path; path_base64 where that is not UTF-8; deleted."
                    + " In no mapping: all null but address. With --jvm also code, null for none; tier, null where it is not known;"
                    + " inlined, a line for each method; region; detail; inferred.",
            "", "Example: mapfiles resolve 4711 0x7f3a1c02e6b4"})
public final class ResolveCommand implements Callable<Integer> {
    /** Different addresses that are resolved at once: their results are kept until all are printed. */
    private static final int MAX_ASKED = 1 << 16;
    /** Lines that are read first: a profile contains the same addresses again and again. */
    private static final int MAX_READ = 1 << 20;

    @Parameters(index = "0", paramLabel = "PID|self", converter = Target.Converter.class,
            description = "The process; self: this JVM.")
    private Target target;

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "ADDR|-",
            description = "Addresses in hexadecimal, with or without 0x; -: one a line from stdin.")
    private List<String> addresses;

    @Option(names = "--json", description = "JSON Lines, one address each; start is null for one in no mapping.")
    private boolean json;

    @Option(names = "--jvm", description = "The process is a JVM: print the Java method or stub, and the region, of each address"
            + " too. See below, and mapfiles jvm --help.")
    private boolean jvm;

    @Option(names = "--returns-to", description = "With --jvm: addresses of code are return addresses, as of stack frames. Without it"
            + " they are where threads were running.")
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
            Resolving resolving = new Resolving(maps);
            AddressReader bad = null;
            try {
                if (fromInput) {
                    bad = jvm ? resolving.inputOfJvm() : resolving.input();
                } else {
                    resolving.all(given);
                }
            } finally {
                resolving.printer.finish();
            }
            return bad == null ? resolving.printer.hasUnresolved() ? ExitCode.NOT_RESOLVED : ExitCode.OK : complain(bad);
        }
    }

    private int complain(AddressReader bad) throws IOException {
        terminal.flush();
        terminal.complain("line " + bad.number() + " of the input, '" + bad.bad() + "', " + bad.why());
        return ExitCode.USAGE;
    }

    private long[] parsed() {
        long[] values = new long[addresses.size()];
        for (int i = 0; i < values.length; i++) {
            byte[] text = addresses.get(i).strip().getBytes(StandardCharsets.UTF_8);
            if (text.length == 1 && text[0] == '-') {
                throw new ParameterException(spec.commandLine(), "-, for addresses from stdin, stands alone");
            }
            if (!AddressReader.isAddress(text, 0, text.length)) {
                throw new ParameterException(spec.commandLine(), "'" + Arguments.shown(addresses.get(i)) + "' "
                        + AddressReader.whyNoAddress(text, 0, text.length));
            }
            values[i] = AddressReader.address(text, 0, text.length);
        }
        return values;
    }

    /** One process, and what is printed of it. */
    private final class Resolving {
        private final ProcessMaps maps;
        private final MapSnapshot snapshot;
        private final ResolvedPrinter printer;
        private boolean isGone;

        Resolving(ProcessMaps maps) throws IOException {
            this.maps = maps;
            snapshot = maps.snapshot(MapFilter.all());
            printer = json ? new ResolvedJson(maps, snapshot, terminal.out()) : new ResolvedText(maps, snapshot, terminal.out());
        }

        /** Some; of a JVM all of them at once. */
        void all(long... some) throws IOException {
            if (jvm) {
                printer.know(whats(some));
            }
            for (long address : some) {
                printer.print(address, snapshot.find(address));
            }
        }

        /** One by one, as they come. Null, or where a line is no address. */
        AddressReader input() throws IOException {
            AddressReader lines = lines(this::refreshOrGoOn);
            while (lines.next()) {
                printer.print(lines.address(), snapshot.find(lines.address()));
            }
            return lines.bad() == null ? null : lines;
        }

        /** As {@link #input}, but read ahead: the JVM is read once for many addresses. What is mapped by then counts. */
        AddressReader inputOfJvm() throws IOException {
            AddressReader lines = lines(() -> { });
            for (long[] some = readAhead(lines); some.length > 0; some = readAhead(lines)) {
                refresh();
                all(some);
            }
            return lines.bad() == null ? null : lines;
        }

        private AddressReader lines(AddressReader.Pause afterWaiting) {
            return new AddressReader(terminal.in(), () -> {
                printer.flush();
                terminal.flush();
            }, afterWaiting);
        }

        private Map<Long, AddressReport> whats(long[] some) throws IOException {
            Map<Long, AddressReport> whats = new HashMap<>();
            try (JvmAddresses addresses = new JvmAddresses(maps, returnsTo ? CodeAddress.RETURNS_TO : CodeAddress.RUNNING_AT)) {
                for (long address : some) {
                    if (!whats.containsKey(address)) {
                        whats.put(address, addresses.what(address));
                    }
                }
            }
            return whats;
        }

        private void refresh() throws IOException {
            if (maps.refresh(snapshot)) {
                printer.forget();
            }
        }

        /** Once the process has ended, what it had mapped last goes on to answer for addresses sampled before. */
        private void refreshOrGoOn() throws IOException {
            if (isGone) {
                return;
            }
            try {
                refresh();
            } catch (ProcessExitedException e) {
                terminal.complain(e.getMessage() + ": answering from what it had mapped last");
                isGone = true;
            }
        }
    }

    /** As many as there are, or as one asking may be about. */
    private static long[] readAhead(AddressReader lines) throws IOException {
        long[] some = new long[1024];
        int count = 0;
        Set<Long> different = new HashSet<>();
        while (count < MAX_READ && different.size() < MAX_ASKED && lines.bad() == null && lines.next()) {
            some = count < some.length ? some : Arrays.copyOf(some, 2 * count);
            some[count++] = lines.address();
            different.add(lines.address());
        }
        return Arrays.copyOf(some, count);
    }
}
