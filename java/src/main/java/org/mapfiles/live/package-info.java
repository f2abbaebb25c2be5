/**
 * Mappings that a thread keeps fresh while others resolve addresses: {@link org.mapfiles.live.LiveMaps}. This is a package of its own,
 * since it uses events, which use the root package.
 *
 * <p>The conventions are those of {@link org.mapfiles}.
 */
package org.mapfiles.live;
