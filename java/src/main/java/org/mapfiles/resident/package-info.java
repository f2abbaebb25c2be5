/**
 * How much of a process' memory is present or in swap.
 *
 * <p>{@link org.mapfiles.resident.ResidentPages} reads the page tables: cheaply, and for any range.
 * {@link org.mapfiles.resident.Smaps} reads what only the kernel can add up: the proportional size, and shared and
 * private bytes. The conventions of {@link org.mapfiles} hold here.
 */
@NullMarked
package org.mapfiles.resident;

import org.jspecify.annotations.NullMarked;
