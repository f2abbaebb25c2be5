/**
 * Functions and variables of native code: from a mapped address to the ELF address, the build ID and the symbol.
 *
 * <p>Start with {@link org.mapfiles.symbols.Symbols}. {@link org.mapfiles.symbols.ElfFile} reads one file. Files are
 * read and never mapped: a file that is truncated while it is mapped kills the reading process with SIGBUS. The
 * conventions of {@link org.mapfiles} hold here.
 */
@NullMarked
package org.mapfiles.symbols;

import org.jspecify.annotations.NullMarked;
