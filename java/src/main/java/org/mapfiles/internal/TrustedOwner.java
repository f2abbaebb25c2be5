package org.mapfiles.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Whose files may name the functions of a process: any user can make a file in /tmp, or mount a file of root in an own
 * directory and map it there.
 */
public final class TrustedOwner {
    private TrustedOwner() {}

    /**
     * Returns whether the owner of a file is root, the given user, or the user of this process.
     *
     * @param user the user ID of the process, or of the owner of the mapped file, that the file is for
     * @throws IOException if the user of this process cannot be read
     */
    public static boolean isTrusted(int owner, int user) throws IOException {
        return owner == 0 || owner == user || owner == ownUid();
    }

    /** Returns the effective user ID of this process. */
    static int ownUid() throws IOException {
        return (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid"); // follows the link /proc/self
    }
}
