package org.mapfiles.saved;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.mapfiles.MalformedMapsException;
import org.mapfiles.saved.Crash.Address.Role;

/** Logs of other versions, and damaged logs. Each is written for its test in the format of the JDK that it names. */
class HsErrFileTextTest {
    private static final String HEAD = """
            #
            # A fatal error has been detected by the Java Runtime Environment:
            #
            #  SIGSEGV (0xb) at pc=0x00007f0000001234, pid=77, tid=78
            #
            # JRE version: OpenJDK Runtime Environment (21.0.1+12) (build 21.0.1+12)
            # Java VM: OpenJDK 64-Bit Server VM (21.0.1+12, mixed mode, linux-amd64)
            # Problematic frame:
            # C  [libx.so+0x1234]  f+0x4
            #

            """;
    private static final String SUMMARY = """
            ---------------  S U M M A R Y ------------

            Command Line: -Xmx1g Main

            Host: somewhere, 2 cores
            Time: Tue Feb  3 04:05:06 2026 UTC elapsed time: 1.5 seconds (0d 0h 0m 1s)

            """;
    private static final String THREAD = """
            ---------------  T H R E A D  ---------------

            Stack: [0x00007f1000000000,0x00007f1000100000],  sp=0x00007f1000080000,  free space=512k
            Native frames: (J=compiled Java code, j=interpreted, Vv=VM code, C=native code)
            C  [libx.so+0x1234]  f+0x4
            C  0x00007f0000001300
            J 12 c2 Main.run()V (10 bytes) @ 0x00007f2000000100 [0x00007f2000000000+0x100]
            j  Main.main([Ljava/lang/String;)V+4
            v  ~StubRoutines::call_stub 0x00007f2000000200
            V  [libjvm.so+0x10]
            ...<more frames>...

            siginfo: si_signo: 11 (SIGSEGV), si_code: 2 (SEGV_ACCERR), si_addr: 0x00007f0000000000

            Registers:
            RAX=0x0000000000000000, RSP=0x00007f1000080000, R8 =0x00007f0000001234, R9 =0xffffffffffffffff
            RIP=0x00007f0000001234, EFLAGS=0x0000000000010246, CSGSFS=0x002b000000000033, ERR=0x0000000000000006
              TRAPNO=0x000000000000000e

            """;
    private static final String MAPS = """
            Dynamic libraries:
            7f0000000000-7f0000001000 r--p 00000000 fe:00 11                         /app/libx.so
            7f0000001000-7f0000002000 r-xp 00001000 fe:00 11                         /app/libx.so
            7f1000000000-7f1000100000 rw-p 00000000 00:00 0\s
            7f2000000000-7f2000010000 rwxp 00000000 00:00 0\s
            """;
    private static final String END = """

            VM Arguments:
            jvm_args: -Xmx1g
            java_command: Main
            """;
    private static final String WHOLE = HEAD + SUMMARY + THREAD + MAPS + END;

