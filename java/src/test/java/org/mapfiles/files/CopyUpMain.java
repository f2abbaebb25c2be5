package org.mapfiles.files;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.mapfiles.MapCursor;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;

/** Maps a file, makes overlayfs copy it up, and prints the state of the mapped file. */
final class CopyUpMain {
    private CopyUpMain() {}

    /** Argument: the path on overlayfs of a file of the lower layer. */
    public static void main(String[] arguments) throws IOException {
        Path path = Path.of(arguments[0]).toRealPath();
        MappedByteBuffer mapped;
        try (FileChannel channel = FileChannel.open(path)) {
            mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
        }
        byte first = mapped.get(0);
        try (ProcessMaps maps = ProcessMaps.self()) {
            MapCursor mapping = maps.snapshot().cursor();
            do {
                if (!mapping.next()) {
                    throw new IllegalStateException(path + " is not mapped");
                }
            } while (!path.toString().equals(mapping.name()));
            System.out.println(MapFiles.of(maps).state(mapping));
            try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
                channel.write(ByteBuffer.wrap(new byte[] {(byte) (first + 1)}));
            }
            System.out.println(MapFiles.of(maps).state(mapping) + " " + (mapped.get(0) == first));
            System.out.println(opened(maps, mapping));
        }
    }

    private static String opened(ProcessMaps maps, MapCursor mapping) {
        try (MappedFile file = MapFiles.of(maps).open(mapping)) {
            return file.verification().toString();
        } catch (NotVerifiedException e) {
            return e.isMismatch() + " " + e.getMessage();
        } catch (MapsException e) {
            return e.toString();
        }
    }
}
