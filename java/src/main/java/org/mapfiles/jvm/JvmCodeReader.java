package org.mapfiles.jvm;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import java.util.function.Consumer;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;

/**
 * Finds the code of a JVM, another one or this one, from outside: the Java method with its inlined methods, or the
 * stub, that an address belongs to. Each call reads the memory of the target. Nothing is loaded into the target, it is
 * not stopped, and no signal is sent to it; it may be stopped or frozen. This needs ptrace access to the process
 * (ptrace(2)).
 *
 * <pre>{@code
 * try (ProcessMaps maps = ProcessMaps.of(pid); JvmCodeReader reader = JvmCodeReader.of(maps)) {
 *     CodeInfo info = new CodeInfo();
 *     if (reader.find(address, info)) {
 *         for (int i = 0; i < info.frames(); i++) {   // innermost inlined method first
 *             System.out.println(info.className(i) + "." + info.methodName(i) + " @ " + info.bytecode(i));
 *         }
 *     }
 * }
 * }</pre>
 *
 * <p>A search finds the code that is in memory now. If code was unloaded after an address was sampled, no code or other
 * code is found in its place; {@link CodeInfo#compileId()} distinguishes them. {@link JvmCode} also finds unloaded
 * code, of this JVM.
 *
 * <p>The result of a search is consistent: it is read again if the code changed during the read. A damaged or hostile
 * target cannot crash this JVM or keep it in a loop.
 *
 * <p>Thread-safe: searches of one reader wait for each other. A search allocates nothing.
 */
public final class JvmCodeReader implements AutoCloseable {
    /** Number of pages that are cached during a call, 1 KiB each. */
    private static final int PAGES = 1024;
    /** A code cache of 2 GiB has fewer. */
    private static final int MAX_BLOBS = 1 << 22;

    private static final int CACHE_LINE = 64;

    private final JvmProcess jvm;
    private final ByteBuffer reader;
    private final Search search = new Search();
    private boolean isVisiting;

    private JvmCodeReader(JvmProcess jvm) {
        this.jvm = jvm;
        int bytes = Math.toIntExact(JvmCalls.codeReaderBytes(PAGES));
        reader = ByteBuffer.allocateDirect(bytes + 2 * CACHE_LINE)
                .alignedSlice(CACHE_LINE)
                .order(ByteOrder.nativeOrder());
        JvmCalls.codeReaderInit(reader, PAGES, jvm.vm().library().content());
    }

    /**
     * Opens the JVM in a process. A reader takes 1 MiB of direct memory.
     *
     * @param maps the process. The caller still owns and closes it
     * @return a reader, to be closed by the caller
     * @throws org.mapfiles.NotSupportedException if the process has no JVM
     *     ({@link org.mapfiles.NotSupportedException.Missing#JVM})
     * @throws org.mapfiles.PermissionDeniedException if the caller has no ptrace access to the process
     * @throws org.mapfiles.ProcessExitedException if the process has exited
     * @throws org.mapfiles.NotEnoughMemoryException if this JVM has too little direct memory
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

    /** The arguments of one call, in fields so that a call allocates nothing. */
    private final class Search implements TargetMemory.Call {
        private boolean isWalk;
        private boolean begins;
        private long address;
        private int kind;
        private long framePointer;
        private ByteBuffer result;

        @Override
        public int apply(long memory) {
            return isWalk
                    ? JvmCalls.codeReaderNext(reader, memory, begins, result)
                    : JvmCalls.codeReaderFind(reader, memory, address, kind, framePointer, result);
        }
    }

    /**
     * Finds the code that an instruction belongs to now: the one that begins at an address
     * ({@link CodeInfo.AddressKind#RUNNING_AT}).
     *
     * @param address any 64-bit value
     * @param info receives the result
     * @return whether code was found; if not, {@link CodeInfo#certainty()} has the reason
     * @throws org.mapfiles.ProcessExitedException if the process has exited, or runs another program
     * @throws org.mapfiles.NotEnoughMemoryException if this JVM has too little direct memory
     * @throws IllegalStateException if this reader is closed
     */
    public boolean find(long address, CodeInfo info) throws MapsException {
        return find(address, CodeInfo.AddressKind.RUNNING_AT, Objects.requireNonNull(info, "info"));
    }

    /**
     * Finds the code that an instruction belongs to now.
     *
     * @param address any 64-bit value
     * @param kind the instruction that the address stands for
     * @param info receives the result
     * @return whether code was found; if not, {@link CodeInfo#certainty()} has the reason
     * @throws org.mapfiles.ProcessExitedException if the process has exited, or runs another program
     * @throws org.mapfiles.NotEnoughMemoryException if this JVM has too little direct memory
     * @throws IllegalStateException if this reader is closed
     */
    public boolean find(long address, CodeInfo.AddressKind kind, CodeInfo info) throws MapsException {
        return find(address, kind, 0, info);
    }

