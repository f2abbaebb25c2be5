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
 * @param returnsTo whether addresses are return addresses of stack frames
 */
record ResolveOptions(
        SymbolNames names, boolean isJson, boolean isWide, boolean hasLines, boolean hasJvm, boolean returnsTo) {
    /**
     * Returns the distance from an address back to the instruction of which the source line is printed: a call is
     * before the address that it returns to.
     */
    int distanceOfLine() {
        return returnsTo ? 1 : 0;
    }
}
