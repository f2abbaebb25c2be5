package org.mapfiles.internal;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** A directory for what JVMs load: a real one, this user's own, in which nobody else can put or exchange anything. */
public final class PrivateDirectory {
    private PrivateDirectory() {
    }

    /** Where this user's may be, the better one first. */
    public static Path[] places() throws IOException {
        return new Path[] {
            Path.of(System.getProperty("user.home", "?"), ".cache", "mapfiles"), // of a user without a home that is "?"
            Path.of(System.getProperty("java.io.tmpdir", "/tmp"), "mapfiles-" + ownUid()),
        };
    }

    /**
     * Makes the directory, or checks it.
     *
     * @param isReadable whether others may enter it and read there
     * @throws IOException if it cannot be made, or is not as it is to be
     */
    public static Path make(Path directory, boolean isReadable) throws IOException {
        if (!directory.isAbsolute()) {
            throw new IOException(directory + " is no absolute path");
        }
        if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
            Path parent = directory.getParent();
            if (!Files.isDirectory(parent) && Files.isDirectory(parent.getParent())) { // ~/.cache, but not a home
                Files.createDirectories(parent);
            }
            create(directory);
        }
        Path above = directory.getParent();
        if (((Integer) Files.getAttribute(above, "unix:mode") & 01002) == 0002) {
            throw new IOException(above + " lets everybody exchange what is in it: chmod +t");
        }
        int mode = (Integer) Files.getAttribute(directory, "unix:mode", LinkOption.NOFOLLOW_LINKS);
        int type = mode & 0170000;
        int mayNot = isReadable ? 0022 : 0077;
        if (type != 0040000 || (mode & mayNot) != 0 || uidOf(directory) != ownUid()) {
            throw new IOException(directory + " is not a directory of this user alone");
        }
        if (isReadable && (mode & 0055) != 0055) { // made just now, or long ago, whatever the umask
            Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        return directory;
    }

    private static void create(Path directory) throws IOException {
        try {
            Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        } catch (FileAlreadyExistsException raced) {
            // another JVM was quicker, or it is no directory: who made it is looked at
        }
    }

    /** The number of the user that this program runs as. */
    public static int ownUid() throws IOException {
        return (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid"); // of the directory, not of the link to it
    }

    static int uidOf(Path path) throws IOException {
        return (Integer) Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS);
    }
}
