package org.mapfiles.jvm;

import org.jspecify.annotations.Nullable;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;

/**
 * A reusable holder of what {@link JvmResolver#resolve} found for an address of a JVM: code, region and mapping.
 *
 * <p>Not thread-safe: a holder belongs to one thread at a time. {@link #toString} and the names of code allocate, and
 * the first search of a resolver with a holder.
 */
public final class AddressInfo {
    private final CodeInfo code = new CodeInfo();
    private @Nullable MapCursor mapping;
    private @Nullable MapSnapshot snapshot;
    private @Nullable JvmRegions regions;
    private int index = -1;
    private boolean isCode;
    private boolean isMapped;
    private long address;

    /** Constructs a holder without a result. */
    public AddressInfo() {}

    void set(long resolved, boolean hasCode, JvmRegions from, int region, boolean hasMapping) {
        address = resolved;
        isCode = hasCode;
        regions = from;
        index = region;
        isMapped = hasMapping;
    }

    CodeInfo toFill() {
        return code;
    }

    /** Returns a cursor of a snapshot, the same for the same snapshot. */
    MapCursor cursor(MapSnapshot of) {
        if (snapshot != of) {
            snapshot = of;
            mapping = of.cursor();
        }
        return mapping;
    }

    /**
     * {@return the Java method or stub that the address belongs to; null: none} The object is the same after each
     * search.
     */
    public @Nullable CodeInfo code() {
        return isCode ? code : null;
    }

    /**
     * {@return the use of the memory at the address; {@link JvmRegions.Kind#UNKNOWN}: unknown, or the address was not
     * mapped}
     */
    public JvmRegions.Kind region() {
        return index < 0 ? JvmRegions.Kind.UNKNOWN : regions.region(index);
    }

    /** {@return the name of the region, such as that of a thread, a code heap or a file; empty: none} */
    public String detail() {
        return index < 0 ? "" : regions.detail(index);
    }

    /** {@return whether the region is only inferred from the content or place of the memory} */
    public boolean isInferred() {
        return index >= 0 && regions.isInferred(index);
    }

    /**
     * {@return the mapping of the address; null: it was not mapped} It is valid until the next
     * {@link JvmResolver#refresh}.
     */
    public @Nullable MapCursor mapping() {
        return isMapped ? mapping : null;
    }

    /**
     * {@return the offset of the address in the file of its mapping; -1: the address was not mapped, or the mapping has
     * no file}
     *
     * @throws IllegalStateException if the resolver was refreshed since
     */
    public long fileOffset() {
        return isMapped ? mapping.fileOffset(address) : -1;
    }

    /**
     * Returns a text such as {@code java.lang.String.charAt(I)C + 0x1a}, {@code /usr/lib/libc.so.6 + 0x4e6b4} or
     * {@code JAVA_HEAP eden space}. After a refresh it has only the region. Never throws.
     */
    @Override
    public String toString() {
        try {
            if (isCode) {
                return code + " + 0x" + Long.toHexString(address - code.start());
            }
            if (isMapped && mapping.isFileBacked()) {
                return mapping.name() + " + 0x" + Long.toHexString(fileOffset());
            }
        } catch (IllegalStateException outdated) {
            // the resolver was refreshed, or the code was evicted
        }
        return index < 0 ? "not mapped" : (region() + " " + detail()).strip();
    }
}
