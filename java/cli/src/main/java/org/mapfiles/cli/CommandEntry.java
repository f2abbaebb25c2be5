package org.mapfiles.cli;

import java.lang.reflect.Constructor;
import java.util.List;
import org.mapfiles.cli.output.Terminal;

/**
 * A command of mapfiles, with its options as {@link QuickParser} reads them.
 *
 * @param name on the command line
 * @param type name of the class in the package of commands: it is loaded only if the command runs
 * @param arguments one line for each option and positional parameter: {@code --NAME FIELD [CONVERTER]}, or {@code FIRST
 *     MIN MAX FIELD [CONVERTER]}. FIRST is the index of the first value, MIN and MAX are numbers of values. FIELD may
 *     be a field of a mixin, CONVERTER is a class in this package or below. Empty: picocli parses them all.
 */
record CommandEntry(String name, String type, String arguments) {
    private static final String ANY = Integer.toString(Integer.MAX_VALUE);

    private static final String TARGETS = "0 0 " + ANY + " targets.arguments\n--all targets.all\n";

    private static final String SELECTION = """
            --exec selection.executable
            --deleted selection.deleted
            --file selection.name target.NamePattern$Converter
            --kind selection.kinds commands.MappingOptions$KindConverter
            --perms selection.permissions target.PermissionPattern$Converter
            """;

    private static final String ORDER = """
            --sort order.key
            --top order.top target.PositiveNumber$Converter
            """;

    private static final String SCREEN = "--wide screen.wide\n--json screen.json\n";
    private static final String MEMORY = "--rss memory.rss\n--pss memory.pss\n";
    private static final String ELF = "--elf elf.hasElf\n";
    private static final String NAMES = "--no-demangle nameOptions.isRaw\n";

    /** In the order of help, which has the command help too. */
    static final List<CommandEntry> ALL = List.of(
            new CommandEntry(
                    "maps", "MapsCommand", TARGETS + SELECTION + "--files files\n" + MEMORY + ELF + ORDER + SCREEN),
            new CommandEntry(
                    "resolve", "ResolveCommand", "0 0 1 process\n1 0 " + ANY + " addresses\n" + NAMES + """
                            --from from
                            --jvm jvm
                            --returns-to returnsTo
                            --lines lines
                            """ + SCREEN),
            new CommandEntry("count", "CountCommand", TARGETS + "--by by\n" + SELECTION + MEMORY + ORDER + SCREEN),
            new CommandEntry(
                    "files",
                    "FilesCommand",
                    TARGETS + "--mappings mappings\n" + SELECTION + MEMORY + ELF + ORDER + SCREEN),
            new CommandEntry("cat", "CatCommand", """
                    0 1 1 target target.Target$Converter
                    1 1 1 name
                    -o output
                    --output output
                    --force force
                    --unverified unverified
                    """),
            new CommandEntry(
                    "shared",
                    "SharedCommand",
                    "0 2 " + ANY + " targets target.Target$Converter\n--private withPrivate\n" + SELECTION + SCREEN),
            new CommandEntry("watch", "WatchCommand", "0 1 " + ANY + " arguments\n" + """
                            --interval interval target.PositiveNumber$Converter
                            --duration duration target.PositiveNumber$Converter
                            --poll pollOnly
                            --initial initial
                            --each each
                            """ + SELECTION + SCREEN),
            new CommandEntry("jvm", "JvmCommand", TARGETS + MEMORY + ORDER + SCREEN + """
                            --region only commands.JvmCommand$RegionConverter
                            --all-parts allParts
                            --attach attach
                            """),
            new CommandEntry("crash", "CrashCommand", "0 1 1 file\n" + NAMES + SCREEN),
            new CommandEntry(
                    "stale", "StaleCommand", "0 0 " + ANY + " arguments\n--all all\n--verbose verbose\n" + SCREEN),
            new CommandEntry("save", "SaveCommand", "0 1 1 target target.Target$Converter\n--json json\n"),
            new CommandEntry("diff", "DiffCommand", "0 1 1 first\n1 1 1 second\n--mappings mappings\n" + SCREEN),
            new CommandEntry("html", "HtmlCommand", ""),
            new CommandEntry("doctor", "DoctorCommand", "--json json\n"),
            new CommandEntry("generate-completion", "CompletionCommand", ""));

    /** Returns the command of a name; null: there is none. */
    static CommandEntry of(String name) {
        for (CommandEntry entry : ALL) {
            if (entry.name.equals(name)) {
                return entry;
            }
        }
        return null;
    }

    /** Makes the command. */
    Object command(Terminal terminal) {
        try {
            Constructor<?> constructor =
                    Class.forName("org.mapfiles.cli.commands." + type).getConstructor(Terminal.class);
            return constructor.newInstance(terminal);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("the class of " + name, e);
        }
    }
}
