package org.mapfiles.cli.commands;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.cli.target.Arguments;
import org.mapfiles.cli.target.HexAddress;
import org.mapfiles.cli.target.InputLine;
import org.mapfiles.cli.target.SavedFile;
import org.mapfiles.cli.target.Target;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
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
            "Functions and variables are those of the mapped file, or of a debug file with the same build ID. They are missing if"
                    + " the file has no symbol there, or may not be opened. Names of C++ are demangled by an installed c++filt;"
                    + " [mangled] marks a name that cannot be demangled.",
            "LIBRARY+0xOFFSET, such as libjvm.so+0xed2f94, is an address too. The offset is counted from the lowest address of the"
                    + " library, as hs_err files, dladdr(3) and async-profiler print it. It is no offset in the file.",
            "With - the mappings are read again whenever the input pauses. After the process has exited, its last mappings are"
                    + " used. Lines may also be frames of perf script; the other lines of perf script are copied. A line that"
                    + " cannot be used is printed in its place with the reason.",
            "",
            "--from reads the mappings of a file: text of /proc/PID/maps or smaps, an hs_err file of a JVM (JDK 8 to 28), or a"
                    + " core file. The content of the file decides which. Functions and variables are named if the file at the path"
                    + " is the mapped one by build ID (core files), or by device, inode and times (hs_err files): see"
                    + " 'mapfiles help crash'. Text of maps does not record enough for that.",
            "",
            "--lines runs the first of llvm-symbolizer, eu-addr2line and addr2line that is on the PATH, once for each file. Lines"
                    + " below an address have the functions that are inlined there, innermost first, and their source lines."
                    + " Nothing is downloaded. The input is read in blocks, as with --jvm.",
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
                    + " in no mapping; address; file_offset, null without a file; symbol, symbol_demangled, symbol_offset,"
                    + " elf_address (which addr2line -e FILE takes), build_id, htlhash, null if there is none. With --from also"
                    + " file_now, file_why. With --lines also the array frames with function, file, line, column. With --jvm also code, code_offset, tier,"
                    + " region, detail, inferred, and the array inlined with class, method, signature, bytecode. null means"
                    + " none or unknown. A line that cannot be used is a row of type unusable with line, input, reason. The head"
                    + " of a sample of perf script is a row of type sample with input. input_base64 has the bytes of a line that is"
                    + " not UTF-8.",
            "",
            "Example: mapfiles resolve 4711 0x7f3a1c02e6b4"
        })
public final class ResolveCommand implements Callable<Integer> {
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

    @Option(
            names = "--returns-to",
            description = "With --jvm or --lines: the addresses are return addresses of stack frames.")
    private boolean returnsTo;

    @Option(
            names = "--lines",
            description =
                    "Also the source lines, and the functions that are inlined there. Needs an installed symbolizer.")
    private boolean lines;

    @Mixin
    private NameOptions nameOptions;

    @Spec
    private CommandSpec spec;

    private final Terminal terminal;

    public ResolveCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        if (returnsTo && !jvm && !lines) {
            throw wrong("--returns-to needs --jvm or --lines");
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
        InputBlock given = addresses.equals(List.of("-")) ? null : parsed();
        ResolveOptions options = new ResolveOptions(nameOptions.names(), json, lines, jvm, returnsTo);
        if (from != null) {
            SavedResolver resolver = SavedResolver.of(SavedFile.read(from, terminal), options, terminal);
            int code = run(resolver, given);
            resolver.reportUnverified();
            return code;
        }
        try (ProcessMaps maps = target.open()) {
            return run(ProcessResolver.of(maps, options, terminal), given);
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

    private InputBlock parsed() {
        InputBlock values = new InputBlock();
        for (String argument : addresses) {
            byte[] text = argument.strip().getBytes(StandardCharsets.UTF_8);
            InputLine library = InputLine.ofArgument(argument);
            if (text.length == 1 && text[0] == '-') {
                throw wrong("-, for addresses from stdin, cannot be combined with addresses");
            }
            if (library != null) {
                values.add(library);
            } else if (HexAddress.isAddress(text, 0, text.length)) {
                values.add(HexAddress.parse(text, 0, text.length));
            } else {
                throw wrong("'" + Arguments.display(argument) + "' " + HexAddress.whyNot(text, 0, text.length));
            }
        }
        return values;
    }
}
