/**
 * Mappings and crashes that a file records: saved text of /proc/PID/maps, a fatal error log of HotSpot, a core file,
 * output of {@code perf script}.
 *
 * <p>Start with {@link org.mapfiles.saved.SavedMaps}. The content of these files is not trusted: lines, counts and
 * sizes have maxima, and a part that cannot be used is a {@link org.mapfiles.saved.SavedMaps.Problem}. The conventions
 * of {@link org.mapfiles} hold here.
 */
@NullMarked
package org.mapfiles.saved;

import org.jspecify.annotations.NullMarked;
