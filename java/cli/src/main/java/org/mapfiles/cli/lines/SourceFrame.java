package org.mapfiles.cli.lines;

/**
 * A function at an address, and the place in its source. Several are at one address if functions are inlined there.
 *
 * @param function as it is in the file, not demangled; null: unknown
 * @param file the source file; null: unknown
 * @param line from 1; -1: unknown
 * @param column from 1; -1: unknown
 */
public record SourceFrame(String function, String file, int line, int column) {}
