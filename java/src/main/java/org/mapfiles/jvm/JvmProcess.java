package org.mapfiles.jvm;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.mapfiles.MapSnapshot;
import org.mapfiles.MapsException;
import org.mapfiles.PermissionDeniedException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.jvm.VmReader.VmFieldMissing;

/**
 * The HotSpot JVM in a process, this one or another, read from outside: version, flags, threads and run state. Nothing
 * is loaded into the process, no signal is sent to it, and it may be stopped or frozen. Only {@link #execute} has side
 * effects. This needs ptrace access to the process (ptrace(2)).
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
    /**
     * Maximum of libraries that are tried. A process has one with the tables of a JVM; a hostile process may have any
     * number.
     */
    private static final int MAX_LIBRARIES = 8;

    private static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(10);

    /** Whether a process can respond to requests. */
    public enum RunState {
        /** The process runs or waits. */
        RUNNING,
        /** The process is stopped by a signal (SIGSTOP, SIGTSTP) or a debugger. */
        STOPPED,
        /** The control group of the process is frozen. */
        FROZEN,
        /** The state is unknown: the kernel does not report it. */
        UNKNOWN
    }

    /**
     * A Java thread of a JVM. Immutable.
     *
     * @param tid thread ID of the kernel (gettid(2)), in the PID namespace of this JVM
     * @param name of the Java thread, for a thread of this JVM; of another JVM the name in the kernel, cut after 15
     *     bytes; empty: unknown
     * @param thread the thread, if it is one of this JVM and the JVM lists it to Java code; null: another JVM, or a
     *     thread that it hides
     * @param stackStart first address of the stack, where HotSpot's guard zones are
     * @param stackEnd end of the stack (exclusive)
     */
    public record JavaThread(int tid, String name, @Nullable Thread thread, long stackStart, long stackEnd) {
        /** Constructs a thread. */
        public JavaThread {
            Objects.requireNonNull(name, "name");
        }
    }

    /**
     * The flags of a JVM, such as {@code -XX:MaxHeapSize}, with their values as of the time when they were read. A flag
     * that the JVM does not have, or has with another type, is absent. Immutable and thread-safe.
     */
    public static final class Flags {
        private final Map<String, Object> values;

        private Flags(Map<String, Object> values) {
            this.values = values;
        }

        static Flags read(VmReader vm) throws MapsException {
            return new Flags(FlagTable.read(vm));
        }

        /** {@return the names of all flags that have a value, in alphabetical order} The set is immutable. */
        public Set<String> names() {
            return Collections.unmodifiableSet(new TreeSet<>(values.keySet()));
        }

        private Object value(String name) {
            return values.get(Objects.requireNonNull(name, "name"));
        }

        /**
         * Returns the value of a boolean flag.
         *
         * @param name such as {@code DisableAttachMechanism}
         * @return empty: the JVM has no such flag, or it is of another type
         */
        public Optional<Boolean> bool(String name) {
            return value(name) instanceof Boolean ? Optional.of((Boolean) value(name)) : Optional.empty();
        }

        /**
         * {@return whether a boolean flag is on; false also if the JVM has no such flag}
         *
         * @param name name of the flag
         */
        public boolean isOn(String name) {
            return Boolean.TRUE.equals(value(name));
        }

        /**
         * Returns the value of an integer flag, such as {@code MaxHeapSize} in bytes. An unsigned value above
         * {@link Long#MAX_VALUE} is returned as a negative number.
         *
         * @param name name of the flag
         * @return empty: the JVM has no such flag, or it is of another type
         */
        public OptionalLong number(String name) {
            return value(name) instanceof Long ? OptionalLong.of((Long) value(name)) : OptionalLong.empty();
        }

        /**
         * Returns the value of a string flag.
         *
         * @param name name of the flag
         * @return empty: the JVM has no such flag, it is of another type, or it is not set
         */
        public Optional<String> text(String name) {
            return value(name) instanceof String ? Optional.of((String) value(name)) : Optional.empty();
        }

        @Override
        public String toString() {
            return "Flags[" + values.size() + "]";
        }
    }

    private final ProcessMaps maps;
    private final TargetMemory memory;
    private final VmReader vm;
    /** Null: no command was sent. */
    private AttachClient client;

    static final VmTables NONE = new VmTables(null, 0, 0, 0);
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
     * @return an open JVM, to be closed by the caller
     * @throws org.mapfiles.NotSupportedException if the process has no JVM
     *     ({@link org.mapfiles.NotSupportedException.Missing#JVM})
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
        String reason = "no library exports HotSpot's structures: name a JVM of HotSpot, as jcmd(1) lists them";
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
                reason =
                        "a library exports gHotSpotVMStructs, but its tables are damaged or not HotSpot's: if the process "
                                + "has just started, retry when its libraries are loaded";
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
     * {@return the version of the JVM (Abstract_VM_Version::_s_vm_release), such as {@code 25.0.3+9-LTS}; empty:
     * unknown}
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
     * @return the flags
     * @throws org.mapfiles.ProcessExitedException if the process has exited, or runs another program
     * @throws org.mapfiles.NotEnoughMemoryException if this JVM has too little memory
     * @throws IllegalStateException if this is closed
     */
    public Flags flags() throws MapsException {
        try {
            return Flags.read(vm);
        } catch (OutOfMemoryError e) {
            throw noMemory("the flags", e);
        }
    }

    /**
     * {@return whether the process can respond to a request now}
     *
     * @throws IllegalStateException if this is closed
     */
    public RunState runState() {
        return RunStates.of(directory());
    }

    /**
     * Reads the Java threads of the JVM: all in HotSpot's list, also those of compilers. A virtual thread has the
     * thread ID of the platform thread that carries it. Threads that start or end during the call may be missing. Takes
     * milliseconds.
     *
     * @return the threads by thread ID, a new map; empty: the JVM does not export its list
     * @throws org.mapfiles.ProcessExitedException if the process has exited, or runs another program
     * @throws org.mapfiles.NotEnoughMemoryException if this JVM has too little memory
     * @throws IllegalStateException if this or the process is closed
     */
    public Map<Integer, JavaThread> javaThreads() throws MapsException {
        try {
            JavaThreads threads = new JavaThreads(vm, maps.snapshot(), directory());
            Map<Integer, JavaThread> found = (isOwn() ? threads.ofThisJvm() : threads).read();
            vm.checkFailure();
            return found;
        } catch (OutOfMemoryError e) {
            throw noMemory("the threads", e);
        }
    }

    /** Returns whether this is the JVM that calls. */
    boolean isOwn() {
        return memory == null || memory.pid() == ProcessHandle.current().pid();
    }

    /**
     * As {@link #execute(String, Duration)}, with a time limit of 10 seconds.
     *
     * @param command a diagnostic command with its arguments
     * @return the response
     * @throws MapsException as {@link #execute(String, Duration)}
     */
    public String execute(String command) throws MapsException {
        return execute(Objects.requireNonNull(command, "command"), DEFAULT_TIMEOUT);
    }

    /**
     * Executes a diagnostic command in another JVM through HotSpot's attach socket, as jcmd(1) does, and returns its
     * output. This has side effects in the target, unlike all other methods. Nothing is loaded into it. Blocks for at
     * most the time limit.
     *
     * <p><b>Side effects.</b> If the JVM has no listener, this method makes it start one: it creates a file in the
     * {@code /tmp} of the target, sends SIGQUIT and removes the file. Then the target has one more thread and the
     * socket {@code /tmp/.java_pid<pid>} until it exits. If the listener runs already, no file is created and no signal
     * is sent. A JVM that hangs, and so does not respond within the time limit, may print a thread dump when it
     * continues.
     *
     * <p><b>Checks before the signal.</b> The signal is sent only if the process has been verified to be an initialized
     * JVM that accepts commands, catches SIGQUIT, and is neither stopped nor frozen. It is sent through a pidfd, never
     * to a later process with the same PID.
     *
     * <p><b>Processes of other users.</b> The target controls the names in its {@code /tmp}. All work there has the
     * permissions of the effective user of the target, which needs CAP_SETUID and CAP_SETGID if that is another user.
     * Symbolic links at these names are not followed, and only the file that was created is removed. The listener must
     * be the target process itself.
     *
     * @param command such as {@code VM.native_memory detail}, at most 1,024 bytes of UTF-8
     *     (AttachOperation::arg_length_max)
     * @param timeout time limit; above 0, and more than one day counts as one day
     * @return the output, at most 16 MiB, decoded as UTF-8; invalid bytes become U+FFFD. The user of the target
     *     controls it
     * @throws AttachException if the JVM does not accept commands, does not respond in time, sends more than 16 MiB or
     *     an invalid response, or reports that the command failed; {@link AttachException#reason()} is the cause
     * @throws org.mapfiles.ProcessExitedException if the process has exited
     * @throws org.mapfiles.NotEnoughMemoryException if this JVM has too little memory for the response
     * @throws IllegalArgumentException if the command is blank, too long, or contains a NUL; or the time limit is not
     *     positive
     * @throws IllegalStateException if this is closed
     */
    public String execute(String command, Duration timeout) throws MapsException {
        AttachClient.check(Objects.requireNonNull(command, "command"), Objects.requireNonNull(timeout, "timeout"));
        if (client == null) {
            client = new AttachClient(this);
        }
        return client.execute(command, timeout);
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
