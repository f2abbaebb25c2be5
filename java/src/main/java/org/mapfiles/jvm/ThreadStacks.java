package org.mapfiles.jvm;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.jvm.JvmProcess.JavaThread;

/**
 * Finds the stacks of threads: those of Java threads in the JVM's list ({@link JavaThreads}); those of other threads
 * (collector, compiler, native) by the stack pointer that the kernel reports.
 */
final class ThreadStacks {
    private static final long MAX_GUARD = 1 << 20;
    private static final int ATTEMPTS = 3;

    private final JavaThreads javaThreads;
    private final MapSnapshot snapshot;
    private final Path tasks;

    /** {@code process} is the directory of the process whose mappings the snapshot has. */
    ThreadStacks(VmReader vm, MapSnapshot snapshot, Path process) {
        javaThreads = new JavaThreads(vm, snapshot, process);
        this.snapshot = snapshot;
        tasks = process.resolve("task");
    }

    /** Uses the names of the Java threads of this JVM. The kernel cuts names after 15 bytes. */
    ThreadStacks withJavaNames() {
        javaThreads.ofThisJvm();
        return this;
    }

    List<RegionCandidate> candidates() {
        List<RegionCandidate> candidates = new ArrayList<>();
        Map<Integer, JavaThread> found = javaThreads.read();
        for (JavaThread each : found.values()) {
            candidates.add(RegionCandidate.reported(
                    each.stackStart(), each.stackEnd(), JvmRegions.Kind.THREAD_STACK, each.tid() + " " + each.name()));
        }
        candidates.addAll(otherThreads(found));
        return candidates;
    }

    private List<RegionCandidate> otherThreads(Map<Integer, JavaThread> found) {
        List<RegionCandidate> candidates = new ArrayList<>();
        try (DirectoryStream<Path> listed = Files.newDirectoryStream(tasks)) {
            for (Path task : listed) {
                int tid = Integer.parseInt(task.getFileName().toString());
                RegionCandidate candidate = found.containsKey(tid) ? null : byStackPointer(task, tid);
                if (candidate != null) {
                    candidates.add(candidate);
                }
            }
        } catch (IOException | DirectoryIteratorException | NumberFormatException none) {
            // the list of threads cannot be read, or the process has exited
        }
        return candidates;
    }

    /** Returns the mapping of the stack pointer of a waiting thread; null: the thread does not wait, or has ended. */
    private RegionCandidate byStackPointer(Path task, int tid) {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            String[] fields = JavaThreads.read(task.resolve("syscall")).split(" ");
            if (fields.length < 3) {
                continue; // "running"
            }
            int at = snapshot.find(
                    Long.parseUnsignedLong(fields[fields.length - 2].replaceFirst("^0x", ""), 16)); // any 64-bit value
            if (at >= 0) {
                MapCursor mapping = snapshot.cursor().seek(at);
                return mapping.kind() == Mapping.Kind.STACK
                        ? null // MappedMemory has it, by its name
                        : RegionCandidate.inferred(
                                withGuard(at, mapping.start()),
                                mapping.end(),
                                JvmRegions.Kind.THREAD_STACK,
                                tid + " " + JavaThreads.command(tasks, tid));
            }
        }
        return null;
    }

    /**
     * Returns the start of the guard zone (no permissions) that the C library maps below a stack; {@code start} if
     * there is none.
     */
    private long withGuard(int stack, long start) {
        if (stack > 0) {
            MapCursor below = snapshot.cursor().seek(stack - 1);
            if (below.end() == start
                    && below.size() <= MAX_GUARD
                    && below.kind() == Mapping.Kind.ANONYMOUS
                    && below.permissions().equals("---p")) {
                return below.start();
            }
        }
        return start;
    }
}