    /**
     * Finds the code that an instruction of a stack frame belongs to now. If it is in the interpreter, the only frame
     * of the result is the method that the interpreter executes. It is not found while the method is entered or left,
     * if it is an old version of a method that was redefined, or if the frame pointer is wrong: then the result has no
     * frame. The thread must stay in the frame during the call: it is stopped, for example.
     *
     * @param address any 64-bit value
     * @param kind {@link CodeInfo.AddressKind#RUNNING_AT}: the address is the program counter of a thread; the bytecode
     *     that it executes is unknown. {@link CodeInfo.AddressKind#RETURNS_TO}: it is the return address in the next
     *     frame; the bytecode is that of the call, if another method was called; else, in a function of the JVM, it is
     *     unknown
     * @param framePointer of the frame: rbp on x86-64, x29 on AArch64. The frame pointer of its caller is in memory at
     *     this address, and the address that it returns to is behind it. 0: unknown
     * @param info receives the result
     * @return whether code was found; if not, {@link CodeInfo#certainty()} has the reason
     * @throws org.mapfiles.ProcessExitedException if the process has exited, or runs another program
     * @throws org.mapfiles.NotEnoughMemoryException if this JVM has too little direct memory
     * @throws IllegalStateException if this reader is closed
     */
    public synchronized boolean find(long address, CodeInfo.AddressKind kind, long framePointer, CodeInfo info)
            throws MapsException {
        Objects.requireNonNull(kind, "kind");
        Objects.requireNonNull(info, "info");
        search.isWalk = false;
        search.address = address;
        search.kind = kind.ordinal();
        search.framePointer = framePointer;
        search.result = toRead(info);
        return info.setRead(jvm.memory().call(search));
    }

    private ByteBuffer toRead(CodeInfo info) throws MapsException {
        try {
            return info.toRead();
        } catch (OutOfMemoryError e) {
            throw jvm.noMemory("the result of a search", e);
        }
    }

    /**
     * Calls a visitor with all methods, stubs and the interpreter. A method has one frame: the compiled method. The
     * interpreter is one piece of code, named {@code Interpreter}. Code that is loaded or unloaded during the call may
     * be included or not. The visitor gets the same object each time. It may call {@link #find}, but neither this
     * method nor {@link #snapshot}.
     *
     * @param visitor receives each of them
     * @return whether all code was read; false: the JVM does not export the location of its code, or some of it cannot
     *     be read
     * @throws org.mapfiles.ProcessExitedException if the process has exited, or runs another program
     * @throws org.mapfiles.NotEnoughMemoryException if this JVM has too little direct memory
     * @throws IllegalStateException if this reader is closed, or the visitor of another call on this reader calls this
     */
    public synchronized boolean forEach(Consumer<CodeInfo> visitor) throws MapsException {
        Objects.requireNonNull(visitor, "visitor");
        if (isVisiting) { // the position of the walk is one for each reader
            throw new IllegalStateException(
                    "a visitor of forEach() calls forEach() or snapshot() of its reader: open another reader for that");
        }
        isVisiting = true;
        try {
            return visitAll(visitor);
        } finally {
            isVisiting = false;
        }
    }

    private boolean visitAll(Consumer<CodeInfo> visitor) throws MapsException {
        CodeInfo info = new CodeInfo();
        for (int i = 0; i < MAX_BLOBS; i++) {
            search.isWalk = true;
            search.begins = i == 0;
            search.result = toRead(info);
            if (!info.setRead(jvm.memory().call(search))) {
                return i > 0 && info.certainty() == CodeInfo.Certainty.NONE;
            }
            visitor.accept(info);
        }
        return false;
    }

    /**
     * Copies all code of the JVM with its names. A search in the copy takes some nanoseconds. Code that is loaded or
     * unloaded during the call may be included or not.
     *
     * @return the code; empty if the JVM does not export the location of its code. {@link JvmCodeSnapshot#isComplete()}
     *     reports whether some of it could not be read
     * @throws org.mapfiles.ProcessExitedException if the process has exited, or runs another program
     * @throws org.mapfiles.NotEnoughMemoryException if this JVM has too little direct memory
     * @throws IllegalStateException if this reader is closed, or a visitor of {@link #forEach} calls this
     */
    public JvmCodeSnapshot snapshot() throws MapsException {
        return JvmCodeSnapshot.of(this);
    }

    /** Returns whether this reads the JVM that calls. */
    boolean isOwn() {
        return jvm.isOwn();
    }

    /** Closes the descriptors. Has no effect if they are closed. */
    @Override
    public void close() {
        jvm.close();
    }

    @Override
    public String toString() {
        return "JvmCodeReader[" + jvm + "]";
    }
}
