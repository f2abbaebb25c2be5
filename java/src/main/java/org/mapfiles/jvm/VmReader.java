package org.mapfiles.jvm;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.mapfiles.MapsException;

/**
 * Reads HotSpot's structures in a process, this one or another. Memory is read by system calls, so an unmapped page is
 * a result, also if the process unmaps it during a read. Fields are found by name in the exported tables (vmStructs).
 * {@link VmFieldMissing} is thrown if the JVM does not have a field, or memory cannot be read. Content is not trusted:
 * callers limit each count. Not thread-safe.
 */
final class VmReader {
    /** Bytes of one read. A read of a text does not cross a multiple of it, since its length is unknown. */
    private static final int PART = 4096;

    private static final int MAX_TEXT = 1 << 24;
    /** Maximum of words of one read: a heap has no more regions. */
    private static final int MAX_WORDS = 1 << 22;

    /** Memory that can be read: {@link TargetMemory}. */
    interface Memory {
        /** As {@link TargetMemory#read}. */
        int read(long address, byte[] to, int at, int bytes) throws MapsException;

        /** As {@link TargetMemory#readAll}. */
        void readAll(long[] addresses, int count, int bytes, byte[] to, int[] got) throws MapsException;

        /**
         * Finds out which pages are in memory, without mapping any. {@code isInMemory} receives the result for each
         * address. The addresses are in ascending order.
         *
         * @return false: the page table cannot be read
         */
        boolean findPages(long[] addresses, boolean[] isInMemory) throws MapsException;
    }

    /** Null: memory cannot be read in this sandbox. */
    private final Memory memory;

    private final VmTables tables;
    private final byte[] part = new byte[PART];
    private final ByteBuffer view = ByteBuffer.wrap(part).order(ByteOrder.nativeOrder());
    private final Map<String, Long> locations = new HashMap<>();
    private final long[] entry = new long[2];
    /** The failure that ended reading: the process has exited; null: none. */
    private @Nullable MapsException failure;

    VmReader(Memory memory, VmTables tables) {
        this.memory = memory;
        this.tables = tables;
    }

    /** Thrown if the JVM does not have a structure, or its memory cannot be read any more. */
    static final class VmFieldMissing extends Exception {
        private static final long serialVersionUID = 1;

        VmFieldMissing(String what) {
            super(what, null, false, false);
        }
    }

    /** Returns the library that exports the tables. */
    VmTables library() {
        return tables;
    }

    /** Throws the failure that ended reading, if any: the process has exited, or runs another program. */
    void checkFailure() throws MapsException {
        if (failure != null) {
            throw failure;
        }
    }

    /**
     * Looks up an entry, and writes it to {@link #entry}. Returns the type of the field; null: there is no such entry.
     */
    private @Nullable String entry(String type, String field, int kind) {
        return tables.content() == null ? null : JvmCalls.vmEntry(tables.content(), type, field, kind, entry);
    }

    /** Returns the offset of a field in its type, or the address of a static field. */
    long location(String type, String field) throws VmFieldMissing {
        Long known = locations.get(type + '.' + field);
        if (known == null) {
            if (entry(type, field, JvmCalls.FIELD) == null) {
                throw new VmFieldMissing(type + "::" + field);
            }
            known = entry[0];
            locations.put(type + '.' + field, known);
        }
        return known;
    }

    /** Returns the type of a field, as HotSpot writes it. */
    String typeOf(String type, String field) throws VmFieldMissing {
        String found = entry(type, field, JvmCalls.FIELD);
        if (found == null) {
            throw new VmFieldMissing(type + "::" + field);
        }
        return found;
    }

    boolean has(String type, String field) {
        return entry(type, field, JvmCalls.FIELD) != null;
    }

    boolean isStatic(String type, String field) {
        return has(type, field) && entry[1] == 1;
    }

    /** Returns the size of a type, in bytes. */
    long sizeOf(String type) throws VmFieldMissing {
        if (entry(type, null, JvmCalls.SIZE) == null) {
            throw new VmFieldMissing("sizeof " + type);
        }
        return entry[0];
    }

    /** Returns a constant. */
    long constant(String name) throws VmFieldMissing {
        if (entry(name, null, JvmCalls.CONSTANT) == null) {
            throw new VmFieldMissing(name);
        }
        return entry[0];
    }

    /** Returns a constant; {@code defaultValue} if this JVM does not have it. */
    long constantOr(String name, long defaultValue) {
        try {
            return constant(name);
        } catch (VmFieldMissing none) {
            return defaultValue;
        }
    }

    private int readSome(long address, byte[] to, int bytes) throws VmFieldMissing {
        try {
            return address == 0 || failure != null || memory == null ? 0 : memory.read(address, to, 0, bytes);
        } catch (MapsException e) {
            failure = e;
            return 0;
        }
    }

