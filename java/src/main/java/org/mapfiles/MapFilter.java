package org.mapfiles;

import java.util.Objects;
import org.mapfiles.internal.MapRecord;

/**
 * Which mappings are asked for, and how. Immutable; a mapping passes that has every property named.
 *
 * <pre>{@code
 * MapFilter code = MapFilter.all().executable().fileBacked();
 * }</pre>
 */
public final class MapFilter {
    private static final MapFilter ALL = new MapFilter(0);

    private final int bits;
    private MapFilter byText; // made when first asked for: before Linux 6.11 single questions do, each time

    private MapFilter(int bits) {
        this.bits = bits;
    }

    /** Every mapping. */
    public static MapFilter all() {
        return ALL;
    }

    /** Readable ones of these. */
    public MapFilter readable() {
        return with(MapRecord.READABLE);
    }

    /** Writable ones of these. */
    public MapFilter writable() {
        return with(MapRecord.WRITABLE);
    }

    /** Executable ones of these; asked of the kernel by {@link Backend#QUERY} where it can be. */
    public MapFilter executable() {
        return with(MapRecord.EXECUTABLE);
    }

    /** Those of these whose writes reach the file, or others that map the same memory (MAP_SHARED). */
    public MapFilter shared() {
        return with(MapRecord.SHARED);
    }

    /** Those of these that have a file behind them, be it deleted, a memfd or shared anonymous memory. */
    public MapFilter fileBacked() {
        return with(MapRecord.FILE_BACKED);
    }

    /**
     * The same filter, asked one way instead of the cheaper one.
     *
     * @param backend {@link Backend#QUERY} makes a read fail with {@link NotSupportedException} before Linux 6.11; a process
     *     with a path of 4,096 bytes or more is read by text all the same, as {@link MapSnapshot#backend()} says
     */
    public MapFilter by(Backend backend) {
        Objects.requireNonNull(backend, "backend");
        int wanted = bits & ~(MapRecord.BY_TEXT | MapRecord.BY_QUERY)
                | (backend == Backend.TEXT ? MapRecord.BY_TEXT : MapRecord.BY_QUERY);
        if (wanted == bits) {
            return this;
        }
        if (backend == Backend.QUERY) {
            return new MapFilter(wanted);
        }
        MapFilter made = byText; // another thread's is as good: its one field is final
        if (made == null) {
            made = new MapFilter(wanted);
            byText = made;
        }
        return made;
    }

    private MapFilter with(int bit) {
        return new MapFilter(bits | bit);
    }

    int bits() {
        return bits;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof MapFilter && ((MapFilter) other).bits == bits;
    }

    @Override
    public int hashCode() {
        return bits;
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("MapFilter[all");
        String[] names = {" readable", " writable", " executable", " shared", " fileBacked"};
        for (int i = 0; i < names.length; i++) {
            text.append((bits & 1 << i) != 0 ? names[i] : "");
        }
        text.append((bits & MapRecord.BY_TEXT) != 0 ? " by TEXT" : "").append((bits & MapRecord.BY_QUERY) != 0 ? " by QUERY" : "");
        return text.append(']').toString();
    }
}
