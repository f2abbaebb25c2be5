/**
 * Code and memory of HotSpot JVMs (JDK 17+): of this JVM, and of other JVMs from outside.
 *
 * <p>This JVM:
 *
 * <ul>
 *   <li>{@link org.mapfiles.jvm.JvmResolver} resolves an address to method, region, file and offset.
 *   <li>{@link org.mapfiles.jvm.JvmCode} records compiled methods and stubs, and resolves addresses now and earlier.
 *   <li>{@link org.mapfiles.jvm.JvmRegions#read()} returns the use of each range of memory.
 *   <li>{@link org.mapfiles.jvm.PerfMap#write} writes the file that perf(1) reads.
 * </ul>
 *
 * <p>Any JVM, by reading its memory:
 *
 * <ul>
 *   <li>{@link org.mapfiles.jvm.JvmProcess} reads version, flags and run state. Its method {@code execute} sends
 *       diagnostic commands, which has side effects in the target.
 *   <li>{@link org.mapfiles.jvm.JvmCodeReader} resolves an address to methods and stubs as of now.
 *   <li>{@link org.mapfiles.jvm.JvmRegions#read(org.mapfiles.ProcessMaps)} returns the use of each range of memory.
 * </ul>
 *
 * <p>No flag and no agent is needed. Code that was compiled before the first {@link org.mapfiles.jvm.JvmCode#open()}
 * has coarse debug information; {@code -agentpath:/path/to/libmapfiles.so} starts recording when the JVM starts. In a
 * signal handler use the C functions of mapfiles_jvm.h, which return the same.
 */
@NullMarked
package org.mapfiles.jvm;

import org.jspecify.annotations.NullMarked;
