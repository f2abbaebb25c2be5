package org.mapfiles.jvm;

import java.nio.file.Path;
import java.util.Objects;
import org.mapfiles.MapSnapshot;
import org.mapfiles.MapsException;
import org.mapfiles.PermissionDeniedException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.jvm.VmReader.VmFieldMissing;

/**
 * The HotSpot JVM in a process, this one or another, read from outside: nothing is loaded into the process, no signal is sent to
 * it, and it may be stopped or frozen. This takes the right to attach to the process (ptrace(2)).
 *
 * <pre>{@code
 * try (ProcessMaps maps = ProcessMaps.of(pid); JvmProcess jvm = JvmProcess.of(maps)) {
 *     boolean refusesAttach = jvm.flags().isOn("DisableAttachMechanism");
 * }
 * }</pre>
 *
 * <p>A JVM is recognized by what its library exports in memory, not by a file's name. Of one thread.
 */
public final class JvmProcess implements AutoCloseable {
    /** Libraries with the tables of a JVM that are tried. A process has one; a hostile one may have any number. */
    private static final int MAX_LIBRARIES = 8;

    private final ProcessMaps maps;
    private final TargetMemory memory;
    private final VmReader vm;

    private static final VmTables NONE = new VmTables(null, 0, 0, 0);
    /** The tables of this JVM, which do not change; or {@link #NONE}. */
    private static volatile VmTables own;

    private JvmProcess(ProcessMaps maps, TargetMemory memory, VmReader vm) {
        this.maps = maps;
        this.memory = memory;
        this.vm = vm;
    }

    /**
     * Opens the JVM in a process.
     *
     * @param maps the process, which stays open and is the caller's to close
     * @throws org.mapfiles.NotSupportedException if there is no JVM in it ({@link org.mapfiles.NotSupportedException.Missing#JVM})
     * @throws org.mapfiles.PermissionDeniedException if this process may not attach to the other one
     * @throws org.mapfiles.ProcessExitedException if it has exited
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

    /** This JVM, also where it does not have HotSpot's structures. @param maps of this process */
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
        String why = "it has no library that exports HotSpot's structures";
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
                why = "its libjvm is loaded, but no JVM has been created, or not yet";
            } else if (after == 0) {
                why = "it exports gHotSpotVMStructs as a JVM does, but its tables are not HotSpot's, or damaged";
            }
            after = tables.start();
        }
        throw memory.noJvm(why);
    }

    /** The heap is made early in JNI_CreateJavaVM, and stays. */
    private static boolean isCreated(VmReader vm) {
        try {
            return vm.pointer("Universe", "_collectedHeap") != 0;
        } catch (VmFieldMissing none) {
            return false;
        }
    }

    /** The exception for a lack of memory in this JVM. @param what before the words "of process 42" */
    MapsException noMemory(String what, OutOfMemoryError cause) {
        if (memory == null) {
            throw cause; // of this JVM, where nothing that takes much memory is read
        }
        return memory.noMemory(what, cause);
    }

    /** The process' directory in its proc file system, valid until this is closed. */
    Path directory() {
        return memory == null ? Path.of("/proc/self") : memory.directory();
    }

    /** The memory of the process, open until this is closed. */
    TargetMemory memory() {
        return memory;
    }

    /** The JVM's structures. */
    VmReader vm() {
        return vm;
    }

    /** Its version, such as {@code 25.0.3+9-LTS}; empty: it does not have that. */
    public String version() throws MapsException {
        String version = "";
        try {
            version = vm.nameAt(vm.pointer("Abstract_VM_Version", "_s_vm_release"));
        } catch (VmFieldMissing none) {
            // another JVM than HotSpot, or a later one
        }
        vm.checkFailure();
        return version;
    }

    /** Its flags, as they are now. */
    public JvmFlags flags() throws MapsException {
        try {
            return JvmFlags.read(vm);
        } catch (OutOfMemoryError e) {
            throw noMemory("the flags", e);
        }
    }

    /** Whether the process could answer a request now. @throws IllegalStateException if this is closed */
    public RunState runState() {
        return RunStates.of(directory());
    }

    /** Gives the descriptors back. Again: nothing. */
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
