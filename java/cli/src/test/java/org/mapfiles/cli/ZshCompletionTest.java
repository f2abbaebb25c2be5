package org.mapfiles.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Completion in an interactive zsh, on a terminal that zsh itself makes (zpty). */
class ZshCompletionTest {
    /** Types a line and a tab, then the end of the line. The command prints its arguments into a file. */
    private static final String TYPE = """
            zmodload zsh/zpty
            zpty shell "zsh -f -i"
            type() { zpty -w -n shell "$1" }
            await() {
                local text all i
                for ((i = 0; i < 600; i++)); do
                    while zpty -r -t shell text; do all+=$text; done
                    [[ -s $1 ]] && { print -r -- "$all"; return }
                    sleep 0.1
                done
                print -r -- "$all"
                exit 1
            }
            type $'autoload -Uz compinit; compinit -D -u; source $SCRIPT; print ready >$OUT.ready\\n'
            await $OUT.ready
            type $'mapfiles() { print -r -- "$@" >$OUT.args }\\n'
            type "$LINE"
            sleep 2
            type $'\\n'
            await $OUT.args
            zpty -d shell
            """;

    @TempDir
    Path directory;

    /** Returns the arguments after a completion, and what was on the screen. */
    private List<String> complete(String name, String line) throws Exception {
        Path out = directory.resolve(name);
        ProcessBuilder builder = new ProcessBuilder("zsh", "-f", "-c", TYPE).redirectErrorStream(true);
        builder.environment().put("SCRIPT", directory.resolve("completion").toString());
        builder.environment().put("OUT", out.toString());
        builder.environment().put("LINE", line);
        builder.environment().put("HOME", directory.toString());
        builder.environment().put("TERM", "dumb");
        Process zsh = builder.start();
        zsh.getOutputStream().close();
        String screen = new String(zsh.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(zsh.waitFor()).as(screen).isZero();
        return List.of(Files.readString(Path.of(out + ".args")).strip(), screen);
    }

    @Test
    void commandsOptionsAndProcessesAreCompleted() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/zsh")), "no zsh is installed: apt-get install zsh");
        Files.writeString(
                directory.resolve("completion"),
                CliResult.with("generate-completion").out());
        try (TestJvm one = TestJvm.waiting();
                TestJvm other = TestJvm.waiting();
                TestJvm third = TestJvm.waiting()) {
            String pid = one.pid();
            assertThat(complete("command", "mapfiles fil\t").get(0)).isEqualTo("files");
            assertThat(complete("option", "mapfiles maps --exe\t").get(0)).isEqualTo("maps --exec");
            assertThat(complete("one", "mapfiles maps " + pid + "\t").get(0)).isEqualTo("maps " + pid);
            // the second and third tab list the candidates, and insert the first
            List<String> several = complete("several", "mapfiles maps " + sharedDigit(one, other, third) + "\t\t\t");
            assertThat(several.get(0)).as("only a PID is inserted").matches("maps [0-9]+");
            assertThat(several.get(1))
                    .as("names are listed")
                    .contains(TestJvm.WaitMain.class.getName().substring(0, 20));
        }
    }

    /** Returns the first digit of two of the PIDs: a single candidate would be completed by the first tab. */
    private static String sharedDigit(TestJvm one, TestJvm other, TestJvm third) {
        String digit = other.pid().substring(0, 1);
        boolean isShared = one.pid().startsWith(digit) || third.pid().startsWith(digit);
        assumeTrue(isShared, "three PIDs in a row begin with three digits");
        return digit;
    }
}
