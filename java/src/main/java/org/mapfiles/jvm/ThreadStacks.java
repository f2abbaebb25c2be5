package org.mapfiles.jvm;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.jvm.JvmProcess.JavaThread;
import org.mapfiles.jvm.VmReader.VmFieldMissing;

/**
 * Finds the stacks of threads: those of Java threads in the JVM's list ({@link JavaThreads}); those of other threads
 * (collector, compiler, native) by the stack pointer that the kernel reports.
 */
final class ThreadStacks {
    /** Maximum size of a guard zone, in bytes: one page of the largest size. HotSpot asks for one page or none. */
    private static final long MAX_GUARD = 64 << 10;

    private static final int ATTEMPTS = 3;
    private static final int PAGE = 4096;
    /** Maximum distance of the stack pointer of a waiting thread from the end of its stack, in bytes. */
    private static final long MAX_USED = 1 << 20;
    /** Number of words of a stack that are read at a time. */
    private static final int PIECE = 1024;

    private final VmReader vm;
    private final JavaThreads javaThreads;
    private final MapSnapshot snapshot;
    private final Path tasks;

    /** {@code process} is the directory of the process whose mappings the snapshot has. */
    ThreadStacks(VmReader vm, MapSnapshot snapshot, Path process) {
        this.vm = vm;
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
        return withoutWrongNames(candidates);
    }

    /** A range with the stack pointers of several threads is a mapping of several stacks: it has the name of none. */
    private static List<RegionCandidate> withoutWrongNames(List<RegionCandidate> candidates) {
        candidates.sort((a, b) -> {
            int order = Long.compareUnsigned(a.start(), b.start());
            return order != 0 ? order : Long.compareUnsigned(b.end(), a.end());
        });
        List<RegionCandidate> named = new ArrayList<>();
        for (int i = 0; i < candidates.size(); i++) {
            RegionCandidate each = candidates.get(i);
            boolean hasOther =
                    i + 1 < candidates.size() && candidates.get(i + 1).overlaps(each.start(), each.end());
            boolean isSame = i > 0
                    && candidates.get(i - 1).start() == each.start()
                    && candidates.get(i - 1).end() == each.end();
            named.add(
                    hasOther || isSame
                            ? RegionCandidate.inferred(
                                    each.start(), each.end(), JvmRegions.Kind.THREAD_STACK, UnknownStacks.DETAIL)
                            : each);
        }
        return named;
    }

    /** Returns the mapping of the stack pointer of a waiting thread; null: the thread does not wait, or has ended. */
    private RegionCandidate byStackPointer(Path task, int tid) {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            String[] fields = JavaThreads.read(task.resolve("syscall")).split(" ");
            if (fields.length < 3) {
                continue; // "running"
            }
            long pointer = Long.parseUnsignedLong(fields[fields.length - 2].replaceFirst("^0x", ""), 16);
            int at = snapshot.find(pointer); // any 64-bit value
            if (at >= 0) {
                MapCursor mapping = snapshot.cursor().seek(at);
                if (mapping.kind() == Mapping.Kind.STACK) {
                    return null; // MappedMemory has it, by its name
                }
                String thread = tid + " " + JavaThreads.command(tasks, tid);
                RegionCandidate block = block(pointer, mapping.start(), mapping.end(), thread);
                return block != null
                        ? block
                        : RegionCandidate.inferred(
                                withGuard(at, mapping.start()), mapping.end(), JvmRegions.Kind.THREAD_STACK, thread);
            }
        }
        return null;
    }

    /**
     * Returns the stack by the record of the C library at its end, with its guard zone; null: there is no such record.
     * Since glibc 2.43 the guard zone is part of the mapping, so that the kernel merges the stacks of several threads
     * to one mapping. The record has the start, the size and the size of the guard zone (struct pthread, nptl/descr.h).
     */
    private @Nullable RegionCandidate block(long pointer, long start, long end, String thread) {
        long limit = Math.min(end, (pointer & -Long.BYTES) + MAX_USED);
        try {
            for (long at = pointer & -Long.BYTES; limit - at >= 3 * Long.BYTES; ) {
                // the stack above may begin with a guard zone, which cannot be read
                long[] words = vm.objects(new long[] {at}, (int) Math.min((limit - at) / Long.BYTES, PIECE))
                        .get(0);
                if (words.length < 3) {
                    break;
                }
                for (int i = 0; i + 2 < words.length; i++) {
                    long block = words[i];
                    long blockEnd = block + words[i + 1];
                    boolean isBlock = block % PAGE == 0
                            && blockEnd % PAGE == 0
                            && block >= start - MAX_GUARD
                            && blockEnd > at + (long) i * Long.BYTES
                            && blockEnd <= end
                            && words[i + 2] >= 0
                            && words[i + 2] <= pointer - block;
                    if (isBlock) {
                        return RegionCandidate.inferred(block, blockEnd, JvmRegions.Kind.THREAD_STACK, thread);
                    }
                }
                at += (words.length - 2L) * Long.BYTES;
            }
        } catch (VmFieldMissing unmapped) {
            // the thread has ended
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
