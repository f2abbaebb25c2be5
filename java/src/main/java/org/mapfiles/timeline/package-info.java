/**
 * The mappings of a process over time, from polls and events. {@link org.mapfiles.timeline.MapTimeline} resolves an
 * address as of an earlier time. {@link org.mapfiles.timeline.MapChanges} reports changes in an order to replay them.
 *
 * <p>The conventions are those of {@link org.mapfiles}.
 */
@NullMarked
package org.mapfiles.timeline;

import org.jspecify.annotations.NullMarked;
