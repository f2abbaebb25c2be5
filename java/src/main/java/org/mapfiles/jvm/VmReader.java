package org.mapfiles.jvm;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;

/**
 * HotSpot's own structures in this process, read as the kernel reads memory: what is not there is an answer, whatever another
 * thread frees meanwhile. Every field is looked up by name; one that this JVM does not have makes {@link NotTold}.
 */
final class VmReader {
    private final ProcessMaps maps;
    private final byte[] word = new byte[Long.BYTES];
    private final ByteBuffer view = ByteBuffer.wrap(word).order(ByteOrder.nativeOrder());
    private final Map<String, Long> places = new HashMap<>();

    /** This JVM does not tell, or what it told is not there any more. */
    static final class NotTold extends Exception {
        private static final long serialVersionUID = 1;

        NotTold(String what) {
            super(what, null, false, false);
        }
    }

    VmReader(ProcessMaps self) {
        maps = self;
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

    private void read(long address, int bytes) throws NotTold {
        try {
            if (address == 0 || maps.readMemory(address, word, 0, bytes) != bytes) {
                throw new NotTold(Long.toHexString(address));
            }
        } catch (MapsException | RuntimeException refused) {
            throw new NotTold(refused.getMessage());
        }
    }

    long longAt(long address) throws NotTold {
        read(address, Long.BYTES);
        return view.getLong(0);
    }

    int intAt(long address) throws NotTold {
        read(address, Integer.BYTES);
        return view.getInt(0);
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
