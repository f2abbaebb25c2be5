package org.mapfiles.jvm;

/** Uses of a range of a JVM's memory. */
public enum RegionKind {
    /** Java objects, and address space that is reserved for them. */
    JAVA_HEAP,
    /** Compiled code, stubs and the interpreter, and the tables with which the JVM finds them. */
    CODE_HEAP,
    /** The compressed class space: class structures, if class pointers are compressed. */
    CLASS_SPACE,
    /** Other metadata of classes: methods, constant pools. */
    METASPACE,
    /** The archive of classes that JVMs share (class data sharing). */
    CDS,
    /** The stack of a thread, and its guard zones. */
    THREAD_STACK,
    /** Structures of the garbage collector outside the heap: card table, mark bits. */
    GC,
    /** An executable file with its data, such as libjvm; and the vdso of the kernel. */
    LIBRARY,
    /** Another file, such as a jar or a mapped buffer. */
    FILE,
    /** Memory of the C library's malloc. With another allocator only the heap of brk(2), which is marked as inferred. */
    MALLOC,
    /** The memory of a direct buffer. */
    DIRECT_BUFFER,
    /** Other memory of the JVM, such as the polling page and performance counters. */
    JVM_OTHER,
    /** The use is unknown. */
    UNKNOWN
}
