package org.mapfiles.saved;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** A core file of x86-64 in native byte order, made by hand: five mappings, two threads. */
@SuppressWarnings("ByteBufferBackingArray") // all buffers are allocated here
final class CoreImage {
    static final int PID = 4711;

    private final ByteArrayOutputStream notes = new ByteArrayOutputStream();

    private static ByteBuffer buffer(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.nativeOrder());
    }

    private void note(int type, byte[] descriptor) {
        notes.writeBytes(
                buffer(12).putInt(5).putInt(descriptor.length).putInt(type).array());
        notes.writeBytes("CORE\0\0\0\0".getBytes(StandardCharsets.US_ASCII));
        notes.writeBytes(descriptor);
        notes.writeBytes(new byte[-descriptor.length & 3]);
    }

    private static byte[] status(int tid, long pc) {
        ByteBuffer status = buffer(336);
        status.putShort(12, (short) 11).putInt(32, tid);
        for (int i = 0; i < 15; i++) {
            status.putLong(112 + i * 8, 0x100 + i); // its index in user_regs_struct
        }
        return status.putLong(112 + 16 * 8, pc).putLong(112 + 19 * 8, 0x700010).array();
    }

    private static byte[] files() {
        byte[] names = "/app/x\0/app/x\0/app/y\0".getBytes(StandardCharsets.US_ASCII);
        ByteBuffer files = buffer(16 + 3 * 24 + names.length).putLong(3).putLong(4096);
        files.putLong(0x400000)
                .putLong(0x401000)
                .putLong(0)
                .putLong(0x401000)
                .putLong(0x402000)
                .putLong(3);
        return files.putLong(0x500000).putLong(0x501000).putLong(1).put(names).array();
    }

    private static byte[] process() {
        ByteBuffer process = buffer(136).putInt(24, PID);
        process.position(56).put("/app/x -v".getBytes(StandardCharsets.US_ASCII));
        return process.array();
    }

    private static byte[] segment(int type, int flags, long offset, long address, long inFile, long inMemory) {
        return buffer(56)
                .putInt(type)
                .putInt(flags)
                .putLong(offset)
                .putLong(address)
                .putLong(0)
                .putLong(inFile)
                .putLong(inMemory)
                .putLong(1)
                .array();
    }

    void addThreads(int count) {
        for (int i = 0; i < count; i++) {
            note(1, status(PID + 2 + i, 0x600020));
        }
    }

    byte[] bytes() {
        return bytes(1, 1);
    }

    /**
     * Returns a core file.
     *
     * @param code of the signal
     * @param noteSegments number of program headers that lead to the same notes
     */
    byte[] bytes(int code, int noteSegments) {
        note(1, status(PID, 0x400010));
        note(3, process());
        note(
                0x53494749,
                buffer(128)
                        .putInt(0, 11)
                        .putInt(8, code)
                        .putLong(16, code == 1 ? 0x10 : 0)
                        .array());
        note(6, buffer(32).putLong(33).putLong(0x600000).putLong(0).putLong(0).array());
        note(0x46494c45, files());
        note(1, status(PID + 1, 0x600020));
        int headers = 4 + noteSegments;
        int at = 64 + headers * 56;
        ByteBuffer header = buffer(64);
        byte order = (byte) (ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? 1 : 2);
        header.put(new byte[] {0x7f, 'E', 'L', 'F', 2, order, 1})
                .putShort(16, (short) 4)
                .putShort(18, (short) 62)
                .putLong(32, 64)
                .putShort(54, (short) 56)
                .putShort(56, (short) headers);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(header.array());
        for (int i = 0; i < noteSegments; i++) {
            out.writeBytes(segment(4, 0, at, 0, notes.size(), 0));
        }
        out.writeBytes(segment(1, 5, 0, 0x400000, 0, 0x1000));
        out.writeBytes(segment(1, 6, 0, 0x401000, 0, 0x1000));
        out.writeBytes(segment(1, 5, 0, 0x600000, 0, 0x1000));
        out.writeBytes(segment(1, 6, 0, 0x700000, 0, 0x1000));
        out.writeBytes(notes.toByteArray());
        return out.toByteArray();
    }
}
