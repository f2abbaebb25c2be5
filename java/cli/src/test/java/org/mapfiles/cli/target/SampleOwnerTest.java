package org.mapfiles.cli.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Samples of a process that is PID 1 of a container, while /proc has another process 1. */
class SampleOwnerTest {
    private final long pid = ProcessHandle.current().pid();
    private final SampleOwner owner = new SampleOwner(Set.of(pid, 1L), pid);

    private String ofThis;
    private String ofOne;

    @BeforeEach
    void readNames() throws Exception {
        ofThis = Files.readString(Path.of("/proc/self/comm")).strip();
        ofOne = Files.readString(Path.of("/proc/1/comm")).strip();
        assumeTrue(pid != 1 && !ofThis.equals(ofOne), "process 1 has another name");
    }

    private boolean isOther(String head) {
        owner.begin(head);
        return owner.isSampleOfOther();
    }

    @Test
    void theNameOfTheThreadDecidesWhoseAnIdOfBothIs() {
        for (String ids : new String[] {"      1/1", "      1"}) {
            assertThat(isOther(ofThis + ids + " 1.5: cycles:")).as(ids).isFalse();
            assertThat(isOther(ofOne + ids + " 1.5: cycles:")).as(ids).isTrue();
            assertThat(isOther("no such thread" + ids + " 1.5: cycles:"))
                    .as(ids)
                    .isTrue();
        }
    }

    @Test
    void theIdInProcIsThatOfTheProcess() {
        assertThat(isOther(ofOne + "      " + pid + "/" + pid + " 1.5: cycles:"))
                .isFalse();
        assertThat(isOther(ofOne + "      " + pid + " 1.5: cycles:")).isFalse();
        assertThat(isOther(ofThis + "      2147483647/1 1.5: cycles:")).isTrue();
    }

    @Test
    void aFileOfCompiledCodeHasThePidOfItsJvm() {
        owner.begin("");
        assertThat(isOfOther("/tmp/perf-1.map")).isFalse();
        assertThat(isOfOther("/tmp/perf-2147483647.map")).isTrue();
        assertThat(isOfOther("[JIT] tid 2147483647")).isTrue();
        assertThat(isOfOther("/opt/perf-2147483647")).as("a program").isFalse();
    }

    private boolean isOfOther(String file) {
        return owner.isOfOther(new InputLine(InputLine.Kind.FRAME, 1, 0x1000, file, "", ""));
    }
}
