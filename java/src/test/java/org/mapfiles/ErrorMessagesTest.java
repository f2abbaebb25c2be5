package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.mapfiles.internal.Errno;

/** The message of each errno of the core names the resource that is missing. */
class ErrorMessagesTest {
    /** Compares with the headers of the kernel, where they are installed. */
    @Test
    void eachErrnoHasItsName() throws Exception {
        for (String header : List.of("errno-base.h", "errno.h")) {
            Path path = Path.of("/usr/include/asm-generic", header);
            assumeTrue(Files.exists(path), path + " is missing: install the headers of the kernel (linux-libc-dev)");
            for (String line : Files.readAllLines(path)) {
                Matcher define =
                        Pattern.compile("#define\\s+(E\\w+)\\s+(\\d+)\\s.*").matcher(line + " ");
                if (define.matches()) {
                    String name = define.group(1).equals("EOPNOTSUPP") ? "ENOTSUP" : define.group(1);
                    assertThat(Errno.name(-Integer.parseInt(define.group(2))).split(" ")[0])
                            .isEqualTo(name);
                }
            }
        }
        assertThat(Errno.name(-40)).isEqualTo("ELOOP (too many symbolic links)");
        assertThat(Errno.name(-41)).isEqualTo("errno 41");
        assertThat(Errno.name(-134)).isEqualTo("errno 134");
        assertThat(Errno.name(Integer.MIN_VALUE)).startsWith("errno ");
    }

    @Test
    void missingDescriptorsAndMemoryAreNamed() {
        for (int errno : new int[] {Errno.EMFILE, Errno.ENFILE, Errno.ENOMEM}) {
            String remedy = errno == Errno.EMFILE ? "ulimit -n" : errno == Errno.ENFILE ? "fs.file-max" : "memory";
            assertThat(Exceptions.of(errno, "process 1", 1))
                    .hasMessageContaining("process 1")
                    .hasMessageContaining(remedy);
        }
    }
}
