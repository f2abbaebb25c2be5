package org.mapfiles.cli.commands;

import picocli.CommandLine.Option;

/** The options for memory that is resident. */
final class MemoryOptions {
    @Option(names = "--rss", description = "Also the bytes in memory (RSS) and in swap.")
    private boolean rss;

    @Option(names = "--pss", description = "--rss and PSS, shared, private, dirty: slow (smaps).")
    private boolean pss;

    MemoryColumns columns() {
        return columns(false);
    }

    /** @param needsRss whether the bytes in memory are needed without an option */
    MemoryColumns columns(boolean needsRss) {
        return new MemoryColumns(rss || pss || needsRss, pss);
    }
}
