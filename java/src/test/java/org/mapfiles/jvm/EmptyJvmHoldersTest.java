package org.mapfiles.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.MapCursor;
import org.mapfiles.MapFilter;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.testing.EmptyHolder;

/** Holders of this package before the first search, and after a search that found nothing. */
class EmptyJvmHoldersTest {
    private static final Map<String, Object> NO_CODE =
            Map.of("isFound", false, "certainty", CodeInfo.Certainty.NONE, "toString", "no code");

    @Test
    void codeWithoutAResult() throws Exception {
        CodeInfo answer = new CodeInfo();
        assertThat(EmptyHolder.check(answer, NO_CODE)).isGreaterThan(30);
        JvmCode code = JvmCode.open();
        long[] start = new long[1];
        code.forEach(each -> start[0] = each.kind() == CodeInfo.Kind.METHOD ? each.start() : start[0]);
        assertThat(code.find(start[0], answer)).as("a method").isTrue();
        for (int frame : new int[] {-1, answer.frames(), Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            assertThatThrownBy(() -> answer.className(frame))
                    .as("%d", frame)
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> answer.methodName(frame))
                    .as("%d", frame)
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> answer.signature(frame))
                    .as("%d", frame)
                    .isInstanceOf(IndexOutOfBoundsException.class);
        }
        assertThat(code.find(0, answer)).isFalse();
        EmptyHolder.check(answer, NO_CODE);
    }

    @Test
    void stubsHaveNoFrames() {
        JvmCode code = JvmCode.open();
        long[] start = new long[1];
        code.forEach(each -> start[0] = each.kind() == CodeInfo.Kind.STUB ? each.start() : start[0]);
        CodeInfo answer = new CodeInfo();
        assertThat(code.find(start[0], answer)).as("a stub").isTrue();
        assertThat(answer.frames()).isZero();
        assertThat(answer.name()).isNotEmpty();
        for (int frame : new int[] {-1, 0}) {
            assertThatThrownBy(() -> answer.methodName(frame))
                    .as("%d", frame)
                    .isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void addressWithoutAMapping() throws Exception {
        Map<String, Object> nothing = new HashMap<>();
        nothing.put("code", null);
        nothing.put("region", JvmRegions.Kind.UNKNOWN);
        nothing.put("detail", "");
        nothing.put("isInferred", false);
        nothing.put("mapping", null);
        nothing.put("fileOffset", -1L);
        nothing.put("toString", "not mapped");
        try (JvmResolver resolver = JvmResolver.recording()) {
            AddressInfo answer = new AddressInfo();
            EmptyHolder.check(answer, nothing);
            assertThat(resolver.resolve(ofAFile(), answer)).isTrue();
            assertThat(answer.fileOffset()).isNotNegative();
            assertThat(resolver.resolve(1, answer)).isFalse();
            EmptyHolder.check(answer, nothing);
        }
    }

    @Test
    void toStringNeverThrows(@TempDir Path directory) throws Exception {
        Path file = Files.write(directory.resolve("file"), new byte[4096]);
        try (JvmResolver resolver = JvmResolver.recording();
                FileChannel channel = FileChannel.open(file)) {
            AddressInfo answer = new AddressInfo();
            assertThat(resolver.resolve(ofAFile(), answer)).isTrue();
            MappedByteBuffer another = channel.map(FileChannel.MapMode.READ_ONLY, 0, 4096);
            resolver.refresh();
            assertThatThrownBy(answer::fileOffset).as("of an older snapshot").isInstanceOf(IllegalStateException.class);
            assertThat(answer.toString()).isNotEmpty();
            assertThat(another.get(0)).isZero();
        }
    }

    private static long ofAFile() throws MapsException {
        try (ProcessMaps maps = ProcessMaps.self()) {
            MapCursor mapping =
                    maps.snapshot(MapFilter.all().executable().fileBacked()).cursor();
            assertThat(mapping.next()).isTrue();
            return mapping.start();
        }
    }
}
