package org.mapfiles.jvm;

import java.util.Objects;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;

/**
 * Resolves addresses of a JVM, this one or another: Java method or stub, region, file and offset, in one call.
 *
 * <pre>{@code
 * try (ProcessMaps maps = ProcessMaps.of(pid); JvmResolver resolver = JvmResolver.of(maps)) {
 *     AddressInfo info = new AddressInfo();                       // one for each thread
 *     resolver.resolve(address, info);
 *     CodeInfo code = info.code();                                // null: neither a method nor a stub
 *     for (int i = 0; code != null && i < code.frames(); i++) {   // innermost inlined method first
 *         System.out.println(code.className(i) + "." + code.methodName(i) + " @ " + code.bytecode(i));
 *     }
 * }
 * }</pre>
 *
 * <p>There are two sources of code:
 *
 * <ul>
 *   <li>{@link #of} reads the memory of the JVM at each search ({@link JvmCodeReader}), also for this JVM. The JVM does
 *       nothing for it. A search finds the code of that moment, and takes some microseconds.
 *   <li>{@link #recording} is for this JVM only. The JVM reports its code when it changes ({@link JvmCode}). A search
 *       finds the code of any time since then, takes no lock and calls no native code.
 * </ul>
 *
 * <p>Regions and mappings are those of the last {@link #refresh}.
 *
 * <p>Thread-safe: each thread uses its own {@link AddressInfo}. Searches that read memory wait for each other.
 * {@link #resolve(long, AddressInfo)} allocates nothing, but for the first search with an {@link AddressInfo}.
 * {@link #refresh} allocates.
 */
public final class JvmResolver implements AutoCloseable {
    private final ProcessMaps maps;
    private final MapSnapshot snapshot;
    /** Null: code is read. */
    private final JvmCode code;
    /** Null: code is recorded. */
    private final JvmCodeReader reader;

    private volatile JvmRegions regions;
    private boolean isClosed;

    private JvmResolver(ProcessMaps maps, JvmCode code, JvmCodeReader reader) throws MapsException {
        this.maps = maps;
        this.code = code;
        this.reader = reader;
        regions = readRegions();
        snapshot = maps.snapshot(MapFilter.all());
    }

    private void checkOpen() {
        if (isClosed) {
            throw new IllegalStateException("this resolver is closed");
        }
    }

    private JvmRegions readRegions() throws MapsException {
        return reader == null || reader.isOwn() ? JvmRegions.read() : JvmRegions.read(maps);
    }

    /**
     * Opens the JVM in a process, this one or another, and reads its regions and mappings. Code is read at each search.
     * For another process this needs ptrace access (ptrace(2)); it is not stopped, nothing is loaded into it, and no
     * signal is sent to it.
     *
     * @param maps the process. The caller still owns it, and closes it after this resolver
     * @throws org.mapfiles.NotSupportedException if the process has no JVM
     *     ({@link org.mapfiles.NotSupportedException.Missing#JVM})
     * @throws org.mapfiles.PermissionDeniedException if the caller has no ptrace access to the process
     * @throws org.mapfiles.ProcessExitedException if the process has exited
     * @throws org.mapfiles.NotEnoughMemoryException if this JVM has too little memory
     */
    public static JvmResolver of(ProcessMaps maps) throws MapsException {
        JvmCodeReader reader = JvmCodeReader.of(Objects.requireNonNull(maps, "maps"));
        try {
            return new JvmResolver(maps, null, reader);
        } catch (MapsException | RuntimeException | Error e) {
            reader.close();
            throw e;
        }
    }

    /**
     * Starts recording the code of this JVM until {@link #close}, and reads its regions and mappings.
     *
     * @return a resolver, to be closed by the caller
     * @throws UnsupportedOperationException as {@link JvmCode#open()}
     * @throws MapsException if this JVM cannot read its own mappings
     */
    public static JvmResolver recording() throws MapsException {
        ProcessMaps maps = ProcessMaps.self();
        JvmCode held = null;
        try {
            held = JvmCode.hold(0);
            return new JvmResolver(maps, held, null);
        } catch (MapsException | RuntimeException | Error e) {
            if (held != null) {
                JvmCode.release();
            }
            maps.close();
            throw e;
        }
    }

