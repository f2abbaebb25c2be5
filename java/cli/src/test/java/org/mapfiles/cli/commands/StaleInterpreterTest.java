package org.mapfiles.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.cli.ElfCopies;
import org.mapfiles.cli.StaleTarget;

/**
 * {@code mapfiles stale} of programs that the kernel starts with an interpreter that is registered for them, as it
 * starts programs of another machine with QEMU (binfmt_misc). Reading the file at the path of the program would compare
 * the interpreter with it.
 */
class StaleInterpreterTest {
    @TempDir
    Path temporary;

    private Path directory;
    private Path mount;
    private Path interpreter;
    private final List<Path> registered = new ArrayList<>();
    private boolean isMounted;

    @BeforeEach
    void mount() throws Exception {
        directory = temporary.toRealPath();
        mount = Files.createDirectory(directory.resolve("binfmt_misc"));
        isMounted = run("mount", "-t", "binfmt_misc", "none", mount.toString());
        assumeTrue(isMounted, "binfmt_misc cannot be mounted: the kernel has none, or this user may not");
        // xargs waits for input whatever its argument is
        interpreter = directory.resolve("interpreter");
        ElfCopies.install(interpreter, Files.readAllBytes(Path.of("/usr/bin/xargs")));
    }

    @AfterEach
    void unmount() throws Exception {
        for (Path each : registered) {
            Files.writeString(each, "-1"); // unregisters it
        }
        assertThat(!isMounted || run("umount", mount.toString())).isTrue();
    }

    private static boolean run(String... command) throws Exception {
        return new ProcessBuilder(command).start().waitFor() == 0;
    }

    /** Registers the interpreter for files whose names end so. Such names are of this test alone. */
    private Path program(String flags, byte[] content) throws Exception {
        String name = "mapfilestest" + flags + ProcessHandle.current().pid();
        try {
            Files.writeString(mount.resolve("register"), ":" + name + ":E::" + name + "::" + interpreter + ":" + flags);
        } catch (IOException e) {
            assumeTrue(false, "no interpreter can be registered: " + e.getMessage());
        }
        registered.add(mount.resolve(name));
        Path program = directory.resolve("program." + name);
        ElfCopies.install(program, content);
        return program;
    }

    @Test
    void aProgramThatIsInterpretedIsNotComparedWithItsInterpreter() throws Exception {
        for (String flags : List.of("", "P", "O")) {
            Path program =
                    program(flags, ElfCopies.sleep()); // a program of this machine, such as one of another system
            try (StaleTarget target = start(program)) {
                assertThat(target.rows(0)).as("flags " + flags).isEmpty();
                ElfCopies.install(program, ElfCopies.anotherVersion(ElfCopies.sleep()));
                assertThat(target.rows(0)).as("flags " + flags).isEmpty();
            }
        }
    }

    @Test
    void aTextThatIsInterpretedIsNotComparedWithItsInterpreter() throws Exception {
        try (StaleTarget target = start(program("", new byte[] {'x', '\n'}))) {
            assertThat(target.rows(0)).isEmpty();
        }
    }

    @Test
    void anInterpreterThatWasReplacedIsOutdated() throws Exception {
        Path program = program("", ElfCopies.sleep());
        try (StaleTarget target = start(program)) {
            ElfCopies.install(interpreter, ElfCopies.anotherVersion(Files.readAllBytes(interpreter)));
            assertThat(target.row(StaleFiles.OUTDATED)).containsEntry("path", interpreter.toString());
        }
    }

    private StaleTarget start(Path program) throws Exception {
        return StaleTarget.start(interpreter.toString(), null, List.of(program.toString()));
    }
}
