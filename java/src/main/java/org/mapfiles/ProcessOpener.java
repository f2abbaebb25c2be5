package org.mapfiles;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import org.mapfiles.internal.Errno;
import org.mapfiles.internal.OpenProcess;

/** Opens processes for {@link ProcessMaps}. */
final class ProcessOpener {
    /** The encoding in which the JDK decodes the bytes of paths. */
    private static final Charset PATH_ENCODING = Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));

    private ProcessOpener() {}

    static ProcessMaps openSelf() throws MapsException {
        OpenProcess process = newProcess();
        return opened(process, process.openSelf(), "this process");
    }

    static ProcessMaps open(int pid) throws MapsException {
        OpenProcess process = newProcess();
        return opened(process, process.openPid(pid), "process " + pid);
    }

    static ProcessMaps open(Path procDirectory) throws MapsException {
        String name = "process " + procDirectory;
        OpenProcess process = newProcess();
        int rc;
        try {
            rc = process.openDirectory(procDirectory.toAbsolutePath().toString().getBytes(PATH_ENCODING));
        } catch (OutOfMemoryError e) {
            throw Exceptions.notEnoughMemory("a process", e);
        }
        if (rc == Errno.EINVAL || rc == Errno.EBADF || rc == Errno.ENOTDIR) {
            throw new IllegalArgumentException("not the directory of a process in a proc file system: " + procDirectory
                    + ": pass a path such as /proc/123");
        }
        boolean mayBeDenied = rc == 0 || rc == Errno.EACCES;
        int pidAtProc = mayBeDenied && isAtProc(procDirectory, process.pid()) ? process.pid() : 0;
        return opened(process, rc == Errno.ENOENT ? Errno.ESRCH : rc, name, pidAtProc);
    }

    /**
     * Returns whether the directory is that of the PID at /proc. In a proc file system of another PID namespace it is
     * not.
     */
    private static boolean isAtProc(Path procDirectory, int pid) {
        try {
            return Files.isSameFile(procDirectory, Path.of("/proc/" + pid));
        } catch (IOException e) {
            return false;
        }
    }

    private static OpenProcess newProcess() throws MapsException {
        try {
            return new OpenProcess();
        } catch (OutOfMemoryError e) {
            throw Exceptions.notEnoughMemory("a process", e);
        }
    }

    private static ProcessMaps opened(OpenProcess process, int rc, String name) throws MapsException {
        return opened(process, rc, name, rc == 0 || rc == Errno.EACCES ? process.pid() : 0);
    }

    private static ProcessMaps opened(OpenProcess process, int rc, String name, int pidAtProc) throws MapsException {
        if (rc == Errno.ESRCH) {
            throw Exceptions.noProcess(name);
        }
        if (rc != 0) {
            throw Exceptions.of(rc, name, pidAtProc);
        }
        return new ProcessMaps(process, process.pid(), pidAtProc);
    }
}
