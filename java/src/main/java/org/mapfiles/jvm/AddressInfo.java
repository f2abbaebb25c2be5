package org.mapfiles.jvm;

import org.mapfiles.MapCursor;

/**
 * What an address of this JVM is, as {@link JvmResolver#resolve} last found: made once by {@link JvmResolver#answer}, used again
 * and again, by one thread.
 */
public final class AddressInfo {
    private final CodeInfo code = new CodeInfo();
    private final MapCursor mapping;
    private JvmRegions regions;
    private int index = -1;
    private boolean isCode;
    private boolean isMapped;
    private long address;

    AddressInfo(MapCursor mapping) {
        this.mapping = mapping;
    }

    void take(long asked, boolean code, JvmRegions from, int at, boolean mapped) {
        address = asked;
        isCode = code;
        regions = from;
        index = at;
        isMapped = mapped;
    }

    CodeInfo toFill() {
        return code;
    }

    MapCursor toMove() {
        return mapping;
    }

    /** The Java method or stub that it belongs to; null: none. */
    public CodeInfo code() {
        return isCode ? code : null;
    }

    /** What the part of memory is for that it is in; {@link RegionKind#UNKNOWN} if nobody tells, or it was not mapped. */
    public RegionKind region() {
        return index < 0 ? RegionKind.UNKNOWN : regions.region(index);
    }

    /** More of that; empty: nothing. */
    public String detail() {
        return index < 0 ? "" : regions.detail(index);
    }

    /** Whether the region follows from what memory looks like, rather than that the JVM or the kernel tells it. */
    public boolean isInferred() {
        return index >= 0 && regions.isInferred(index);
    }

    /** The mapping that it is in, with its file; null: it was not mapped. To be read before the next refresh. */
    public MapCursor mapping() {
        return isMapped ? mapping : null;
    }

    /**
     * Offset of the address in the mapping's file; -1 where it was not mapped, or without a file.
     *
     * @throws IllegalStateException if the resolver was refreshed since
     */
    public long fileOffset() {
        return isMapped ? mapping.fileOffset(address) : -1;
    }

    /**
     * Such as {@code java.lang.String.charAt(I)C + 0x1a}, {@code /usr/lib/libc.so.6 + 0x4e6b4} or {@code JAVA_HEAP eden space}. After
     * a refresh, only the region. Never throws.
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
        } catch (IllegalStateException old) {
            // the resolver was refreshed, or the code was forgotten
        }
        return index < 0 ? "not mapped" : (region() + " " + detail()).strip();
    }
}
