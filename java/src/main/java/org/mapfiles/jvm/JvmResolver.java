package org.mapfiles.jvm;

import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;

/**
 * Resolves addresses of this JVM: Java method or stub, region, file and offset, in one call.
 *
 * <pre>{@code
 * JvmResolver resolver = JvmResolver.open();
 * AddressInfo info = new AddressInfo();                      // one for each thread
 * resolver.resolve(address, sampledAt, info);
 * CodeInfo code = info.code();                                // null: neither a method nor a stub
 * for (int i = 0; code != null && i < code.frames(); i++) {   // innermost inlined method first
 *     System.out.println(code.className(i) + "." + code.methodName(i) + " @ " + code.bytecode(i));
 * }
 * }</pre>
 *
 * <p>The JVM reports its code when it changes ({@link JvmCode}). Regions and mappings are those of the last {@link #refresh}.
 *
 * <p>Thread-safe: each thread uses its own {@link AddressInfo}. {@link #resolve(long, AddressInfo)} takes no lock, allocates nothing and
 * calls no native code. {@link #refresh} allocates.
 */
public final class JvmResolver implements AutoCloseable {
    private final ProcessMaps maps;
    private final MapSnapshot snapshot;
    private final JvmCode code;
    private volatile JvmRegions regions;
    private boolean isClosed;

    private JvmResolver(ProcessMaps maps, JvmCode code) throws MapsException {
        this.maps = maps;
        this.code = code;
        regions = JvmRegions.read();
        snapshot = maps.snapshot(MapFilter.all());
    }

    /**
     * Starts recording the code of this JVM until {@link #close}, and reads its regions and mappings.
     *
     * @throws UnsupportedOperationException as {@link JvmCode#open()}
     * @throws MapsException if this JVM cannot read its own mappings
     */
    public static JvmResolver open() throws MapsException {
        ProcessMaps maps = ProcessMaps.self();
        JvmCode held = null;
        try {
            held = JvmCode.hold(0);
            return new JvmResolver(maps, held);
        } catch (MapsException | RuntimeException | Error e) {
            if (held != null) {
                JvmCode.release();
            }
            maps.close();
            throw e;
        }
    }

    /**
     * Reads regions and mappings again. Takes tens of milliseconds, as {@link JvmRegions#read()}, and allocates.
     *
     * @throws MapsException if this JVM cannot read its own mappings
     * @throws IllegalStateException if this resolver is closed
     */
    public synchronized void refresh() throws MapsException {
        regions = JvmRegions.read();
        maps.refresh(snapshot);
    }

    /**
     * Resolves an address: code as of now, region and mapping as of the last refresh.
     *
     * @param address any 64-bit value
     * @param info receives the result
     * @return false if the address is in no code and was not mapped at the last refresh
     */
    public boolean resolve(long address, AddressInfo info) {
        return fill(address, code.find(address, info.toFill()), info);
    }

    /**
     * Resolves an address: code as of a time, region and mapping as of the last refresh.
     *
     * @param address any 64-bit value
     * @param time the {@link System#nanoTime()} of the sample
     * @param info receives the result
     * @return false if the address was in no code and was not mapped at the last refresh
     */
    public boolean resolve(long address, long time, AddressInfo info) {
        return fill(address, code.find(address, time, info.toFill()), info);
    }

    private boolean fill(long address, boolean isCode, AddressInfo info) {
        JvmRegions now = regions;
        int region = now.find(address);
        boolean isMapped = info.cursor(snapshot).goTo(address);
        info.set(address, isCode, now, region, isMapped);
        return isCode || region >= 0 || isMapped;
    }

    /**
     * Closes the descriptors. Recording of code continues if it has another user, such as {@link JvmCode#open()}. Recorded code stays
     * available to later resolvers. Has no effect if it is closed.
     */
    @Override
    public synchronized void close() {
        if (!isClosed) {
            isClosed = true;
            JvmCode.release();
            maps.close();
        }
    }
}
