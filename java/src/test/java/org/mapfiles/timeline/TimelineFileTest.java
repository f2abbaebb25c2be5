package org.mapfiles.timeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.mapfiles.testing.MapsLine;

/** A saved timeline is loaded in bounded memory, whatever the file contains. */
class TimelineFileTest {
    /** Directories in directories: the kernel has no maximum length of a path. */
    @Test
    void nameOfAnyLengthIsSavedAndLoaded() throws Exception {
        MapTimeline timeline = MapTimeline.withMaxBytes(1 << 20);
        TimelineResult result = new TimelineResult();
        String name = "/" + "d".repeat(200_000);
        timeline.record(MapsLine.snapshot(MapsLine.file(0x1000, 0x2000, 7, name)), 10, 20);
        timeline.record(MapsLine.snapshot(MapsLine.file(0x1000, 0x2000, 7, name)), 30, 40);
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        timeline.save(file);
        MapTimeline copy = MapTimeline.load(new ByteArrayInputStream(file.toByteArray()), 1000);
        assertThat(copy.resolve(0x1800, 25, result)).isTrue();
        assertThat(result.mapping().name()).isEqualTo(name);
    }

    /** A block, which is evicted as a whole, needs a gigabyte of memory and a megabyte in a file. */
    @Test
    void oneBlockIsBounded() throws Exception {
        byte[] longName = bigBlock(out -> {
            out.writeByte(2);
            out.write(new byte[] {0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0x20, 0});
            out.write(new byte[28]);
            out.writeInt(Integer.MAX_VALUE);
        });
        byte[] manyChanges = bigBlock(out -> {
            for (int i = 0; i < 8_000_000; i++) {
                out.writeByte(4);
                out.write(new byte[32]);
            }
        });
        byte[] manyMappings = bigBlock(out -> {
            for (long i = 1; i < 2_000_000; i++) {
                out.writeByte(2);
                out.writeLong(i);
                out.writeLong(i + 1);
                out.write(new byte[32]);
            }
        });
        for (byte[] file : List.of(longName, manyChanges, manyMappings)) {
            assertThatThrownBy(() -> MapTimeline.load(new ByteArrayInputStream(file), 1 << 20))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("load it with a higher maxBytes");
        }
        assertThatThrownBy(() -> MapTimeline.load(new ByteArrayInputStream(manyMappings), 1L << 30))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("cut off");
    }

    private interface Writing {
        void to(DataOutputStream out) throws IOException;
    }

    /** A file that ends in the middle of its only block. */
    private static byte[] bigBlock(Writing content) throws IOException {
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(new BufferedOutputStream(new GZIPOutputStream(file)))) {
            out.writeInt(0x6d66746c);
            out.writeInt(2);
            out.writeLong(1);
            out.writeLong(1);
            out.writeByte(1);
            out.writeLong(1);
            content.to(out);
        }
        return file.toByteArray();
    }

    /** Such a file can only be forged: half a million blocks without a mapping. */
    @Test
    void fileOfManySmallBlocksIsBounded() throws Exception {
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(new GZIPOutputStream(file))) {
            out.writeInt(0x6d66746c);
            out.writeInt(2);
            out.writeLong(500_000);
            out.writeLong(500_000);
            for (int i = 1; i <= 500_000; i++) {
                out.writeByte(1);
                out.writeLong(i);
                out.writeByte(0);
            }
            out.writeByte(0);
        }
        MapTimeline timeline = assertTimeoutPreemptively(
                Duration.ofMinutes(1),
                () -> MapTimeline.load(new ByteArrayInputStream(file.toByteArray()), 32 << 20),
                "quadratic: it took minutes");
        assertThat(timeline.bytes()).isBetween(16L << 20, 32L << 20);
        assertThat(timeline.recordedFrom()).isGreaterThan(300_000);
        TimelineResult result = new TimelineResult();
        assertThat(timeline.resolve(0x1000, 500_000, result)).isFalse();
        assertThat(result.outcome()).isEqualTo(TimelineResult.Outcome.NOT_MAPPED);
    }
}
