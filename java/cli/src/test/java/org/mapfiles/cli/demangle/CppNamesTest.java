package org.mapfiles.cli.demangle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** C++ names, by an installed program and by programs that fail. */
class CppNamesTest {
    private static final String RAW = "_ZN3foo3barEi";

    @TempDir
    private Path directory;

    private static String installed;

    @BeforeAll
    static void findProgram() {
        installed = CppFilter.find(System.getenv("PATH"));
    }

    private static void assumeInstalled() {
        assumeTrue(installed != null, "neither c++filt nor llvm-cxxfilt is installed");
    }

    private CppFilter script(String text) throws IOException {
        Path script = directory.resolve("c++filt");
        Files.writeString(script, "#!/bin/sh\n" + text + "\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
        return new CppFilter(CppFilter.find("/nonexistent:" + directory));
    }

    @Test
    void names_are_demangled() {
        assumeInstalled();
        assertThat(Demangler.demangle(RAW)).isEqualTo("foo::bar(int)");
        assertThat(Demangler.demangle(RAW + "@plt")).isEqualTo("foo::bar(int)@plt");
        assertThat(Demangler.demangle("_ZNSt6vectorIiSaIiEE9push_backEOi").replace("> >", ">>"))
                .isEqualTo("std::vector<int, std::allocator<int>>::push_back(int&&)");
        assertThat(Demangler.demangle("_ZN3foo17h0000000000000000E")).isEqualTo("foo::h0000000000000000");
    }

    @Test
    void names_that_are_not_mangled_are_not_sent() throws IOException {
        CppFilter none = script("exit 1");
        assertThat(none.demangle("_Z\n_Z3foov")).isEqualTo("_Z\n_Z3foov");
        assertThat(none.demangle("_Z3f o")).isEqualTo("_Z3f o");
        assertThat(Demangler.demangle("main")).isSameAs("main");
        assertThat(Demangler.demangle("")).isEmpty();
        assertThat(Demangler.demangle("_Znot")).isEqualTo("_Znot");
    }

    @Test
    void names_stay_raw_without_a_program() {
        assertThat(CppFilter.find("/nonexistent")).isNull();
        assertThat(CppFilter.find(null)).isNull();
        assertThat(new CppFilter(null).demangle(RAW)).isEqualTo(RAW);
    }

    /** The installed program, with names that make a recursive demangler use all of its stack or memory. */
    @Test
    void hostile_names_do_not_stop_the_next_one() {
        assumeInstalled();
        CppFilter filter = new CppFilter(installed);
        StringBuilder growing = new StringBuilder("_Z1fI1aS0_");
        for (int i = 0; i < 30; i++) {
            String digit = i == 0 ? "" : Integer.toString(i - 1, 36).toUpperCase(java.util.Locale.ROOT);
            growing.append("1bIS").append(digit).append("_S").append(digit).append("_E");
        }
        for (String hostile : new String[] {
            "_Z1f" + "P".repeat(16_000) + "i",
            "_Z1f" + "F".repeat(8_000),
            "_ZN" + "1aI".repeat(5_000),
            "_Z" + "dl".repeat(4_000),
            growing.append("Ev").toString()
        }) {
            assertThat(filter.demangle(hostile).length()).isLessThanOrEqualTo(Demangler.MAX_RESULT);
            assertThat(filter.demangle(RAW)).isEqualTo("foo::bar(int)");
        }
    }

    @Test
    void a_program_that_ends_is_started_again() throws IOException {
        CppFilter filter = script("read name; test $name = _Z1fv && exit 1; echo \"[$name]\"");
        assertThat(filter.demangle("_Z1gv")).isEqualTo("[_Z1gv]");
        assertThat(filter.demangle("_Z1fv")).isEqualTo("_Z1fv");
        assertThat(filter.demangle("_Z1hv")).isEqualTo("[_Z1hv]");
    }

    @Test
    void a_program_that_always_fails_is_given_up() throws IOException {
        CppFilter filter = script("echo x >> " + directory.resolve("starts") + "; exit 1");
        for (int i = 0; i < 50; i++) {
            assertThat(filter.demangle(RAW)).isEqualTo(RAW);
        }
        assertThat(Files.readAllLines(directory.resolve("starts"))).hasSizeBetween(1, 8);
    }

    @Test
    void a_program_that_does_not_respond_is_stopped() throws IOException {
        CppFilter filter = script("exec sleep 60");
        assertThat(filter.demangle(RAW)).isEqualTo(RAW);
    }

    @Test
    void a_result_that_is_too_long_is_not_used() throws IOException {
        CppFilter filter = script("read name; head -c 1000000 /dev/zero | tr '\\0' a; echo; read next; echo ok");
        assertThat(filter.demangle(RAW)).isEqualTo(RAW);
    }
}
