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

/** A part of memory that holds code: what a sample's address is in. */
@Name("mapfiles.CodeRegion")
@Label("Code Region")
@Description("An executable part of this process' memory: of a heap of the JVM's compiled code, or of a library")
@Category({"Operating System", "Memory", "mapfiles"})
@Period("everyChunk")
@Enabled(false)
@StackTrace(false)
final class CodeRegionEvent extends Event {
    @Label("Start")
    @MemoryAddress
    long start;

    @Label("End")
    @MemoryAddress
    long end;

    @Label("Size")
    @DataAmount
    long size;

    @Label("Region")
    String region;

    @Label("Name")
    @Description("Of the code heap, or the library's file")
    String detail;

    @Label("Inferred")
    @Description("Whether that follows from what memory looks like alone")
    boolean inferred;
}
