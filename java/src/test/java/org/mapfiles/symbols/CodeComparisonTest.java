package org.mapfiles.symbols;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.symbols.CodeComparison.Result;

class CodeComparisonTest {
    @TempDir
    Path temporary;

    /** What cannot be read is not zero. */
    @Test
    void filesThatAreTruncatedMeanwhileAreNotTheSame() throws Exception {
        byte[] bytes = Files.readAllBytes(
                Path.of(ProcessHandle.current().info().command().orElseThrow()));
        byte[] others = bytes.clone();
        others[others.length - 1] ^= 1;
        Path one = Files.write(temporary.resolve("one"), bytes);
        Path other = Files.write(temporary.resolve("other"), others);
        CodeComparison comparison = new CodeComparison();
        ElfFile file;
        ElfFile now;
        try (SymbolCache cache = SymbolCache.ofBytes(1 << 20)) {
            file = cache.open(one);
            now = cache.open(other);
            assertThat(comparison.compare(file, now)).isEqualTo(Result.DIFFERENT);
            assertThat(comparison.compare(file, now, 0, 4096)).isEqualTo(Result.SAME);
            assertThat(comparison.compare(file, now, bytes.length + 1L, 4096))
                    .as("zeros")
                    .isEqualTo(Result.SAME);
            for (Path path : new Path[] {one, other}) {
                try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
                    channel.truncate(4096);
                }
            }
            assertThat(comparison.compare(file, now)).isEqualTo(Result.NOT_COMPARED);
        }
        assertThat(comparison.compare(file, now)).as("closed").isEqualTo(Result.NOT_COMPARED);
    }
}
