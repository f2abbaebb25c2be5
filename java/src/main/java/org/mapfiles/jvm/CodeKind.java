package org.mapfiles.jvm;

/** Kinds of code of a JVM. */
public enum CodeKind {
    /** A compiled Java method, or the wrapper of a native method. */
    METHOD,
    /** Other code of the JVM: the interpreter, an adapter, a copy routine. */
    STUB
}
