package org.mapfiles.cli.commands;

import org.mapfiles.cli.output.Printable;

/**
 * The mappings of one of several processes, with its largest group.
 *
 * @param name bytes of the name of the process
 * @param total all mappings
 * @param largest the group with the most mappings
 */
record ProcessCount(int pid, byte[] name, MappingGroups.Group total, MappingGroups.Group largest)
        implements OrderOptions.Row {
    ProcessCount(int pid, byte[] name, MappingGroups groups) {
        this(pid, name, groups.total(), groups.sorted().get(0));
    }

    @Override
    public long size() {
        return total.bytes();
    }

    @Override
    public long rss() {
        return total.memory().rss();
    }

    @Override
    public String path() {
        return Printable.text(name);
    }

    @Override
    public long address() {
        return pid;
    }
}
