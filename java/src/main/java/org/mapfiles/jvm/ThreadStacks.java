package org.mapfiles.jvm;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.jvm.VmReader.VmFieldMissing;

/**
 * Finds the stacks of threads: those of Java threads in the JVM's list; those of other threads (collector, compiler, native) by the stack
 * pointer that the kernel reports.
 *
 * <p>Threads may end at any time, and the JVM frees their structures. So a stack counts only if two reads agree, the thread belongs to the
 * process, and the stack is mapped.
 */
final class ThreadStacks {
    /** Group 1 is the last number, if there is more than one. */
    private static final Pattern NUMBERS = Pattern.compile("(?m)^NSpid:\\t\\d+(?:.*\\t(\\d+))?$");
    private static final int MAX_THREADS = 1 << 20;
    private static final int SOME_MORE = 64;
    private static final long MAX_STACK = 8L << 30;
    private static final long MAX_GUARD = 1 << 20;
    private static final int ATTEMPTS = 3;

    private final VmReader vm;
    private final MapSnapshot snapshot;
    private final Path tasks;
    private final Map<Long, String> names = new HashMap<>();
    private final Map<Integer, RegionCandidate> found = new HashMap<>();

    /** {@code process} is the directory of the process whose mappings the snapshot has. */
    ThreadStacks(VmReader vm, MapSnapshot snapshot, Path process) {
        this.vm = vm;
        this.snapshot = snapshot;
        tasks = process.resolve("task");
    }

    /** Uses the names of the Java threads of this JVM. The kernel cuts names after 15 bytes. */
    ThreadStacks withJavaNames() {
        nameJavaThreads();
        return this;
    }

    List<RegionCandidate> candidates() {
        List<RegionCandidate> candidates = new ArrayList<>();
        try {
            javaThreads();
        } catch (VmFieldMissing none) {
            // all threads are found by their stack pointers
        }
        candidates.addAll(found.values());
        candidates.addAll(otherThreads());
        return candidates;
    }

    /** Maps the address of each JavaThread to the name of its Thread (java.lang.Thread.eetop). */
    private void nameJavaThreads() {
        ThreadGroup top = Thread.currentThread().getThreadGroup();
        while (top != null && top.getParent() != null) {
            top = top.getParent();
        }
        Thread[] threads = new Thread[256];
        int count = top == null ? 0 : top.enumerate(threads);
        while (count == threads.length) {
            threads = new Thread[2 * count];
            count = top.enumerate(threads);
        }
        for (int i = 0; i < count; i++) {
            long address = JvmCalls.threadAddress(threads[i]);
            if (address != 0) {
                names.put(address, threads[i].getName());
            }
        }
    }

    private void javaThreads() throws VmFieldMissing {
        long list = vm.pointer("ThreadsSMRSupport", "_java_thread_list");
        int count = vm.intAt(list + vm.location("ThreadsList", "_length"));
        long threads = vm.pointer(list, "ThreadsList", "_threads");
        Map<Integer, Integer> numbers = numbers();
        int max = Math.min(MAX_THREADS, 2 * threadCount() + SOME_MORE); // threads start and end during the read
        for (long thread : vm.longsAt(threads, Math.max(0, Math.min(count, max)))) {
            try {
                javaThread(thread, numbers);
            } catch (VmFieldMissing ended) {
                // the thread ended during the read
            }
        }
    }

    private void javaThread(long thread, Map<Integer, Integer> numbers) throws VmFieldMissing {
        String holder = vm.has("Thread", "_osthread") ? "Thread" : "JavaThread";
        long base = vm.pointer(thread, "JavaThread", "_stack_base");
        long size = vm.pointer(thread, "JavaThread", "_stack_size");
        int own = vm.intAt(vm.pointer(thread, holder, "_osthread") + vm.location("OSThread", "_thread_id"));
        int tid = numbers.isEmpty() ? own : numbers.getOrDefault(own, 0);
        boolean isSame = base == vm.pointer(thread, "JavaThread", "_stack_base") && size == vm.pointer(thread, "JavaThread", "_stack_size");
        boolean isRange = size > 0 && size <= MAX_STACK && Long.compareUnsigned(base, size) >= 0;
        if (isSame && isRange && snapshot.find(base - 1) >= 0 && Files.exists(tasks.resolve(Integer.toString(tid)))) {
            String name = names.get(thread);
            found.put(tid, RegionCandidate.reported(base - size, base, JvmRegions.Kind.THREAD_STACK, tid + " " + (name != null ? name : command(tid))));
        }
    }

    /** Returns the number of threads of the process. */
    private int threadCount() {
        int count = 0;
        try (DirectoryStream<Path> listed = Files.newDirectoryStream(tasks)) {
            for (Path task : listed) {
                count += task == null ? 0 : 1;
            }
        } catch (IOException | DirectoryIteratorException none) {
            // the list of threads cannot be read, or the process has exited
        }
        return Math.min(count, MAX_THREADS);
    }

    /**
     * Returns the thread IDs in the PID namespace of this JVM, by those in the innermost PID namespace, which the target JVM uses. Empty: they
     * are equal. NSpid in status of proc(5) lists both.
     */
    private Map<Integer, Integer> numbers() {
        Map<Integer, Integer> numbers = new HashMap<>();
        try (DirectoryStream<Path> listed = Files.newDirectoryStream(tasks)) {
            for (Path task : listed) {
                Matcher own = NUMBERS.matcher(read(task.resolve("status")));
                if (!own.find()) {
                    continue; // the thread has ended
                }
                if (own.group(1) == null) {
                    return Map.of();
                }
                numbers.put(Integer.valueOf(own.group(1)), Integer.valueOf(task.getFileName().toString()));
            }
        } catch (IOException | DirectoryIteratorException | NumberFormatException none) {
            // the list of threads cannot be read, or the process has exited
        }
        return numbers;
    }

    /** Returns the name of a thread in the kernel, cut after 15 bytes. */
    private String command(int tid) {
        return read(tasks.resolve(Integer.toString(tid)).resolve("comm"));
    }

    private static String read(Path file) {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.UTF_8).strip();
        } catch (IOException ended) {
            return "";
        }
    }

    private List<RegionCandidate> otherThreads() {
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
            String[] fields = read(task.resolve("syscall")).split(" ");
            if (fields.length < 3) {
                continue; // "running"
            }
            int at = snapshot.find(Long.parseUnsignedLong(fields[fields.length - 2].replaceFirst("^0x", ""), 16)); // any 64-bit value
            if (at >= 0) {
                MapCursor mapping = snapshot.cursor().seek(at);
                return mapping.kind() == Mapping.Kind.STACK ? null // MappedMemory has it, by its name
                        : RegionCandidate.inferred(withGuard(at, mapping.start()), mapping.end(), JvmRegions.Kind.THREAD_STACK, tid + " " + command(tid));
            }
        }
        return null;
    }

    /** Returns the start of the guard zone (no permissions) that the C library maps below a stack; {@code start} if there is none. */
    private long withGuard(int stack, long start) {
        if (stack > 0) {
            MapCursor below = snapshot.cursor().seek(stack - 1);
            if (below.end() == start && below.size() <= MAX_GUARD && below.kind() == Mapping.Kind.ANONYMOUS
                    && below.permissions().equals("---p")) {
                return below.start();
            }
        }
        return start;
    }
}
