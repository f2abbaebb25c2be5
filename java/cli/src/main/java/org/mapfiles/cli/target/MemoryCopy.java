package org.mapfiles.cli.target;

import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import org.mapfiles.ProcessMaps;

/**
 * Writes memory of a process. Pages that cannot be read are written as zeros, so that each byte stands at its offset: guard pages
 * (MADV_GUARD_INSTALL), memory of devices, pages that userfaultfd(2) or a hardware error keeps back.
 */
public final class MemoryCopy {
    private static final int PART = 64 * 1024;
    /** No page is smaller; of larger ones each part fails by itself. */
    private static final int PAGE = 4096;
    private static final byte[] ZEROS = new byte[PART];

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
        byte[] part = new byte[PART];
        long written = range.start(); // behind it and before address there are only holes
        int most = PART;
        for (long address = range.start(); address != range.end(); ) {
            int length = (int) Math.min(most, range.end() - address);
            int got = maps.readMemory(address, part, 0, length);
            if (got > 0) {
                zeros(address - written);
                out.write(part, 0, got);
                address += got;
                written = address;
                most = PART;
            } else {
                length = (int) Math.min(PAGE - (address & PAGE - 1), range.end() - address);
                addHole(address, address + length);
                address += length;
                most = PAGE; // what follows a hole often cannot be read either
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

    private void zeros(long count) throws IOException {
        for (long left = count; left > 0; left -= PART) {
            out.write(ZEROS, 0, (int) Math.min(PART, left));
        }
    }
}
