package org.mapfiles.saved;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.saved.FileCheck.Result;

/** Whether a file at a path is the one that a log recorded. */
class FileCheckTest {
    private static final DateTimeFormatter DATE =
            DateTimeFormatter.ofPattern("EEE MMM d HH:mm:ss yyyy", Locale.US).withZone(ZoneOffset.UTC);

    @TempDir
    Path directory;

    private Path file;
    private String device;
    private long inode;

    @BeforeEach
    void makeFile() throws Exception {
        file = Files.write(directory.toRealPath().resolve("libx.so"), new byte[8192]);
        long dev = ((Number) Files.getAttribute(file, "unix:dev")).longValue();
        device = String.format("%02x:%02x", dev >>> 8 & 0xfff, dev & 0xff | dev >>> 12 & 0xfff00);
        inode = ((Number) Files.getAttribute(file, "unix:ino")).longValue();
    }

    private FileCheck check(String time, String deviceOfLine, long inodeOfLine, long offset) throws Exception {
        String head = String.format("00400000-00401000 r-xp %08x %s %d ", offset, deviceOfLine, inodeOfLine);
        String text = "# A fatal error has been detected by the Java Runtime Environment:\n" + time
                + "\nDynamic libraries:\n" + head + " ".repeat(Math.max(0, 73 - head.length())) + file + "\n\n";
        SavedMaps saved = SavedMaps.read(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
        assertThat(saved.problems()).isEmpty();
        return saved.check(saved.snapshot().cursor().seek(0));
    }

    private static String time(Duration fromNow, String zone) throws Exception {
        return time(fromNow, zone, Duration.ZERO);
    }

    /** Returns the time and the uptime of a crash; the machine was started later than this one by a duration. */
    private static String time(Duration fromNow, String zone, Duration startedLater) throws Exception {
        Instant crash = Instant.now().plus(fromNow);
        Duration uptime = Duration.between(BootTime.own(), crash).minus(startedLater);
        return "Time: " + DATE.format(crash) + " " + zone + " elapsed time: 1 seconds\n"
                + String.format(
                        "OS uptime: %d days %d:%02d hours",
                        uptime.toDays(), uptime.toHoursPart(), uptime.toMinutesPart());
    }

    /** Runs a program, or skips the test. */
    private static void run(String... command) throws Exception {
        assumeTrue(new ProcessBuilder(command).start().waitFor() == 0, String.join(" ", command) + " fails here");
    }

    private FileCheck check(Duration fromNow) throws Exception {
        return check(time(fromNow, "UTC"), device, inode, 0);
    }

    @Test
    void aFileThatIsOlderThanTheCrashIsTheSame() throws Exception {
        assertThat(check(Duration.ofMinutes(1)).result()).isEqualTo(Result.SAME);
    }

    @Test
    void aFileThatWasModifiedAfterTheCrashHasChangedOrWasTouched() throws Exception {
        FileCheck check = check(Duration.ofHours(-1));
        assertThat(check.result()).isEqualTo(Result.CHANGED_OR_TOUCHED);
        assertThat(check.reason()).contains("touched");
    }

    /** Another machine may have a file with the same path, device, inode and older times. */
    @Test
    void equalNumbersOfAnotherMachineAreNotVerified() throws Exception {
        for (Duration startedLater : List.of(Duration.ofMinutes(5), Duration.ofMinutes(-5), Duration.ofDays(-400))) {
            FileCheck check = check(time(Duration.ofMinutes(1), "UTC", startedLater), device, inode, 0);
            assertThat(check.result()).isEqualTo(Result.UNKNOWN);
            assertThat(check.reason()).contains("not verified", "another machine");
            assertThat(check(time(Duration.ofMinutes(1), "UTC", startedLater), device, inode + 1, 0)
                            .result())
                    .isEqualTo(Result.UNKNOWN);
        }
        String withoutUptime = time(Duration.ofMinutes(1), "UTC").replaceAll("\nOS uptime.*", "");
        assertThat(check(withoutUptime, device, inode, 0).reason())
                .isEqualTo("not verified: the log has no uptime, so the crash may be of another machine");
        String malformed = time(Duration.ofMinutes(1), "UTC").replaceAll("days", "d");
        assertThat(check(malformed, device, inode, 0).reason()).contains("not verified");
    }

    /** To open a pipe for reading blocks until it is opened for writing. */
    @Test
    void aPipeAtThePathIsAnotherFile() throws Exception {
        Files.delete(file);
        run("mkfifo", file.toString());
        assertThat(check(Duration.ofMinutes(1)).result()).isEqualTo(Result.REPLACED);
    }

    /** A pipe takes the place of the file again and again: no check blocks. */
    @Test
    @Timeout(600)
    void aPipeThatTakesThePlaceOfTheFileDuringTheCheckDoesNotBlock() throws Exception {
        Path pipe = directory.resolve("pipe");
        run("mkfifo", pipe.toString());
        Path other = directory.resolve("other");
        Thread swap = new Thread(() -> {
            try {
                while (!Thread.interrupted()) {
                    Files.move(file, other, StandardCopyOption.ATOMIC_MOVE);
                    Files.move(pipe, file, StandardCopyOption.ATOMIC_MOVE);
                    Files.move(file, pipe, StandardCopyOption.ATOMIC_MOVE);
                    Files.move(other, file, StandardCopyOption.ATOMIC_MOVE);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        swap.start();
        try {
            for (int i = 0; i < 2000; i++) {
                assertThat(check(Duration.ofMinutes(1)).result())
                        .isIn(Result.SAME, Result.UNKNOWN, Result.REPLACED, Result.MISSING, Result.CHANGED_OR_TOUCHED);
            }
        } finally {
            swap.interrupt();
            swap.join();
        }
    }

    /** A time of modification can be set back; the time of the change of its status cannot. */
    @Test
    void aFileWithASetBackTimeIsUnknown() throws Exception {
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(Duration.ofDays(30))));
        assertThat(check(Duration.ofHours(-1)).result()).isEqualTo(Result.UNKNOWN);
    }

    @Test
    void anAmbiguousTimeZoneNeedsADay() throws Exception {
        assertThat(check(time(Duration.ofMinutes(1), "CST"), device, inode, 0).result())
                .isEqualTo(Result.UNKNOWN);
        assertThat(check(time(Duration.ofHours(15), "CST"), device, inode, 0).result())
                .isEqualTo(ZoneId.systemDefault().normalized().equals(ZoneOffset.UTC) ? Result.SAME : Result.UNKNOWN);
        assertThat(check(time(Duration.ofHours(-13), "CST"), device, inode, 0).result())
                .isEqualTo(Result.CHANGED_OR_TOUCHED);
        assertThat(check(time(Duration.ofHours(-11), "CST"), device, inode, 0).result())
                .isEqualTo(Result.UNKNOWN);
    }

    @Test
    void withoutATimeNothingIsConcluded() throws Exception {
        assertThat(check("", device, inode, 0).result()).isEqualTo(Result.UNKNOWN);
        assertThat(check("", device, inode, 0).reason()).contains("no time");
    }

    @Test
    void anotherFileAtThePathIsReplaced() throws Exception {
        Path other = Files.write(directory.resolve("other"), new byte[8192]);
        Files.move(other, file, StandardCopyOption.REPLACE_EXISTING);
        assertThat(check(Duration.ofMinutes(1)).result()).isEqualTo(Result.REPLACED);
    }

    @Test
    void aLinkOrDirectoryAtThePathIsAnotherFile() throws Exception {
        Files.delete(file);
        Files.createSymbolicLink(file, Path.of("/dev/zero"));
        assertThat(check(Duration.ofMinutes(1)).result()).isEqualTo(Result.REPLACED);
        Files.delete(file);
        assertThat(check(Duration.ofMinutes(1)).result()).isEqualTo(Result.MISSING);
        Files.createDirectory(file);
        assertThat(check(Duration.ofMinutes(1)).result()).isEqualTo(Result.REPLACED);
    }

    @Test
    void aNameMayHaveAnyBytes() throws Exception {
        run("sh", "-c", "cd " + directory.toRealPath() + " && cp libx.so \"$(printf 'a\\377.so')\"");
        for (String name : new String[] {"a\u00ff.so", "b\u00ff.so"}) {
            String line = "00400000-00401000 r-xp 00000000 " + device + " 11                                 "
                    + directory.toRealPath() + "/" + name + "\n";
            SavedMaps saved = SavedMaps.read(new ByteArrayInputStream(line.getBytes(StandardCharsets.ISO_8859_1)));
            assertThat(saved.check(saved.snapshot().cursor().seek(0)).result())
                    .isEqualTo(name.startsWith("a") ? Result.UNKNOWN : Result.MISSING);
        }
    }

    @Test
    void anotherDeviceIsUnknown() throws Exception {
        assertThat(check(time(Duration.ofMinutes(1), "UTC"), "ff:ff", inode, 0).result())
                .isEqualTo(Result.UNKNOWN);
    }

    /** mmap(2) allows a mapping beyond the end of a file. */
    @Test
    void anUnchangedFileThatIsMappedBeyondItsEndIsTheSame() throws Exception {
        assertThat(check(time(Duration.ofMinutes(1), "UTC"), device, inode, 8192)
                        .result())
                .isEqualTo(Result.SAME);
    }

    /** Before the crash, a program set a time of modification that is after it. */
    @Test
    void aTimeOfModificationInTheFutureIsNoChange() throws Exception {
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().plus(Duration.ofDays(30))));
        assertThat(check(Duration.ofMinutes(1)).result()).isEqualTo(Result.SAME);
        assertThat(check(Duration.ofHours(-1)).result()).isEqualTo(Result.UNKNOWN);
    }
}
