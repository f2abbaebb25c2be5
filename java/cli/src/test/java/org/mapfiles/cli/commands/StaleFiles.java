package org.mapfiles.cli.commands;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.cli.ElfCopies;

/** A program and a library that a test of {@code mapfiles stale} runs and replaces. */
abstract class StaleFiles {
    /** The exit code. */
    static final int OUTDATED = 5;

    @TempDir
    Path temporary;

    Path program;
    Path library;
    byte[] programBytes;
    byte[] libraryBytes;

    @BeforeEach
    void install() throws Exception {
        Path directory = Files.createDirectory(temporary.toRealPath().resolve("app"));
        programBytes = ElfCopies.sleep();
        libraryBytes = ElfCopies.library();
        program = directory.resolve("sleep");
        library = directory.resolve("libtest.so.1");
        ElfCopies.install(program, programBytes);
        ElfCopies.install(library, libraryBytes);
    }
}
