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
 */
public record PageState(String label, String time, long pid, List<PageMapping> mappings, List<PageChange> changes) {}
