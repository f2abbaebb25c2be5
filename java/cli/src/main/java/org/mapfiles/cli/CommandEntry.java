package org.mapfiles.cli;

import java.util.List;
import org.mapfiles.cli.commands.CatCommand;
import org.mapfiles.cli.commands.CompletionCommand;
import org.mapfiles.cli.commands.Converters;
import org.mapfiles.cli.commands.CountCommand;
import org.mapfiles.cli.commands.CrashCommand;
import org.mapfiles.cli.commands.DiffCommand;
import org.mapfiles.cli.commands.DoctorCommand;
import org.mapfiles.cli.commands.FilesCommand;
import org.mapfiles.cli.commands.HtmlCommand;
import org.mapfiles.cli.commands.JvmCommand;
import org.mapfiles.cli.commands.MapsCommand;
import org.mapfiles.cli.commands.ResolveCommand;
import org.mapfiles.cli.commands.SaveCommand;
import org.mapfiles.cli.commands.SharedCommand;
import org.mapfiles.cli.commands.StaleCommand;
import org.mapfiles.cli.commands.WatchCommand;
import org.mapfiles.cli.output.Terminal;

/**
 * A command of mapfiles, with its options as {@link QuickParser} reads them.
 *
 * @param name on the command line
 * @param arguments one line for each option and positional parameter: {@code --NAME FIELD [CONVERTER]}, or {@code FIRST
 *     MIN MAX FIELD [CONVERTER]}. FIRST is the index of the first value, MIN and MAX are numbers of values. FIELD may
 *     be a field of a mixin, CONVERTER is a class in {@link Converters}. Empty: picocli parses them all.
 */
record CommandEntry(String name, String arguments) {
    private static final String ANY = Integer.toString(Integer.MAX_VALUE);

    private static final String TARGETS = "0 0 " + ANY + " targets.arguments\n--all targets.all\n";

    private static final String SELECTION = """
            --exec selection.executable
            --deleted selection.deleted
            --file selection.name OfName
            --kind selection.kinds OfKinds
            --perms selection.permissions OfPermissions
            """;

    private static final String ORDER = """
            --sort order.key
            --top order.top OfNumber
            """;

    private static final String SCREEN = "--wide screen.wide\n--json screen.json\n";
    private static final String MEMORY = "--rss memory.rss\n--pss memory.pss\n";
    private static final String ELF = "--elf elf.hasElf\n";
    private static final String NAMES = "--no-demangle nameOptions.isRaw\n";

    /** In the order of help, which has the command help too. */
    static final List<CommandEntry> ALL = List.of(
            new CommandEntry("maps", TARGETS + SELECTION + "--files files\n" + MEMORY + ELF + ORDER + SCREEN),
            new CommandEntry("resolve", "0 0 1 process\n1 0 " + ANY + " addresses\n" + NAMES + """
                            --from from
                            --jvm jvm
                            --returns-to returnsTo
                            --lines lines
                            """ + SCREEN),
            new CommandEntry("count", TARGETS + "--by by\n" + SELECTION + MEMORY + ORDER + SCREEN),
            new CommandEntry("files", TARGETS + "--mappings mappings\n" + SELECTION + MEMORY + ELF + ORDER + SCREEN),
            new CommandEntry("cat", """
                    0 1 1 target OfTarget
                    1 1 1 name
                    -o output
                    --output output
                    --force force
                    --unverified unverified
                    """),
            new CommandEntry(
                    "shared", "0 2 " + ANY + " targets OfTarget\n--private withPrivate\n" + SELECTION + SCREEN),
            new CommandEntry("watch", "0 1 " + ANY + " arguments\n" + """
                            --interval interval OfNumber
                            --duration duration OfNumber
                            --poll pollOnly
                            --initial initial
                            --each each
                            """ + SELECTION + SCREEN),
            new CommandEntry("jvm", TARGETS + MEMORY + ORDER + SCREEN + """
                            --region only OfRegions
                            --all-parts allParts
                            --attach attach
                            """),
            new CommandEntry("crash", "0 1 1 file\n" + NAMES + SCREEN),
            new CommandEntry("stale", "0 0 " + ANY + " arguments\n--all all\n--verbose verbose\n" + SCREEN),
            new CommandEntry("save", "0 1 1 target OfTarget\n--json json\n"),
            new CommandEntry("diff", "0 1 1 first\n1 1 1 second\n--mappings mappings\n" + SCREEN),
            new CommandEntry("html", ""),
            new CommandEntry("doctor", "--json json\n"),
            new CommandEntry("generate-completion", ""));

    /** Returns the command of a name; null: there is none. */
    static CommandEntry of(String name) {
        for (CommandEntry entry : ALL) {
            if (entry.name.equals(name)) {
                return entry;
            }
        }
        return null;
    }

    /**
     * Makes the command. Only its class is loaded: with reflection, JDK 18 and newer would generate classes (JEP 416).
     */
    Object command(Terminal terminal) {
        switch (name) {
            case "maps":
                return new MapsCommand(terminal);
            case "resolve":
                return new ResolveCommand(terminal);
            case "count":
                return new CountCommand(terminal);
            case "files":
                return new FilesCommand(terminal);
            case "cat":
                return new CatCommand(terminal);
            case "shared":
                return new SharedCommand(terminal);
            case "watch":
                return new WatchCommand(terminal);
            case "jvm":
                return new JvmCommand(terminal);
            case "crash":
                return new CrashCommand(terminal);
            case "stale":
                return new StaleCommand(terminal);
            case "save":
                return new SaveCommand(terminal);
            case "diff":
                return new DiffCommand(terminal);
            case "html":
                return new HtmlCommand(terminal);
            case "doctor":
                return new DoctorCommand(terminal);
            case "generate-completion":
                return new CompletionCommand(terminal);
            default:
                throw new AssertionError(name);
        }
    }
}
