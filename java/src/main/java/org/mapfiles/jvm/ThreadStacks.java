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
import org.mapfiles.MappingKind;
import org.mapfiles.jvm.VmReader.VmFieldMissing;

/**
 * Stacks of threads: of Java's as the JVM has them in its list, of others (collector, compiler, started by native code) by
 * where the kernel says that their stack pointer is.
 *
 * <p>Threads end at any time, and the JVM frees what it had of them. So what is read is believed only if it is read twice, the
 * thread is one of this process, and its stack is mapped.
 */
final class ThreadStacks {
    /** The first number, and the last of several. */
    private static final Pattern NUMBERS = Pattern.compile("(?m)^NSpid:\\t\\d+(?:.*\\t(\\d+))?$");
    private static final int MAX_THREADS = 1 << 20;
    private static final int SOME_MORE = 64;
    private static final long LARGEST = 8L << 30;
    private static final long LARGEST_GUARD = 1 << 20;
    private static final int ATTEMPTS = 3;

    private final VmReader vm;
    private final MapSnapshot snapshot;
    private final Path tasks;
    private final Map<Long, String> names = new HashMap<>();
    private final Map<Integer, RegionCandidate> found = new HashMap<>();

    /** @param process the directory of the process, which the snapshot is of */
    ThreadStacks(VmReader vm, MapSnapshot snapshot, Path process) {
        this.vm = vm;
        this.snapshot = snapshot;
        tasks = process.resolve("task");
    }

    /** The same, with the names that Java threads of this JVM have; the kernel cuts names after 15 bytes. */
    ThreadStacks withJavaNames() {
        nameJavaThreads();
        return this;
    }

    List<RegionCandidate> claims() {
        List<RegionCandidate> claims = new ArrayList<>();
        try {
            javaThreads();
        } catch (VmFieldMissing none) {
            // then all are other threads
        }
        claims.addAll(found.values());
        claims.addAll(otherThreads());
        return claims;
    }

    /** Which of the JVM's threads a Thread stands for, by its hidden field that says so. */
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
        int count = vm.intAt(list + vm.place("ThreadsList", "_length"));
        long threads = vm.pointer(list, "ThreadsList", "_threads");
        Map<Integer, Integer> numbers = numbers();
        int most = Math.min(MAX_THREADS, 2 * threadCount() + SOME_MORE); // some have just ended, or begun
        for (long thread : vm.longsAt(threads, Math.max(0, Math.min(count, most)))) {
            try {
                javaThread(thread, numbers);
            } catch (VmFieldMissing gone) {
                // ended meanwhile
            }
        }
    }

    private void javaThread(long thread, Map<Integer, Integer> numbers) throws VmFieldMissing {
        String holder = vm.has("Thread", "_osthread") ? "Thread" : "JavaThread";
        long base = vm.pointer(thread, "JavaThread", "_stack_base");
        long size = vm.pointer(thread, "JavaThread", "_stack_size");
        int own = vm.intAt(vm.pointer(thread, holder, "_osthread") + vm.place("OSThread", "_thread_id"));
        int tid = numbers.isEmpty() ? own : numbers.getOrDefault(own, 0);
        boolean isSame = base == vm.pointer(thread, "JavaThread", "_stack_base") && size == vm.pointer(thread, "JavaThread", "_stack_size");
        boolean isRange = size > 0 && size <= LARGEST && Long.compareUnsigned(base, size) >= 0;
        if (isSame && isRange && snapshot.find(base - 1) >= 0 && Files.exists(tasks.resolve(Integer.toString(tid)))) {
            String name = names.get(thread);
            found.put(tid, RegionCandidate.reported(base - size, base, RegionKind.THREAD_STACK, tid + " " + (name != null ? name : command(tid))));
        }
    }

    /** How many threads the process has now. */
    private int threadCount() {
        int count = 0;
        try (DirectoryStream<Path> listed = Files.newDirectoryStream(tasks)) {
            for (Path task : listed) {
                count += task == null ? 0 : 1;
            }
        } catch (IOException | DirectoryIteratorException none) {
            // no threads to be seen here
        }
        return Math.min(count, MAX_THREADS);
    }

    /**
     * The numbers of threads in this process' PID namespace, by those in the innermost one, which the JVM knows them by. Empty: they
     * are the same. NSpid in status of proc(5) lists both.
     */
    private Map<Integer, Integer> numbers() {
        Map<Integer, Integer> numbers = new HashMap<>();
        try (DirectoryStream<Path> listed = Files.newDirectoryStream(tasks)) {
            for (Path task : listed) {
                Matcher own = NUMBERS.matcher(read(task.resolve("status")));
                if (!own.find()) {
                    continue; // it has ended
                }
                if (own.group(1) == null) {
                    return Map.of();
                }
                numbers.put(Integer.valueOf(own.group(1)), Integer.valueOf(task.getFileName().toString()));
            }
        } catch (IOException | DirectoryIteratorException | NumberFormatException none) {
            // no threads to be seen here
        }
        return numbers;
    }

    /** Name of a thread as the kernel has it, cut after 15 bytes. */
    private String command(int tid) {
        return read(tasks.resolve(Integer.toString(tid)).resolve("comm"));
    }

    private static String read(Path file) {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.UTF_8).strip();
        } catch (IOException gone) {
            return "";
        }
    }

    private List<RegionCandidate> otherThreads() {
        List<RegionCandidate> claims = new ArrayList<>();
        try (DirectoryStream<Path> listed = Files.newDirectoryStream(tasks)) {
            for (Path task : listed) {
                int tid = Integer.parseInt(task.getFileName().toString());
                RegionCandidate claim = found.containsKey(tid) ? null : byStackPointer(task, tid);
                if (claim != null) {
                    claims.add(claim);
                }
            }
        } catch (IOException | DirectoryIteratorException | NumberFormatException none) {
            // no threads to be seen here
        }
        return claims;
    }

    /** The mapping of the stack pointer that a waiting thread has; null: it does not wait, or ended. */
    private RegionCandidate byStackPointer(Path task, int tid) {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            String[] fields = read(task.resolve("syscall")).split(" ");
            if (fields.length < 3) {
                continue; // "running"
            }
            int at = snapshot.find(Long.parseUnsignedLong(fields[fields.length - 2].replaceFirst("^0x", ""), 16)); // any 64-bit value
            if (at >= 0) {
                MapCursor mapping = snapshot.cursor().seek(at);
                return mapping.kind() == MappingKind.STACK ? null // the kernel names it
                        : RegionCandidate.inferred(withGuard(at, mapping.start()), mapping.end(), RegionKind.THREAD_STACK, tid + " " + command(tid));
            }
        }
        return null;
    }

    /** Where the zone without access begins that the C library puts below a stack. */
    private long withGuard(int stack, long start) {
        if (stack > 0) {
            MapCursor below = snapshot.cursor().seek(stack - 1);
            if (below.end() == start && below.size() <= LARGEST_GUARD && below.kind() == MappingKind.ANONYMOUS
                    && below.permissions().equals("---p")) {
                return below.start();
            }
        }
        return start;
    }
}
