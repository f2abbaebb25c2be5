package org.mapfiles.benchmarks;

import java.io.IOException;
import java.nio.file.Path;

/**
 * The floor of a query from Java: a native method that makes the system call, without an object that may be closed, and
 * without a result in Java. In a JVM the system call itself takes longer than in a C program: the kernel counts the
 * users of a descriptor if a process has threads.
 */
final class BareQuery implements AutoCloseable {
    private final int descriptor;

    /** @param bin the directory of {@code bare_query.so} */
    BareQuery(Path bin, long pid) throws IOException {
        System.load(bin.resolve("bare_query.so").toAbsolutePath().toString());
        this.descriptor = open(pid);
        if (descriptor < 0) {
            throw new IOException("process " + pid + " has no mappings");
        }
    }

    /** Queries for the mapping of an address, with its name. */
    void query(long address) {
        if (query(descriptor, address) != 0) {
            throw new IllegalStateException("no mapping covers 0x" + Long.toHexString(address));
        }
    }

    @Override
    public void close() {
        close(descriptor);
    }

    private static native int open(long pid);

    private static native int query(int descriptor, long address);

    private static native void close(int descriptor);
}