    private static SavedMaps read(String text) throws IOException {
        return SavedMaps.read(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
    }

    private static List<Crash.Address> all(SavedMaps saved, Role role) {
        return saved.crash().orElseThrow().addresses().stream()
                .filter(address -> address.role() == role)
                .toList();
    }

    private static List<String> problems(String text) throws IOException {
        return read(text).problems().stream().map(SavedMaps.Problem::toString).toList();
    }

    private static void assertIsWhole(SavedMaps saved) {
        assertThat(saved.problems()).isEmpty();
        assertThat(saved.snapshot().size()).isEqualTo(4);
        assertThat(all(saved, Role.PC))
                .singleElement()
                .satisfies(pc -> assertThat(pc.address()).isEqualTo(0x7f0000001234L));
        assertThat(all(saved, Role.FAULT)).singleElement().satisfies(fault -> {
            assertThat(fault.address()).isEqualTo(0x7f0000000000L);
            assertThat(fault.text()).isEqualTo("SEGV_ACCERR");
        });
        assertThat(all(saved, Role.REGISTER))
                .extracting(Crash.Address::name)
                .containsExactly("RAX", "RSP", "R8", "R9", "RIP");
    }

    @Test
    void wholeLog() throws Exception {
        SavedMaps saved = read(WHOLE);
        assertIsWhole(saved);
        Crash crash = saved.crash().orElseThrow();
        assertThat(crash.earliest().orElseThrow()).isEqualTo("2026-02-03T04:05:06Z");
        assertThat(crash.commandLine()).isEqualTo("-Xmx1g Main");
        assertThat(crash.isStackRecorded()).isTrue();
        assertThat(crash.isInStack(0x7f1000080000L)).isTrue();
        assertThat(crash.isInStack(0x7f1000100000L)).as("the end is exclusive").isFalse();
        assertThat(saved.pid()).hasValue(77);
    }

    @Test
    void framesAreFoundByLibraryOrAddressOrNotAtAll() throws Exception {
        List<Crash.Address> frames = all(read(WHOLE), Role.FRAME);
        assertThat(frames)
                .extracting(Crash.Address::address)
                .containsExactly(0x7f0000001234L, 0x7f0000001300L, 0x7f2000000100L, 0L, 0x7f2000000200L, 0L);
        assertThat(frames).extracting(Crash.Address::isKnown).containsExactly(true, true, true, false, true, false);
        assertThat(frames.get(3).problem()).isEmpty();
        assertThat(frames.get(5).problem()).contains("no mapped file");
    }

    @Test
    void allFramesButThatOfTheSignalAreReturnAddresses() throws Exception {
        Crash crash = read(WHOLE).crash().orElseThrow();
        assertThat(crash.addresses())
                .filteredOn(crash::isReturnAddress)
                .extracting(Crash.Address::address)
                .containsExactly(0x7f0000001300L, 0x7f2000000100L, 0x7f2000000200L);
        String ofAnAssertion = WHOLE.replace(
                "#  SIGSEGV (0xb) at pc=0x00007f0000001234, pid=77, tid=78",
                "#  Internal Error (a.cpp:1), pid=77, tid=78");
        assertThat(ofAnAssertion).isNotEqualTo(WHOLE);
        Crash withoutPc = read(ofAnAssertion).crash().orElseThrow();
        assertThat(withoutPc.addresses())
                .filteredOn(withoutPc::isReturnAddress)
                .first()
                .extracting(Crash.Address::address)
                .isEqualTo(0x7f0000001234L);
    }

    /**
     * The JVM prints si_addr also where the kernel recorded no address: for SI_KERNEL, such as an access to a
     * non-canonical address on x86-64, it is 0; for a signal of tgkill(2) it consists of the sender's PID and UID.
     */
    @Test
    void aFaultWithoutAnAddressIsUnknown() throws Exception {
        for (String code : List.of("128 (SI_KERNEL)", "-6 (SI_TKILL)")) {
            List<Crash.Address> faults = all(read(WHOLE.replace("2 (SEGV_ACCERR)", code)), Role.FAULT);
            assertThat(faults).hasSize(1).noneMatch(Crash.Address::isKnown);
            assertThat(faults.get(0).problem()).contains("did not record");
        }
    }

    @Test
    void carriageReturns() throws Exception {
        assertIsWhole(read(WHOLE.replace("\n", "\r\n")));
        assertThat(read(WHOLE.replace("\n", "\r\n"))
                        .snapshot()
                        .at(0x7f0000001000L)
                        .orElseThrow()
                        .name())
                .isEqualTo("/app/libx.so");
    }

    @Test
    void aNameThatEndsWithACarriageReturnKeepsIt() throws Exception {
        SavedMaps saved = read(WHOLE.replace("/app/libx.so\n", "/app/libx.so\r\n"));
        assertThat(saved.snapshot().at(0x7f0000001000L).orElseThrow().name()).isEqualTo("/app/libx.so\r");
    }

    /** JDK 8: the thread is a pthread_t, there is no summary, the time is at the end, and siginfo has no blanks. */
    @Test
    void logOfJdk8() throws Exception {
        SavedMaps saved = read(HEAD.replace("tid=78", "tid=0x00007fb1d4f2a700").replace("# Java VM: ", "# Java-VM ")
                + THREAD.replace(
                                "siginfo: si_signo: 11 (SIGSEGV), si_code: 2 (SEGV_ACCERR), si_addr: ",
                                "siginfo:si_signo=SIGSEGV: si_errno=0, si_code=2 (SEGV_ACCERR), si_addr=")
                        .replace(" 0x00007f2000000200", "")
                + MAPS + END
                + "\nvm_info: OpenJDK 64-Bit Server VM (25.392-b08) for linux-amd64 JRE (1.8.0_392-b08)\n\n"
                + "time: Tue Feb  3 04:05:06 2026\ntimezone: UTC\nelapsed time: 3 seconds (0d 0h 0m 3s)\n");
        assertIsWhole(saved);
        Crash crash = saved.crash().orElseThrow();
        assertThat(crash.tid()).isEqualTo(0x7fb1d4f2a700L);
        assertThat(crash.commandLine()).isEqualTo("Main");
        assertThat(crash.runtime()).contains("25.392-b08");
        assertThat(crash.earliest().orElseThrow())
                .as("the time zone may be any")
                .isEqualTo("2026-02-02T14:05:06Z");
        assertThat(crash.latest().orElseThrow()).isEqualTo("2026-02-03T16:05:06Z");
        assertThat(all(saved, Role.FRAME).get(4).isKnown()).isFalse();
    }

    /** JDK 11: stubs have no address, and the version is also at the end. */
    @Test
    void logOfJdk11() throws Exception {
        SavedMaps saved = read(HEAD.replace("(21.0.1+12", "(11.0.2+9")
                + SUMMARY.replace("elapsed time: 1.5 seconds", "elapsed time: 1 seconds")
                + THREAD.replace(" 0x00007f2000000200", "").replace("J 12 c2", "J 12 C2")
                + MAPS + END
                + "\nvm_info: OpenJDK 64-Bit Server VM (11.0.2+9) for linux-amd64 JRE (11.0.2+9)\n\nEND.\n");
        assertIsWhole(saved);
        assertThat(saved.crash().orElseThrow().runtime()).contains("11.0.2+9");
        assertThat(saved.crash().orElseThrow().earliest().orElseThrow()).isEqualTo("2026-02-03T04:05:06Z");
        assertThat(all(saved, Role.FRAME).get(2).address()).isEqualTo(0x7f2000000100L);
        assertThat(all(saved, Role.FRAME).get(4).isKnown()).isFalse();
    }

    /** JDK 22 and later count the mappings. */
    @Test
    void totalOfMappings() throws Exception {
        assertThat(problems(HEAD + MAPS + "Total number of mappings: 4\n" + END))
                .isEmpty();
        assertThat(problems(HEAD + MAPS + "Total number of mappings: 5\n" + END))
                .singleElement()
                .asString()
                .contains("counts 5");
    }

    @Test
    void registersOfAarch64() throws Exception {
        SavedMaps saved = read(HEAD
                + "Registers:\nR0=0x0000000000000001\nR1=0x00007f0000001234\nR30=0x00007f0000001300\n\n" + MAPS + END);
        assertThat(all(saved, Role.REGISTER)).extracting(Crash.Address::name).containsExactly("R0", "R1", "R30");
    }

    @Test
    void internalErrorHasNoPc() throws Exception {
        SavedMaps saved =
                read(WHOLE.replace("SIGSEGV (0xb) at pc=0x00007f0000001234, pid", "Internal Error (mutex.cpp:12), pid")
                        .replace("tid=78\n", "tid=78\n#  guarantee(false) failed: no lock\n"));
        assertThat(all(saved, Role.PC)).isEmpty();
        assertThat(saved.pid()).hasValue(77);
        assertThat(saved.crash().orElseThrow().message())
                .isEqualTo("Internal Error (mutex.cpp:12), pid=77, tid=78: guarantee(false) failed: no lock");
    }

    @Test
    void logOfExhaustedMemory() throws Exception {
        SavedMaps saved = read(
                "#\n# There is insufficient memory for the Java Runtime Environment to continue.\n# Native memory allocation (mmap)"
                        + " failed to map 65536 bytes.\n#\n#  Out of Memory Error (os_linux.cpp:2795), pid=77, tid=78\n#\n\n"
                        + MAPS + END);
        assertThat(saved.pid()).hasValue(77);
        assertThat(saved.crash().orElseThrow().message()).startsWith("Out of Memory Error");
        assertThat(saved.problems()).isEmpty();
    }

    @Test
    void missingSections() throws Exception {
        for (String section : List.of(HEAD, SUMMARY, THREAD, END)) {
            assertThat(read(WHOLE.replace(section, "")).snapshot().size()).isEqualTo(4);
        }
        SavedMaps saved = read(HEAD + THREAD + END);
        assertThat(saved.snapshot().size()).isZero();
        assertThat(saved.problems()).singleElement().asString().contains("no section \"Dynamic libraries:\"");
        assertThat(all(saved, Role.PC)).hasSize(1);
        assertThat(all(saved, Role.FRAME).get(0).problem()).isNotEmpty();
    }

    /** Only addresses and whole lines before the cut count. */
    @Test
    void cutAnywhere() throws Exception {
        byte[] whole = WHOLE.getBytes(StandardCharsets.UTF_8);
        int start = HEAD.length();
        int read = 0;
        for (int length = start; length < whole.length; length += 7) {
            SavedMaps saved = SavedMaps.read(new ByteArrayInputStream(whole, 0, length));
            int maps = WHOLE.indexOf(MAPS);
            String before = WHOLE.substring(0, length);
            int lines = length < maps + 20
                    ? 0
                    : (int) Math.min(
                            4,
                            before.substring(maps)
                                            .chars()
                                            .filter(c -> c == '\n')
                                            .count()
                                    - 1);
            assertThat(saved.snapshot().size()).as("cut at %s", length).isEqualTo(Math.max(lines, 0));
            boolean isCutInMaps = length < maps + MAPS.length() + 1;
            assertThat(saved.problems().isEmpty())
                    .as("cut at %s: %s", length, saved.problems())
                    .isEqualTo(!isCutInMaps);
            read++;
        }
        assertThat(read).isGreaterThan(100);
    }

    @Test
    void linesThatContradictEachOther() throws Exception {
        SavedMaps saved =
                read(WHOLE.replace("7f1000000000-", "7f0000001800-7f0000003000 rw-p 00000000 00:00 0 \n7f1000000000-"));
        assertThat(saved.problems()).singleElement().asString().contains("begins before the end");
        assertThat(saved.isContradicted(0x7f0000001800L)).isTrue();
        assertThat(saved.isContradicted(0x7f0000003000L)).isFalse();
        assertThat(saved.isContradicted(0x7f0000001000L)).isFalse();
        assertThat(saved.snapshot().size()).isEqualTo(4);
    }

    @Test
    void aBadLineIsLeftOut() throws Exception {
        SavedMaps saved = read(WHOLE.replace("7f1000000000-", "7f00000fr0g0-x\n7f1000000000-"));
        assertThat(saved.snapshot().size()).isEqualTo(4);
        assertThat(saved.problems()).singleElement().satisfies(problem -> {
            assertThat(problem.line())
                    .isEqualTo(WHOLE.substring(0, WHOLE.indexOf("7f1000000000-7"))
                                    .lines()
                                    .count()
                            + 1);
            assertThat(problem.reason()).contains("is not a line");
        });
    }

    @Test
    void deletedAndContainerPaths() throws Exception {
        SavedMaps saved = read(WHOLE.replace("/app/libx.so", "/proc/1/root/var/lib/overlay 2/libx.so (deleted)"));
        assertThat(all(saved, Role.FRAME).get(0).address()).isEqualTo(0x7f0000001234L);
        FileCheck check = saved.check(saved.snapshot().at(0x7f0000001000L).orElseThrow());
        assertThat(check.result()).isEqualTo(FileCheck.Result.UNKNOWN);
        assertThat(check.reason()).contains("deleted");
    }

    @Test
    void aMissingFileIsMissing() throws Exception {
        SavedMaps saved = read(WHOLE.replace("/app/libx.so", "/no/such/directory/libx.so"));
        assertThat(saved.check(saved.snapshot().at(0x7f0000001000L).orElseThrow())
                        .result())
                .isEqualTo(FileCheck.Result.MISSING);
    }

    /** A library that is loaded twice has two bases, as in two namespaces of dlmopen(3). */
    @Test
    void aLibraryThatIsLoadedTwiceIsAmbiguous() throws Exception {
        SavedMaps saved = read(WHOLE.replace(
                "7f1000000000-",
                "7f0000011000-7f0000012000 r--p 00000000 fe:00 11"
                        + "                         /app/libx.so\n7f1000000000-"));
        assertThat(all(saved, Role.FRAME).get(0).problem()).contains("several");
    }

    @Test
    void errorsOfTheWriterAreReported() throws Exception {
        String error =
                "[error occurred during error reporting (printing registers), id 0xb, SIGSEGV (0xb) at pc=0x00007f0000001111]\n";
        assertThat(problems(WHOLE.replace("Registers:\n", error + "Registers:\n")))
                .singleElement()
                .asString()
                .contains("could not write a part");
        assertThat(problems(HEAD + MAPS + error + END))
                .singleElement()
                .asString()
                .contains("could not write all mappings");
        assertThat(problems(HEAD + "Dynamic libraries:\nCan not get library information for pid = 77\n" + END))
                .singleElement()
                .asString()
                .contains("could not read its mappings");
    }

    @Test
    void aSecondLogIsNotRead() throws Exception {
        SavedMaps saved = read(WHOLE + WHOLE.replace("7f00", "5f00"));
        assertThat(saved.problems()).singleElement().asString().contains("begins another log");
        assertThat(saved.snapshot().size()).isEqualTo(4);
    }

    @Test
    void javaFramesStandInForMissingNativeFrames() throws Exception {
        String frames = "Java frames: (J=compiled Java code, j=interpreted, Vv=VM code)\nj  Main.main()V+1\n\n";
        assertThat(all(read(HEAD + frames + MAPS + END), Role.FRAME))
                .singleElement()
                .satisfies(frame -> assertThat(frame.text()).isEqualTo("Main.main()V+1"));
    }

    @Test
    void hugeLinesAndManyFrames() throws Exception {
        String huge = "x".repeat(3_000_000);
        SavedMaps saved = read(WHOLE.replace("C  [libx.so+0x1234]  f+0x4\nC ", "C  [libx.so+0x1234]  " + huge + "\nC ")
                .replace(
                        "7f1000000000-7f",
                        "7f0000010000-7f0000011000 r--p 00000000 fe:00 11                         /" + huge
                                + "\n7f1000000000-7f"));
        assertThat(saved.problems()).singleElement().asString().contains("is longer than");
        assertThat(all(saved, Role.FRAME).get(0).text()).hasSizeLessThan(5000);
        SavedMaps many = read(WHOLE.replace("V  [libjvm.so+0x10]\n", "V  [libjvm.so+0x10]\n".repeat(10_000)));
        assertThat(all(many, Role.FRAME)).hasSize(4096);
        assertThat(many.problemCount()).isEqualTo(10_005 - 4096);
        assertThat(many.problems()).hasSize(1000);
    }

    @Test
    void logOfAnotherSystemHasNoMapping() throws Exception {
        SavedMaps saved =
                read(WHOLE.replace(MAPS, "Dynamic libraries:\n0x0000000104c50000 \t/usr/lib/libSystem.B.dylib\n"));
        assertThat(saved.snapshot().size()).isZero();
        assertThat(saved.problems()).singleElement().asString().contains("is not a line of /proc/PID/maps");
    }

    @Test
    void binaryGarbageInALogIsLeftOut() throws Exception {
        SavedMaps saved = read(WHOLE.replace("Registers:", "\0\u0001\u001b[2J\uffff\nRegisters:")
                .replace("7f1000000000-", "\0\0\0\n7f1000000000-"));
        assertThat(saved.snapshot().size()).isEqualTo(4);
        assertThat(saved.problems()).hasSize(1);
    }

    @Test
    void otherTextIsRejected() {
        for (String text : List.of("", "\n\n", "frog\n", "# a comment\n", "\0\0\0", "PK\u0003\u0004")) {
            assertThatThrownBy(() -> read(text)).as(text).isInstanceOf(MalformedMapsException.class);
        }
    }
}
