package org.mapfiles.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.cli.CliResult;
import org.mapfiles.cli.Programs;

/** Names of C++ and Rust in text and JSON, and {@code --no-demangle}. */
class DemangledNamesTest {
    private static final String RAW = "_ZN5space5outerEPVi";

    @TempDir
    Path directory;

    /** Compiles the program, in which outer has another name. */
    private Programs programs(String name) throws Exception {
        Programs programs = new Programs(directory);
        Path source = programs.path("program.c");
        String declaration = "int outer(volatile int *x) __asm__(\"" + name + "\");\n";
        Files.writeString(source, Files.readString(source).replaceFirst("\n", "\n" + declaration));
        programs.compile("program");
        return programs;
    }

    @Test
    void namesOfCppAreDemangledByAnInstalledProgram() throws Exception {
        Programs programs = programs(RAW);
        programs.sh("c++filt --version");
        try (Programs.Running program = programs.start("program")) {
            assertThat(CliResult.with("resolve", program.pid(), program.outer()).out())
                    .startsWith(program.outer() + "  space::outer(int volatile*) + 0x0 (");
            assertThat(CliResult.with("resolve", program.pid(), program.outer(), "--no-demangle")
                            .out())
                    .startsWith(program.outer() + "  " + RAW + " + 0x0 (");
            assertThat(row(program))
                    .containsEntry("symbol", RAW)
                    .containsEntry("symbol_demangled", "space::outer(int volatile*)");
            assertThat(row(program, "--no-demangle"))
                    .containsEntry("symbol", RAW)
                    .containsEntry("symbol_demangled", null);
            String lines = CliResult.with("resolve", program.pid(), program.outer(), "--lines")
                    .out();
            assertThat(lines.lines().count() == 1 || lines.contains("    space::outer(int volatile*)  "))
                    .as("also in frames: %s", lines)
                    .isTrue();
        }
    }

    @Test
    void namesOfRustAreDemangled() throws Exception {
        Programs programs = programs("_RNvC6_123foo3bar");
        try (Programs.Running program = programs.start("program")) {
            assertThat(CliResult.with("resolve", program.pid(), program.outer()).out())
                    .startsWith(program.outer() + "  123foo::bar + 0x0 (");
        }
    }

    @Test
    void aNameThatOnlyLooksMangledIsMarked() throws Exception {
        Programs programs = programs("_Z_no_name_");
        try (Programs.Running program = programs.start("program")) {
            assertThat(CliResult.with("resolve", program.pid(), program.outer()).out())
                    .startsWith(program.outer() + "  _Z_no_name_ [mangled] + 0x0 (");
            assertThat(CliResult.with("resolve", program.pid(), program.outer(), "--no-demangle")
                            .out())
                    .startsWith(program.outer() + "  _Z_no_name_ + 0x0 (");
            assertThat(row(program)).containsEntry("symbol_demangled", null);
        }
    }

    private static Map<String, Object> row(Programs.Running program, String... options) {
        String[] arguments = new String[4 + options.length];
        arguments[0] = "resolve";
        arguments[1] = program.pid();
        arguments[2] = program.outer();
        arguments[3] = "--json";
        System.arraycopy(options, 0, arguments, 4, options.length);
        return CliResult.with(arguments).rows().get(0);
    }
}
