package org.mapfiles.saved;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.ImmutableMapping;
import org.mapfiles.MalformedMapsException;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.ProcessMaps;
import org.mapfiles.saved.Crash.Address.Role;
import org.mapfiles.testing.Children;

/** Core files: one that is made by hand, and those of gcore(1) and the kernel. */
class CoreFileTest {
    @TempDir
    Path directory;

    private Path file(byte[] bytes) throws IOException {
        return Files.write(directory.resolve("core"), bytes);
    }

    private static List<Crash.Address> all(SavedMaps saved, Role role) {
        return saved.crash().orElseThrow().addresses().stream()
                .filter(address -> address.role() == role)
                .toList();
    }

    @Test
    void mappingsThreadsAndSignal() throws Exception {
        SavedMaps saved = SavedMaps.read(file(new CoreImage().bytes()));
        assertThat(saved.source()).isEqualTo(SavedMaps.Source.CORE);
        assertThat(saved.problems()).isEmpty();
        assertThat(saved.pid()).hasValue(CoreImage.PID);
        assertThat(saved.snapshot().stream()
                        .map(mapping -> mapping.start() + " " + saved.permissions(mapping) + " " + mapping.name()))
                .containsExactly(
                        0x400000 + " r-x? /app/x",
                        0x401000 + " rw-? /app/x",
                        0x500000 + " ???? /app/y",
                        0x600000 + " r-x? [vdso]",
                        0x700000 + " rw-? null");
        assertThat(saved.snapshot().fileOffset(0x401010)).isEqualTo(0x3010);
        assertThat(all(saved, Role.PC)).extracting(Crash.Address::address).containsExactly(0x400010L);
        assertThat(all(saved, Role.THREAD)).extracting(Crash.Address::address).containsExactly(0x600020L);
        assertThat(all(saved, Role.THREAD)).extracting(Crash.Address::name).containsExactly("4712");
        assertThat(all(saved, Role.FAULT)).extracting(Crash.Address::address).containsExactly(0x10L);
        Crash crash = saved.crash().orElseThrow();
        assertThat(crash.signal()).isEqualTo("SIGSEGV");
        assertThat(crash.commandLine()).isEqualTo("/app/x -v");
        assertThat(crash.tid()).isEqualTo(CoreImage.PID);
    }

    /** Names and order are those of hs_err files. */
    @Test
    void registersHaveTheirNamesAndValues() throws Exception {
        List<Crash.Address> registers = all(SavedMaps.read(file(new CoreImage().bytes())), Role.REGISTER);
        assertThat(registers)
                .extracting(Crash.Address::name)
                .containsExactly(
                        "RAX", "RBX", "RCX", "RDX", "RSP", "RBP", "RSI", "RDI", "R8", "R9", "R10", "R11", "R12", "R13",
                        "R14", "R15");
        // the indices of user_regs_struct (asm/user_64.h), which are the values of the image
        assertThat(registers)
                .extracting(Crash.Address::address)
                .containsExactly(
                        0x10aL, 0x105L, 0x10bL, 0x10cL, 0x700010L, 0x104L, 0x10dL, 0x10eL, 0x109L, 0x108L, 0x107L,
                        0x106L, 0x103L, 0x102L, 0x101L, 0x100L);
    }

    /** The kernel does not write where stacks are. */
    @Test
    void theStackIsUnknown() throws Exception {
        Crash crash = SavedMaps.read(file(new CoreImage().bytes())).crash().orElseThrow();
        assertThat(crash.isStackRecorded()).isFalse();
        assertThat(crash.isInStack(0x700010)).isFalse();
    }

    @Test
    void theCodeOfTheSignalIsNamed() throws Exception {
        for (Object[] code : new Object[][] {{1, "SEGV_MAPERR"}, {2, "SEGV_ACCERR"}, {99, ""}, {0x80, "SI_KERNEL"}}) {
            SavedMaps saved = SavedMaps.read(file(new CoreImage().bytes((int) code[0], 1)));
            assertThat(all(saved, Role.FAULT)).extracting(Crash.Address::text).containsExactly((String) code[1]);
        }
    }

    /** On x86-64 the kernel reports an access to a non-canonical address with SI_KERNEL and si_addr 0. */
    @Test
    void aFaultWithoutAnAddressIsUnknown() throws Exception {
        SavedMaps saved = SavedMaps.read(file(new CoreImage().bytes(0x80, 1)));
        assertThat(all(saved, Role.FAULT)).hasSize(1).noneMatch(Crash.Address::isKnown);
        assertThat(all(saved, Role.FAULT).get(0).problem()).contains("did not record");
    }

    /** 2,000 program headers lead to the same notes: a file of 500 KB, and two million notes. */
    @Test
    void notesThatOverlapAreReadUpToTheMaximum() throws Exception {
        CoreImage image = new CoreImage();
        image.addThreads(1000);
        SavedMaps saved = SavedMaps.read(file(image.bytes(1, 2000)));
        assertThat(saved.problems())
                .extracting(SavedMaps.Problem::reason)
                .anyMatch(reason -> reason.contains("its parts overlap"));
    }

