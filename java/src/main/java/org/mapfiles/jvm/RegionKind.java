package org.mapfiles.jvm;

/** What a part of a JVM's memory is for. */
public enum RegionKind {
    /** Objects; and address space reserved for them. */
    JAVA_HEAP,
    /** Compiled code, stubs and the interpreter; and what the JVM finds them with. */
    CODE_HEAP,
    /** Classes, where pointers to them are compressed. */
    CLASS_SPACE,
    /** What the JVM knows of classes beside that: methods, constants, ... */
    METASPACE,
    /** The archive of classes shared between JVMs. */
    CDS,
    /** A thread's stack, and its guard zones. */
    THREAD_STACK,
    /** What the collector keeps beside the heap: card table, mark bits, ... */
    GC,
    /** A file of code, libjvm among them, with its data; the kernel's vdso. */
    LIBRARY,
    /** Another file: a jar, a mapped buffer, ... */
    FILE,
    /** Memory of the C library's malloc. Of another allocator only the heap of brk(2), which is marked as inferred. */
    MALLOC,
    /** A direct buffer. */
    DIRECT_BUFFER,
    /** Something else of the JVM's: the polling page, performance counters, ... */
    JVM_OTHER,
    /** Nobody tells. */
    UNKNOWN
}
