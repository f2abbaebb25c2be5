package org.mapfiles.jvm;

import java.nio.file.Path;
import java.util.Objects;
import org.mapfiles.MapSnapshot;
import org.mapfiles.MapsException;
import org.mapfiles.PermissionDeniedException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.jvm.VmReader.VmFieldMissing;

/**
 * The HotSpot JVM in a process, this one or another, read from outside: version, flags and run state. Nothing is loaded into the process,
 * no signal is sent to it, and it may be stopped or frozen. This needs ptrace access to the process (ptrace(2)).
 *
 * <pre>{@code
 * try (ProcessMaps maps = ProcessMaps.of(pid); JvmProcess jvm = JvmProcess.of(maps)) {
 *     boolean acceptsNoAttach = jvm.flags().isOn("DisableAttachMechanism");
 * }
 * }</pre>
 *
 * <p>A JVM is recognized by the symbols that its library exports (gHotSpotVMStructs), not by the name of a file.
 *
 * <p>Not thread-safe: an object belongs to one thread at a time. Reading allocates.
 */
public final class JvmProcess implements AutoCloseable {
    /** Maximum of libraries that are tried. A process has one with the tables of a JVM; a hostile process may have any number. */
    private static final int MAX_LIBRARIES = 8;

    private final ProcessMaps maps;
    private final TargetMemory memory;
    private final VmReader vm;

    private static final VmTables NONE = new VmTables(null, 0, 0, 0);
    /** The tables of this JVM, which are constant; or {@link #NONE}. */
    private static volatile VmTables own;

    private JvmProcess(ProcessMaps maps, TargetMemory memory, VmReader vm) {
        this.maps = maps;
        this.memory = memory;
        this.vm = vm;
    }

    /**
     * Opens the JVM in a process.
     *
     * @param maps the process. The caller still owns and closes it
     * @throws org.mapfiles.NotSupportedException if the process has no JVM ({@link org.mapfiles.NotSupportedException.Missing#JVM})
     * @throws org.mapfiles.PermissionDeniedException if the caller has no ptrace access to the process
     * @throws org.mapfiles.ProcessExitedException if the process has exited
     * @throws org.mapfiles.NotEnoughMemoryException if this JVM has too little direct memory
     */
    public static JvmProcess of(ProcessMaps maps) throws MapsException {
        TargetMemory memory = TargetMemory.of(Objects.requireNonNull(maps, "maps"));
        try {
            return new JvmProcess(maps, memory, find(maps, memory));
        } catch (MapsException | RuntimeException | Error e) {
            memory.close();
            throw e;
        }
    }

    /** Returns this JVM, also if it does not have HotSpot's structures. {@code maps} is this process. */
    static JvmProcess own(ProcessMaps maps) throws MapsException {
        TargetMemory memory;
        try {
            memory = TargetMemory.of(maps);
        } catch (PermissionDeniedException sandbox) { // no /proc/self/mem
            return new JvmProcess(maps, null, new VmReader(null, NONE));
        }
        try {
            VmTables tables = own;
            if (tables == null) {
                tables = memory.vmTables(maps.snapshot(), 0);
                tables = tables != null ? tables : NONE;
                own = tables;
            }
            return new JvmProcess(maps, memory, new VmReader(memory, tables));
        } catch (MapsException | RuntimeException | Error e) {
            memory.close();
            throw e;
        }
    }

    private static VmReader find(ProcessMaps maps, TargetMemory memory) throws MapsException {
        MapSnapshot snapshot = maps.snapshot();
        String reason = "no library exports HotSpot's structures";
        long after = 0;
        for (int i = 0; i < MAX_LIBRARIES; i++) {
            VmTables tables = memory.vmTables(snapshot, after);
            if (tables == null) {
                break;
            }
            if (tables.content() != null) {
                VmReader vm = new VmReader(memory, tables);
                if (isCreated(vm)) {
                    return vm;
                }
                vm.checkFailure();
                reason = "libjvm is loaded, but no JVM has been created yet";
            } else if (after == 0) {
                reason = "a library exports gHotSpotVMStructs, but its tables are damaged or not HotSpot's";
            }
            after = tables.start();
        }
        throw memory.noJvm(reason);
    }

    /** Returns whether the JVM has a heap. JNI_CreateJavaVM makes it early, and it stays. */
    private static boolean isCreated(VmReader vm) {
        try {
            return vm.pointer("Universe", "_collectedHeap") != 0;
        } catch (VmFieldMissing none) {
            return false;
        }
    }

    /** Returns the exception for a lack of memory in this JVM. {@code what} precedes "of process 42" in the message. */
    MapsException noMemory(String what, OutOfMemoryError cause) {
        if (memory == null) {
            throw cause; // without memory access nothing large is read
        }
        return memory.noMemory(what, cause);
    }

    /** Returns the directory of the process in its proc file system, valid until this is closed. */
    Path directory() {
        return memory == null ? Path.of("/proc/self") : memory.directory();
    }

    /** Returns the memory of the process, open until this is closed. */
    TargetMemory memory() {
        return memory;
    }

    /** Returns a reader of HotSpot's structures. */
    VmReader vm() {
        return vm;
    }

    /**
     * Returns the version of the JVM (Abstract_VM_Version::_s_vm_release), such as {@code 25.0.3+9-LTS}; empty: unknown.
     *
     * @throws org.mapfiles.ProcessExitedException if the process has exited, or runs another program
     * @throws IllegalStateException if this is closed
     */
    public String version() throws MapsException {
        String version = "";
        try {
            version = vm.nameAt(vm.pointer("Abstract_VM_Version", "_s_vm_release"));
        } catch (VmFieldMissing none) {
            // not HotSpot, or a version without this field
        }
        vm.checkFailure();
        return version;
    }

    /**
     * Reads the flags of the JVM and their current values. No flags: the JVM does not have HotSpot's table.
     *
     * @throws org.mapfiles.ProcessExitedException if the process has exited, or runs another program
     * @throws org.mapfiles.NotEnoughMemoryException if this JVM has too little memory
     * @throws IllegalStateException if this is closed
     */
    public JvmFlags flags() throws MapsException {
        try {
            return JvmFlags.read(vm);
        } catch (OutOfMemoryError e) {
            throw noMemory("the flags", e);
        }
    }

    /**
     * Returns whether the process can respond to a request now.
     *
     * @throws IllegalStateException if this is closed
     */
    public RunState runState() {
        return RunStates.of(directory());
    }

    /** Closes the descriptors. Has no effect if they are closed. */
    @Override
    public void close() {
        if (memory != null) {
            memory.close();
        }
    }

    @Override
    public String toString() {
        return "JvmProcess[" + maps.pid() + "]";
    }
}
