package org.mapfiles.jvm;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.mapfiles.MapsException;
import org.mapfiles.internal.Errno;
import org.mapfiles.internal.ErrorText;

/**
 * IDs and system calls that the attach protocol needs of a process; the IDs are those of proc_pid_status(5). Not
 * thread-safe.
 */
final class AttachTarget {
    private static final long SIGQUIT_BIT = 1L << 2;

    private final TargetMemory process;
    private final int innerPid;
    private final int uid;
    private final int gid;

    /** {@code process} must stay open as long as this object is used. */
    AttachTarget(TargetMemory process) throws MapsException {
        this.process = process;
        if (process.pid() <= 0) {
            throw new AttachException(
                    AttachException.Reason.PID_NAMESPACE,
                    "the process was opened in a proc file system of another PID namespace: to attach, open it in /proc of this PID namespace");
        }
        List<String> status = status(process.directory().resolve("status"));
        if (status == null) {
            throw process.failure(Errno.ESRCH);
        }
        innerPid = number(status, "NSpid", -1, process.pid());
        uid = number(status, "Uid", 1, -1);
        gid = number(status, "Gid", 1, -1);
    }

    /**
     * Returns the lines of a status file; null: the process or the thread has exited. The kernel escapes newlines in
     * the name of a process, but not other control characters.
     */
    private @Nullable List<String> status(Path file) throws AttachException {
        try {
            return List.of(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).split("\n"));
        } catch (IOException e) {
            requireExited(e);
            return null;
        }
    }

    /** Throws unless the exception means that the process has exited. */
    private void requireExited(IOException e) throws AttachException {
        // opening throws an exception with a reason, which is null for ENOENT; reading throws one with a message only
        String reason = e instanceof FileSystemException ? ((FileSystemException) e).getReason() : e.getMessage();
        if (!(e instanceof NoSuchFileException) && !"No such process".equals(reason)) { // ESRCH
            throw new AttachException(
                    AttachException.Reason.SYSTEM_CALL,
                    "the status of process " + pid() + " cannot be read: " + ErrorText.of(e));
        }
    }

    /** Returns the value of a field; null: this kernel does not have the field. */
    private static @Nullable String field(List<String> status, String name) {
        for (String line : status) {
            if (line.startsWith(name + ":")) {
                return line.substring(name.length() + 1).strip();
            }
        }
        return null;
    }

    /** Returns a number of a field. {@code index} begins at 0; -1: the last number. */
    private static int number(List<String> status, String name, int index, int defaultValue) {
        String text = field(status, name);
        if (text == null) {
            return defaultValue;
        }
        String[] numbers = text.split("\\s+");
        return Integer.parseUnsignedInt(numbers[index < 0 ? numbers.length - 1 : index]);
    }

    /**
     * Returns whether the process has a handler for SIGQUIT. Threads share it. A thread that has ended does not report
     * it any more, so each thread is read until one reports it: the first thread may have ended.
     */
    boolean catchesQuit() throws AttachException {
        try (DirectoryStream<Path> threads =
                Files.newDirectoryStream(process.directory().resolve("task"))) {
            for (Path thread : threads) {
                List<String> status = status(thread.resolve("status"));
                String state = status == null ? "X" : String.valueOf(field(status, "State"));
                if (!state.startsWith("Z") && !state.startsWith("X")) {
                    String caught = field(status, "SigCgt");
                    return caught != null && (Long.parseUnsignedLong(caught, 16) & SIGQUIT_BIT) != 0;
                }
            }
        } catch (DirectoryIteratorException e) {
            requireExited(e.getCause());
        } catch (IOException e) {
            requireExited(e);
        }
        return false;
    }

    /** Returns the fields of struct mf_attach_target. */
    private int[] numbers() {
        return new int[] {process.directoryDescriptor(), process.pid(), innerPid, uid, gid};
    }

    /** Returns a connected socket, or a negative errno of attach.h. */
    int connect() {
        return JvmCalls.attachConnect(numbers());
    }

    int createTrigger(int[] trigger) {
        return JvmCalls.attachTriggerCreate(numbers(), trigger);
    }

    void removeTrigger(int[] trigger) {
        JvmCalls.attachTriggerRemove(numbers(), trigger);
    }

    /** Sends SIGQUIT. Returns 0 or a negative errno. */
    int signal() {
        return JvmCalls.attachSignal(numbers());
    }

    int pid() {
        return process.pid();
    }

    /** Returns the PID in the PID namespace of the process itself. */
    int innerPid() {
        return innerPid;
    }

    /** Returns a text such as {@code user 1000, group 1000}. */
    String user() {
        return "user " + Integer.toUnsignedString(uid) + ", group " + Integer.toUnsignedString(gid);
    }

    MapsException failure(int errno) {
        return process.failure(errno);
    }
}
