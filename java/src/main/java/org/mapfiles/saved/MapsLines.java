package org.mapfiles.saved;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.mapfiles.MalformedMapsException;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;
import org.mapfiles.NotEnoughMemoryException;
import org.mapfiles.internal.Errno;
import org.mapfiles.internal.MapRecord;
import org.mapfiles.internal.MapRecord.Head;
import org.mapfiles.internal.MapsTextFault;
import org.mapfiles.internal.NativeCalls;
import org.mapfiles.internal.NativeMemory;
import org.mapfiles.internal.SnapshotBuffer;

/**
 * Collects lines of a maps text that can be used. The native parser parses each, so it decides what a line is.
 *
 * <p>A saved text may be inconsistent: HotSpot and other writers read it while threads change mappings. A line that
 * overlaps an earlier one is left out, and addresses in it are contradicted.
 */
final class MapsLines {
    /** Maximum size of the text: two million mappings. */
    private static final int MAX_TEXT = 1 << 28;

    private static final int MAX_CONTRADICTIONS = 1 << 16;
    private static final byte[] ROLLUP = "[rollup]".getBytes(StandardCharsets.US_ASCII);

    private final Problems problems;
    private final ByteArrayOutputStream text = new ByteArrayOutputStream();
    private @Nullable NativeMemory line;
    private SnapshotBuffer parsed;
    private long lastEnd;
    private int count;
    private long[] contradicted = new long[0];
    private int contradictions;

    MapsLines(Problems problems) {
        this.problems = problems;
    }

    /** Returns whether bytes are a line of a mapping. */
    boolean isMapping(byte[] bytes, int length) {
        return length > 0 && parse(bytes, length);
    }

    /**
     * Adds a line, or a problem if it cannot be used.
     *
     * @param isComplete whether a newline ended the line
     */
    void add(byte[] bytes, int length, long number, boolean isComplete) {
        if (text.size() + length >= MAX_TEXT || contradictions == MAX_CONTRADICTIONS) {
            problems.addLack(number, "is left out: the text is too long, or contradicts itself too often");
            return;
        }
        boolean isMapping = isMapping(bytes, length);
        boolean isInOrder = isMapping && (count == 0 || Long.compareUnsigned(start(), lastEnd) >= 0);
        if (isMapping && isNamed(bytes, length, ROLLUP)) {
            problems.add(number, "is the whole range of smaps_rollup, not a mapping");
        } else if (isInOrder && isComplete) {
            text.write(bytes, 0, length);
            text.write('\n');
            lastEnd = end();
            count++;
        } else {
            String reason = MapsTextFault.reason(bytes, length, isMapping, isComplete);
            if (isMapping && !isInOrder) {
                problems.add(number, reason);
                contradict(start(), end());
            } else {
                problems.addLack(number, reason);
            }
        }
    }

    private static boolean isNamed(byte[] bytes, int length, byte[] name) {
        return length > name.length && Arrays.equals(bytes, length - name.length, length, name, 0, name.length);
    }

    private void contradict(long start, long end) {
        if (2 * contradictions == contradicted.length) {
            contradicted = Arrays.copyOf(contradicted, Math.max(16, 2 * contradicted.length));
        }
        contradicted[2 * contradictions] = start;
        contradicted[2 * contradictions + 1] = end;
        contradictions++;
    }

    private boolean parse(byte[] bytes, int length) {
        if (line == null || line.size() <= length) {
            line = new NativeMemory(Math.max(4096, 2 * length));
            parsed = new SnapshotBuffer(1, line.size());
        }
        line.bytes().put(0, bytes, 0, length);
        line.bytes().put(length, (byte) '\n');
        int rc = NativeCalls.snapshotParse(line.address(), length + 1, 0, parsed.memory.address());
        line.keepUntilHere();
        parsed.memory.keepUntilHere();
        if (rc < 0 && rc != Errno.EBADMSG && rc != Errno.ENOBUFS) { // two lines cannot be in one
            throw new IllegalStateException("the native core rejects a line of text: " + Errno.name(rc));
        }
        return rc == 1 && parsed.head(Head.MAPPING_COUNT) == 1;
    }

    private long start() {
        return parsed.records.getLong(MapRecord.START);
    }

    private long end() {
        return parsed.records.getLong(MapRecord.END);
    }

    /** Returns the number of lines that can be used. */
    int count() {
        return count;
    }

    /** Returns the ranges of lines that contradict an earlier line: start and end of each, sorted and merged. */
    long[] contradicted() {
        Integer[] order = new Integer[contradictions];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, (one, other) -> Long.compareUnsigned(contradicted[2 * one], contradicted[2 * other]));
        long[] merged = new long[2 * contradictions];
        int length = 0;
        for (int range : order) {
            long start = contradicted[2 * range];
            long end = contradicted[2 * range + 1];
            if (length > 0 && Long.compareUnsigned(start, merged[length - 1]) <= 0) {
                merged[length - 1] = Long.compareUnsigned(end, merged[length - 1]) > 0 ? end : merged[length - 1];
            } else {
                merged[length++] = start;
                merged[length++] = end;
            }
        }
        return Arrays.copyOf(merged, length);
    }

    /** Returns the snapshot of the lines that can be used. */
    MapSnapshot snapshot() throws MalformedMapsException, NotEnoughMemoryException {
        return MapSnapshot.ofText(text.toByteArray(), MapFilter.all());
    }
}
