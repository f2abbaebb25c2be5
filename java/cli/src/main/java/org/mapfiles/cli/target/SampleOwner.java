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
    /** Maximum number of IDs that are remembered. */
    private static final int MAX_THREADS = 1 << 16;

    private static final Pattern COMPILED_CODE =
            Pattern.compile("\\[JIT\\] tid (\\d{1,10})|/.*/perf-(\\d{1,10})\\.map");
    private static final Pattern PROCESS = Pattern.compile("(?m)^Tgid:\\s+(\\d{1,10})$");
    private static final Pattern PIDS = Pattern.compile("(?m)^NSpid:\\s+(\\d[\\d\\s]*)$");

    /** The PID in each PID namespace of the process, which perf may print; empty: unknown. */
    private final Set<Long> pids;
    /** The PID in /proc; -1: it is of a file, or of another proc file system. */
    private final long live;
    /** Whether an ID, with the name of a thread, is of another process. */
    private final Map<String, Boolean> known = new HashMap<>();

    private boolean isSampleOfOther;
    private long others;

    SampleOwner(Set<Long> pids, long live) {
        this.pids = pids;
        this.live = live;
    }

    /** Compares samples with a process that runs. */
    public static SampleOwner of(Target target) {
        long pid = target.isInProc() ? target.pid() : -1;
        Matcher list = PIDS.matcher(pid < 0 ? "" : status(pid));
        Set<Long> pids = list.find()
                ? Stream.of(list.group(1).trim().split("\\s+"))
                        .map(Long::valueOf)
                        .collect(Collectors.toSet())
                : pid < 0 ? Set.of() : Set.of(pid);
        return new SampleOwner(pids, pid);
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
            isSampleOfOther = ids.pid() >= 0
                    ? !pids.isEmpty() && (!pids.contains(ids.pid()) || isIdOfOther(ids.pid(), ids.command()))
                    : ids.number() >= 0 && isIdOfOther(ids.number(), ids.command());
        }
    }

    /** Returns whether the sample that has begun is of another process. */
    boolean isSampleOfOther() {
        return isSampleOfOther;
    }

    /** Returns whether a frame is of another process. */
    boolean isOfOther(InputLine frame) {
        if (isSampleOfOther || live < 0) {
            return isSampleOfOther;
        }
        Matcher code = COMPILED_CODE.matcher(frame.name());
        return code.matches() && !pids.contains(Long.parseLong(code.group(1) == null ? code.group(2) : code.group(1)));
    }

    private boolean isIdOfOther(long id, String command) {
        if (live < 0 || id == live) {
            return false;
        }
        String key = id + " " + command;
        Boolean isOther = known.get(key);
        if (isOther == null) {
            isOther = readWhetherOfOther(id, command);
            if (known.size() >= MAX_THREADS) {
                known.clear();
            }
            known.put(key, isOther);
        }
        return isOther;
    }

    /**
     * Returns whether /proc has another process with a thread of an ID. In a PID namespace of its own the process may
     * have the same ID, and perf may have run in that one. Then the name of the thread decides, if only one of both
     * processes has a thread of that name. A thread that has ended is unknown.
     */
    private boolean readWhetherOfOther(long id, String command) {
        Matcher process = PROCESS.matcher(status(id));
        if (!process.find() || Long.parseLong(process.group(1)) == live) {
            return false;
        }
        return pids.size() == 1 || !hasThread(live, command) || hasThread(Long.parseLong(process.group(1)), command);
    }

    private static boolean hasThread(long pid, String name) {
        String[] threads = Path.of("/proc/" + pid + "/task").toFile().list();
        return threads != null
                && Stream.of(threads)
                        .anyMatch(id -> name.equals(Arguments.string(Processes.kernelName(Long.parseLong(id)))
                                .strip()));
    }

    private static String status(long pid) {
        return SelfStatus.text(Path.of("/proc/" + pid + "/status"));
    }

    /** Reports how many frames were of other processes. */
    public void report(Terminal terminal) {
        if (others > 0) {
            terminal.report(
                    others + (others == 1 ? " frame is" : " frames are") + " printed as read, of other processes");
        }
    }
}