    /** Reads {@code bytes} bytes. Throws if fewer can be read. */
    void read(long address, byte[] to, int bytes) throws VmFieldMissing {
        if (readSome(address, to, bytes) != bytes) {
            throw new VmFieldMissing(Long.toHexString(address));
        }
    }

    /**
     * Reads the same number of bytes at each of several addresses. {@code got} receives the number of bytes read at
     * each.
     */
    void readAll(long[] addresses, int bytes, byte[] to, int[] got) throws VmFieldMissing {
        if (memory == null) {
            throw new VmFieldMissing("no memory can be read");
        }
        try {
            memory.readAll(addresses, addresses.length, bytes, to, got);
        } catch (MapsException e) {
            failure = e;
            throw new VmFieldMissing("the process has exited");
        }
    }

    /** Returns whether the page of each address is in memory. The addresses are in ascending order. */
    boolean[] arePagesInMemory(long[] addresses) throws VmFieldMissing {
        boolean[] isInMemory = new boolean[addresses.length];
        try {
            if (memory == null || !memory.findPages(addresses, isInMemory)) {
                throw new VmFieldMissing("no page table can be read"); // its mode is 0400, that of maps 0444
            }
        } catch (MapsException e) {
            failure = e;
            throw new VmFieldMissing("the page table was not read");
        }
        return isInMemory;
    }

    long longAt(long address) throws VmFieldMissing {
        read(address, part, Long.BYTES);
        return view.getLong(0);
    }

    /**
     * Reads consecutive words. Throws if {@code count}, which a hostile process may control, is negative or above the
     * limit.
     */
    long[] longsAt(long address, long count) throws VmFieldMissing {
        if (count < 0 || count > MAX_WORDS) {
            throw new VmFieldMissing(count + " words");
        }
        byte[] bytes = new byte[(int) count * Long.BYTES];
        long[] longs = new long[(int) count];
        read(address, bytes, bytes.length);
        ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()).asLongBuffer().get(longs);
        return longs;
    }

    /** Reads one word at each of several addresses. Throws if one cannot be read. */
    long[] longsAt(long[] addresses) throws VmFieldMissing {
        byte[] bytes = new byte[Math.multiplyExact(addresses.length, Long.BYTES)];
        int[] got = new int[addresses.length];
        readAll(addresses, Long.BYTES, bytes, got);
        for (int i = 0; i < got.length; i++) {
            if (got[i] != Long.BYTES) {
                throw new VmFieldMissing(Long.toHexString(addresses[i]));
            }
        }
        long[] longs = new long[addresses.length];
        ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()).asLongBuffer().get(longs);
        return longs;
    }

    /** Reads at most {@code words} words at each of several addresses. An array is shorter if memory cannot be read. */
    List<long[]> objects(long[] pointers, int words) throws VmFieldMissing {
        byte[] bytes = new byte[pointers.length * words * Long.BYTES];
        int[] got = new int[pointers.length];
        readAll(pointers, words * Long.BYTES, bytes, got);
        LongBuffer content =
                ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()).asLongBuffer();
        List<long[]> objects = new ArrayList<>();
        for (int i = 0; i < pointers.length; i++) {
            long[] object = new long[got[i] / Long.BYTES];
            content.get(i * words, object);
            objects.add(object);
        }
        return objects;
    }

    int intAt(long address) throws VmFieldMissing {
        read(address, part, Integer.BYTES);
        return view.getInt(0);
    }

    int byteAt(long address) throws VmFieldMissing {
        read(address, part, 1);
        return part[0];
    }

    /** Reads a text up to its terminating zero byte, which is not returned. */
    byte[] textAt(long address) throws VmFieldMissing {
        return textAt(address, MAX_TEXT);
    }

    /** Reads a text. Throws if no zero byte follows within about {@code max} bytes. */
    byte[] textAt(long address, int max) throws VmFieldMissing {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        for (long at = address; text.size() < max; ) {
            int some = PART - (int) (at & (PART - 1)); // not beyond the page: the next one may be unmapped
            read(at, part, some);
            for (int i = 0; i < some; i++) {
                if (part[i] == 0) {
                    text.write(part, 0, i);
                    return text.toByteArray();
                }
            }
            text.write(part, 0, some);
            at += some;
        }
        throw new VmFieldMissing("a text without a terminating zero");
    }

    /** Reads a short text, such as a name. */
    String nameAt(long address) throws VmFieldMissing {
        return new String(textAt(address, PART), StandardCharsets.UTF_8);
    }

    /** Returns the pointer in a field of an object. */
    long pointer(long object, String type, String field) throws VmFieldMissing {
        if (object == 0) {
            throw new VmFieldMissing("null." + field);
        }
        return longAt(object + location(type, field));
    }

    /** Returns the pointer in a static field. */
    long pointer(String type, String field) throws VmFieldMissing {
        return longAt(location(type, field));
    }
}
