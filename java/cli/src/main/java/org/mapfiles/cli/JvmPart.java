package org.mapfiles.cli;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.mapfiles.jvm.JvmRegions;

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

    static JvmPart read(DataInput in) throws IOException {
        return new JvmPart(in.readLong(), in.readLong(), in.readUTF(), in.readUTF(), in.readBoolean());
    }

    long size() {
        return end - start;
    }
}
