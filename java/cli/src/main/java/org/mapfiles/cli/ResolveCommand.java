package org.mapfiles.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;
import org.mapfiles.ProcessGoneException;
import org.mapfiles.ProcessMaps;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Addresses to mappings, files and file offsets. */
@Command(name = "resolve", mixinStandardHelpOptions = true, versionProvider = Main.Version.class,
        description = "Tells which mapping, file and byte of the file each address belongs to.",
        footer = {"", "The offset is of the file, or of the mapping where that has none.",
            "From stdin the mappings are read again whenever the input has paused; once the"
                    + " process has ended, what it had mapped last goes on to answer. A line that is no"
                    + " address ends it, with exit code 2.",
            "The exit code is 1 if an address is in no mapping.",
            "", "Example: mapfiles resolve 4711 0x7f3a1c02e6b4"})
final class ResolveCommand implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "PID|self", converter = Target.Converter.class,
            description = "The process; self: this JVM.")
    private Target target;

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "ADDR|-",
            description = "Addresses in hexadecimal, with or without 0x; -: one a line from stdin.")
    private List<String> addresses;

    @Option(names = "--json", description = "JSON Lines, one address each; start is null for one in no mapping.")
    private boolean json;

    @Option(names = "--jvm", description = "The process is a JVM: its Java methods, stubs and regions too, of addresses given as"
            + " arguments. See mapfiles jvm --help.")
    private boolean jvm;

    @Spec
    private CommandSpec spec;

    private final Terminal terminal;

    ResolveCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        boolean fromInput = addresses.equals(List.of("-"));
        if (fromInput && jvm) {
            throw new ParameterException(spec.commandLine(), "--jvm takes addresses as arguments, not from stdin");
        }
        long[] given = fromInput ? new long[0] : parsed();
        try (ProcessMaps maps = target.open()) {
            MapSnapshot snapshot = maps.snapshot(MapFilter.all());
            ResolvedPrinter printer = json ? new ResolvedJson(maps, snapshot, terminal.out())
                    : new ResolvedText(maps, snapshot, terminal.out());
            if (jvm) {
                printer.know(whats(maps, given));
            }
            for (long address : given) {
                printer.print(address, snapshot.find(address));
            }
            int code = fromInput ? resolveInput(maps, snapshot, printer) : Main.OK;
            printer.finish();
            return code == Main.OK && printer.hasUnresolved() ? Main.NOT_RESOLVED : code;
        }
    }

    private static Map<Long, JvmWhat> whats(ProcessMaps maps, long[] addresses) throws IOException {
        List<JvmWhat> told = maps.pid() == ProcessHandle.current().pid() ? JvmTeller.whats(addresses)
                : new AttachedJvm(maps).whats(addresses);
        Map<Long, JvmWhat> whats = new HashMap<>();
        for (int i = 0; i < addresses.length; i++) {
            whats.put(addresses[i], told.get(i));
        }
        return whats;
    }

    private long[] parsed() {
        long[] values = new long[addresses.size()];
        for (int i = 0; i < values.length; i++) {
            byte[] text = addresses.get(i).strip().getBytes(StandardCharsets.UTF_8);
            if (text.length == 1 && text[0] == '-') {
                throw new ParameterException(spec.commandLine(), "-, for addresses from stdin, stands alone");
            }
            if (!HexLines.isAddress(text, 0, text.length)) {
                throw new ParameterException(spec.commandLine(), "'" + FileName.shown(addresses.get(i)) + "' " + HexLines.whyNoAddress(text, 0, text.length));
            }
            values[i] = HexLines.address(text, 0, text.length);
        }
        return values;
    }

    private int resolveInput(ProcessMaps maps, MapSnapshot snapshot, ResolvedPrinter printer) throws IOException {
        boolean[] gone = {false};
        HexLines lines = new HexLines(terminal.in(), () -> {
            printer.flush();
            terminal.flush();
        }, () -> {
            if (!gone[0] && !refresh(maps, snapshot, printer)) {
                gone[0] = true;
            }
        });
        while (lines.next()) {
            printer.print(lines.address(), snapshot.find(lines.address()));
        }
        if (lines.bad() != null) {
            printer.finish();
            terminal.flush();
            terminal.complain("line " + lines.number() + " of the input, '" + FileName.shown(lines.bad()) + "', " + lines.why());
            return Main.USAGE;
        }
        return Main.OK;
    }

    /** False once the process has ended: what it had mapped last goes on to answer for addresses sampled before. */
    private boolean refresh(ProcessMaps maps, MapSnapshot snapshot, ResolvedPrinter printer) throws IOException {
        try {
            if (maps.refresh(snapshot)) {
                printer.forget();
            }
            return true;
        } catch (ProcessGoneException e) {
            terminal.complain(e.getMessage() + ": answering from what it had mapped last");
            return false;
        }
    }
}
