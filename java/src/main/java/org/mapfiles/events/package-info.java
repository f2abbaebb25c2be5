/**
 * Changes of mappings that the kernel reports as they happen (perf_event_open(2)).
 *
 * <p>Start with {@link org.mapfiles.events.MapEvents}. The conventions are those of {@link org.mapfiles}.
 */
@NullMarked
package org.mapfiles.events;

import org.jspecify.annotations.NullMarked;
