package org.mapfiles.cli.target;

import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import org.mapfiles.ProcessMaps;

/**
 * Writes memory of a process. Pages that cannot be read are written as zeros, so that each byte has its offset. Such
 * pages are guard pages (MADV_GUARD_INSTALL), memory of devices, pages that a userfaultfd(2) handles, and pages with a
 * hardware error.
 */
public final class MemoryCopy {
    private static final int CHUNK = 64 * 1024;
    /** The smallest page of the supported machines. Each part of a larger page fails by itself. */
    private static final int PAGE = 4096;

    private static final byte[] ZEROS = new byte[CHUNK];

    private final ProcessMaps maps;
    private final OutputStream out;
    private final List<AddressRange> holes = new ArrayList<>();

    public MemoryCopy(ProcessMaps maps, OutputStream out) {
        this.maps = maps;
        this.out = out;
    }

    /**
     * Writes a range. Nothing is written if no byte of it can be read.
     *
     * @return the ranges that were written as zeros
     */
    public List<AddressRange> write(AddressRange range) throws IOException {
        byte[] chunk = new byte[CHUNK];
        long written = range.start(); // from here to address are only holes
        int maximum = CHUNK;
        for (long address = range.start(); address != range.end(); ) {
            int length = (int) Math.min(maximum, range.end() - address);
            int count = maps.readMemory(address, chunk, 0, length);
            if (count > 0) {
                zeros(address - written);
                out.write(chunk, 0, count);
                address += count;
                written = address;
                maximum = CHUNK;
            } else {
                length = (int) Math.min(PAGE - (address & PAGE - 1), range.end() - address);
                addHole(address, address + length);
                address += length;
                maximum = PAGE; // the page after a hole often cannot be read either
            }
        }
        if (written != range.start()) {
            zeros(range.end() - written);
        }
        return holes;
    }

    private void addHole(long start, long end) {
        int last = holes.size() - 1;
        if (last >= 0 && holes.get(last).end() == start) {
            holes.set(last, new AddressRange(holes.get(last).start(), end));
        } else {
            holes.add(new AddressRange(start, end));
        }
    }

    private void zeros(long length) throws IOException {
        for (long left = length; left > 0; left -= CHUNK) {
            out.write(ZEROS, 0, (int) Math.min(CHUNK, left));
        }
    }
}
