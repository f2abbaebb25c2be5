package org.mapfiles.cli.commands;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.mapfiles.MapSnapshot;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.cli.target.Arguments;
import org.mapfiles.cli.target.HexAddress;
import org.mapfiles.cli.target.InputLine;
import org.mapfiles.cli.target.SavedFile;
import org.mapfiles.cli.target.Target;
import org.mapfiles.cli.target.UsageException;
import org.mapfiles.saved.SavedMaps;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Resolves addresses to mappings, files and file offsets. */
@Command(
        name = "resolve",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        customSynopsis = {
            "mapfiles resolve [OPTIONS] PID|self ADDR...|-",
            "       mapfiles resolve [OPTIONS] --from FILE ADDR...|-"
        },
        description = {
            "Names the function, the file and the offset of addresses.",
            "",
            "Example: mapfiles resolve 4711 0x7f3a1c02e6b4",
            ""
        },
        footer = {
            "",
            "The exit code is 1 if an address is in no mapping, or a line of input cannot be used. If the mapping has no file,"
                    + " the offset is an offset in the mapping. LIBRARY+0xOFFSET is counted from the lowest address of the"
                    + " library, as hs_err files and dladdr(3) do.",
            "With - the mappings are read again whenever the input pauses. Lines may also be frames of perf script; its other"
                    + " lines are copied.",
            "--lines runs the first of llvm-symbolizer, eu-addr2line and addr2line. [mangled] marks a name that cannot be"
                    + " demangled.",
            "--jvm reads the JVM from outside: nothing is loaded into it, and no signal is sent. Inlined methods are listed"
                    + " innermost first. ? marks a region that is inferred. An address is where a thread runs, unless"
                    + " --returns-to is given, or it is a caller in a sample of perf script.",
            "JSON: rows of type address, unusable, sample."
        })
public final class ResolveCommand implements Callable<Integer> {
    @Parameters(index = "0", arity = "0..1", paramLabel = "PID|self", description = TargetOptions.DESCRIPTION + ".")
    private String process;

    @Parameters(
            index = "1..*",
            arity = "0..*",
            paramLabel = "ADDR|-",
            description = "Hexadecimal, or LIBRARY+0xOFFSET; -: lines of stdin.")
    private List<String> addresses = new ArrayList<>();

    @Option(
            names = "--from",
            paramLabel = "FILE",
            description = "A saved file: of 'mapfiles save', maps, hs_err or core.")
    private String from;

    @Option(names = "--jvm", description = "Also the Java method or the stub, and the region.")
    private boolean jvm;

    @Option(names = "--returns-to", description = "The addresses are return addresses of stack frames.")
    private boolean returnsTo;

    @Option(names = "--lines", description = "Also source lines, and the functions inlined there.")
    private boolean lines;

    @Mixin
    private final NameOptions nameOptions = new NameOptions();

    @Mixin
    private final ScreenOptions screen = new ScreenOptions();

    private final Terminal terminal;

    public ResolveCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        if (from != null && jvm) {
            throw wrong("--jvm reads a process, so it cannot be combined with --from");
        }
        if (from != null && process != null) {
            addresses.add(0, process);
        }
        if (from == null && process == null || addresses.isEmpty()) {
            throw wrong(missing());
        }
        Target target = from == null ? Target.parse(process) : null;
        InputBlock given = addresses.equals(List.of("-")) ? null : parsed();
        ResolveOptions options =
                new ResolveOptions(nameOptions.names(), screen.isJson(), screen.isWide(), lines, jvm, returnsTo);
        if (from != null) {
            SavedMaps saved = SavedFile.read(from, terminal);
            rejectPid(saved);
            SavedResolver resolver = SavedResolver.of(saved, options, terminal);
            int code = run(resolver, given);
            reportDecimal(resolver.snapshot);
            resolver.reportUnverified();
            return code;
        }
        try (ProcessMaps maps = target.open()) {
            ProcessResolver resolver = ProcessResolver.of(maps, target, options, terminal);
            int code = run(resolver, given);
            reportDecimal(resolver.snapshot);
            resolver.reportUnnamedCode();
            resolver.reportNotOpened();
            return code;
        }
    }

    private String missing() {
        if (from != null) {
            return "ADDR|- is missing";
        }
        if (process == null) {
            return "PID|self and ADDR|- are missing";
        }
        return process.startsWith("0x") ? "PID|self is missing" : "ADDR|- is missing";
    }

    /** Reports an address that is in a mapping only if its digits are decimal. JSON has no such report. */
    private void reportDecimal(MapSnapshot snapshot) {
        if (screen.isJson()) {
            return;
        }
        for (String argument : addresses) {
            if (!isDecimal(argument)) {
                continue;
            }
            long decimal = Long.parseLong(argument);
            if (snapshot.find(Long.parseUnsignedLong(argument, 16)) < 0 && snapshot.find(decimal) >= 0) {
                terminal.report(
                        argument + " is read as hexadecimal: if it is decimal, give 0x" + Long.toHexString(decimal));
                return;
            }
        }
    }

    private static boolean isDecimal(String argument) {
        for (int i = 0; i < argument.length(); i++) {
            if (argument.charAt(i) < '0' || argument.charAt(i) > '9') {
                return false;
            }
        }
        return !argument.isEmpty() && argument.length() <= 16; // as many digits as an address in hexadecimal
    }

    /** With --from no process is given. The PID of the file's process would be an address too. */
    private void rejectPid(SavedMaps saved) {
        if (process != null
                && saved.pid().isPresent()
                && process.equals(Long.toString(saved.pid().getAsLong()))) {
            throw wrong(
                    process + " is the PID of the process of that file, which --from replaces: leave it out, or write"
                            + " 0x" + process + " for the address");
        }
    }

    private static int run(Resolver resolver, InputBlock given) throws IOException {
        if (given != null) {
            resolver.resolve(given);
        } else {
            resolver.resolveInput();
        }
        return resolver.printer.hasUnresolved() ? ExitCode.NOT_RESOLVED : ExitCode.OK;
    }

    private UsageException wrong(String message) {
        return new UsageException(message);
    }

    private InputBlock parsed() {
        InputBlock values = new InputBlock(false);
        for (String argument : addresses) {
            byte[] text = argument.strip().getBytes(StandardCharsets.UTF_8);
            if (text.length == 1 && text[0] == '-') {
                throw wrong("-, for addresses from stdin, cannot be combined with addresses");
            }
            if (HexAddress.isAddress(text, 0, text.length)) {
                values.add(HexAddress.parse(text, 0, text.length), returnsTo);
                continue;
            }
            InputLine library = InputLine.ofArgument(argument);
            if (library != null) {
                values.add(library, returnsTo);
            } else {
                throw wrong("'" + Arguments.display(argument) + "' " + HexAddress.whyNot(text));
            }
        }
        return values;
    }
}
