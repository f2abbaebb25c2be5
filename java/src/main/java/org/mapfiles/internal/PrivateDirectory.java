package org.mapfiles.internal;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;

/** Makes and checks a directory for files that JVMs load: it belongs to this user, and no other user can enter it. */
final class PrivateDirectory {
    /** Number of {@link #place places}. */
    static final int PLACES = 2;
    /** S_IFREG and S_IFDIR of inode(7). */
    static final int REGULAR_FILE = 0100000;

    private static final int DIRECTORY = 0040000;
    private static final int TYPE = 0170000;

    private PrivateDirectory() {}

    /**
     * Returns the name of a possible directory of this user. The first one, 0, is preferred. {@link #make(String)}
     * throws if it is not usable.
     *
     * <p>It is a String and not a path, because the encoding of the locale may be unable to express the home directory.
     */
    static String place(int number) throws IOException {
        return number == 0 ? home() + "/.cache/mapfiles" : temporary() + "/mapfiles-" + ownUid();
    }

    /**
     * Returns the home directory. Without an entry in passwd, {@code user.home} is "?", empty or relative, depending on
     * the JDK.
     */
    private static String home() {
        String home = System.getProperty("user.home");
        if (home == null || !home.startsWith("/")) {
            home = System.getenv("HOME"); // the first environment variable in a JVM takes half a millisecond
        }
        return home != null && home.startsWith("/") ? home : "?";
    }

    /** Returns the name of the temp directory. */
    private static String temporary() {
        return System.getProperty("java.io.tmpdir", "/tmp");
    }

    /**
     * Makes or checks a directory.
     *
     * @throws IOException if the name is not a path in this locale; and as {@link #make(Path)}
     */
    static Path make(String name) throws IOException {
        Path path;
        try {
            path = Path.of(name);
        } catch (IllegalArgumentException e) { // InvalidPathException: see NativeLibrary
            throw new IOException(
                    name + " cannot be expressed in the encoding of this locale ("
                            + System.getProperty("sun.jnu.encoding") + "): run java with LC_ALL=C.UTF-8",
                    e);
        }
        return make(path);
    }

    /**
     * Makes or checks a directory.
     *
     * @throws IOException if the directory cannot be made, belongs to another user, or other users can enter it
     */
    static Path make(Path directory) throws IOException {
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
        if (!isOwn(directory, DIRECTORY, 0077)) {
            throw new IOException(directory + " is not a directory of this user only");
        }
        return directory;
    }

    private static void create(Path directory) throws IOException {
        try {
            Files.createDirectory(
                    directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        } catch (IOException e) {
            // another JVM may have made it, or it is not a directory: the caller checks type and owner
            if (!(e instanceof FileAlreadyExistsException)) {
                throw e;
            }
        }
    }

    /**
     * Returns whether a file belongs to this user, has a type, and lacks permissions. A link is not followed.
     *
     * @param type as of inode(7)
     * @param forbidden permissions, as of inode(7)
     */
    static boolean isOwn(Path file, int type, int forbidden) throws IOException {
        Map<String, Object> found = Files.readAttributes(file, "unix:mode,uid", LinkOption.NOFOLLOW_LINKS);
        int mode = (Integer) found.get("mode");
        return (mode & TYPE) == type && (mode & forbidden) == 0 && (Integer) found.get("uid") == ownUid();
    }

    /** Returns the effective user ID of this process. */
    static int ownUid() throws IOException {
        try {
            return TrustedOwner.ownUid();
        } catch (IOException e) {
            throw e instanceof NoSuchFileException
                    ? new IOException("no proc file system is mounted at /proc: mount -t proc proc /proc", e)
                    : e;
        }
    }
}