    /** Every length of a cut file, and files with random bytes: a result, or the documented exception. */
    @Test
    void damagedFilesHaveNoOtherException() throws Exception {
        byte[] whole = new CoreImage().bytes();
        Random random = new Random(3);
        int read = 0;
        for (int i = 0; i < whole.length + 1000; i++) {
            byte[] damaged = i < whole.length ? Arrays.copyOf(whole, i) : whole.clone();
            for (int k = i < whole.length ? 0 : 1 + random.nextInt(8); k > 0; k--) {
                damaged[random.nextInt(damaged.length)] = (byte) (random.nextBoolean() ? random.nextInt() : 0xff);
            }
            try {
                SavedMaps saved = SavedMaps.read(file(damaged));
                saved.snapshot().forEach(saved::check);
                read++;
            } catch (MalformedMapsException rejected) {
                assertThat(rejected).hasMessageStartingWith("the file ");
            }
        }
        assertThat(read).isGreaterThan(500);
    }

    @Test
    void programsAreNotCoreFiles() {
        assertThatThrownBy(() -> SavedMaps.read(Path.of("/proc/self/exe")))
                .isInstanceOf(MalformedMapsException.class)
                .hasMessageContaining("program");
        assertThatThrownBy(() -> SavedMaps.read(Files.newInputStream(Path.of("/proc/self/exe"))))
                .hasMessageContaining("stream");
    }

    private static boolean isInstalled(String program) {
        return Arrays.stream(System.getenv("PATH").split(":"))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }

    /** The files, build IDs and addresses of a process that gcore(1) saved are those of the process. */
    @Test
    void coreOfGcoreHasTheFilesOfTheProcess() throws Exception {
        assumeTrue(isInstalled("gcore"), "no gcore(1)");
        Process target = new ProcessBuilder("sleep", "1000").start();
        try (ProcessMaps maps = ProcessMaps.of(target.pid())) {
            Children.awaitSleep(target.pid());
            Process gcore = new ProcessBuilder(
                            "gcore", "-o", directory.resolve("g").toString(), Long.toString(target.pid()))
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            assumeTrue(gcore.waitFor(60, TimeUnit.SECONDS) && gcore.exitValue() == 0, "gcore(1) may not attach here");
            SavedMaps saved = SavedMaps.read(directory.resolve("g." + target.pid()));
            MapSnapshot live = maps.snapshot();
            Set<String> files = new TreeSet<>();
            for (MapCursor mapping = live.cursor(); mapping.next(); ) {
                if (mapping.isFileBacked()) {
                    ImmutableMapping same = saved.snapshot().at(mapping.start()).orElseThrow();
                    assertThat(same.name()).isEqualTo(mapping.name());
                    assertThat(same.offset()).isEqualTo(mapping.offset());
                    assertThat(same.end()).isEqualTo(mapping.end());
                    files.add(same.name());
                }
            }
            assertThat(files).hasSizeGreaterThan(1);
            assertThat(saved.pid()).hasValue(target.pid());
            ImmutableMapping code =
                    saved.snapshot().at(all(saved, Role.PC).get(0).address()).orElseThrow();
            FileCheck check = saved.check(code);
            assertThat(check.toString()).startsWith("SAME (same build ID");
            assertThat(check.buildId().orElseThrow()).hasSizeGreaterThan(7);
        } finally {
            target.destroyForcibly();
            target.waitFor();
        }
    }

    /** The kernel writes core files where kernel.core_pattern says; here only if that is a plain name. */
    @Test
    void coreOfTheKernelHasThePcOfTheCrash() throws Exception {
        String pattern =
                Files.readString(Path.of("/proc/sys/kernel/core_pattern")).strip();
        assumeTrue(pattern.matches("[\\w.]+"), "kernel.core_pattern is " + pattern);
        Process crashed = new ProcessBuilder("sh", "-c", "ulimit -c unlimited && exec sleep 60")
                .directory(directory.toFile())
                .start();
        while (!Files.readString(Path.of("/proc/" + crashed.pid() + "/wchan")).contains("sleep") && crashed.isAlive()) {
            Thread.sleep(5);
        }
        String syscall =
                Files.readString(Path.of("/proc/" + crashed.pid() + "/syscall")).strip();
        new ProcessBuilder("kill", "-SEGV", Long.toString(crashed.pid()))
                .start()
                .waitFor();
        crashed.waitFor();
        Path core = Files.exists(directory.resolve(pattern))
                ? directory.resolve(pattern)
                : directory.resolve(pattern + "." + crashed.pid());
        assumeTrue(Files.exists(core), "the kernel wrote no core file");
        SavedMaps saved = SavedMaps.read(core);
        assertThat(saved.problems()).isEmpty();
        assertThat(saved.crash().orElseThrow().signal()).isEqualTo("SIGSEGV");
        assertThat(all(saved, Role.FAULT))
                .as("the signal was sent by a process")
                .isEmpty();
        assertThat("0x" + Long.toHexString(all(saved, Role.PC).get(0).address()))
                .isEqualTo(syscall.substring(syscall.lastIndexOf(' ') + 1));
        assertThat(saved.snapshot().stream().map(ImmutableMapping::name))
                .contains("[vdso]")
                .anyMatch(name -> String.valueOf(name).endsWith("/sleep"));
    }
}
