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
import org.mapfiles.MapsException;

/**
 * HotSpot's own structures in a process, this one or another, read as the kernel reads memory: a page that is not there is a
 * result, whatever the process frees meanwhile. Every field is found by name; {@link VmFieldMissing} is thrown for one that this JVM does
 * not have. Nothing that is read is trusted: counts are bounded by the callers. Of one thread.
 */
final class VmReader {
    /** Read at once, and not across a multiple of it where the length is not known. */
    private static final int PART = 4096;
    private static final int LONGEST_TEXT = 1 << 24;
    /** Words that are read at once: a heap has no more regions. */
    private static final int MAX_WORDS = 1 << 22;

    /** Memory that can be read: {@link TargetMemory}. */
    interface Memory {
        /** As {@link TargetMemory#read}. */
        int read(long address, byte[] to, int at, int bytes) throws MapsException;

        /** As {@link TargetMemory#readAll}. */
        void readAll(long[] addresses, int count, int bytes, byte[] to, int[] got) throws MapsException;
    }

    /** Null: none can be read here. */
    private final Memory memory;
    private final VmTables tables;
    private final byte[] part = new byte[PART];
    private final ByteBuffer view = ByteBuffer.wrap(part).order(ByteOrder.nativeOrder());
    private final Map<String, Long> places = new HashMap<>();
    private final long[] answer = new long[2];
    /** Why nothing more can be read: the process has exited. */
    private MapsException failure;

    VmReader(Memory memory, VmTables tables) {
        this.memory = memory;
        this.tables = tables;
    }

    /** This JVM does not have it, or it is not there any more. */
    static final class VmFieldMissing extends Exception {
        private static final long serialVersionUID = 1;

        VmFieldMissing(String what) {
            super(what, null, false, false);
        }
    }

    /** The library that the structures are in. */
    VmTables library() {
        return tables;
    }

    /** Throws the failure that ended a read, if any: the process has exited, or runs another program. */
    void checkFailure() throws MapsException {
        if (failure != null) {
            throw failure;
        }
    }

    /** Looks an entry up: into {@link #answer}, and the field's type. Null: there is none. */
    private String entry(String type, String field, int kind) {
        return tables.content() == null ? null : JvmCalls.vmEntry(tables.content(), type, field, kind, answer);
    }

    /** Offset of a field, or the address of a static one. */
    long place(String type, String field) throws VmFieldMissing {
        Long known = places.get(type + '.' + field);
        if (known == null) {
            if (entry(type, field, JvmCalls.FIELD) == null) {
                throw new VmFieldMissing(type + "::" + field);
            }
            known = answer[0];
            places.put(type + '.' + field, known);
        }
        return known;
    }

    /** The type of a field as HotSpot writes it. */
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
        return has(type, field) && answer[1] == 1;
    }

    /** Size of a type in bytes. */
    long sizeOf(String type) throws VmFieldMissing {
        if (entry(type, null, JvmCalls.SIZE) == null) {
            throw new VmFieldMissing("sizeof " + type);
        }
        return answer[0];
    }

    /** A constant by its name. */
    long constant(String name) throws VmFieldMissing {
        if (entry(name, null, JvmCalls.CONSTANT) == null) {
            throw new VmFieldMissing(name);
        }
        return answer[0];
    }

    /** A constant that some JVMs have. */
    long constantOr(String name, long without) {
        try {
            return constant(name);
        } catch (VmFieldMissing none) {
            return without;
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

    /** All of it, or nothing. */
    void read(long address, byte[] to, int bytes) throws VmFieldMissing {
        if (readSome(address, to, bytes) != bytes) {
            throw new VmFieldMissing(Long.toHexString(address));
        }
    }

    /** As many bytes at each of several addresses; those that cannot be read have 0 in {@code got}. */
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

    long longAt(long address) throws VmFieldMissing {
        read(address, part, Long.BYTES);
        return view.getLong(0);
    }

    /** Words that follow each other. @param count such as a hostile process may claim: a negative or huge number is refused */
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

    /** One at each of several addresses. */
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

    /** The beginnings of objects that words may point to, as far as there is something; so many words of each. */
    List<long[]> objects(long[] pointers, int words) throws VmFieldMissing {
        byte[] bytes = new byte[pointers.length * words * Long.BYTES];
        int[] got = new int[pointers.length];
        readAll(pointers, words * Long.BYTES, bytes, got);
        LongBuffer content = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()).asLongBuffer();
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

    /** The bytes of a text, without the 0 at its end. */
    byte[] textAt(long address) throws VmFieldMissing {
        return textAt(address, LONGEST_TEXT);
    }

    /** The bytes of a text that is shorter than a number of bytes. */
    byte[] textAt(long address, int longest) throws VmFieldMissing {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        for (long at = address; text.size() < longest; ) {
            int some = PART - (int) (at & (PART - 1)); // not into a page that the text may not reach
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
        throw new VmFieldMissing("a text without an end");
    }

    /** A short text, such as a name of the JVM's own. */
    String nameAt(long address) throws VmFieldMissing {
        return new String(textAt(address, PART), StandardCharsets.UTF_8);
    }

    /** The pointer in a field of an object. */
    long pointer(long object, String type, String field) throws VmFieldMissing {
        if (object == 0) {
            throw new VmFieldMissing("null." + field);
        }
        return longAt(object + place(type, field));
    }

    /** The pointer in a static field. */
    long pointer(String type, String field) throws VmFieldMissing {
        return longAt(place(type, field));
    }
}
