/**
 * Changes of mappings as the kernel reports them (perf_event_open(2)).
 *
 * <p>The way in is {@link org.mapfiles.events.MapEvents}. The conventions are those of {@link org.mapfiles}.
 */
package org.mapfiles.events;
