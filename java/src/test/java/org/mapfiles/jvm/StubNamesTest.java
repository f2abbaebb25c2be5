package org.mapfiles.jvm;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.mapfiles.ProcessMaps;

/** Names of the interpreter: recorded as the JVM reports it, and as HotSpot's structures have it. */
class StubNamesTest {
    private static final int STEP = 64;

    @Test
    void recordsNameTheInterpreterAndTheReaderItsCodelets() throws Exception {
        JvmCode recorded = JvmCode.open();
        try (ProcessMaps maps = ProcessMaps.self();
                JvmCodeReader reader = JvmCodeReader.of(maps)) {
            List<Long> addresses = new ArrayList<>();
            reader.forEach(code -> {
                if (code.isInterpreter()) {
                    for (long at = code.start(); at < code.end(); at += STEP) {
                        addresses.add(at);
                    }
                }
            });
            assertThat(addresses).hasSizeGreaterThan(100);
            Set<String> codelets = new HashSet<>();
            CodeInfo info = new CodeInfo();
            for (long address : addresses) {
                assertThat(recorded.find(address, CodeInfo.AddressKind.RUNNING_AT, info))
                        .isTrue();
                assertThat(info.isInterpreter()).isTrue();
                assertThat(info.toString()).isEqualTo("Interpreter");
                if (reader.find(address, info)) {
                    codelets.add(info.toString());
                }
            }
            assertThat(codelets).hasSizeGreaterThan(100).contains("Interpreter aaload");
        }
    }
}
