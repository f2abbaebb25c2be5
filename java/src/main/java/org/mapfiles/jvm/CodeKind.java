package org.mapfiles.jvm;

/** What a piece of the JVM's code is. */
public enum CodeKind {
    /** A compiled Java method, or the wrapper that calls a native one. */
    METHOD,
    /** A piece of the JVM's own: the interpreter, an adapter, a copy routine, ... */
    STUB
}
