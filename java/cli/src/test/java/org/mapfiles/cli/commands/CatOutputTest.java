package org.mapfiles.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.cli.CliResult;
import org.mapfiles.cli.MappedTestFile;
import org.mapfiles.files.MapFiles;

/** {@code mapfiles cat --output}: a new file with the mode and the times of the mapped file. */
class CatOutputTest {
    private static final FileTime MODIFIED = FileTime.from(Instant.parse("2001-02-03T04:05:06.789012Z"));
    private static final FileTime ACCESSED = FileTime.from(Instant.parse("2002-03-04T05:06:07Z"));

    @TempDir
    Path temporary;

    private Path library;
    private Path copy;
    private MappedTestFile mapped;

    @BeforeEach
    void mapAFile() throws Exception {
        library = temporary.toRealPath().resolve("cat-output-test.so");
        copy = temporary.resolve("copy.so");
        Files.write(library, new byte[20_000]);
        mapped = new MappedTestFile(library);
        Files.setPosixFilePermissions(library, PosixFilePermissions.fromString("rwxr-x--x"));
        Files.getFileAttributeView(library, BasicFileAttributeView.class).setTimes(MODIFIED, ACCESSED, null);
    }

    private CliResult cat(String... options) {
        String[] arguments = new String[options.length + 5];
        System.arraycopy(
                new String[] {"cat", "self", library.toString(), "--output", copy.toString()}, 0, arguments, 0, 5);
        System.arraycopy(options, 0, arguments, 5, options.length);
        return CliResult.with(arguments);
    }

    /** A file in place of /dev/null would break all programs of the machine. */
    @Test
    void aPipeOrADeviceIsNotReplaced() throws Exception {
        assertThat(new ProcessBuilder("mkfifo", copy.toString()).start().waitFor())
                .isZero();
        CliResult result = cat("--force");
        assertThat(result.code()).isEqualTo(1);
        assertThat(result.err())
                .startsWith("mapfiles: '" + copy + "' is a device, a pipe")
                .hasLineCount(1);
        assertThat(Files.readAttributes(copy, BasicFileAttributes.class).isOther())
                .isTrue();
        Path link = Files.createSymbolicLink(temporary.resolve("link"), copy);
        CliResult html = CliResult.with("html", "self", "-o", link.toString(), "--force");
        assertThat(html.code()).as(html.err()).isEqualTo(1);
        assertThat(html.err()).contains(" is a device, a pipe");
        assertThat(link).isSymbolicLink();
    }

    /** The same spelling as of html. A file of the name "-" is "./-". */
    @Test
    void aDashIsStandardOutput() throws Exception {
        String expected = Files.readString(library, StandardCharsets.ISO_8859_1);
        for (String[] options : new String[][] {{"-o", "-"}, {"--output", "-"}, {"--output=-"}}) {
            List<String> arguments = new ArrayList<>(List.of("cat", "self", library.toString()));
            arguments.addAll(List.of(options));
            CliResult result = CliResult.with(arguments.toArray(String[]::new));
            assertThat(result.code()).as(result.err()).isZero();
            assertThat(result.out()).hasSize(expected.length());
            assertThat(Path.of("-")).doesNotExist();
        }
        assertThat(CliResult.with("cat", "self", library.toString(), "-o", copy.toString())
                        .code())
                .isZero();
        assertThat(copy).hasSameBinaryContentAs(library);
    }

    private void assertIsCopy() throws Exception {
        assertThat(Files.size(copy)).isEqualTo(20_000);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(copy)))
                .isEqualTo("rwxr-x--x");
        assertThat(Files.getLastModifiedTime(copy)).isEqualTo(MODIFIED);
        assertThat(Files.getAttribute(copy, "lastAccessTime")).isEqualTo(ACCESSED);
        try (var files = Files.list(temporary)) {
            assertThat(files.filter(file -> file.getFileName().toString().contains(".copy")))
                    .isEmpty();
        }
    }

    @Test
    void aDeletedFileIsWrittenWithItsModeAndTimes() throws Exception {
        assumeTrue(MapFiles.followDenial().isEmpty(), "this needs CAP_CHECKPOINT_RESTORE: run as root");
        Files.delete(library);
        CliResult result = cat();
        assertThat(result.err()).isEmpty();
        assertThat(result.out()).isEmpty();
        assertThat(result.code()).isZero();
        assertIsCopy();
        assertThat(mapped.firstByte()).isZero();
    }

    @Test
    void aFileIsReplacedOnlyByAnOption() throws Exception {
        Files.writeString(copy, "precious");
        CliResult kept = cat();
        assertThat(kept.code()).isEqualTo(1);
        assertThat(kept.err()).hasLineCount(1).contains("copy.so' exists").contains("--force");
        assertThat(copy).hasContent("precious");
        assertThat(cat("--force").code()).isZero();
        assertIsCopy();
        CliResult alone = CliResult.with("cat", "self", library.toString(), "--force");
        assertThat(alone.code()).isEqualTo(2);
        assertThat(alone.err()).contains("--force needs --output");
        assertThat(mapped.firstByte()).isZero();
    }

    /** A link that another user has made must not lead the output to another file. */
    @Test
    void aLinkIsNotFollowed() throws Exception {
        Path other = Files.writeString(temporary.resolve("other"), "precious");
        Files.createSymbolicLink(copy, other);
        assertThat(cat().code()).isEqualTo(1);
        assertThat(cat("--force").code()).isZero();
        assertThat(Files.isSymbolicLink(copy)).isFalse();
        assertThat(other).hasContent("precious");
        Files.delete(copy);
        Files.createSymbolicLink(copy, temporary.resolve("nothing"));
        assertThat(cat().code()).isEqualTo(1);
        assertThat(Files.exists(temporary.resolve("nothing"), LinkOption.NOFOLLOW_LINKS))
                .isFalse();
        assertThat(mapped.firstByte()).isZero();
    }

    @Test
    void aFailureLeavesNoFile() throws Exception {
        for (List<String> wrong : List.of(
                List.of("cat", "self", "no-such-name", "--output", copy.toString()),
                List.of(
                        "cat",
                        "self",
                        library.toString(),
                        "--output",
                        temporary.resolve("no/copy").toString()),
                List.of("cat", "self", library.toString(), "--output", temporary.toString()))) {
            CliResult result = CliResult.with(wrong.toArray(String[]::new));
            assertThat(result.code()).as("%s", wrong).isEqualTo(1);
            assertThat(result.err()).hasLineCount(1);
        }
        assertThat(copy).doesNotExist();
        assertThat(CliResult.with("cat", "self", "[vdso]", "--output", copy.toString())
                        .code())
                .isZero();
        assertThat(Files.size(copy)).isGreaterThan(4000);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(copy)))
                .isEqualTo("rw-------");
        assertThat(mapped.firstByte()).isZero();
    }
}
