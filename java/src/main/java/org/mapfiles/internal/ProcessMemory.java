package org.mapfiles.internal;

import java.nio.file.Path;
import org.mapfiles.MapSnapshot;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;

/**
 * Memory of a process, this one or another, for the other packages of this library. It is read as the kernel reads it: memory
 * that is not mapped is a result, whatever the process unmaps meanwhile. The process is not stopped, and nothing is written to it.
 *
 * <p>Thread-safe: reads wait for each other. Reading takes the right to attach to the process (ptrace(2)).
 */
public abstract class ProcessMemory implements AutoCloseable {
    private static volatile Opener opener;

    /** How {@link ProcessMaps} opens the memory of a process. */
    public interface Opener {
        ProcessMemory open(ProcessMaps maps) throws MapsException;
    }

    /** Called once, when {@link ProcessMaps} is initialized. */
    public static void setOpener(Opener opener) {
        ProcessMemory.opener = opener;
    }

    /** Opens the memory that a process has now. It does not follow the process into another program (execve(2)). */
    public static ProcessMemory of(ProcessMaps maps) throws MapsException {
        return opener.open(maps);
    }

    /**
     * Reads memory.
     *
     * @param address any 64-bit value
     * @return bytes read, fewer than asked for where unreadable memory begins; 0 if none can be read there
     * @throws org.mapfiles.ProcessGoneException if the process has exited, or runs another program
     */
    public abstract int read(long address, byte[] to, int at, int bytes) throws MapsException;

    /**
     * Reads as many bytes at each of several addresses, in one system call for many.
     *
     * @param to one after the other; undefined where less was read
     * @param got bytes read at each address, 0 for none
     */
    public abstract void readAll(long[] addresses, int count, int bytes, byte[] to, int[] got) throws MapsException;

    /**
     * Reads HotSpot's exported tables.
     *
     * @param snapshot of the same process
     * @param after only of a library above this address; 0: of any
     * @return null: no library there has such tables
     */
    public abstract VmTables vmTables(MapSnapshot snapshot, long after) throws MapsException;

    /** A native function that reads this memory. */
    @FunctionalInterface
    public interface Call {
        /** @param memory address of the core's {@code struct mf_target_memory}, valid during this call @return 0 or a negative errno */
        int apply(long memory);
    }

    /**
     * Calls a native function with this memory.
     *
     * @return what the function returned, except where that is thrown
     * @throws org.mapfiles.ProcessGoneException if it returned -ESRCH: the process has exited, or runs another program
     */
    public abstract int call(Call function) throws MapsException;

    /**
     * The directory of the process in its proc file system, held open: what is below it is never another process'. Valid until
     * this is closed.
     *
     * @throws IllegalStateException if this is closed
     */
    public abstract Path directory();

    /** The descriptor of that directory, valid until this is closed. @throws IllegalStateException if this is closed */
    public abstract int directoryDescriptor();

    /** The PID in the PID namespace of the caller; 0: unknown, since the process was opened in another proc file system. */
    public abstract int pid();

    /** The exception for a negative errno, as the methods of {@link ProcessMaps} throw it. */
    public abstract MapsException failure(int errno);

    /** The exception for a lack of memory in this JVM. @param what before the words "of process 42", such as "the regions" */
    public abstract MapsException noMemory(String what, OutOfMemoryError cause);

    /** The exception for a process without a JVM. @param why after the words "no JVM in process 42: " */
    public abstract MapsException noJvm(String why);

    @Override
    public abstract void close();
}
