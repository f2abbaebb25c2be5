package org.mapfiles.cli;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.mapfiles.MapCursor;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.cli.target.Arguments;

/**
 * Runs commands whose classes belong into the class archive of the launcher. It prints nothing, and a command that
 * fails does no harm.
 */
final class ClassListMain {
    private static final String[] LINES = {
        "maps self",
        "maps self --json --rss",
        "maps self --exec --kind file --file *.so --sort size --top 1",
        "resolve self -",
        "resolve self - --json",
        "resolve self 0 libc.so.6+0x1000",
        "count self",
        "files self",
        "files self --json",
        "jvm self --rss",
        "jvm self --json",
        "shared self",
        "stale self",
        "doctor self",
        "save self",
        "maps --help"
    };

    private ClassListMain() {}

    /**
     * Runs the commands.
     *
     * @param arguments the path of the copy of the native library that is made, for org.mapfiles.library.path
     */
    public static void main(String[] arguments) throws IOException {
        TimeLimit.start(System.err);
        Arguments.ofProcess(arguments);
        copyLibrary(Path.of(arguments[0]));
        Terminal.ofProcess();
        byte[] code = addresses().getBytes(StandardCharsets.UTF_8);
        for (String line : LINES) {
            InputStream addresses = new ByteArrayInputStream(code);
            Main.run(line.split(" "), addresses, OutputStream.nullOutputStream(), OutputStream.nullOutputStream());
        }
        System.exit(0);
    }

    /** Returns addresses of code, some of which are in functions of C++, and one that is in no mapping. */
    private static String addresses() throws IOException {
        StringBuilder text = new StringBuilder("0\n");
        try (ProcessMaps maps = ProcessMaps.self()) {
            MapSnapshot snapshot = maps.snapshot(MapFilter.all().executable().fileBacked());
            for (MapCursor mapping = snapshot.cursor(); mapping.next(); ) {
                for (long at = mapping.start(), step = mapping.size() / 8; at < mapping.end(); at += step) {
                    text.append(Long.toHexString(at)).append('\n');
                }
            }
        }
        return text.toString();
    }

    private static void copyLibrary(Path to) throws IOException {
        String machine = System.getProperty("os.arch").replace("amd64", "x86_64");
        try (InputStream library =
                ClassListMain.class.getResourceAsStream("/META-INF/native/linux-" + machine + "/libmapfiles.so")) {
            if (library == null) {
                throw new IOException("the jar has no library for " + machine);
            }
            Files.copy(library, to);
        }
    }
}
