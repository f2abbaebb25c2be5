package org.mapfiles.cli.output;

import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import org.mapfiles.symbols.CodeUpdate;

/** Prints the files of processes whose code has changed at its path. */
public abstract class StaleRows {
    /** A process that is checked. */
    public record Subject(long pid, byte[] name) {}

    /** The order in which columns are left out on a narrow terminal: ACTION first, which STATE implies. */
    private static final int ACTION_RANK = 2;

    private static final int PROCESS_RANK = 1;

    private final Map<CodeUpdate.State, Integer> counts = new TreeMap<>();
    private int outdatedProcesses;
    private long lastOutdated = -1;

    private StaleRows() {}

    /**
     * Returns rows as a table.
     *
     * @param isWide whether lines may be wider than the terminal
     */
    public static StaleRows text(Terminal terminal, boolean isWide, boolean isVerbose) {
        return new Text(terminal, isWide, isVerbose);
    }

    /** Returns rows of JSON. */
    public static StaleRows json(Terminal terminal) throws IOException {
        return new Json(terminal);
    }

    /** Prints a file that is not current. */
    public void file(Subject process, CodeUpdate update) throws IOException {
        counts.merge(update.state(), 1, Integer::sum);
        if (update.state() == CodeUpdate.State.OUTDATED && lastOutdated != process.pid()) {
            lastOutdated = process.pid();
            outdatedProcesses++;
        }
        print(process, update);
    }

    /** Returns how many files have a state. */
    public int count(CodeUpdate.State state) {
        return counts.getOrDefault(state, 0);
    }

    int outdatedProcesses() {
        return outdatedProcesses;
    }

    abstract void print(Subject process, CodeUpdate update) throws IOException;

    /** Prints a process that could not be checked. */
    public abstract void unknown(Subject process, String why) throws IOException;

    /**
     * Ends the output.
     *
     * @param checked number of processes that were checked
     * @param denied number of processes that could not be checked
     */
    public abstract void end(int checked, int denied) throws IOException;

    private static final class Text extends StaleRows {
        private final Terminal terminal;
        private final Table table;
        private final boolean isWide;
        private final boolean isVerbose;
        private int rows;

        Text(Terminal terminal, boolean isWide, boolean isVerbose) {
            this.terminal = terminal;
            this.isWide = isWide;
            this.isVerbose = isVerbose;
            table = new Table(terminal, isWide)
                    .right("PID")
                    .left("PROCESS")
                    .optional(PROCESS_RANK)
                    .left("STATE")
                    .left("ACTION")
                    .optional(ACTION_RANK)
                    .left("FILE")
                    .prose();
            table.endOfHead();
        }

        @Override
        void print(Subject process, CodeUpdate update) throws IOException {
            boolean isAction = update.state() == CodeUpdate.State.OUTDATED;
            boolean isUnknown = update.state() == CodeUpdate.State.UNKNOWN;
            if (isAction || isUnknown || isVerbose) {
                String path =
                        Printable.text(FileName.withoutQuery(update.mapping()).raw());
                row(
                        process,
                        Printable.words(JsonLines.constant(update.state())),
                        isAction ? "restart" : "-",
                        isUnknown ? path + ": " + Printable.message(update.reason()) : path);
            }
        }

        @Override
        public void unknown(Subject process, String why) throws IOException {
            row(process, "unknown", "-", Printable.message(why));
        }

        private void row(Subject process, String state, String action, String file) throws IOException {
            rows++;
            table.cell(Long.toString(process.pid()))
                    .cell(Printable.text(process.name()))
                    .cell(state)
                    .cell(action)
                    .cell(file)
                    .endOfRow();
        }

        @Override
        public void end(int checked, int denied) throws IOException {
            if (rows > 0) {
                table.print();
            }
            StringBuilder end = new StringBuilder("checked ");
            end.append(checked)
                    .append(checked == 1 ? " process: " : " processes: ")
                    .append(outdatedProcesses() == 0 ? "none" : Integer.toString(outdatedProcesses()))
                    .append(" with outdated code");
            add(end, CodeUpdate.State.REPLACED_SAME, "replaced by the same code");
            add(end, CodeUpdate.State.DELETED, "deleted");
            add(end, CodeUpdate.State.UNKNOWN, "unknown");
            if (denied > 0) {
                end.append(", ")
                        .append(denied)
                        .append(denied == 1 ? " process" : " processes")
                        .append(" not checked");
            }
            terminal.prose(end.toString(), isWide);
        }

        private void add(StringBuilder end, CodeUpdate.State state, String what) {
            int count = count(state);
            if (count > 0) {
                end.append(", ")
                        .append(count)
                        .append(count == 1 ? " file " : " files ")
                        .append(what);
            }
        }
    }

    private static final class Json extends StaleRows {
        private final JsonLines lines;

        Json(Terminal terminal) throws IOException {
            lines = new JsonLines(terminal.out());
        }

        private JsonLines begin(Subject process) throws IOException {
            return lines.beginRow("stale_file", process.pid()).bytes("process_name", process.name());
        }

        @Override
        void print(Subject process, CodeUpdate update) throws IOException {
            begin(process)
                    .text("update", JsonLines.constant(update.state()))
                    .text("action", update.state() == CodeUpdate.State.OUTDATED ? "restart" : null)
                    .text("why", update.reason())
                    .bool("program", update.isProgram())
                    .bytes("path", FileName.withoutQuery(update.mapping()).raw())
                    .text("build_id", update.buildId().orElse(null));
            if (update.pathNow().isPresent()) {
                lines.bytes("path_now", update.pathNow().get());
            } else {
                lines.nullValue("path_now");
            }
            lines.text("build_id_now", update.buildIdNow().orElse(null)).end();
        }

        @Override
        public void unknown(Subject process, String why) throws IOException {
            begin(process)
                    .text("update", "unknown")
                    .nullValue("action")
                    .text("why", why)
                    .nullValue("program")
                    .nullValue("path")
                    .nullValue("build_id")
                    .nullValue("path_now")
                    .nullValue("build_id_now")
                    .end();
        }

        @Override
        public void end(int checked, int denied) {
            // a row of totals would be no row of a file
        }
    }
}
