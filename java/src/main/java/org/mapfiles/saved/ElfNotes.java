package org.mapfiles.saved;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Reads headers and notes of 64-bit ELF data in native byte order (elf(5)). The data is not trusted: each read is
 * bounded, and each count has a maximum.
 */
final class ElfNotes {
    static final int HEADER = 64;
    static final int PROGRAM_HEADER = 56;
    static final int PT_LOAD = 1;
    static final int PT_NOTE = 4;
    static final int TYPE_CORE = 4;

    private static final int NOTE_HEADER = 12;
    private static final int NT_GNU_BUILD_ID = 3;
    private static final int MAX_BUILD_ID = 64;
    private static final int MAX_NAME = 64;
    /** Maximum of program headers and of bytes of notes of a program or library. */
    private static final int MAX_HEADERS = 256;

    private static final int MAX_NOTES = 1 << 16;
    /** Maximum number of notes: a core file has a few for each thread. */
    private static final int MAX_COUNT = 1 << 20;

    /** Data that is read by position. */
    interface Source {
        /**
         * Returns bytes from a position in native byte order; fewer than asked for, or none, if the data ends before.
         */
        ByteBuffer read(long position, int length) throws IOException;
    }

    /** Receives the notes of a segment. */
    interface Visitor {
        /** Returns whether to continue. The descriptor begins at a position of the source. */
        boolean note(String name, int type, long position, long length) throws IOException;
    }

    private ElfNotes() {}

    /** Returns whether bytes begin as an ELF file, of any class and byte order. */
    static boolean isElf(byte[] bytes, int length) {
        return length >= 4 && bytes[0] == 0x7f && bytes[1] == 'E' && bytes[2] == 'L' && bytes[3] == 'F';
    }

    /** Returns the header; null if the data is not 64-bit ELF in native byte order. */
    static @Nullable ByteBuffer header(Source source) throws IOException {
        ByteBuffer header = source.read(0, HEADER);
        byte order = (byte) (ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? 1 : 2);
        boolean isNative = header.remaining() == HEADER
                && isElf(firstBytes(header), 4)
                && header.get(4) == 2
                && header.get(5) == order;
        return isNative ? header : null;
    }

    private static byte[] firstBytes(ByteBuffer header) {
        byte[] first = new byte[4];
        header.get(0, first);
        return first;
    }

    /** Visits the notes of a segment. Stops at a note that does not fit into it. */
    static void visit(Source source, long position, long length, Visitor visitor) throws IOException {
        long at = 0;
        for (int notes = 0; length - at >= NOTE_HEADER && notes < MAX_COUNT; notes++) {
            ByteBuffer head = source.read(position + at, NOTE_HEADER);
            if (head.remaining() < NOTE_HEADER) {
                return;
            }
            long nameLength = Integer.toUnsignedLong(head.getInt(0));
            long descriptorLength = Integer.toUnsignedLong(head.getInt(4));
            long descriptor = at + NOTE_HEADER + aligned(nameLength);
            if (nameLength > MAX_NAME || descriptor + descriptorLength > length) {
                return;
            }
            ByteBuffer name = source.read(position + at + NOTE_HEADER, (int) nameLength);
            if (!visitor.note(text(name), head.getInt(8), position + descriptor, descriptorLength)) {
                return;
            }
            at = descriptor + aligned(descriptorLength);
        }
    }

    private static long aligned(long length) {
        return length + 3 & -4L;
    }

    /** Returns bytes up to the first NUL, as Latin-1. */
    static String text(ByteBuffer bytes) {
        StringBuilder text = new StringBuilder();
        while (bytes.hasRemaining()) {
            byte b = bytes.get();
            if (b == 0) {
                break;
            }
            text.append((char) (b & 0xff));
        }
        return text.toString();
    }

    /** Returns the GNU build ID of an ELF image; empty if it has none. */
    static byte[] buildId(Source source, boolean isMemory) throws IOException {
        ByteBuffer header = header(source);
        if (header == null || header.getShort(54) != PROGRAM_HEADER) {
            return new byte[0];
        }
        int count = Math.min(Short.toUnsignedInt(header.getShort(56)), MAX_HEADERS);
        ByteBuffer headers = source.read(header.getLong(32), count * PROGRAM_HEADER);
        byte[][] found = {new byte[0]};
        long base = isMemory ? firstAddress(headers) : 0;
        for (int at = 0; at + PROGRAM_HEADER <= headers.limit() && found[0].length == 0; at += PROGRAM_HEADER) {
            if (headers.getInt(at) == PT_NOTE) {
                long position = isMemory ? headers.getLong(at + 16) - base : headers.getLong(at + 8);
                long length = Math.min(headers.getLong(at + 32), MAX_NOTES);
                visit(source, position, length, (name, type, descriptor, size) -> {
                    if (type == NT_GNU_BUILD_ID && name.equals("GNU") && size > 0 && size <= MAX_BUILD_ID) {
                        ByteBuffer id = source.read(descriptor, (int) size);
                        found[0] = new byte[id.remaining()];
                        id.get(found[0]);
                        return found[0].length != size;
                    }
                    return true;
                });
            }
        }
        return found[0];
    }

    /**
     * Returns the address of the image's first byte: p_vaddr of the first segment that is loaded, minus its offset in
     * its page.
     */
    private static long firstAddress(ByteBuffer headers) {
        for (int at = 0; at + PROGRAM_HEADER <= headers.limit(); at += PROGRAM_HEADER) {
            if (headers.getInt(at) == PT_LOAD) {
                return headers.getLong(at + 16) - headers.getLong(at + 8);
            }
        }
        return 0;
    }
}
