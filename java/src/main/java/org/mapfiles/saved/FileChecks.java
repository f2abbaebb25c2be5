package org.mapfiles.saved;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.saved.FileCheck.Result;

/**
 * Compares files of saved mappings with the files that are at their paths now.
 *
 * <p>A build ID decides. Without one, device and inode are compared, then times: ctime cannot be set back (stat(2),
 * inode(7)), so a file whose ctime is before the crash is unchanged. An inode number of a deleted file may be given to
 * a new one; its ctime is later too.
 */
final class FileChecks {
    private static final String ATTRIBUTES = "unix:isRegularFile,dev,ino,lastModifiedTime,ctime";
    private static final byte[] NONE = {};
    /** Maximum number of mappings of a file before the one that is checked. */
    private static final int MAX_MAPPINGS = 64;

    private FileChecks() {}

    /** Checks the file of a mapping. */
    static FileCheck check(Mapping mapping, MapSnapshot snapshot, Map<Long, byte[]> buildIds, Crash crash) {
        byte[] recorded = recordedBuildId(mapping, snapshot, buildIds);
        String name = mapping.name();
        if (!mapping.isFileBacked() || mapping.kind() != Mapping.Kind.FILE || name == null) {
            return unknown("the mapping has no file with a path", recorded);
        }
        if (mapping.deletion() != Mapping.Deletion.NOT_DELETED) {
            return unknown("the file was deleted before, or its name ends in (deleted)", recorded);
        }
        if (mapping.isNameAmbiguous()) {
            return unknown("the name may contain a newline", recorded);
        }
        if (!mapping.nameEquals(name.getBytes(StandardCharsets.UTF_8))) {
            return unknown("the name is not UTF-8", recorded);
        }
        try {
            Path path = Path.of(name);
            Map<String, Object> attributes = Files.readAttributes(path, ATTRIBUTES, LinkOption.NOFOLLOW_LINKS);
            return check(mapping, path, attributes, recorded, crash);
        } catch (NoSuchFileException e) {
            return new FileCheck(Result.MISSING, "no file is at the path", recorded);
        } catch (InvalidPathException e) {
            return unknown("the name is no path in this locale", recorded);
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
            return unknown(
                    e instanceof FileSystemException
                            ? "the path cannot be read"
                            : "the attributes of the file cannot be read",
                    recorded);
        }
    }

    private static FileCheck check(
            Mapping mapping, Path path, Map<String, Object> attributes, byte[] recorded, Crash crash) {
        if (!Boolean.TRUE.equals(attributes.get("isRegularFile"))) {
            return new FileCheck(Result.REPLACED, "no regular file is at the path", recorded);
        }
        if (recorded.length > 0) {
            byte[] present = buildId(path);
            if (present.length > 0) {
                boolean isSame = Arrays.equals(recorded, present);
                return new FileCheck(
                        isSame ? Result.SAME : Result.REPLACED,
                        isSame ? "same build ID" : "another build ID",
                        recorded);
            }
            return unknown("the build ID of the file at the path cannot be read", recorded);
        }
        if (mapping.inode() == 0 && mapping.deviceMajor() == 0 && mapping.deviceMinor() == 0) {
            return unknown("no device, inode or build ID was recorded", NONE);
        }
        long device = ((Number) attributes.get("dev")).longValue();
        if (major(device) != Integer.toUnsignedLong(mapping.deviceMajor())
                || minor(device) != Integer.toUnsignedLong(mapping.deviceMinor())) {
            return unknown(
                    "another device: another machine or container, or a file system such as btrfs or overlayfs", NONE);
        }
        if (((Number) attributes.get("ino")).longValue() != mapping.inode()) {
            return new FileCheck(Result.REPLACED, "another inode on the same device", NONE);
        }
        return checkTimes(path, attributes, crash);
    }

    /**
     * The size proves nothing: mmap(2) allows a mapping beyond the end of a file. A time of modification after the time
     * of the last change of status was set by a program.
     */
    private static FileCheck checkTimes(Path path, Map<String, Object> attributes, Crash crash) {
        Instant earliest = crash == null ? null : crash.earliest().orElse(null);
        Instant latest = crash == null ? null : crash.latest().orElse(null);
        if (earliest == null || latest == null) {
            return unknown(
                    "same device and inode, but no time was recorded, so a later change is possible", buildId(path));
        }
        Instant modified = ((FileTime) attributes.get("lastModifiedTime")).toInstant();
        Instant statusChanged = ((FileTime) attributes.get("ctime")).toInstant();
        if (!statusChanged.isAfter(earliest)) {
            return new FileCheck(Result.SAME, "same device and inode, unchanged since the crash", buildId(path));
        }
        if (modified.isAfter(latest) && !modified.isAfter(statusChanged)) {
            return new FileCheck(Result.CHANGED, "same inode, but modified after the crash", NONE);
        }
        return unknown("same device and inode, but its status changed after the crash, or about then", buildId(path));
    }

    private static FileCheck unknown(String reason, byte[] buildId) {
        return new FileCheck(Result.UNKNOWN, reason, buildId);
    }

    /** Returns the build ID that was recorded at the beginning of the file's load; empty: none. */
    private static byte[] recordedBuildId(Mapping mapping, MapSnapshot snapshot, Map<Long, byte[]> buildIds) {
        int index = buildIds.isEmpty() ? -1 : snapshot.find(mapping.start());
        MapCursor cursor = snapshot.cursor();
        // the mapping may be a copy, which has no index of its own
        int file = index < 0 ? -1 : cursor.seek(index).fileIndex();
        for (int i = index; i >= 0 && i > index - MAX_MAPPINGS; i--) {
            if (cursor.seek(i).fileIndex() == file && cursor.offset() == 0) {
                return buildIds.getOrDefault(cursor.start(), NONE);
            }
        }
        return NONE;
    }

    private static byte[] buildId(Path path) {
        try (FileChannel channel = FileChannel.open(path, LinkOption.NOFOLLOW_LINKS)) {
            return ElfNotes.buildId(
                    (position, length) -> {
                        ByteBuffer bytes =
                                ByteBuffer.allocate(position < 0 ? 0 : length).order(ByteOrder.nativeOrder());
                        while (bytes.hasRemaining() && channel.read(bytes, position + bytes.position()) > 0) {
                            continue;
                        }
                        return bytes.flip();
                    },
                    false);
        } catch (IOException e) {
            return NONE;
        }
    }

    /** As gnu_dev_major(3). */
    private static long major(long device) {
        return device >>> 8 & 0xfff | device >>> 32 & 0xfffff000L;
    }

    private static long minor(long device) {
        return device & 0xff | device >>> 12 & 0xffffff00L;
    }
}
