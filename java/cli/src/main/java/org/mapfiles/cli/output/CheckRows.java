package org.mapfiles.cli.output;

import java.io.IOException;
import java.util.List;

/** Prints the results of checks of this machine. */
public final class CheckRows {
    /** What a check found. */
    public enum Result {
        /** It works. */
        OK,
        /** It does not work, or only in part. */
        LIMITED,
        /** It cannot be determined. */
        UNKNOWN
    }

    /**
     * A check.
     *
     * @param name what was checked
     * @param finding what was found
     * @param remedy null: none is needed, or none is known
     */
    public record Check(String name, Result result, String finding, String remedy) {
        /** Returns a check that has found no limit. */
        public static Check ok(String name, String finding) {
            return new Check(name, Result.OK, finding, null);
        }

        /** Returns a check that has found a limit. */
        public static Check limited(String name, String finding, String remedy) {
            return new Check(name, Result.LIMITED, finding, remedy);
        }

        /** Returns a check without a result. */
        public static Check unknown(String name, String finding) {
            return new Check(name, Result.UNKNOWN, finding, null);
        }
    }

    private CheckRows() {}

    /** Prints one line for each check. It is whole on a terminal too: a remedy that is shortened is of no use. */
    public static void print(List<Check> checks, Terminal terminal) throws IOException {
        Table table = new Table(terminal, true).left("RESULT").left("CHECK").left("FINDING");
        table.endOfHead();
        for (Check check : checks) {
            table.cell(JsonLines.constant(check.result()))
                    .cell(check.name())
                    .cell(Printable.message(check.finding() + (check.remedy() == null ? "" : ": " + check.remedy())))
                    .endOfRow();
        }
        table.print();
    }

    /** Writes one row for each check. */
    public static void write(List<Check> checks, Terminal terminal) throws IOException {
        JsonLines lines = new JsonLines(terminal.out());
        for (Check check : checks) {
            lines.beginRow("check", ProcessHandle.current().pid())
                    .text("check", check.name())
                    .text("result", JsonLines.constant(check.result()))
                    .text("finding", check.finding())
                    .text("remedy", check.remedy())
                    .end();
        }
    }
}
