package org.mapfiles.fuzz;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.mapfiles.saved.SavedMaps;

/** The input is a file with an ELF header, such as a core file. */
public final class CoreFileFuzz {
    private static final Path FILE = InputFile.create();

    private CoreFileFuzz() {}

    /** Runs one input. */
    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        Files.write(FILE, data);
        try {
            SavedMapsFuzz.use(SavedMaps.read(FILE));
        } catch (IOException documented) {
            return;
        }
    }
}
