package org.mapfiles.jvm;

import java.nio.ByteBuffer;
import org.mapfiles.internal.NativeLibrary;

/** The native functions of this package, one to one: {@code jni_jvm.c}. No logic and no checks here. */
final class JvmCalls {
    static final int EPERM = -1;
    static final int ENOENT = -2;
    static final int ESRCH = -3;
    static final int ENXIO = -6;
    static final int ECHILD = -10;
    static final int ENOMEM = -12;
    static final int EACCES = -13;
    static final int EINVAL = -22;

    static {
        NativeLibrary.bindJvm(JvmCalls.class);
    }

    private JvmCalls() {
    }

    /** Kinds of {@link #vmEntry}: a field, a type's size, a constant. */
    static final int FIELD = 1;
    static final int SIZE = 3;
    static final int CONSTANT = 4;

    /**
     * An entry of HotSpot's exported tables, by name.
     *
     * @param tables {@link org.mapfiles.jvm.VmTables#content}
     * @param field null for a type's size and for a constant
     * @param answer receives the value, the offset in the type, or a static field's address; and 1 if it is a static field, else 0
     * @return the field's type as HotSpot writes it, else an empty text; null: there is no such entry
     */
    static native String vmEntry(ByteBuffer tables, String type, String field, int kind, long[] answer);

    /** Bytes of a reader of code that keeps so many pages. */
    static native long codeReaderBytes(int slots);

    /** Makes a reader of code. @param tables {@link org.mapfiles.jvm.VmTables#content} */
    static native void codeReaderInit(ByteBuffer reader, int slots, ByteBuffer tables);

    /** Fills a result, {@link CodeLocation}. @param memory of {@link org.mapfiles.jvm.TargetMemory#call} @return 0 or a negative errno */
    static native int codeReaderFind(ByteBuffer reader, long memory, long address, int meaning, ByteBuffer result);

    /** The same for the next code of a walk. @param begin whether to begin with the first */
    static native int codeReaderNext(ByteBuffer reader, long memory, boolean begin, ByteBuffer result);

    /** The numbers of {@link CodeLocation}'s layout, in the order of its declarations. @return how many there are */
    static native int codeResultLayout(int[] layout);

    /** 0, and then to be closed once, or a negative errno. */
    static native int codeOpen(long bytes);

    static native void codeClose();

    /** What codeOpen() reserved, and which is never given back: 0 the head, 1 and 2 the images. */
    static native ByteBuffer codeMemory(int which);

    /** First address of all that codeOpen() reserved, and the one behind its last; false: it never was. */
    static native boolean codeRange(long[] out);

    /** What is kept: eight numbers in the order of the header. */
    static native void codeCount(long[] counts);

    /** The offsets of the structs' fields, in the order of the declarations: how many there are. */
    static native int codeLayout(int[] offsets);

    /** Whether malloc of this process is the C library's own, and not that of an allocator in its place. */
    static native boolean isMallocOfCLibrary();

    /** Where the JVM has what a Thread stands for; 0: not started, ended, or not told. */
    static native long threadAddress(Thread thread);

    /**
     * The memory of direct buffers, as the JDK keeps it for freeing: address and size of each, as many as there is room for.
     *
     * @return how many there are; 0 also if this JDK keeps them elsewhere
     */
    static native int directBuffers(long[] ranges);

    /**
     * Opens a regular file for reading. It does not wait, and follows no symbolic link at the end of the path.
     *
     * @param path ends with a zero byte
     * @param facts receives mode, owner, size and time of the last change (nanoseconds since 1970) of what there is
     * @return a descriptor, or a negative errno; EINVAL: no regular file
     */
    static native int perfMapOpen(byte[] path, long[] facts);

    /**
     * Opens the perf map of a process as that process sees it.
     *
     * @param facts as of {@link #perfMapOpen}; then the process' number in its own pid namespace, its effective user, and when it
     *     started, in nanoseconds since 1970
     */
    static native int perfMapOpenOf(int pid, long[] facts);

    /** Reads at an offset, 8 KiB at most: how many bytes; 0: the end; or a negative errno. */
    static native int descriptorRead(int descriptor, long offset, byte[] to);

    static native void descriptorClose(int descriptor);

    /** Connects to the attach socket of a target ({@link AttachTarget#numbers}): a descriptor, or a negative errno as attach.h lists them. */
    static native int attachConnect(int[] target);

    /** Creates the file .attach_pid, whose two descriptors are written to {@code trigger}: 0 or a negative errno. */
    static native int attachTriggerCreate(int[] target, int[] trigger);

    static native void attachTriggerRemove(int[] target, int[] trigger);

    /** Sends SIGQUIT: 0 or a negative errno. */
    static native int attachSignal(int[] target);

    /** Bytes sent, or a negative errno. */
    static native int attachSend(int socket, byte[] from, int at, int bytes, int millis);

    /** Bytes received, 0 at the end, or a negative errno. */
    static native int attachReceive(int socket, byte[] to, int millis);
}
