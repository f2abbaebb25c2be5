package org.mapfiles.jvm;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * HotSpot's exported tables (vmStructs) as the native core has read them, and the library that exports them. Immutable.
 *
 * @param content {@code struct mf_vm_tables}, a direct buffer; null: the library exports tables that are damaged or not
 *     HotSpot's
 * @param start first address of the library
 * @param end end of the library (exclusive)
 * @param bias difference between an address in the process and that in the file of the library
 */
record VmTables(@Nullable ByteBuffer content, long start, long end, long bias) {}
