package org.mapfiles.internal;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * Makes and checks a directory for files that JVMs load: it belongs to this user, and no other user can change its
 * content.
 */
public final class PrivateDirectory {
    private PrivateDirectory() {}

    /**
     * Returns the names of the possible directories of this user, the preferred one first. {@link #make(String,
     * boolean)} throws if one is not usable.
     *
     * <p>These are Strings and not paths, because the encoding of the locale may be unable to express the home
     * directory.
     */
    public static String[] places() throws IOException {
        return new String[] {home() + "/.cache/mapfiles", temporary() + "/mapfiles-" + ownUid()};
    }

    /**
     * Returns the home directory. Without an entry in passwd, {@code user.home} is "?", empty or relative, depending on
     * the JDK.
     */
    private static String home() {
        String home = System.getProperty("user.home");
        String other = System.getenv("HOME");
        return home != null && home.startsWith("/") ? home : other != null && other.startsWith("/") ? other : "?";
    }

    /** Returns the name of the temp directory. */
    private static String temporary() {
        return System.getProperty("java.io.tmpdir", "/tmp");
    }

    /**
     * Makes or checks a directory.
     *
     * @param isReadable whether other users may enter it and read its files
     * @throws IOException if the name is not a path in this locale; and as {@link #make(Path, boolean)}
     */
    public static Path make(String name, boolean isReadable) throws IOException {
        try {
            return make(Path.of(name), isReadable);
        } catch (InvalidPathException e) {
            throw new IOException(
                    name + " cannot be expressed in the encoding of this locale ("
                            + System.getProperty("sun.jnu.encoding") + "): run java with LC_ALL=C.UTF-8",
                    e);
        }
    }

    /**
     * Makes or checks a directory.
     *
     * @param isReadable whether other users may enter it and read its files
     * @throws IOException if the directory cannot be made, belongs to another user, or other users can change its
     *     content
     */
    public static Path make(Path directory, boolean isReadable) throws IOException {
        if (!directory.isAbsolute()) {
            throw new IOException(directory + " is not an absolute path");
        }
        if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
            Path parent = directory.getParent();
            if (Files.exists(parent) && !Files.isDirectory(parent)) {
                throw new IOException(parent + " is not a directory");
            }
            if (!Files.exists(parent) && Files.isDirectory(parent.getParent())) { // ~/.cache, but not a home
                Files.createDirectories(parent);
            }
            create(directory);
        }
        Path above = directory.getParent();
        if (((Integer) Files.getAttribute(above, "unix:mode") & 01002) == 0002) {
            throw new IOException(above + " allows all users to replace its files: chmod +t " + above);
        }
        int mode = (Integer) Files.getAttribute(directory, "unix:mode", LinkOption.NOFOLLOW_LINKS);
        int type = mode & 0170000;
        int forbidden = isReadable ? 0022 : 0077;
        if (type != 0040000 || (mode & forbidden) != 0 || uidOf(directory) != ownUid()) {
            throw new IOException(directory + " is not a directory of this user only");
        }
        if (isReadable && (mode & 0055) != 0055) { // a new directory has mode 700, an old one any mode
            Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        return directory;
    }

    private static void create(Path directory) throws IOException {
        try {
            Files.createDirectory(
                    directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        } catch (FileAlreadyExistsException exists) {
            // another JVM has made it, or it is not a directory: the caller checks type and owner
        }
    }

    /** Returns the effective user ID of this process. */
    public static int ownUid() throws IOException {
        try {
            return (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid"); // follows the link /proc/self
        } catch (NoSuchFileException e) {
            throw new IOException("no proc file system is mounted at /proc: mount -t proc proc /proc", e);
        }
    }

    static int uidOf(Path path) throws IOException {
        return (Integer) Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS);
    }
}
