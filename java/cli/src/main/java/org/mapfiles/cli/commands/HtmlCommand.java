package org.mapfiles.cli.commands;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.mapfiles.cli.output.MapPage;
import org.mapfiles.cli.output.PageState;
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.cli.target.Arguments;
import org.mapfiles.cli.target.PageArgument;
import org.mapfiles.cli.target.SampleCounter;
import org.mapfiles.cli.target.SampleFile;
import org.mapfiles.cli.target.StateArgument;
import org.mapfiles.cli.target.UsageException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Writes a page that shows the address space of a process. */
@Command(
        name = "html",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        customSynopsis = "mapfiles html [OPTIONS] PID|FILE [PID|FILE]",
        description = {
            "Writes a page that shows the address space of a process.",
            "The page is one file for a browser, and needs no network.",
            "",
            "Example: mapfiles html 4711 -o map.html",
            ""
        },
        footer = {
            "",
            "A file is one of 'mapfiles save', 'mapfiles watch --initial --json' or 'mapfiles maps --json', text of"
                    + " /proc/PID/maps, an hs_err file or a core file.",
            "",
            "One argument: the page shows the state; of a JVM also what it uses its memory for; of a recording of watch"
                    + " the state at any time. Two arguments: the page shows two states and what changed between them;"
                    + " what JVMs use memory for if both are processes.",
            "",
            "The JVM is read from outside: nothing is loaded into it, and no signal is sent.",
            "",
            "Samples may be output of 'perf script --pid PID': the first frame of each stack counts.",
            "",
            "Exit code: 1 if a part of a file cannot be used; the page shows the rest."
        })
public final class HtmlCommand implements Callable<Integer> {
    private static final int BUFFER = 1 << 16;

    @Parameters(
            index = "0..1",
            paramLabel = "PID|FILE",
            arity = "1..2",
            hideParamSyntax = true,
            description = TargetOptions.DESCRIPTION + ", or a file.")
    private List<String> arguments = new ArrayList<>();

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FILE",
            required = true,
            description = "Write to a new file; -: to standard output.")
    private Path output;

    @Option(
            names = "--samples",
            paramLabel = "FILE",
            description = "Also sizes by samples: a file of addresses, or - (stdin).")
    private String samples;

    @Option(names = "--force", description = "Replace the file if it exists.")
    private boolean force;

    private final Terminal terminal;

    public HtmlCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        if (arguments.size() > 2) { // picocli counts those before an option and those after it separately
            throw new UsageException("one argument too many: '" + Arguments.display(arguments.get(2)) + "'");
        }
        if (output.toString().equals("-")) {
            return run(terminal.out());
        }
        try (NewFile file = new NewFile(output, force)) {
            OutputStream out = new BufferedOutputStream(file.stream(), BUFFER);
            int code = run(out);
            out.flush();
            file.keep(null);
            return code;
        }
    }

    private int run(OutputStream out) throws IOException {
        List<PageArgument> read = read();
        List<PageState> states = read.stream().map(PageArgument::state).collect(Collectors.toList());
        boolean isWhole = read.stream().allMatch(PageArgument::isWhole);
        if (samples != null) {
            List<SampleCounter> counters = new ArrayList<>();
            for (PageArgument argument : read) {
                counters.add(new SampleCounter(argument.state(), argument.owner()));
            }
            isWhole &= SampleFile.count(samples, counters, terminal);
            states = counters.stream().map(SampleCounter::counted).collect(Collectors.toList());
        }
        boolean isSameProcess = read.stream()
                .allMatch(argument ->
                        argument.identity().isSameProcess(read.get(0).identity()));
        String title = states.stream().map(PageState::label).collect(Collectors.joining(" and "));
        MapPage.write("Memory of " + title, states, isSameProcess, out);
        return isWhole ? ExitCode.OK : ExitCode.NOT_RESOLVED;
    }

    private List<PageArgument> read() throws IOException {
        List<PageArgument> states = new ArrayList<>();
        // A file has no regions. Regions beside a state without them would all be changes.
        boolean hasRegions = arguments.stream().noneMatch(StateArgument::isFile);
        for (String argument : arguments) {
            states.add(PageArgument.read(argument, hasRegions, terminal));
        }
        boolean hasRecording =
                states.stream().anyMatch(state -> !state.state().changes().isEmpty());
        if (states.size() > 1 && hasRecording) {
            throw new UsageException("a recording of watch cannot be compared: give it alone");
        }
        if (samples != null && hasRecording) {
            throw new UsageException("a recording of watch has many states, and samples are counted in one");
        }
        return states;
    }
}
