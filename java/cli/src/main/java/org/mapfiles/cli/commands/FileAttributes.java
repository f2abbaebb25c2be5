package org.mapfiles.cli.commands;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Map;
import java.util.Set;

/**
 * The mode and the times of an open file.
 *
 * @param permissions of owner, group and others; the set-user-ID bits are left out, since a copy has another owner
 */
record FileAttributes(Set<PosixFilePermission> permissions, FileTime modified, FileTime accessed) {
    /** Reads them through the descriptor, so the file may be deleted. */
    @SuppressWarnings("unchecked") // the attribute has this type: PosixFileAttributeView
    static FileAttributes of(int descriptor) throws IOException {
        Map<String, Object> values = Files.readAttributes(
                Path.of("/proc/self/fd/" + descriptor), "posix:permissions,lastModifiedTime,lastAccessTime");
        return new FileAttributes(
                (Set<PosixFilePermission>) values.get("permissions"),
                (FileTime) values.get("lastModifiedTime"),
                (FileTime) values.get("lastAccessTime"));
    }

    /** Gives them to a file. */
    void apply(Path file) throws IOException {
        Files.setPosixFilePermissions(file, permissions);
        Files.getFileAttributeView(file, BasicFileAttributeView.class).setTimes(modified, accessed, null);
    }
}
