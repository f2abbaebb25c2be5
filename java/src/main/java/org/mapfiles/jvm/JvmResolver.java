package org.mapfiles.jvm;

import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;

/**
 * An address of this JVM to all that is known of it: Java method or stub, region, file and offset, in one call.
 *
 * <pre>{@code
 * JvmResolver resolver = JvmResolver.open();
 * AddressInfo answer = resolver.answer();                       // one for each thread
 * resolver.resolve(address, sampledAt, answer);
 * CodeInfo code = answer.code();                            // null: neither a method nor a stub
 * for (int i = 0; code != null && i < code.frames(); i++) {   // what is inlined there, innermost first
 *     System.out.println(code.className(i) + "." + code.methodName(i) + " @ " + code.bytecode(i));
 * }
 * }</pre>
 *
 * <p>Code is told by the JVM as it comes and goes ({@link JvmCode}); regions and mappings are of the last {@link #refresh}. Resolving
 * takes no lock, allocates nothing and calls no native code; for any number of threads. Refreshing allocates.
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
     * Asks the JVM to tell of its code until this is closed, and reads what there is.
     *
     * @throws UnsupportedOperationException as {@link JvmCode#open()}
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

    /** Reads regions and mappings anew. */
    public synchronized void refresh() throws MapsException {
        regions = JvmRegions.read();
        maps.refresh(snapshot);
    }

    /** An answer to fill; of one thread. */
    public AddressInfo answer() {
        return new AddressInfo(snapshot.cursor());
    }

    /** What an address is now. @return whether anything is known of it: if not, it was not mapped at the last refresh */
    public boolean resolve(long address, AddressInfo answer) {
        return fill(address, code.find(address, answer.toFill()), answer);
    }

    /** What an address was at a time of {@link System#nanoTime()}: code as it was then, all else as of the last refresh. */
    public boolean resolve(long address, long time, AddressInfo answer) {
        return fill(address, code.find(address, time, answer.toFill()), answer);
    }

    private boolean fill(long address, boolean isCode, AddressInfo answer) {
        JvmRegions now = regions;
        int region = now.find(address);
        boolean isMapped = answer.toMove().goTo(address);
        answer.take(address, isCode, now, region, isMapped);
        return isCode || region >= 0 || isMapped;
    }

    /**
     * Frees what it reads mappings with. The JVM tells of its code on if another has it do so, such as {@link JvmCode#open()}; what
     * was told stays, for the next resolver, too.
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
