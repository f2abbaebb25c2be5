/**
 * Mappings of this JVM as events of the JDK Flight Recorder, and as an MBean.
 *
 * <p>{@link org.mapfiles.jfr.JfrMapEvents#register} registers the events; the settings of a recording enable them.
 * {@link org.mapfiles.jfr.MapCount} counts mappings and sends a notification near the limit of the kernel.
 */
@NullMarked
package org.mapfiles.jfr;

import org.jspecify.annotations.NullMarked;
