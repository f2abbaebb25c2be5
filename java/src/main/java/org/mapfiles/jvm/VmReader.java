package org.mapfiles.jvm;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;

/**
 * HotSpot's own structures in this process, read as the kernel reads memory: what is not there is an answer, whatever another
 * thread frees meanwhile. Every field is looked up by name; one that this JVM does not have makes {@link NotTold}.
 */
final class VmReader {
    /** What the native side reads at once. */
    private static final int PART = 4096;
    private static final int LONGEST_TEXT = 1 << 24;

    private final byte[] part = new byte[PART];
    private final ByteBuffer view = ByteBuffer.wrap(part).order(ByteOrder.nativeOrder());
    private final Map<String, Long> places = new HashMap<>();

    /** This JVM does not tell, or what it told is not there any more. */
    static final class NotTold extends Exception {
        private static final long serialVersionUID = 1;

        NotTold(String what) {
            super(what, null, false, false);
        }
    }

    /** Offset of a field, or the address of a static one. */
    long place(String type, String field) throws NotTold {
        Long known = places.get(type + '.' + field);
        if (known == null) {
            long[] answer = new long[2];
            if (JvmCalls.vmField(type, field, answer) == null) {
                throw new NotTold(type + "::" + field);
            }
            known = answer[0];
            places.put(type + '.' + field, known);
        }
        return known;
    }

    boolean has(String type, String field) {
        try {
            place(type, field);
            return true;
        } catch (NotTold none) {
            return false;
        }
    }

    /** A constant by its name. */
    long constant(String name) throws NotTold {
        long[] answer = new long[1];
        if (!JvmCalls.vmConstant(name, answer)) {
            throw new NotTold(name);
        }
        return answer[0];
    }

    /** A constant that some JVMs have. */
    long constantOr(String name, long without) {
        try {
            return constant(name);
        } catch (NotTold none) {
            return without;
        }
    }

    private void read(long address, int bytes) throws NotTold {
        if (address == 0 || JvmCalls.ownMemory(address, part, bytes) != bytes) {
            throw new NotTold(Long.toHexString(address));
        }
    }

    long longAt(long address) throws NotTold {
        read(address, Long.BYTES);
        return view.getLong(0);
    }

    /** So many that follow each other. */
    long[] longsAt(long address, int count) throws NotTold {
        long[] longs = new long[count];
        for (int done = 0; done < count; ) {
            int some = Math.min(count - done, PART / Long.BYTES);
            read(address + (long) done * Long.BYTES, some * Long.BYTES);
            view.asLongBuffer().get(longs, done, some);
            done += some;
        }
        return longs;
    }

    int intAt(long address) throws NotTold {
        read(address, Integer.BYTES);
        return view.getInt(0);
    }

    /** The bytes of a text, without the 0 at its end. */
    byte[] textAt(long address) throws NotTold {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        for (long at = address; text.size() < LONGEST_TEXT; ) {
            int some = PART - (int) (at & (PART - 1)); // not into a page that the text may not reach
            read(at, some);
            for (int i = 0; i < some; i++) {
                if (part[i] == 0) {
                    text.write(part, 0, i);
                    return text.toByteArray();
                }
            }
            text.write(part, 0, some);
            at += some;
        }
        throw new NotTold("a text without an end");
    }

    /** The pointer in a field of an object. */
    long pointer(long object, String type, String field) throws NotTold {
        if (object == 0) {
            throw new NotTold("null." + field);
        }
        return longAt(object + place(type, field));
    }

    /** The pointer in a static field. */
    long pointer(String type, String field) throws NotTold {
        return longAt(place(type, field));
    }
}
