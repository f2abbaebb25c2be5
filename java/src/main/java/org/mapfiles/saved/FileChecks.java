package org.mapfiles.saved;

import java.io.IOException;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.internal.Errno;
import org.mapfiles.saved.FileCheck.Result;
import org.mapfiles.saved.OpenedFile.Attributes;

/**
 * Compares files of saved mappings with the files that are at their paths now.
 *
 * <p>A build ID decides. Without one, device and inode are compared, then times: ctime cannot be set back (stat(2),
 * inode(7)), so a file whose ctime is before the crash is unchanged. An inode number of a deleted file may be given to
 * a new one; its ctime is later too. Equal numbers mean the same file only on the same machine, and only if it was not
 * started again: see {@link BootTime}.
 *
 * <p>All facts are those of one open file.
 */
final class FileChecks {
    private static final byte[] NONE = {};
    /** Maximum number of mappings of a file before the one that is checked. */
    private static final int MAX_MAPPINGS = 64;

    private FileChecks() {}

    /** Checks the file of a mapping. */
    static FileCheck check(Mapping mapping, MapSnapshot snapshot, Map<Long, byte[]> buildIds, @Nullable Crash crash) {
        byte[] recorded = recordedBuildId(mapping, snapshot, buildIds);
        byte[] path = new byte[Math.max(0, mapping.nameLength())];
        mapping.name(path, 0);
        if (!mapping.isFileBacked() || mapping.kind() != Mapping.Kind.FILE || path.length == 0 || path[0] != '/') {
            return unknown("the mapping has no file with a path", recorded);
        }
        if (mapping.deletion() != Mapping.Deletion.NOT_DELETED) {
            return unknown("the file was deleted before, or its name ends in (deleted)", recorded);
        }
        if (mapping.isNameAmbiguous()) {
            return unknown("the name may contain a newline", recorded);
        }
        int descriptor = OpenedFile.open(path);
        if (descriptor == Errno.ENOENT || descriptor == Errno.ENOTDIR) {
            return new FileCheck(Result.MISSING, "no file is at the path", recorded);
        }
        if (descriptor == Errno.EIDRM) {
            return new FileCheck(Result.REPLACED, "no regular file is at the path", recorded);
        }
        if (descriptor < 0) {
            return unknown(
                    descriptor == Errno.EACCES ? "the file may not be read" : "the file cannot be opened", recorded);
        }
        try (OpenedFile file = new OpenedFile(descriptor)) {
            Attributes attributes = file.attributes();
            FileCheck check = check(mapping, file, attributes, recorded, crash);
            return attributes == null ? check : check.withSize(attributes.size());
        }
    }

    private static FileCheck check(
            Mapping mapping, OpenedFile file, @Nullable Attributes attributes, byte[] recorded, @Nullable Crash crash) {
        if (recorded.length > 0) {
            byte[] present = buildId(file);
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
        if (attributes == null) {
            return unknown("the attributes of the file cannot be read", NONE);
        }
        if (attributes.deviceMajor() != mapping.deviceMajor() || attributes.deviceMinor() != mapping.deviceMinor()) {
            return unknown(
                    "another device: another machine or container, or a file system such as btrfs or overlayfs", NONE);
        }
        if (attributes.inode() != mapping.inode()) {
            return crash != null && crash.isOfThisBoot()
                    ? new FileCheck(Result.REPLACED, "another inode on the same device", NONE)
                    : unknown("another inode: another file, or another machine", NONE);
        }
        return checkTimes(file, attributes, crash);
    }

    /**
     * The size proves nothing: mmap(2) allows a mapping beyond the end of a file. A time of modification after the time
     * of the last change of status was set by a program.
     */
    private static FileCheck checkTimes(OpenedFile file, Attributes attributes, @Nullable Crash crash) {
        Instant earliest = crash == null ? null : crash.earliest().orElse(null);
        Instant latest = crash == null ? null : crash.latest().orElse(null);
        if (earliest == null || latest == null) {
            return unknown("no time or build ID was recorded, so the file may have changed since", buildId(file));
        }
        if (!attributes.statusChanged().isAfter(earliest)) {
            return crash.isOfThisBoot()
                    ? new FileCheck(Result.SAME, "same device and inode, unchanged since the crash", buildId(file))
                    : unknown(
                            crash.hasUptime()
                                    ? "not verified: the crash was on another machine, or before this one was started"
                                    : "not verified: the log has no uptime, so the crash may be of another machine",
                            buildId(file));
        }
        if (attributes.modified().isAfter(latest) && !attributes.modified().isAfter(attributes.statusChanged())) {
            return new FileCheck(Result.CHANGED_OR_TOUCHED, "same inode, but changed or touched after the crash", NONE);
        }
        return unknown("its ctime may be after the crash, so it may have changed since", buildId(file));
    }

    private static FileCheck unknown(String reason, byte[] buildId) {
        return new FileCheck(Result.UNKNOWN, reason, buildId);
    }

    /** Returns the build ID that was recorded for the mapping, or at the beginning of the file's load; empty: none. */
    static byte[] recordedBuildId(Mapping mapping, MapSnapshot snapshot, Map<Long, byte[]> buildIds) {
        byte[] own = mapping.isFileBacked() ? buildIds.get(mapping.start()) : NONE;
        if (own != null) {
            return own;
        }
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

    private static byte[] buildId(OpenedFile file) {
        try {
            return ElfNotes.buildId(file, false);
        } catch (IOException e) {
            return NONE;
        }
    }
}
