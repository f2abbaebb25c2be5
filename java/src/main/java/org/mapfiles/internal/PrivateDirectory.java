package org.mapfiles.internal;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** A directory for what JVMs load: a real one, this user's own, in which nobody else can put or exchange anything. */
public final class PrivateDirectory {
    private PrivateDirectory() {
    }

    /**
     * Returns where the directory of this user may be, the better place first. {@link #make(String, boolean)} says why one is unusable.
     *
     * <p>Names, not paths: a home directory may have a name that the encoding of the locale cannot express.
     */
    public static String[] places() throws IOException {
        return new String[] {home() + "/.cache/mapfiles", temporary() + "/mapfiles-" + ownUid()};
    }

    /** Where the user has no entry in passwd, {@code user.home} is "?" in some JDKs, and an empty or relative name in others. */
    private static String home() {
        String home = System.getProperty("user.home");
        String other = System.getenv("HOME");
        return home != null && home.startsWith("/") ? home : other != null && other.startsWith("/") ? other : "?";
    }

    /** Returns the name of the directory for temporary files. */
    public static String temporary() {
        return System.getProperty("java.io.tmpdir", "/tmp");
    }

    /**
     * Makes the directory of a name, or checks it.
     *
     * @param isReadable whether others may enter it and read there
     * @throws IOException if the name is no path in this locale, or as {@link #make(Path, boolean)}
     */
    public static Path make(String name, boolean isReadable) throws IOException {
        try {
            return make(Path.of(name), isReadable);
        } catch (InvalidPathException e) {
            throw new IOException(name + " cannot be expressed in the encoding of this locale (" + System.getProperty("sun.jnu.encoding")
                    + "): run java with LC_ALL=C.UTF-8", e);
        }
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
        try {
            return (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid"); // of the directory, not of the link to it
        } catch (NoSuchFileException e) {
            throw new IOException("no proc file system is mounted at /proc: mount -t proc proc /proc", e);
        }
    }

    static int uidOf(Path path) throws IOException {
        return (Integer) Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS);
    }
}
