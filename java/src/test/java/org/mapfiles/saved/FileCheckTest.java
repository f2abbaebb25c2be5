package org.mapfiles.saved;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
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

    private static String time(Duration fromNow, String zone) {
        return "Time: " + DATE.format(Instant.now().plus(fromNow)) + " " + zone + " elapsed time: 1 seconds";
    }

    private FileCheck check(Duration fromNow) throws Exception {
        return check(time(fromNow, "UTC"), device, inode, 0);
    }

    @Test
    void aFileThatIsOlderThanTheCrashIsTheSame() throws Exception {
        assertThat(check(Duration.ofMinutes(1)).result()).isEqualTo(Result.SAME);
    }

    @Test
    void aFileThatWasModifiedAfterTheCrashHasChanged() throws Exception {
        assertThat(check(Duration.ofHours(-1)).result()).isEqualTo(Result.CHANGED);
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
                .isEqualTo(Result.SAME);
        assertThat(check(time(Duration.ofHours(-13), "CST"), device, inode, 0).result())
                .isEqualTo(Result.CHANGED);
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
    void aNameThatIsNotUtf8IsUnknown() throws Exception {
        String line = "00400000-00401000 r-xp 00000000 fe:00 11                                 /tmp/\u00ff.so\n";
        SavedMaps saved = SavedMaps.read(new ByteArrayInputStream(line.getBytes(StandardCharsets.ISO_8859_1)));
        assertThat(saved.check(saved.snapshot().cursor().seek(0)).reason()).contains("UTF-8");
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
