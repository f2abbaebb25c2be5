package org.mapfiles.jvm;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import org.mapfiles.MapSnapshot;
import org.mapfiles.MapsException;
import org.mapfiles.internal.ProcessMemory;
import org.mapfiles.internal.VmTables;

/** Memory of a made-up process: a subclass returns the bytes at each address. */
abstract class FakeMemory extends ProcessMemory {
    private long bytesRead;

    /** Fills bytes from an address on. @return how many can be read */
    abstract int fill(long address, ByteBuffer to) throws MapsException;

    final long bytesRead() {
        return bytesRead;
    }

    @Override
    public int read(long address, byte[] to, int at, int bytes) throws MapsException {
        int got = fill(address, ByteBuffer.wrap(to, at, bytes).slice().order(ByteOrder.nativeOrder()));
        bytesRead += got;
        return got;
    }

    @Override
    public void readAll(long[] addresses, int count, int bytes, byte[] to, int[] got) throws MapsException {
        for (int i = 0; i < count; i++) {
            got[i] = read(addresses[i], to, i * bytes, bytes);
        }
    }

    @Override
    public VmTables vmTables(MapSnapshot snapshot, long after) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int call(Call function) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Path directory() {
        return Path.of("/proc/self");
    }

    @Override
    public int directoryDescriptor() {
        throw new UnsupportedOperationException();
    }

    @Override
    public int pid() {
        return 42;
    }

    @Override
    public MapsException failure(int errno) {
        throw new UnsupportedOperationException();
    }

    @Override
    public MapsException noMemory(String what, OutOfMemoryError cause) {
        throw cause;
    }

    @Override
    public MapsException noJvm(String why) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
        // nothing is open
    }
}
