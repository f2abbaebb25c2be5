package org.mapfiles.cli.target;

import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.mapfiles.MapCursor;
import org.mapfiles.Mapping;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.demangle.Demangler;
import org.mapfiles.cli.lines.SourceLines;
import org.mapfiles.cli.output.CheckRows.Check;
import org.mapfiles.cli.programs.InstalledProgram;
import org.mapfiles.jvm.JvmCodeReader;
import org.mapfiles.symbols.ElfFile;
import org.mapfiles.symbols.SymbolCache;
import org.mapfiles.symbols.SymbolInfo;
import org.mapfiles.symbols.Symbols;

/** Checks what is installed beside mapfiles: programs, debug files, and the JDK. */
public final class ToolChecks {
    private static final int CACHE_BYTES = 64 << 20;

    /** Runs the checks. */
    public List<Check> run() {
        List<Check> checks = new ArrayList<>();
        checks.add(programs("source lines", SourceLines.programs(), "install binutils for addr2line"));
        checks.add(programs("demangler", Demangler.programs(), "install binutils for c++filt"));
        checks.add(debugFiles());
        checks.add(compressedSymbols());
        checks.add(java());
        checks.add(methods());
        return checks;
    }

    private static Check programs(String name, List<String> programs, String remedy) {
        List<String> found = new ArrayList<>();
        for (String program : programs) {
            if (InstalledProgram.find(program).isPresent()) {
                found.add(program);
            }
        }
        return found.isEmpty()
                ? Check.limited(name, "none of " + String.join(", ", programs) + " is on the PATH", remedy)
                : Check.ok(name, String.join(", ", found));
    }

    /** Searches the symbols of the C library of this process, which distributions install without them. */
    private static Check debugFiles() {
        String name = "debug files";
        try (ProcessMaps maps = ProcessMaps.self();
                SymbolCache cache = SymbolCache.ofBytes(CACHE_BYTES)) {
            Symbols symbols = Symbols.of(maps, cache);
            for (MapCursor mapping = maps.snapshot().cursor(); mapping.next(); ) {
                String path = mapping.kind() == Mapping.Kind.FILE && mapping.isExecutable() ? mapping.name() : null;
                if (path != null && path.matches(".*/(libc\\.so\\.6|ld-musl-[^/]*|libc\\.musl-[^/]*)")) {
                    ElfFile file = symbols.file(mapping).orElse(null);
                    return file == null ? Check.unknown(name, path + " cannot be opened") : ofFile(name, path, file);
                }
            }
        } catch (MapsException | UncheckedIOException e) {
            return Check.unknown(name, e.getMessage());
        }
        return Check.unknown(name, "the C library was not found");
    }

    private static Check ofFile(String name, String path, ElfFile file) {
        List<SymbolInfo.Source> sources = file.sources();
        boolean hasMore = sources.stream().anyMatch(source -> source != SymbolInfo.Source.FILE_ITSELF);
        String text = file.symbolCount() + " symbols of " + path;
        return hasMore
                ? Check.ok(name, text)
                : Check.limited(
                        name,
                        text + ", of no debug file",
                        "install the debug files of the distribution, such as libc6-dbg");
    }

    private static Check compressedSymbols() {
        try {
            Class.forName("org.tukaani.xz.XZInputStream", false, ToolChecks.class.getClassLoader());
            return Check.ok("compressed symbols", "org.tukaani.xz is on the class path");
        } catch (ClassNotFoundException e) {
            return Check.limited(
                    "compressed symbols",
                    ".gnu_debugdata is not read",
                    "set MAPFILES_JAVA_OPTIONS=-Xbootclasspath/a:XZ_JAR, with the path of the jar of org.tukaani:xz");
        }
    }

    private static Check java() {
        Path home = Path.of(System.getProperty("java.home"));
        String text = "Java " + Runtime.version() + " at " + home;
        return Files.isExecutable(home.resolve("bin/jcmd"))
                ? Check.ok("JDK", text + ", with jcmd")
                : Check.limited("JDK", text + ", without jcmd", "install a JDK, not a JRE, for jcmd");
    }

    @SuppressWarnings("try") // the reader is opened and closed, and not used
    private static Check methods() {
        try (ProcessMaps maps = ProcessMaps.self();
                JvmCodeReader reader = JvmCodeReader.of(maps)) {
            return Check.ok("Java methods", "the structures of this JVM were read");
        } catch (MapsException e) {
            return Check.limited("Java methods", "the structures of this JVM cannot be read", e.getMessage());
        }
    }
}
