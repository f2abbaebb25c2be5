package org.mapfiles.jfr;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.Period;
import jdk.jfr.StackTrace;
import org.mapfiles.jvm.JvmRegions;

/** The address space of one {@link JvmRegions.Kind} of this JVM. */
@Name("mapfiles.MemoryRegionSummary")
@Label("Memory Region Summary")
@Description("Address space of this process by use: one event for each region")
@Category({"Operating System", "Memory", "mapfiles"})
@Period("everyChunk")
@Enabled(false)
@StackTrace(false)
final class MemoryRegionSummaryEvent extends Event {
    @Label("Region")
    @Description("Use of the memory: a constant of org.mapfiles.jvm.JvmRegions.Kind")
    String region;

    @Label("Ranges")
    @Description("Number of ranges")
    long parts;

    @Label("Size")
    @Description("Address space of all ranges, mapped or only reserved; not resident memory")
    @DataAmount
    long size;

    @Label("Inferred Size")
    @Description("Part of the size whose use is only inferred from the content or place of the memory")
    @DataAmount
    long inferredSize;

    MemoryRegionSummaryEvent(JvmRegions.Kind of) {
        region = of.name();
    }

    void add(long bytes, boolean isInferred) {
        parts++;
        size += bytes;
        inferredSize += isInferred ? bytes : 0;
    }
}
