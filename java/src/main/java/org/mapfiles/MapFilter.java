package org.mapfiles;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.mapfiles.internal.MapRecord;

/**
 * Selects mappings by their properties, and the backend that reads them. A mapping passes if it has all properties of
 * the filter. Immutable and thread-safe. Each method returns a filter, which may be a new one.
 *
 * <pre>{@code
 * MapFilter code = MapFilter.all().executable().fileBacked();
 * }</pre>
 */
public final class MapFilter {
    /**
     * How mappings are read from the kernel. Both backends return the same mappings.
     *
     * <p>If no backend is fixed, executable mappings are read by {@link #QUERY}. Others are read by {@link #TEXT},
     * unless {@link #QUERY} is measured to be a tenth cheaper. Of 1,024 such reads of a {@link ProcessMaps}, the 9th to
     * the 12th are made by both backends and measured. A read with another filter than the last one begins anew;
     * {@link MapFilter#all()} has a choice of its own.
     */
    public enum Backend {
        /** The text of /proc/PID/maps: every kernel. On most kernels the cheaper backend for all mappings. */
        TEXT,
        /**
         * The ioctl PROCMAP_QUERY, one system call for each mapping: Linux 6.11+. The cheaper backend for a few
         * mappings.
         */
        QUERY
    }

    private static final MapFilter ALL = new MapFilter(0);

    private final int bits;
    private @Nullable MapFilter byText; // kept, because before Linux 6.11 each query uses it

    private MapFilter(int bits) {
        this.bits = bits;
    }

    /**
     * Returns the filter that all mappings pass.
     *
     * @return always the same filter
     */
    public static MapFilter all() {
        return ALL;
    }

    /**
     * Returns this filter for readable mappings only.
     *
     * @return a filter
     */
    public MapFilter readable() {
        return with(MapRecord.READABLE);
    }

    /**
     * Returns this filter for writable mappings only.
     *
     * @return a filter
     */
    public MapFilter writable() {
        return with(MapRecord.WRITABLE);
    }

    /**
     * Returns this filter for executable mappings only. On Linux 6.11+ they are read by {@link Backend#QUERY}.
     *
     * @return a filter
     */
    public MapFilter executable() {
        return with(MapRecord.EXECUTABLE);
    }

    /**
     * Returns this filter for shared mappings only (MAP_SHARED): their writes reach the file, or processes that map the
     * same memory.
     *
     * @return a filter
     */
    public MapFilter shared() {
        return with(MapRecord.SHARED);
    }

    /**
     * Returns this filter for file-backed mappings only, also of a deleted file, a memfd or shared anonymous memory.
     *
     * @return a filter
     */
    public MapFilter fileBacked() {
        return with(MapRecord.FILE_BACKED);
    }

    /**
     * Returns this filter with a fixed backend. Without this, the cheaper backend is chosen, as {@link Backend}
     * describes.
     *
     * @param backend before Linux 6.11, reads by {@link Backend#QUERY} throw {@link NotSupportedException}. A process
     *     with a path of 4,096 bytes or more is read by text whatever the backend is; {@link MapSnapshot#backend()}
     *     returns the backend that was used
     * @return a filter
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
        MapFilter made = byText; // a race is harmless: both threads make equal filters, whose bits are final
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
        text.append((bits & MapRecord.BY_TEXT) != 0 ? " by TEXT" : "")
                .append((bits & MapRecord.BY_QUERY) != 0 ? " by QUERY" : "");
        return text.append(']').toString();
    }
}
