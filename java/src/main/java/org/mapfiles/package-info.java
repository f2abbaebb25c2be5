/**
 * Finds the file, and the byte of it, that an address of a Linux process belongs to.
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
 * <p>Start with {@link org.mapfiles.ProcessMaps}, which opens a process and reads its mappings. The other main types:
 *
 * <ul>
 *   <li>{@link org.mapfiles.files.MapFiles} opens and verifies the files of mappings.
 *   <li>{@link org.mapfiles.live.LiveMaps} refreshes a snapshot in the background while other threads resolve
 *       addresses.
 *   <li>{@link org.mapfiles.MapDifference} reports the difference of two snapshots.
 *   <li>{@link org.mapfiles.timeline.MapChanges} reports the changes of a process in an order to replay them.
 *   <li>{@link org.mapfiles.timeline.MapTimeline} resolves an address as of its sampling time.
 *   <li>{@link org.mapfiles.events.MapEvents} streams new mappings and permission changes from the kernel.
 *   <li>{@link org.mapfiles.saved.SavedMaps} reads mappings and crashes that a file records.
 *   <li>{@link org.mapfiles.files.SharedMappings} finds the memory that processes share.
 * </ul>
 *
 * <h2>For a sampler</h2>
 *
 * <ul>
 *   <li>A signal handler may call only the C function {@code mf_find()} of mapfiles.h, on a snapshot that no thread is
 *       reading into. native/examples/sampler.c is a complete sampler.
 *   <li>A sampling thread calls {@link org.mapfiles.live.LiveMaps.Reader#resolve} or
 *       {@link org.mapfiles.MapSnapshot#find}. Both take nanoseconds, without a lock, an allocation or native code. To
 *       record only the address and {@link java.lang.System#nanoTime} is cheaper still.
 *   <li>A reporting thread calls {@link org.mapfiles.timeline.MapTimeline#resolve}, which resolves a recorded sample as
 *       of its sampling time. Names, {@link org.mapfiles.ProcessMaps#query} and {@link org.mapfiles.files.MapFiles}
 *       allocate or make system calls.
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
 * void poll(MapTimeline timeline, ProcessMaps maps, MapSnapshot snapshot) throws MapsException {
 *     timeline.poll(maps, snapshot);                                  // ten times a second, while samples are taken
 * }
 *
 * void report(MapTimeline timeline, long address, long sampledAt, TimelineResult result) {
 *     if (timeline.resolve(address, sampledAt, result)) {
 *         print(result.mapping().name(), result.mapping().fileOffset(address));
 *     } else {
 *         print(result.outcome().toString(), address);                // such as AMBIGUOUS, or NOT_RECORDED before the first poll
 *     }
 * }
 * }</pre>
 *
 * <h2>Words</h2>
 *
 * <ul>
 *   <li>A <em>mapping</em> is one line of /proc/PID/maps: a VMA of the kernel.
 *   <li>A <em>range</em> is {@code start-end}; the end is exclusive.
 *   <li>A <em>snapshot</em> holds the mappings of a process as read at one time. It is <em>inconsistent</em> if its
 *       lines contradict each other, because the process changed its mappings during every one of several reads.
 *   <li>A <em>cursor</em> is a position in a snapshot; it holds no data.
 *   <li>The <em>target</em> is the process that is read. The <em>caller</em> is the thread that calls.
 *   <li>Access is <em>denied</em> if the kernel returns EACCES or EPERM. {@link org.mapfiles.PermissionDeniedException}
 *       names the missing permission.
 * </ul>
 *
 * <h2>Conventions</h2>
 *
 * <ul>
 *   <li>Addresses, offsets and inode numbers are unsigned 64-bit numbers in a {@code long}: compare them with
 *       {@link java.lang.Long#compareUnsigned}.
 *   <li>In steady state, refreshing, iterating, finding and querying allocate nothing. Methods that allocate say so.
 *   <li>Java owns all memory. No object can crash the JVM, whatever the order of calls, the threads or the use after a
 *       close.
 *   <li>A null argument throws {@link java.lang.NullPointerException}. A missing object is an empty
 *       {@link java.util.Optional}, a missing number is -1. Where null is possible, so that nothing is allocated, the
 *       type has JSpecify's {@code @Nullable}.
 *   <li>Unknown is an explicit result: {@link org.mapfiles.Mapping.Deletion#UNKNOWN},
 *       {@link org.mapfiles.Mapping#isNameAmbiguous()}, {@link org.mapfiles.MapSnapshot#isInconsistent()}.
 *   <li>Failures throw {@link org.mapfiles.MapsException}, an {@link java.io.IOException}, with one subclass per cause.
 * </ul>
 *
 * <p>Linux on x86-64 and aarch64. The native library is loaded on first use, from a private copy in
 * {@code ~/.cache/mapfiles}, or in the temp directory if the home directory is not usable.
 * {@code -Dorg.mapfiles.library.path=} names another library file.
 */
@NullMarked
package org.mapfiles;

import org.jspecify.annotations.NullMarked;
