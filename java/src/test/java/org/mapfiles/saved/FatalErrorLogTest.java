package org.mapfiles.saved;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.ImmutableMapping;
import org.mapfiles.saved.Crash.Address.Role;

/** The log of a JVM that crashes, of the JDK that runs the tests. */
class FatalErrorLogTest {
    @TempDir
    static Path directory;

    private static List<String> lines;
    private static SavedMaps saved;
    private static Crash crash;

    @BeforeAll
    static void crash() throws Exception {
        Path log = CrashedJvm.log(directory);
        lines = Files.readAllLines(log);
        saved = SavedMaps.read(log);
        crash = saved.crash().orElseThrow();
    }

    private static List<Crash.Address> all(Role role) {
        return crash.addresses().stream()
                .filter(address -> address.role() == role)
                .toList();
    }

    @Test
    void errorAndProcessAreThoseOfTheHead() {
        assertThat(saved.source()).isEqualTo(SavedMaps.Source.FATAL_ERROR_LOG);
        assertThat(saved.problems()).isEmpty();
        assertThat(crash.signal()).isEqualTo("SIGSEGV");
        assertThat(crash.message()).contains("pid=" + saved.pid().orElseThrow()).contains("tid=" + crash.tid());
        assertThat(crash.runtime()).contains("VM ").contains(System.getProperty("java.vm.version"));
        assertThat(crash.commandLine()).contains(CrashMain.class.getName());
        assertThat(crash.earliest().orElseThrow())
                .isBeforeOrEqualTo(crash.latest().orElseThrow());
        assertThat(java.time.Instant.now()).isAfterOrEqualTo(crash.earliest().orElseThrow());
    }

    @Test
    void everyLineOfTheMappingsIsRead() {
        int begin = lines.indexOf("Dynamic libraries:");
        List<String> expected = new ArrayList<>();
        for (String line : lines.subList(begin + 1, lines.size())) {
            if (!line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
                break;
            }
            expected.add(line);
        }
        assertThat(expected).hasSizeGreaterThan(50);
        assertThat(saved.snapshot().stream()
                        .map(mapping ->
                                String.format("%08x-%08x %s", mapping.start(), mapping.end(), mapping.permissions())))
                .containsExactlyElementsOf(expected.stream()
                        .map(line -> line.substring(0, line.indexOf(' ') + 5))
                        .toList());
    }

    @Test
    void faultIsTheAddressThatWasWritten() {
        assertThat(all(Role.FAULT))
                .singleElement()
                .satisfies(fault -> assertThat(fault.address()).isEqualTo(CrashMain.FAULT));
    }

    /** HotSpot prints the pc as an address, in a register, and as the offset in libjvm.so of the first frame. */
    @Test
    void offsetOfTheFirstFrameLeadsToThePc() {
        long pc = all(Role.PC).get(0).address();
        assertThat(all(Role.FRAME).get(0).text()).startsWith("[libjvm.so+0x");
        assertThat(all(Role.FRAME).get(0).isKnown()).isTrue();
        assertThat(all(Role.FRAME).get(0).address()).isEqualTo(pc);
        assertThat(all(Role.REGISTER)).anyMatch(register -> register.address() == pc);
        ImmutableMapping mapping = saved.snapshot().at(pc).orElseThrow();
        assertThat(mapping.name()).endsWith("/libjvm.so");
        assertThat(mapping.isExecutable()).isTrue();
    }

    @Test
    void allNativeFramesAreInExecutableMemory() {
        List<Crash.Address> known =
                all(Role.FRAME).stream().filter(Crash.Address::isKnown).toList();
        assertThat(known)
                .hasSizeGreaterThan(4)
                .allMatch(frame ->
                        saved.snapshot().at(frame.address()).orElseThrow().isExecutable());
        assertThat(all(Role.FRAME))
                .filteredOn(frame -> !frame.isKnown())
                .allMatch(frame -> frame.name().matches("[jv]"))
                .anyMatch(frame -> frame.text().contains("CrashMain.main"));
    }

    @Test
    void stackPointerIsInTheStack() {
        assertThat(all(Role.REGISTER))
                .filteredOn(register -> register.name().matches("RSP|SP|R31"))
                .allMatch(register -> crash.isInStack(register.address()));
        assertThat(crash.isInStack(all(Role.PC).get(0).address())).isFalse();
    }

    /** The JDK was installed before the crash, so its files are the same, unless the file system has other devices. */
    @Test
    void filesOfTheJdkAreTheSame() {
        FileCheck check =
                saved.check(saved.snapshot().at(all(Role.PC).get(0).address()).orElseThrow());
        assertThat(check.result()).isIn(FileCheck.Result.SAME, FileCheck.Result.UNKNOWN);
        if (check.result() == FileCheck.Result.UNKNOWN) {
            assertThat(check.reason()).containsAnyOf("device", "changed", "not verified");
        }
    }
}
