package org.mapfiles.symbols;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.mapfiles.ProcessMaps;
import org.mapfiles.internal.RootAccess;

/**
 * The path of the root directory of a process, in the form of the paths in maps: those start at the root of its mount
 * namespace, and the process may have another one by chroot(2).
 */
final class ProcessRoot {
    /** The encoding in which the JDK decodes the bytes of paths. */
    private static final Charset PATH_ENCODING = Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));

    private ProcessRoot() {}

    /** Returns the path, with a slash at its end; empty: unknown. */
    static byte[] read(ProcessMaps maps) {
        try {
            Path link = Path.of("/proc/" + RootAccess.get().pidAtProc(maps) + "/root");
            String path = Files.readSymbolicLink(link).toString();
            return (path.endsWith("/") ? path : path + "/").getBytes(PATH_ENCODING);
        } catch (IOException unknown) {
            return new byte[0];
        }
    }

    /** Returns whether a path is below a root; not if that is unknown. */
    static boolean isBelow(byte[] root, byte[] path) {
        return root.length > 0 && path.length >= root.length && Arrays.equals(root, Arrays.copyOf(path, root.length));
    }
}
