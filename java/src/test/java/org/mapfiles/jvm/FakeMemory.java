package org.mapfiles.jvm;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.mapfiles.MapsException;

/** Memory of a made-up process: a subclass returns the bytes at each address. */
abstract class FakeMemory implements VmReader.Memory {
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
    public boolean findPages(long[] addresses, boolean[] isInMemory) {
        return false;
    }
}
