package org.mapfiles.cli.commands;

import org.mapfiles.cli.output.SymbolNames;

/**
 * What {@code mapfiles resolve} prints of each address.
 *
 * @param names of symbols
 * @param isJson whether rows are JSON
 * @param isWide whether lines may be wider than the terminal
 * @param hasLines whether source lines are printed
 * @param hasJvm whether the process is a JVM that is read
 * @param returnsTo whether all addresses are return addresses of stack frames; else only callers in samples of perf are
 */
record ResolveOptions(
        SymbolNames names, boolean isJson, boolean isWide, boolean hasLines, boolean hasJvm, boolean returnsTo) {}
