package org.mapfiles.cli.demangle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.cli.Await;
import org.mapfiles.cli.TestJvm;

/** C++ names, by an installed program and by programs that fail. */
class CppNamesTest {
    private static final String RAW = "_ZN3foo3barEi";
    /** A time limit that no successful test reaches. */
    private static final int PATIENCE = 60_000;

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
        return script(text, PATIENCE);
    }

    private CppFilter script(String text, int milliseconds) throws IOException {
        Path script = directory.resolve("c++filt");
        Files.writeString(script, "#!/bin/sh\n" + text + "\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
        return new CppFilter(CppFilter.find("/nonexistent:" + directory), milliseconds);
    }

    private static String one(CppFilter filter, String name) {
        return filter.demangle(List.of(name)).get(0);
    }

    @Test
    void many_names_are_demangled_in_order() {
        assumeInstalled();
        List<String> names = new ArrayList<>();
        for (int i = 10; i < 5_000; i++) {
            String name = "f" + i;
            names.add("_Z" + name.length() + name + "i" + (i % 7 == 0 ? "@plt" : ""));
        }
        names.addAll(List.of("main", "_RNvC6_123foo3bar", "_ZN3foo3bar17h9a2b8d1c3e4f5a60E", "_Z3f o", "main"));
        List<String> found = Demangler.demangleAll(names);
        assertThat(found).hasSameSizeAs(names);
        for (int i = 0; i < names.size(); i += i < 4_900 ? 97 : 1) {
            assertThat(found.get(i)).isEqualTo(Demangler.demangle(names.get(i)));
        }
        assertThat(found.get(names.indexOf("_Z4f777i@plt"))).isEqualTo("f777(int)@plt");
    }

    @Test
    void a_name_that_ends_the_program_does_not_affect_others() throws IOException {
        CppFilter filter = script("while read name; do test $name = _Z1fv && exit 1; echo \"[$name]\"; done");
        assertThat(filter.demangle(List.of("_Z1av", "_Z1fv", "_Z1bv", "_Z1cv", "_Z1fv")))
                .containsExactly("[_Z1av]", "_Z1fv", "[_Z1bv]", "[_Z1cv]", "_Z1fv");
    }

    @Test
    void names_are_demangled() {
        assumeInstalled();
        assertThat(Demangler.demangle(RAW)).isEqualTo("foo::bar(int)");
        assertThat(Demangler.demangle(RAW + "@plt")).isEqualTo("foo::bar(int)@plt");
        assertThat(Demangler.demangle(RAW + "@@V2.0")).as("a version").isEqualTo("foo::bar(int)@@V2.0");
        assertThat(Demangler.demangle(RAW + "@@V2.0@plt"))
                .as("the entry of a versioned function")
                .isEqualTo("foo::bar(int)@@V2.0@plt");
        assertThat(Demangler.demangleAll(List.of(RAW + "@V1", RAW)))
                .containsExactly("foo::bar(int)@V1", "foo::bar(int)");
        assertThat(Demangler.demangle("_ZNSt6vectorIiSaIiEE9push_backEOi").replace("> >", ">>"))
                .isEqualTo("std::vector<int, std::allocator<int>>::push_back(int&&)");
        assertThat(Demangler.demangle("_ZN3foo17h0000000000000000E")).isEqualTo("foo::h0000000000000000");
    }

    @Test
    void names_that_are_not_mangled_are_not_sent() {
        assertThat(Demangler.demangle("_Z\n_Z3foov")).isEqualTo("_Z\n_Z3foov");
        assertThat(Demangler.demangle("_Z3f o")).isEqualTo("_Z3f o");
        assertThat(Demangler.demangle("main")).isSameAs("main");
        assertThat(Demangler.demangle("")).isEmpty();
        assertThat(Demangler.demangle("_Znot")).isEqualTo("_Znot");
    }

    @Test
    void names_stay_raw_without_a_program() {
        assertThat(CppFilter.find("/nonexistent")).isNull();
        assertThat(CppFilter.find(null)).isNull();
        assertThat(CppFilter.find(":.:bin:/a\ud800b"))
                .as("no absolute directories, no path")
                .isNull();
        assertThat(one(new CppFilter(null), RAW)).isEqualTo(RAW);
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
            assertThat(one(filter, hostile).length()).isLessThanOrEqualTo(Demangler.MAX_RESULT);
            assertThat(one(filter, RAW)).isEqualTo("foo::bar(int)");
        }
    }

    @Test
    void a_program_that_ends_is_started_again() throws IOException {
        CppFilter filter = script("read name; test $name = _Z1fv && exit 1; echo \"[$name]\"");
        assertThat(one(filter, "_Z1gv")).isEqualTo("[_Z1gv]");
        assertThat(one(filter, "_Z1fv")).isEqualTo("_Z1fv");
        assertThat(one(filter, "_Z1hv")).isEqualTo("[_Z1hv]");
    }

    @Test
    void a_program_that_always_fails_is_given_up() throws IOException {
        CppFilter filter = script("echo x >> " + directory.resolve("starts") + "; exit 1");
        for (int i = 0; i < 50; i++) {
            assertThat(one(filter, RAW)).isEqualTo(RAW);
        }
        assertThat(Files.readAllLines(directory.resolve("starts"))).hasSizeBetween(1, 8);
    }

    @Test
    void a_program_that_does_not_respond_is_stopped() throws IOException {
        CppFilter filter = script("exec sleep 1000", 200);
        assertThat(one(filter, RAW)).isEqualTo(RAW);
    }

    /** The program here would run on: it does not read its input to the end. */
    @Test
    void a_program_ends_before_the_exit_and_no_name_is_raw_by_that() throws Exception {
        Path pidFile = directory.resolve("pid");
        script("read name; echo $$ > " + pidFile + "; echo \"[$name]\"; exec sleep 1000");
        Process exiting = new ProcessBuilder(TestJvm.command(
                        List.of("-Dmapfiles.demangler-milliseconds=" + PATIENCE),
                        DemangleAndExitMain.class,
                        directory.resolve("c++filt").toString()))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        assertThat(exiting.inputReader().readLine()).isEqualTo("[_Z1av]");
        ProcessHandle program = ProcessHandle.of(
                        Long.parseLong(Files.readString(pidFile).strip()))
                .orElse(null);
        try {
            assertThat(exiting.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(exiting.exitValue()).isZero();
            assertThat(exiting.inputReader().readLine()).as("the second name").isNull();
            Await.until("the program has ended", () -> program == null || !program.isAlive());
        } finally {
            if (program != null) {
                program.destroyForcibly();
            }
            exiting.destroyForcibly();
        }
    }

    @Test
    void a_result_that_is_too_long_is_not_used() throws IOException {
        CppFilter filter = script("read name; head -c 1000000 /dev/zero | tr '\\0' a; echo; read next; echo ok");
        assertThat(one(filter, RAW)).isEqualTo(RAW);
    }
}
