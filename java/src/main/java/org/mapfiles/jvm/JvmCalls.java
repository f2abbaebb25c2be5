package org.mapfiles.jvm;

import java.nio.ByteBuffer;
import org.mapfiles.internal.NativeLibrary;

/** Declares the native functions of this package ({@code native/src/jni}). It has no logic and no checks. */
final class JvmCalls {
    static {
        NativeLibrary.bindJvm(JvmCalls.class);
    }

    private JvmCalls() {}

    /** Kinds of {@link #vmEntry}: a field, the size of a type, a constant. */
    static final int FIELD = 1;

    static final int SIZE = 3;
    static final int CONSTANT = 4;

    /**
     * Looks up an entry of HotSpot's exported tables (vmStructs) by name.
     *
     * @param tables {@link org.mapfiles.jvm.VmTables#content}
     * @param field null for the size of a type and for a constant
     * @param result receives the value, the offset in the type, or the address of a static field; and 1 for a static
     *     field, else 0
     * @return the type of the field as HotSpot writes it, else an empty text; null: there is no such entry
     */
    static native String vmEntry(ByteBuffer tables, String type, String field, int kind, long[] result);

    /** Returns the size of a code reader that caches {@code slots} pages, in bytes. */
    static native long codeReaderBytes(int slots);

    /** Initializes a code reader. {@code tables} is {@link org.mapfiles.jvm.VmTables#content}. */
    static native void codeReaderInit(ByteBuffer reader, int slots, ByteBuffer tables);

    /**
     * Finds code and writes it to {@code result} ({@link CodeInfo}). {@code memory} is that of
     * {@link org.mapfiles.jvm.TargetMemory#call}, {@code framePointer} 0 if it is unknown. Returns 0 or a negative
     * errno.
     */
    static native int codeReaderFind(
            ByteBuffer reader, long memory, long address, int meaning, long framePointer, ByteBuffer result);

    /**
     * Writes the next code of a walk to {@code result}; the first one if {@code begin}. Returns 0 or a negative errno.
     */
    static native int codeReaderNext(ByteBuffer reader, long memory, boolean begin, ByteBuffer result);

    /** Writes the layout of {@link CodeInfo} in the order of its declarations. Returns the number of values. */
    static native int codeResultLayout(int[] layout);

    /** Starts recording. Returns 0 or a negative errno. Each success needs one {@link #codeClose}. */
    static native int codeOpen(long bytes);

    static native void codeClose();

    /**
     * Returns memory that codeOpen() reserved, which is never freed: 0: the head, 1 and 2: the images; 3: the code
     * cache.
     */
    static native ByteBuffer codeMemory(int index);

    /**
     * Writes the first address and the end (exclusive) of all memory of codeOpen(). Returns false if it was never
     * called.
     */
    static native boolean codeRange(long[] out);

    /** Writes start and end of the interpreter of this JVM, after codeOpen(). Returns false if they are unknown. */
    static native boolean interpreterRange(long[] out);

    /** Writes the eight fields of {@code struct mf_code_counts}, in the order of the header. */
    static native void codeCount(long[] counts);

    /**
     * Writes the offsets of the fields of the structs, in the order of their declarations. Returns the number of
     * values.
     */
    static native int codeLayout(int[] offsets);

    /** Returns whether malloc of this process is that of the C library, and not that of another allocator. */
    static native boolean isMallocOfCLibrary();

    /**
     * Returns the address of HotSpot's JavaThread of a thread; 0: the thread has not started, has ended, or the address
     * is unknown.
     */
    static native long threadAddress(Thread thread);

    /**
     * Writes address and size of the memory of direct buffers, as many as fit. The JDK keeps them in a list for
     * freeing.
     *
     * @return the number of buffers; 0 also if this JDK keeps them elsewhere
     */
    static native int directBuffers(long[] ranges);

    /**
     * Opens a regular file for reading. It does not block, and follows no symbolic link at the end of the path.
     *
     * @param path ends with a zero byte
     * @param attributes receives mode, owner, size and time of the last change (nanoseconds since 1970) of the file
     * @return a descriptor, or a negative errno; EINVAL: not a regular file
     */
    static native int perfMapOpen(byte[] path, long[] attributes);

    /**
     * Opens the perf map of a process below the root directory of that process.
     *
     * @param attributes as of {@link #perfMapOpen}; then the PID in the PID namespace of the process, its effective
     *     user, and its start time in nanoseconds since 1970
     */
    static native int perfMapOpenOf(int pid, long[] attributes);

    /** Reads at most 8 KiB at an offset. Returns the number of bytes; 0: the end; or a negative errno. */
    static native int descriptorRead(int descriptor, long offset, byte[] to);

    static native void descriptorClose(int descriptor);

    /**
     * Connects to the attach socket of a target ({@link AttachTarget#numbers}). Returns a descriptor, or an errno of
     * attach.h.
     */
    static native int attachConnect(int[] target);

    /**
     * Creates the file .attach_pid and writes its two descriptors to {@code trigger}. Returns 0 or a negative errno.
     */
    static native int attachTriggerCreate(int[] target, int[] trigger);

    static native void attachTriggerRemove(int[] target, int[] trigger);

    /** Sends SIGQUIT. Returns 0 or a negative errno. */
    static native int attachSignal(int[] target);

    /** Returns the number of bytes sent, or a negative errno. */
    static native int attachSend(int socket, byte[] from, int at, int bytes, int millis);

    /** Returns the number of bytes received, 0 at the end, or a negative errno. */
    static native int attachReceive(int socket, byte[] to, int millis);
}
