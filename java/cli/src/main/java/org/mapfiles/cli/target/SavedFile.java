package org.mapfiles.cli.target;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.mapfiles.MalformedMapsException;
import org.mapfiles.MapCursor;
import org.mapfiles.cli.output.FileName;
import org.mapfiles.cli.output.StateEntry;
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.saved.SavedMaps;

/** A file that records mappings, as an argument. What of it cannot be used is reported on stderr. */
public final class SavedFile {
    /** Maximum number of problems that are printed. */
    private static final int MAX_PRINTED = 10;

    /** A message of the library, which does not read rows of {@code mapfiles save}. */
    private static final String KINDS_OF_LIBRARY = "the file is no maps text, hs_err file or core file";

    private static final String KINDS =
            "the file is none of these: output of 'mapfiles save' or 'mapfiles maps --json', maps text, hs_err file, core file";

    private final String argument;
    private final Terminal terminal;
    private final ArgumentFile file;
    private long problems;

    private SavedFile(String argument, ArgumentFile file, Terminal terminal) {
        this.argument = argument;
        this.file = file;
        this.terminal = terminal;
    }

    private static ArgumentFile open(String argument) throws IOException {
        try {
            Path path = Path.of(argument);
            if (Files.isDirectory(path)) {
                throw new IOException("'" + Arguments.display(argument) + "' is a directory");
            }
            return new ArgumentFile(path);
        } catch (InvalidPathException e) {
            throw new IOException("'" + Arguments.display(argument) + "' is no path in this locale", e);
        }
    }

    /** Reads the mappings of a file: rows of {@code mapfiles save}, or what {@link SavedMaps} reads. */
    public static SavedMaps read(String argument, Terminal terminal) throws IOException {
        SavedFile file = new SavedFile(argument, open(argument), terminal);
        try {
            if (!file.isJson()) {
                return file.readMaps();
            }
            ProcessState state = file.readRows();
            if (state.entries().isEmpty()) {
                throw new MalformedMapsException("no mapping is in the file", 1);
            }
            return SavedMaps.withBuildIds(
                    new ByteArrayInputStream(state.mapsText()),
                    state.identity().pid(),
                    buildIds(state),
                    !state.isWhole());
        } catch (NoSuchFileException e) {
            throw file.noFile(e);
        } catch (MalformedMapsException e) {
            throw file.unusable(e);
        }
    }

    private static Map<Long, byte[]> buildIds(ProcessState state) {
        Map<Long, byte[]> byStart = new HashMap<>();
        for (StateEntry entry : state.entries()) {
            if (entry.buildId() != null) {
                byStart.put(entry.start(), HexFormat.of().parseHex(entry.buildId()));
            }
        }
        return byStart;
    }

    /** Reads the state of a process that a file records, of the same kinds of files. */
    static ProcessState readState(String argument, Terminal terminal) throws IOException {
        return readState(argument, open(argument), terminal);
    }

    /** As {@link #readState(String, Terminal)}, of a file that is open. */
    static ProcessState readState(String argument, ArgumentFile from, Terminal terminal) throws IOException {
        SavedFile file = new SavedFile(argument, from, terminal);
        try {
            return file.isJson() ? file.readRows() : file.stateOf(file.readMaps());
        } catch (NoSuchFileException e) {
            throw file.noFile(e);
        } catch (MalformedMapsException e) {
            throw file.unusable(e);
        }
    }

    private IOException noFile(NoSuchFileException e) {
        return new IOException("no file is at '" + Arguments.display(argument) + "'", e);
    }

    private IOException unusable(MalformedMapsException e) {
        String message = e.getMessage().replace(KINDS_OF_LIBRARY, KINDS);
        return new IOException(Arguments.display(argument) + ": " + message, e);
    }

    private boolean isJson() throws IOException {
        try (InputStream in = file.open()) {
            byte[] begin = in.readNBytes(PerfRecording.MAGIC_BYTES);
            PerfRecording.check(begin, 0, begin.length);
            return begin.length > 0 && begin[0] == '{';
        }
    }

    private ProcessState readRows() throws IOException {
        try (InputStream in = file.open()) {
            ProcessState state = SavedState.read(in, this::report);
            reportRest();
            return state;
        }
    }

    private SavedMaps readMaps() throws IOException {
        SavedMaps saved = readSaved();
        saved.problems().forEach(problem -> report(problem.toString()));
        problems = saved.problemCount();
        reportRest();
        return saved;
    }

    /** A core file is read by its path. */
    private SavedMaps readSaved() throws IOException {
        if (file.isRegular()) {
            return SavedMaps.read(file.path());
        }
        try (InputStream in = file.open()) {
            return SavedMaps.read(in);
        }
    }

    /** Sizes in memory are unknown. Only core files record build IDs. */
    private ProcessState stateOf(SavedMaps saved) {
        List<StateEntry> entries = new ArrayList<>();
        for (MapCursor mapping = saved.snapshot().cursor(); mapping.next(); ) {
            FileName name = FileName.withoutQuery(mapping);
            String buildId = saved.recordedBuildId(mapping)
                    .map(HexFormat.of()::formatHex)
                    .orElse(null);
            entries.add(StateEntry.of(mapping, name, mapping.permissions(), buildId, -1, -1));
        }
        ProcessIdentity identity = new ProcessIdentity(saved.pid().orElse(-1), -1, null, new byte[0]);
        return new ProcessState(identity, null, entries, problems == 0);
    }

    private void report(String problem) {
        if (problems++ < MAX_PRINTED) {
            terminal.report(Arguments.display(argument) + ": " + problem);
        }
    }

    private void reportRest() {
        if (problems > MAX_PRINTED) {
            terminal.report(problems - MAX_PRINTED + " more parts of the file cannot be used");
        }
    }
}
