package org.mapfiles.cli.output;

import java.util.List;

/**
 * A state of a process on a page, with the changes after it.
 *
 * @param label names the state: a file, or a process
 * @param time when the state was read; null: unknown
 * @param pid of the process; -1: unknown
 * @param mappings in order of address, without overlaps
 * @param changes in order of time; empty unless the state begins a recording
 * @param samples null: none were given
 */
public record PageState(
        String label,
        String time,
        long pid,
        List<PageMapping> mappings,
        List<PageChange> changes,
        PageSamples samples) {
    /** A state without samples. */
    public PageState(String label, String time, long pid, List<PageMapping> mappings, List<PageChange> changes) {
        this(label, time, pid, mappings, changes, null);
    }

    /** Returns this state with samples. */
    public PageState with(PageSamples counted) {
        return new PageState(label, time, pid, mappings, changes, counted);
    }
}