    /**
     * Reads regions and mappings again. Takes as long as {@link JvmRegions#read()}, and allocates.
     *
     * @throws MapsException if they cannot be read
     * @throws IllegalStateException if this resolver is closed
     */
    public synchronized void refresh() throws MapsException {
        checkOpen();
        regions = readRegions();
        maps.refresh(snapshot);
    }

    /**
     * Reads the mappings again, and not the regions, which takes a small part of the time. Addresses in new mappings
     * have the region {@link JvmRegions.Kind#UNKNOWN} until {@link #refresh}.
     *
     * @throws MapsException if they cannot be read
     * @throws IllegalStateException if this resolver is closed
     */
    public synchronized void refreshMappings() throws MapsException {
        checkOpen();
        maps.refresh(snapshot);
    }

    /**
     * Resolves the instruction that begins at an address ({@link CodeInfo.AddressKind#RUNNING_AT}): code as of now,
     * region and mapping as of the last refresh.
     *
     * @param address any 64-bit value
     * @param info receives the result
     * @return false if the address is in no code and was not mapped at the last refresh
     * @throws org.mapfiles.ProcessExitedException if code is read, and the process has exited or runs another program
     * @throws IllegalStateException if code is read, and this resolver is closed
     */
    public boolean resolve(long address, AddressInfo info) throws MapsException {
        return resolve(address, CodeInfo.AddressKind.RUNNING_AT, Objects.requireNonNull(info, "info"));
    }

    /**
     * Resolves an address: code as of now, region and mapping as of the last refresh.
     *
     * @param address any 64-bit value
     * @param kind the instruction that the address stands for
     * @param info receives the result
     * @return false if the address is in no code and was not mapped at the last refresh
     * @throws org.mapfiles.ProcessExitedException if code is read, and the process has exited or runs another program
     * @throws IllegalStateException if code is read, and this resolver is closed
     */
    public boolean resolve(long address, CodeInfo.AddressKind kind, AddressInfo info) throws MapsException {
        Objects.requireNonNull(kind, "kind");
        CodeInfo found = Objects.requireNonNull(info, "info").toFill();
        return fill(address, code != null ? code.find(address, kind, found) : reader.find(address, kind, found), info);
    }

    /**
     * Resolves the instruction that begins at an address: code as of a time, region and mapping as of the last refresh.
     *
     * @param address any 64-bit value
     * @param time the {@link System#nanoTime()} of the sample
     * @param info receives the result
     * @return false if the address was in no code and was not mapped at the last refresh
     * @throws UnsupportedOperationException if this resolver does not record code ({@link #recording})
     */
    public boolean resolve(long address, long time, AddressInfo info) {
        return resolve(address, CodeInfo.AddressKind.RUNNING_AT, time, Objects.requireNonNull(info, "info"));
    }

    /**
     * Resolves an address: code as of a time, region and mapping as of the last refresh.
     *
     * @param address any 64-bit value
     * @param kind the instruction that the address stands for
     * @param time the {@link System#nanoTime()} of the sample
     * @param info receives the result
     * @return false if the address was in no code and was not mapped at the last refresh
     * @throws UnsupportedOperationException if this resolver does not record code ({@link #recording})
     */
    public boolean resolve(long address, CodeInfo.AddressKind kind, long time, AddressInfo info) {
        Objects.requireNonNull(kind, "kind");
        CodeInfo found = Objects.requireNonNull(info, "info").toFill();
        if (code == null) {
            throw new UnsupportedOperationException(
                    "the code of earlier times is unknown: open the resolver with recording()");
        }
        return fill(address, code.find(address, kind, time, found), info);
    }

    private boolean fill(long address, boolean isCode, AddressInfo info) {
        JvmRegions now = regions;
        int region = now.find(address);
        boolean isMapped = info.cursor(snapshot).goTo(address);
        info.set(address, isCode, now, region, isMapped);
        return isCode || region >= 0 || isMapped;
    }

    /**
     * Closes the descriptors. Recording of code continues if it has another user, such as {@link JvmCode#open()}.
     * Recorded code stays available to later resolvers. Has no effect if it is closed.
     */
    @Override
    public synchronized void close() {
        if (isClosed) {
            return;
        }
        isClosed = true;
        if (reader != null) {
            reader.close();
        } else {
            JvmCode.release();
            maps.close();
        }
    }
}
