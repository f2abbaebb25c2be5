package org.mapfiles.cli.commands;

/**
 * The mappings of one of several processes, with its largest group.
 *
 * @param name as an argument of the command line is kept
 * @param total all mappings
 * @param largest the group with the most mappings
 */
record ProcessCount(int pid, String name, MappingGroups.Group total, MappingGroups.Group largest)
        implements OrderOptions.Row {
    ProcessCount(int pid, String name, MappingGroups groups) {
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
        return name;
    }

    @Override
    public long address() {
        return pid;
    }
}
