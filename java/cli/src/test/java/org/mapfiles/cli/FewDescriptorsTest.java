package org.mapfiles.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands that cannot open a file because all descriptors are in use report that, and throw nothing. */
class FewDescriptorsTest {
    @TempDir
    Path directory;

    /** Returns what was printed. */
    private String run(String... arguments) throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/prlimit")), "no prlimit(1)");
        List<String> command = new ArrayList<>(List.of("/usr/bin/prlimit", "--nofile=256"));
        command.addAll(TestJvm.command(
                List.of("-Xmx64m", "-Duser.home=" + directory.toRealPath()), FewDescriptorsMain.class, arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().keySet().removeAll(List.of("DEBUGINFOD_CACHE_PATH", "XDG_CACHE_HOME"));
        Process process = builder.start();
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        assertThat(printed).doesNotContain("THROWN").endsWith("DONE\n");
        return printed;
    }

    @Test
    void doctor() throws Exception {
        run("doctor");
        run("doctor", "--json");
    }

    /**
     * Each run reads another file of the cache of debuginfod: the command keeps files open, and their symbols in
     * memory.
     */
    @Test
    void functionsAndLinesOfASavedFile() throws Exception {
        String id = "ab1234567890abcdef1234567890abcdef1234";
        Programs programs = new Programs(directory);
        programs.sh("gcc -O1 -s -Wl,--build-id=0x" + id + "00 -o program program.c");
        String state;
        String outer;
        try (Programs.Running program = programs.start("program")) {
            state = CliResult.with("save", program.pid()).out();
            outer = program.outer();
        }
        byte[] content = Files.readAllBytes(programs.path("program"));
        Files.delete(programs.path("program"));
        byte[] bytes = HexFormat.of().parseHex(id);
        int at = 0;
        while (!Arrays.equals(content, at, at + bytes.length, bytes, 0, bytes.length)) {
            at++;
        }
        for (int i = 0; i <= FewDescriptorsMain.MOST; i++) {
            content[at + bytes.length] = (byte) i;
            String other = id + HexFormat.of().toHexDigits((byte) i);
            Path file = programs.path(".cache/debuginfod_client/" + other + "/executable");
            Files.createDirectories(file.getParent());
            Files.write(file, content);
            Files.writeString(programs.path("saved" + i), state.replace(id + "00", other));
        }
        String saved = programs.path("saved%").toString();
        assertThat(run("resolve", "--from", saved, outer)).contains("no functions are named");
        run("resolve", "--from", saved, outer, "--lines");
        run("resolve", "--from", saved, outer, "--json");
    }
}
