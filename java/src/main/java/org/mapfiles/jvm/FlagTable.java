package org.mapfiles.jvm;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.mapfiles.MapsException;
import org.mapfiles.jvm.VmReader.VmFieldMissing;

/** Reads the table of flags in the memory of a JVM (JVMFlag::flags). Values are Boolean, Long, Double or String. */
final class FlagTable {
    /** JDK 17 has about 1,400. */
    private static final int MAX_FLAGS = 1 << 14;

    private static final int MAX_NAME = 128;
    /** Maximum size of JVMFlag, in bytes; JDK 17 has 24. */
    private static final int MAX_SIZE = 256;

    private static final int MAX_TEXT = 1 << 16;
    /** Maximum of bytes of all texts together. A hostile JVM may have thousands of flags with long texts. */
    private static final int MAX_TEXTS = 1 << 20;

    /** The values of JVMFlag::_type (src/hotspot/share/runtime/flags/jvmFlag.hpp), the same from JDK 17 to 25. */
    private static final int BOOL = 0;

    private static final int INT = 1;
    private static final int UINT = 2;
    private static final int DOUBLE = 7;
    private static final int TEXT = 8;
    private static final int TEXT_LIST = 9;

    private FlagTable() {}

    /** Reads all flags and their values. The result is empty if the JVM does not have the table. */
    static Map<String, Object> read(VmReader vm) throws MapsException {
        Map<String, Object> values = new HashMap<>();
        try {
            read(vm, values);
        } catch (VmFieldMissing | ArithmeticException none) {
            values.clear();
        }
        vm.checkFailure();
        return values;
    }

    private static void read(VmReader vm, Map<String, Object> values) throws VmFieldMissing {
        long count = vm.pointer("JVMFlag", "numFlags");
        int size = Math.toIntExact(vm.sizeOf("JVMFlag"));
        int nameAt = Math.toIntExact(vm.location("JVMFlag", "_name"));
        int valueAt = Math.toIntExact(vm.location("JVMFlag", "_addr"));
        int typeAt = Math.toIntExact(vm.location("JVMFlag", "_type"));
        if (count <= 0
                || count > MAX_FLAGS
                || size < 2 * Long.BYTES + Integer.BYTES
                || size > MAX_SIZE
                || Math.max(Math.max(nameAt, valueAt) + Long.BYTES, typeAt + Integer.BYTES) > size
                || nameAt < 0
                || valueAt < 0
                || typeAt < 0) {
            throw new VmFieldMissing(count + " flags of " + size + " bytes");
        }
        byte[] table = new byte[(int) count * size];
        vm.read(vm.pointer("JVMFlag", "flags"), table, table.length);
        ByteBuffer flags = ByteBuffer.wrap(table).order(ByteOrder.nativeOrder());
        long[] names = new long[(int) count];
        long[] addresses = new long[(int) count];
        for (int i = 0; i < count; i++) {
            names[i] = flags.getLong(i * size + nameAt);
            addresses[i] = flags.getLong(i * size + valueAt);
        }
        byte[] texts = new byte[(int) count * MAX_NAME];
        int[] textBytes = new int[(int) count];
        vm.readAll(names, MAX_NAME, texts, textBytes);
        byte[] words = new byte[(int) count * Long.BYTES];
        int[] wordBytes = new int[(int) count];
        vm.readAll(addresses, Long.BYTES, words, wordBytes);
        ByteBuffer contents = ByteBuffer.wrap(words).order(ByteOrder.nativeOrder());
        int left = MAX_TEXTS;
        for (int i = 0; i < count; i++) {
            String name = name(texts, i * MAX_NAME, textBytes[i]);
            if (name != null && wordBytes[i] == Long.BYTES) {
                Object value =
                        value(vm, flags.getInt(i * size + typeAt), contents, i * Long.BYTES, Math.min(left, MAX_TEXT));
                if (value != null) {
                    values.put(name, value);
                    left -= value instanceof String ? ((String) value).length() : 0;
                }
            }
        }
    }

    /** Returns the name at an offset of {@code texts}; null: none, as in the last entry of the table. */
    private static @Nullable String name(byte[] texts, int at, int bytes) {
        for (int i = 0; i < bytes; i++) {
            if (texts[at + i] == 0) {
                return i == 0 ? null : new String(texts, at, i, StandardCharsets.US_ASCII);
            }
        }
        return null;
    }

    private static @Nullable Object value(VmReader vm, int type, ByteBuffer contents, int at, int maxText) {
        switch (type) {
            case BOOL:
                return contents.get(at) == 0 ? Boolean.FALSE : Boolean.TRUE;
            case INT:
                return (long) contents.getInt(at);
            case UINT:
                return Integer.toUnsignedLong(contents.getInt(at));
            case DOUBLE:
                return contents.getDouble(at);
            case TEXT:
            case TEXT_LIST:
                try {
                    long text = contents.getLong(at);
                    return text == 0 ? null : new String(vm.textAt(text, maxText), StandardCharsets.UTF_8);
                } catch (VmFieldMissing changed) {
                    return null;
                }
            default: // intx, uintx, uint64_t, size_t
                return type > UINT && type < DOUBLE ? contents.getLong(at) : null;
        }
    }
}
