package org.mapfiles.jvm;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import java.util.function.Consumer;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;

/**
 * The code of a JVM, another one or this one, read from its memory at the time of each call: which Java method, inlined methods
 * included, or which stub an address belongs to. Nothing is loaded into the JVM, it is not stopped, and no signal is sent to it; it
 * may be stopped or frozen. This takes the permission to attach to the process (ptrace(2)).
 *
 * <pre>{@code
 * try (ProcessMaps maps = ProcessMaps.of(pid); JvmCodeReader reader = JvmCodeReader.of(maps)) {
 *     CodeLocation location = new CodeLocation();
 *     if (reader.find(address, CodeAddress.RUNNING_AT, location)) {
 *         for (int i = 0; i < location.frames(); i++) {   // innermost inlined method first
 *             System.out.println(location.className(i) + "." + location.methodName(i) + " @ " + location.bytecode(i));
 *         }
 *     }
 * }
 * }</pre>
 *
 * <p>A search is about the code that is in memory now. Code that was unloaded since an address was sampled is not found, or other
 * code is found in its place: {@link CodeLocation#compileId()} tells them apart. {@link JvmCode} records what was there earlier.
 *
 * <p>The result of a search is consistent: it is read again if the code changed meanwhile. A damaged or hostile JVM cannot crash
 * this process or keep it in a loop.
 *
 * <p>Thread-safe: searches wait for each other. A search allocates nothing.
 */
public final class JvmCodeReader implements AutoCloseable {
    /** Pages that are kept during a call, 4 KiB each. */
    private static final int PAGES = 512;
    /** A code cache of 2 GiB has fewer. */
    private static final int MAX_BLOBS = 1 << 22;
    private static final int CACHE_LINE = 64;

    private final JvmProcess jvm;
    private final ByteBuffer reader;
    private final Search search = new Search();

    private JvmCodeReader(JvmProcess jvm) {
        this.jvm = jvm;
        int bytes = Math.toIntExact(JvmCalls.codeReaderBytes(PAGES));
        reader = ByteBuffer.allocateDirect(bytes + 2 * CACHE_LINE).alignedSlice(CACHE_LINE).order(ByteOrder.nativeOrder());
        JvmCalls.codeReaderInit(reader, PAGES, jvm.vm().library().content());
    }

    /**
     * Opens the JVM in a process.
     *
     * @param maps the process, which stays open and is the caller's to close
     * @throws org.mapfiles.NotSupportedException if there is no JVM in it
     * @throws org.mapfiles.PermissionDeniedException if this process may not attach to the other one
     * @throws org.mapfiles.ProcessExitedException if it has exited
     * @throws org.mapfiles.NotEnoughMemoryException if this JVM has too little direct memory: a reader takes 2 MiB
     */
    public static JvmCodeReader of(ProcessMaps maps) throws MapsException {
        Objects.requireNonNull(maps, "maps");
        JvmProcess jvm = JvmProcess.of(maps);
        try {
            return new JvmCodeReader(jvm);
        } catch (OutOfMemoryError e) {
            jvm.close();
            throw jvm.noMemory("a reader of the code", e);
        } catch (RuntimeException | Error e) {
            jvm.close();
            throw e;
        }
    }

    /** The arguments of one call, so that it allocates nothing. */
    private final class Search implements TargetMemory.Call {
        private boolean isWalk;
        private boolean begins;
        private long address;
        private int meaning;
        private ByteBuffer result;

        @Override
        public int apply(long memory) {
            return isWalk ? JvmCalls.codeReaderNext(reader, memory, begins, result)
                    : JvmCalls.codeReaderFind(reader, memory, address, meaning, result);
        }
    }

    /**
     * Finds the code that an instruction belongs to now.
     *
     * @param address any 64-bit value
     * @param meaning which instruction the address stands for
     * @param location receives the result
     * @return whether there is code; if not, {@link CodeLocation#status()} has the reason
     * @throws org.mapfiles.ProcessExitedException if the process has exited, or runs another program
     * @throws IllegalStateException if this is closed
     */
    public synchronized boolean find(long address, CodeAddress meaning, CodeLocation location) throws MapsException {
        Objects.requireNonNull(meaning, "meaning");
        Objects.requireNonNull(location, "location");
        search.isWalk = false;
        search.address = address;
        search.meaning = meaning.ordinal();
        search.result = location.result();
        return location.take(jvm.memory().call(search));
    }

    /**
     * Calls a visitor with each piece of code: methods, stubs, the interpreter. The frames of a method are the compiled method
     * alone. Code that comes or goes meanwhile may be among them or not. The visitor gets the same object each time. It may use
     * this reader, but not call this method.
     *
     * @return whether the end was reached; false: the JVM does not export where its code is, or that cannot be read
     * @throws org.mapfiles.ProcessExitedException if the process has exited, or runs another program
     * @throws IllegalStateException if this is closed
     */
    public synchronized boolean forEach(Consumer<CodeLocation> visitor) throws MapsException {
        Objects.requireNonNull(visitor, "visitor");
        CodeLocation location = new CodeLocation();
        for (int i = 0; i < MAX_BLOBS; i++) {
            search.isWalk = true;
            search.begins = i == 0;
            search.result = location.result();
            if (!location.take(jvm.memory().call(search))) {
                return i > 0 && location.status() == CodeLocation.Status.NONE;
            }
            visitor.accept(location);
        }
        return false;
    }

    /** Frees the descriptors. Closing twice does nothing. */
    @Override
    public void close() {
        jvm.close();
    }

    @Override
    public String toString() {
        return "JvmCodeReader[" + jvm + "]";
    }
}
