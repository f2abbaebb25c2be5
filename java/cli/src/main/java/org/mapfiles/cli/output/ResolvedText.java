package org.mapfiles.cli.output;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.ProcessMaps;

/** Resolved addresses as lines to read: address, file + offset, permissions, range. */
public final class ResolvedText extends ResolvedPrinter {
    private static final byte[] IN_NONE = "  in no mapping\n".getBytes(StandardCharsets.UTF_8);
    private static final byte[] PREFIX = {'0', 'x'};

    private final OutputStream out;
    private final byte[] digits = new byte[16];
    private byte[][] before = {};
    private byte[][] behind = {};

    public ResolvedText(ProcessMaps maps, MapSnapshot snapshot, OutputStream out) {
        super(maps, snapshot);
        this.out = out;
    }

    @Override
    public void printResolved(long address, int index, MapCursor mapping) throws IOException {
        if (index >= before.length || before[index] == null) {
            render(index, mapping);
        }
        hex(address);
        out.write(before[index]);
        hex(address - mapping.start() + (mapping.isFileBacked() ? mapping.offset() : 0));
        out.write(behind[index]);
        AddressReport what = what(address);
        if (what != null) {
            out.write(what.text().getBytes(StandardCharsets.UTF_8));
        }
    }

    /** What stands before and behind the offset: of the file, or of the mapping where it has none. */
    private void render(int index, MapCursor mapping) throws IOException {
        if (index >= before.length) {
            before = Arrays.copyOf(before, Math.max(index + 1, 2 * before.length));
            behind = Arrays.copyOf(behind, before.length);
        }
        String name = name(index, mapping).display();
        before[index] = ("  " + (name.isEmpty() ? "[anonymous]" : name) + " + ").getBytes(StandardCharsets.UTF_8);
        behind[index] = ("  " + mapping.permissions() + "  " + Hex.range(mapping) + "\n").getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public void printUnresolved(long address) throws IOException {
        hex(address);
        out.write(IN_NONE);
    }

    private void hex(long value) throws IOException {
        int at = digits.length;
        long rest = value;
        do {
            digits[--at] = (byte) Character.forDigit((int) rest & 15, 16);
            rest >>>= 4;
        } while (rest != 0);
        out.write(PREFIX);
        out.write(digits, at, digits.length - at);
    }

    @Override
    public void flush() {
        // the stream belongs to the terminal, which flushes it
    }

    @Override
    public void forget() {
        super.forget();
        before = new byte[0][];
        behind = new byte[0][];
    }
}
