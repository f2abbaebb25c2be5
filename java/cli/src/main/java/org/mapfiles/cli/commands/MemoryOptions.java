package org.mapfiles.cli.commands;

import picocli.CommandLine.Option;

/** The options for memory that is resident. */
final class MemoryOptions {
    @Option(names = "--rss", description = "Also the bytes that are in memory (RSS) and in swap.")
    private boolean rss;

    @Option(
            names = "--pss",
            description = "--rss, and also the bytes that smaps reports: proportional (PSS), shared,"
                    + " private and modified. The kernel takes about ten times as long for smaps.")
    private boolean pss;

    MemoryColumns columns() {
        return new MemoryColumns(rss || pss, pss);
    }
}
