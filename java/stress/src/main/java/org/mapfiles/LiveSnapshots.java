package org.mapfiles;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Field;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import org.mapfiles.internal.NativeCalls;
import org.mapfiles.live.LiveMaps;
import sun.misc.Unsafe;

/**
 * Live snapshots of this process. A mapped page of a file stays; mappings below it change, so its index changes too.
 */
final class LiveSnapshots {
    final LiveMaps live;
    private final FileChannel file;
    private final MappedByteBuffer page;
    private final long address;
    private final String name;
    private final Unsafe unsafe;

    LiveSnapshots() {
        try {
            ProcessMaps maps = ProcessMaps.self();
            Field field = Unsafe.class.getDeclaredField("theUnsafe");
            field.setAccessible(true);
            unsafe = (Unsafe) field.get(null);
            Path path = Files.createTempFile("mapfiles-stress-", null).toRealPath();
            Files.write(path, new byte[4096]);
            name = path.toString();
            file = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
            path.toFile().deleteOnExit();
            page = file.map(FileChannel.MapMode.READ_ONLY, 0, 4096);
            live = LiveMaps.of(maps).every(Duration.ofHours(1)).start();
            address = NativeCalls.addressOf(page);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("no Unsafe", e);
        }
    }

    /**
     * Refreshes three times, because a snapshot has two buffers. Each time the number of mappings below the page
     * differs.
     */
    synchronized void next() {
        MappedByteBuffer[] more = new MappedByteBuffer[2];
        try {
            for (int i = 0; i < more.length; i++) {
                more[i] = file.map(FileChannel.MapMode.PRIVATE, 0, 4096);
                live.refresh();
            }
            for (MappedByteBuffer each : more) {
                unsafe.invokeCleaner(each);
            }
            live.refresh();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String resolve(LiveMaps.Reader reader) {
        try {
            if (!reader.resolve(address)) {
                return "none";
            }
            Mapping mapping = reader.mapping();
            long start = mapping.start();
            long end = mapping.end();
            String permissions = mapping.permissions();
            String found = mapping.name();
            return start == address && end == address + 4096 && permissions.equals("r--s") && name.equals(found)
                    ? "right"
                    : Long.toHexString(start) + " " + Long.toHexString(end) + " " + permissions + " " + found;
        } catch (IllegalStateException newer) {
            return "newer";
        }
    }
}
