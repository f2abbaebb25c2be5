/**
 * The JVM that this program runs in: what lives at each of its addresses. And other JVMs, read from outside:
 * {@link org.mapfiles.jvm.JvmRegions#read(org.mapfiles.ProcessMaps)}, {@link org.mapfiles.jvm.JvmProcess}.
 *
 * <p>{@link org.mapfiles.jvm.JvmResolver} tells all that is known of an address; {@link org.mapfiles.jvm.JvmCode} of compiled Java methods
 * and stubs, now and earlier; {@link org.mapfiles.jvm.JvmRegions} what each part of memory is for; {@link org.mapfiles.jvm.PerfMap} is what
 * perf(1) reads and other programs write.
 *
 * <p>For HotSpot from JDK 17 on. No flag and no agent is needed: the native library asks the JVM itself. What is compiled before the first
 * {@link org.mapfiles.jvm.JvmCode#open()} has coarse debug information: {@code -agentpath:/path/to/libmapfiles.so} asks from the start. In a
 * signal handler the C functions of mapfiles_jvm.h answer the same.
 */
package org.mapfiles.jvm;
