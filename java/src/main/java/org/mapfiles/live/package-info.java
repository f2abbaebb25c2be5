/**
 * Refreshes a snapshot in the background while other threads resolve addresses: {@link org.mapfiles.live.LiveMaps}.
 *
 * <p>The conventions are those of {@link org.mapfiles}.
 */
@NullMarked
package org.mapfiles.live;

import org.jspecify.annotations.NullMarked;
