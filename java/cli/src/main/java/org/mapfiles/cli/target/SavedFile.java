package org.mapfiles.cli.target;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.saved.SavedMaps;

/** A file that records mappings, as an argument. */
public final class SavedFile {
    /** Maximum number of problems that are printed. */
    private static final int MAX_PRINTED = 10;

    private SavedFile() {}

    /** Reads the file, and reports on stderr what of it cannot be used. */
    public static SavedMaps read(String argument, Terminal terminal) throws IOException {
        SavedMaps saved;
        try {
            Path file = Path.of(argument);
            if (Files.isDirectory(file)) {
                throw new IOException("'" + Arguments.display(argument) + "' is a directory");
            }
            saved = SavedMaps.read(file);
        } catch (NoSuchFileException e) {
            throw new IOException("no file is at '" + Arguments.display(argument) + "'", e);
        } catch (InvalidPathException e) {
            throw new IOException("'" + Arguments.display(argument) + "' is no path in this locale", e);
        }
        int printed = 0;
        for (SavedMaps.Problem problem : saved.problems()) {
            if (printed++ == MAX_PRINTED) {
                terminal.report(saved.problemCount() - MAX_PRINTED + " more parts of the file cannot be used");
                break;
            }
            terminal.report(Arguments.display(argument) + ": " + problem);
        }
        return saved;
    }
}
