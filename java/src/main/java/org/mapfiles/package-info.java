/**
 * Which file, and which byte of it, an address of a Linux process belongs to.
 *
 * <pre>{@code
 * try (ProcessMaps maps = ProcessMaps.self()) {
 *     MapSnapshot snapshot = maps.snapshot();
 *     for (MapCursor mapping = snapshot.cursor(); mapping.next(); ) {
 *         if (mapping.isExecutable()) {
 *             System.out.println(Long.toHexString(mapping.start()) + " " + mapping.permissions() + " " + mapping.name());
 *         }
 *     }
 *     int found = snapshot.find(address);
 *     System.out.println(found < 0 ? "no mapping" : snapshot.cursor().seek(found) + ", byte " + snapshot.fileOffset(address));
 * }
 * }</pre>
 *
 * <p>The way in is {@link org.mapfiles.ProcessMaps}; from there to {@link org.mapfiles.files.MapFiles}, the files behind mappings.
 * {@link org.mapfiles.live.LiveMaps} keeps a picture fresh beside any number of resolving threads,
 * {@link org.mapfiles.MapDifference} reports the difference of two snapshots, {@link org.mapfiles.timeline.MapChanges} the changes of a process
 * in an order to replay them, {@link org.mapfiles.events.MapEvents} what is mapped or gets other permissions as it happens, {@link org.mapfiles.timeline.MapTimeline} what was where at an earlier time, and
 * {@link org.mapfiles.files.SharedMappings} which memory processes have in common.
 *
 * <h2>For a sampler</h2>
 * <ul>
 *   <li>In a signal handler only the C function {@code mf_find()} of mapfiles.h may be called, on a picture that nobody fills:
 *       native/examples/sampler.c is a whole sampler.
 *   <li>On a sampling thread, {@link org.mapfiles.live.LiveMaps.Reader#resolve} and {@link org.mapfiles.MapSnapshot#find} look up in
 *       nanoseconds: no lock, no allocation, no native code. A sample that is kept as address and
 *       {@link java.lang.System#nanoTime} alone is cheaper still.
 *   <li>On a reporting thread, {@link org.mapfiles.timeline.MapTimeline#resolve} tells what such a sample meant when it was taken; names,
 *       {@link org.mapfiles.ProcessMaps#query} and {@link org.mapfiles.files.MapFiles} allocate or ask the kernel.
 * </ul>
 *
 * <pre>{@code
 * void live(ProcessMaps maps) throws MapsException {
 *     try (LiveMaps live = LiveMaps.of(maps).start()) {
 *         run(live.reader());
 *     }
 * }
 *
 * void sample(LiveMaps.Reader reader, long address) {                // one reader for each thread
 *     if (reader.resolve(address)) {
 *         count(reader.mapping().fileIndex(), reader.mapping().fileOffset(address));
 *     }
 * }
 *
 * void look(MapTimeline timeline, ProcessMaps maps, MapSnapshot snapshot) throws MapsException {
 *     timeline.poll(maps, snapshot);                                  // ten times a second, while samples are taken
 * }
 *
 * void report(MapTimeline timeline, long address, long sampledAt, TimelineResult answer) {
 *     if (timeline.resolve(address, sampledAt, answer)) {
 *         print(answer.mapping().name(), answer.mapping().fileOffset(address));
 *     } else {
 *         print(answer.outcome().toString(), address);                // ambiguous, or before the first look: never a guess
 *     }
 * }
 * }</pre>
 *
 * <h2>Words</h2>
 * <ul>
 *   <li>A <em>mapping</em> is one line of /proc/pid/maps, the kernel's VMA: a range of addresses with one file, or none, behind it.
 *   <li>A <em>range</em> is {@code start-end}, the end exclusive.
 *   <li>A <em>snapshot</em> is a picture of mappings at one time. It is <em>torn</em> when its parts show that it mixes
 *       two states of the process.
 *   <li>A <em>cursor</em> is a window on one mapping at a time: a position, no data.
 *   <li>The kernel <em>refuses</em> when it does not let this process look at the other one.
 * </ul>
 *
 * <h2>Conventions</h2>
 * <ul>
 *   <li>Addresses, offsets and inode numbers are unsigned 64-bit numbers in a {@code long}: compare them with
 *       {@link java.lang.Long#compareUnsigned}.
 *   <li>In steady state nothing allocates: not reading again, not walking, not looking up, not asking for one address. What
 *       does allocate says so.
 *   <li>Memory belongs to Java. No object, used in any order by any threads, closed or not, can crash the JVM.
 *   <li>A null argument throws {@link java.lang.NullPointerException}.
 *   <li>What is not known is said to be not known: {@link org.mapfiles.Deletion#UNKNOWN},
 *       {@link org.mapfiles.Mapping#isNameAmbiguous()}, {@link org.mapfiles.MapSnapshot#isInconsistent()}.
 * </ul>
 *
 * <p>Linux on x86-64 and aarch64. The library is loaded on first use, from a private copy below the user's home directory
 * ({@code ~/.cache/mapfiles}) or, where that cannot be, below the directory for temporary files; or from where
 * {@code -Dorg.mapfiles.library.path=} says.
 */
package org.mapfiles;
