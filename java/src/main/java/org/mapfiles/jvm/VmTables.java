package org.mapfiles.jvm;

import java.nio.ByteBuffer;

/**
 * HotSpot's exported tables of names, as the native core has read them, and the library they are in. Immutable.
 *
 * @param content {@code struct mf_vm_tables}, a direct buffer; null: the library exports such tables, but they are not HotSpot's, or damaged
 * @param start first address of the library
 * @param end the address behind its last
 * @param bias what is added to the addresses in its file
 */
record VmTables(ByteBuffer content, long start, long end, long bias) {
}
