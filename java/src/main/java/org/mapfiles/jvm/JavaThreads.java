package org.mapfiles.jvm;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.mapfiles.MapSnapshot;
import org.mapfiles.jvm.JvmProcess.JavaThread;
import org.mapfiles.jvm.VmReader.VmFieldMissing;

/**
 * Finds the Java threads in the list of a JVM. Threads may end at any time, and the JVM frees their structures. So a
 * thread counts only if two reads agree, it belongs to the process, and its stack is mapped.
 */
final class JavaThreads {
    /** Group 1 is the last number, if there is more than one. */
    private static final Pattern NUMBERS = Pattern.compile("(?m)^NSpid:\\t\\d+(?:.*\\t(\\d+))?$");

    private static final int MAX_THREADS = 1 << 20;
    private static final int SOME_MORE = 64;
    private static final long MAX_STACK = 8L << 30;

    private final VmReader vm;
    private final MapSnapshot snapshot;
    private final Path tasks;
    /** Threads of this JVM by the address of their JavaThread. */
    private final Map<Long, Thread> own = new HashMap<>();

    private final Map<Integer, JavaThread> found = new HashMap<>();

    /** {@code process} is the directory of the process whose mappings the snapshot has. */
    JavaThreads(VmReader vm, MapSnapshot snapshot, Path process) {
        this.vm = vm;
        this.snapshot = snapshot;
        tasks = process.resolve("task");
    }

    /** Uses the threads of this JVM, with their names. The kernel cuts names after 15 bytes. */
    JavaThreads ofThisJvm() {
        findOwn();
        return this;
    }

    /** Returns the threads by their ID in the PID namespace of this JVM; none if the JVM does not export its list. */
    Map<Integer, JavaThread> read() {
        found.clear();
        try {
            readList();
        } catch (VmFieldMissing none) {
            // no list, or it cannot be read
        }
        return found;
    }

    /** Maps the address of each JavaThread to its Thread (java.lang.Thread.eetop). */
    private void findOwn() {
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
                own.put(address, threads[i]);
            }
        }
    }

    private void readList() throws VmFieldMissing {
        long list = vm.pointer("ThreadsSMRSupport", "_java_thread_list");
        int count = vm.intAt(list + vm.location("ThreadsList", "_length"));
        long threads = vm.pointer(list, "ThreadsList", "_threads");
        Map<Integer, Integer> numbers = numbers();
        int max = Math.min(MAX_THREADS, 2 * threadCount() + SOME_MORE); // threads start and end during the read
        for (long thread : vm.longsAt(threads, Math.max(0, Math.min(count, max)))) {
            try {
                readOne(thread, numbers);
            } catch (VmFieldMissing ended) {
                // the thread ended during the read
            }
        }
    }

    private void readOne(long thread, Map<Integer, Integer> numbers) throws VmFieldMissing {
        String holder = vm.has("Thread", "_osthread") ? "Thread" : "JavaThread";
        long base = vm.pointer(thread, "JavaThread", "_stack_base");
        long size = vm.pointer(thread, "JavaThread", "_stack_size");
        int inner = vm.intAt(vm.pointer(thread, holder, "_osthread") + vm.location("OSThread", "_thread_id"));
        int tid = numbers.isEmpty() ? inner : numbers.getOrDefault(inner, 0);
        boolean isSame = base == vm.pointer(thread, "JavaThread", "_stack_base")
                && size == vm.pointer(thread, "JavaThread", "_stack_size");
        boolean isRange = size > 0 && size <= MAX_STACK && Long.compareUnsigned(base, size) >= 0;
        boolean hasEnded = Files.notExists(tasks.resolve(Integer.toString(tid))); // not if that cannot be found out
        if (isSame && isRange && snapshot.find(base - 1) >= 0 && !hasEnded) {
            Thread of = own.get(thread);
            found.put(tid, new JavaThread(tid, of != null ? of.getName() : command(tasks, tid), of, base - size, base));
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
     * Returns the thread IDs in the PID namespace of this JVM, by those in the innermost PID namespace, which the
     * target JVM uses. Empty: they are equal. NSpid in status of proc(5) lists both.
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
                numbers.put(
                        Integer.valueOf(own.group(1)),
                        Integer.valueOf(task.getFileName().toString()));
            }
        } catch (IOException | DirectoryIteratorException | NumberFormatException none) {
            // the list of threads cannot be read, or the process has exited
        }
        return numbers;
    }

    /** Returns the name of a thread in the kernel, cut after 15 bytes. */
    static String command(Path tasks, int tid) {
        return read(tasks.resolve(Integer.toString(tid)).resolve("comm"));
    }

    static String read(Path file) {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.UTF_8).strip();
        } catch (IOException ended) {
            return "";
        }
    }
}
