package org.mapfiles.cli.target;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.mapfiles.cli.output.Terminal;

/**
 * Finds the frames of other processes in output of {@code perf script}, which has all processes after {@code perf
 * record -a}. The head of a sample has a PID; or, without {@code -F}, a thread ID alone. The file of compiled Java code
 * has the PID of its JVM.
 */
public final class SampleOwner {
    /** Maximum number of thread IDs that are remembered. */
    private static final int MAX_THREADS = 1 << 16;

    private static final Pattern COMPILED_CODE = Pattern.compile("(?:\\[JIT\\] tid |/.*/perf-)(\\d{1,10})(?:\\.map)?");
    private static final Pattern PROCESS = Pattern.compile("(?m)^Tgid:\\s+(\\d{1,10})$");
    private static final Pattern PIDS = Pattern.compile("(?m)^NSpid:\\s+(\\d[\\d\\s]*)$");

    /** The PID in each PID namespace of the process, which perf may print; empty: unknown. */
    private final Set<Long> pids;
    /** The process whose threads are now in /proc; -1: they are unknown. */
    private final long live;
    /** Whether a thread ID is one of another process. */
    private final Map<Long, Boolean> threads = new HashMap<>();

    private boolean isSampleOfOther;
    private long others;

    private SampleOwner(Set<Long> pids, long live) {
        this.pids = pids;
        this.live = live;
    }

    /** Compares samples with a process that runs. */
    public static SampleOwner of(Target target) {
        long pid = target.isInProc() ? target.pid() : -1;
        String status = pid < 0 ? "" : SelfStatus.text(Path.of("/proc/" + pid + "/status"));
        Matcher list = PIDS.matcher(status);
        Set<Long> pids = list.find()
                ? Stream.of(list.group(1).trim().split("\\s+"))
                        .map(Long::valueOf)
                        .collect(Collectors.toSet())
                : pid < 0 ? Set.of() : Set.of(pid);
        // In another PID namespace a thread has an ID of its own, which perf may have printed.
        return new SampleOwner(pids, pids.size() == 1 ? pid : -1);
    }

    /**
     * Compares samples with the process of a file.
     *
     * @param pid below 1: unknown
     */
    public static SampleOwner ofSaved(long pid) {
        return new SampleOwner(pid < 1 ? Set.of() : Set.of(pid), -1);
    }

    /** Returns a line that was read; a frame of another process becomes a line that stays as it is. */
    public InputLine check(InputLine line) {
        if (line.kind() == InputLine.Kind.SAMPLE) {
            begin(line.text());
        } else if (line.kind() == InputLine.Kind.FRAME && isOfOther(line)) {
            others++;
            return line.of(InputLine.Kind.OTHER_PROCESS);
        }
        return line;
    }

    /** Begins a sample, whose head is given. */
    void begin(String head) {
        if (!head.isBlank()) { // a blank line ends a sample
            PerfLine.Ids ids = PerfLine.ids(head);
            isSampleOfOther = ids.pid() >= 0 ? isOther(ids.pid()) : ids.number() >= 0 && isThreadOfOther(ids.number());
        }
    }

    /** Returns whether the sample that has begun is of another process. */
    boolean isSampleOfOther() {
        return isSampleOfOther;
    }

    /** Returns whether a frame is of another process. */
    boolean isOfOther(InputLine frame) {
        Matcher code = COMPILED_CODE.matcher(frame.name());
        return isSampleOfOther || live >= 0 && code.matches() && isOther(Long.parseLong(code.group(1)));
    }

    private boolean isOther(long pid) {
        return !pids.isEmpty() && !pids.contains(pid);
    }

    private boolean isThreadOfOther(long id) {
        if (live < 0 || pids.contains(id)) {
            return false;
        }
        Boolean known = threads.get(id);
        if (known == null) {
            Matcher process = PROCESS.matcher(SelfStatus.text(Path.of("/proc/" + id + "/status")));
            known = process.find() && Long.parseLong(process.group(1)) != live; // a thread that has ended is unknown
            if (threads.size() >= MAX_THREADS) {
                threads.clear();
            }
            threads.put(id, known);
        }
        return known;
    }

    /** Reports how many frames were of other processes. */
    public void report(Terminal terminal) {
        if (others > 0) {
            terminal.report(
                    others + (others == 1 ? " frame is" : " frames are") + " printed as read, of other processes");
        }
    }
}
