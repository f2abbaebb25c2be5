package org.mapfiles.jfr;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.MemoryAddress;
import jdk.jfr.Name;
import jdk.jfr.Period;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

/** A range of this JVM's memory that holds executable code. */
@Name("mapfiles.CodeRegion")
@Label("Code Region")
@Description("An executable range of the memory of this process: part of a code heap of the JVM, or of a library")
@Category({"Operating System", "Memory", "mapfiles"})
@Period("everyChunk")
@Enabled(false)
@StackTrace(false)
final class CodeRegionEvent extends Event {
    @Label("Start")
    @Description("First address")
    @MemoryAddress
    long start;

    @Label("End")
    @Description("End address, exclusive")
    @MemoryAddress
    long end;

    @Label("Size")
    @DataAmount
    long size;

    @Label("Region")
    @Description("CODE_HEAP or LIBRARY: a constant of org.mapfiles.jvm.JvmRegions.Kind")
    @Nullable
    String region;

    @Label("Name")
    @Description("Name of the code heap, or path of the library")
    @Nullable
    String detail;

    @Label("Inferred")
    @Description("Whether the region is only inferred from the content or place of the memory")
    boolean inferred;
}
