package org.mapfiles.cli;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.EOFException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.mapfiles.jvm.JvmRegions;
import org.mapfiles.jvm.Region;

/** A part of a JVM's memory, as one JVM tells it another. */
record JvmPart(long start, long end, String region, String detail, boolean isInferred) {
    /** A text may be longer than writeUTF takes; a name that is cut says so. */
    private static final int LONGEST = 16_000;

    static List<JvmPart> of(JvmRegions regions) {
        List<JvmPart> parts = new ArrayList<>();
        for (int i = 0; i < regions.size(); i++) {
            parts.add(new JvmPart(regions.start(i), regions.end(i), regions.region(i).name(), regions.detail(i), regions.isInferred(i)));
        }
        return parts;
    }

    void write(DataOutput out) throws IOException {
        out.writeLong(start);
        out.writeLong(end);
        out.writeUTF(region);
        out.writeUTF(detail.length() > LONGEST ? detail.substring(0, LONGEST) + "..." : detail);
        out.writeBoolean(isInferred);
    }

    /** All parts of an answer, which begins with their number. */
    static List<JvmPart> readAll(DataInput in) throws IOException {
        List<JvmPart> parts = new ArrayList<>();
        int count = in.readInt();
        if (count < 0) {
            throw notUnderstood(count + " parts");
        }
        try {
            while (parts.size() < count) {
                parts.add(read(in));
            }
        } catch (EOFException end) {
            throw notUnderstood("it ends behind " + parts.size() + " of " + count + " parts");
        }
        return parts;
    }

    static JvmPart read(DataInput in) throws IOException {
        long start = in.readLong();
        long end = in.readLong();
        if (Long.compareUnsigned(start, end) >= 0) {
            throw notUnderstood("a part from " + Long.toHexString(start) + " to " + Long.toHexString(end));
        }
        return new JvmPart(start, end, readRegion(in), in.readUTF(), in.readBoolean());
    }

    /** The name of a region. The answer is a file of that JVM's user, who may write anything there. */
    static String readRegion(DataInput in) throws IOException {
        String word = in.readUTF();
        try {
            return Region.valueOf(word).name();
        } catch (IllegalArgumentException unknown) {
            throw notUnderstood("a region \"" + FileName.shown(word) + "\"");
        }
    }

    static IOException notUnderstood(String what) {
        return new IOException("the JVM's answer is not understood: " + what);
    }

    long size() {
        return end - start;
    }
}
