package org.mapfiles.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An ordinary command line loads no class that takes longer than most commands run. */
class ShortRunTest {
    private static final Pattern LOADED = Pattern.compile("(?m)^(\\S+) source: ");
    /** Classes of picocli; of the reflection of fields since JDK 18; of System.exit() since JDK 21. */
    private static final String SLOW =
            "picocli\\..*|jdk\\.internal\\.reflect\\.MethodHandle.*FieldAccessor.*|java\\.lang\\.System\\$Logger";

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "maps self",
                "maps self --json --kind file --perms r-xp --top 3",
                "resolve self libc.so.6+0x1000",
                "count self --by kind",
                "files self",
                "cat --unverified self [vdso]"
            })
    void ordinaryCommandsLoadNoSlowClasses(String line) throws Exception {
        Path log = directory.resolve("classes");
        Process process = new ProcessBuilder(
                        TestJvm.command(List.of("-Xlog:class+load:file=" + log + ":none"), Main.class, line.split(" ")))
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        assertThat(process.waitFor()).isZero();
        List<String> loaded = LOADED.matcher(Files.readString(log))
                .results()
                .map(result -> result.group(1))
                .collect(Collectors.toList());
        assertThat(loaded).contains(Main.class.getName()).noneMatch(name -> name.matches(SLOW));
    }
}
