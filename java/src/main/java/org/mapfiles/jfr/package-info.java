/**
 * Mappings of this JVM as events of its Flight Recorder, and as an MBean.
 *
 * <p>{@link org.mapfiles.jfr.JfrMapEvents#register} makes the events known; whoever records turns them on. {@link
 * org.mapfiles.jfr.MapCount} counts mappings against the kernel's limit, and warns.
 */
package org.mapfiles.jfr;
