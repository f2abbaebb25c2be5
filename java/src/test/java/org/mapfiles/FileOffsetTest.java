package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.events.DrainedEvent;
import org.mapfiles.jvm.AddressInfo;
import org.mapfiles.jvm.JvmResolver;
import org.mapfiles.testing.Addresses;
import org.mapfiles.testing.MapsLine;

/**
 * A file offset is the same number in all classes; -1: the address is in no mapping, in another one, or in memory
 * without a file.
 */
class FileOffsetTest {
    private static final int OFFSET = 4 * MapsLine.PAGE;

    private final MapSnapshot snapshot = new MapSnapshot();

    /** Each way to ask about the file offset of an address in the mapping of another address. */
    private static List<LongUnaryOperator> ways(ProcessMaps maps, MapSnapshot snapshot, long mapped)
            throws MapsException {
        MappingQuery query = new MappingQuery();
        assertThat(maps.query(mapped, query)).isTrue();
        MapCursor cursor = snapshot.cursor().seek(snapshot.find(mapped));
        return List.of(
                query::fileOffset,
                cursor::fileOffset,
                query.copy()::fileOffset,
                snapshot.at(mapped).orElseThrow()::fileOffset);
    }

    @Test
    void allClassesAgree(@TempDir Path directory) throws Exception {
        Path path = Files.write(directory.resolve("mapped"), new byte[OFFSET + MapsLine.PAGE]);
        try (FileChannel channel = FileChannel.open(path);
                ProcessMaps maps = ProcessMaps.self();
                JvmResolver resolver = JvmResolver.recording()) {
            MappedByteBuffer file = channel.map(FileChannel.MapMode.READ_ONLY, OFFSET, MapsLine.PAGE);
            long inFile = Addresses.of(file);
            maps.refresh(snapshot);
            long anonymous = snapshot.stream()
                    .filter(mapping -> mapping.kind() == Mapping.Kind.STACK)
                    .findFirst()
                    .orElseThrow()
                    .start();
            assertThat(snapshot.fileOffset(inFile + 0x123)).isEqualTo(OFFSET + 0x123);
            assertThat(snapshot.fileOffset(anonymous + 0x123)).isEqualTo(-1);
            assertThat(snapshot.fileOffset(0)).isEqualTo(-1);
            for (LongUnaryOperator way : ways(maps, snapshot, inFile)) {
                assertThat(way.applyAsLong(inFile + 0x123)).isEqualTo(OFFSET + 0x123);
                assertThat(way.applyAsLong(inFile - 1)).as("below").isEqualTo(-1);
                assertThat(way.applyAsLong(inFile + MapsLine.PAGE))
                        .as("the end is exclusive")
                        .isEqualTo(-1);
                assertThat(way.applyAsLong(-1)).isEqualTo(-1);
            }
            for (LongUnaryOperator way : ways(maps, snapshot, anonymous)) {
                assertThat(way.applyAsLong(anonymous + 0x123))
                        .as("without a file")
                        .isEqualTo(-1);
                assertThat(way.applyAsLong(inFile)).as("of another mapping").isEqualTo(-1);
            }
            assertThat(DrainedEvent.ofZeros().fileOffset(0)).isEqualTo(-1);
            resolver.refresh();
            assertThat(fileOffset(resolver, inFile + 0x123)).isEqualTo(OFFSET + 0x123);
            assertThat(fileOffset(resolver, anonymous + 0x123)).isEqualTo(-1);
            assertThat(fileOffset(resolver, 0)).isEqualTo(-1);
            assertThat(file.get(0)).isZero();
        }
    }

    private static long fileOffset(JvmResolver resolver, long address) throws MapsException {
        AddressInfo info = new AddressInfo();
        resolver.resolve(address, info);
        return info.fileOffset();
    }
}
