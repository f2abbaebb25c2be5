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
import org.mapfiles.Mapping;

/** A mapping of this JVM at the beginning or the end of a chunk. */
@Name("mapfiles.MemoryMapping")
@Label("Memory Mapping")
@Description("A mapping of this process: a line of /proc/self/maps")
@Category({"Operating System", "Memory", "mapfiles"})
@Period("everyChunk")
@Enabled(false)
@StackTrace(false)
final class MemoryMappingEvent extends Event {
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

    @Label("Permissions")
    @Description("r readable, w writable, x executable, s shared or p private")
    @Nullable
    String permissions;

    @Label("Offset")
    @Description("Offset in the file at the start")
    @DataAmount
    long offset;

    @Label("Inode")
    @Description("Inode number of the file; 0: no file")
    long inode;

    @Label("Kind")
    @Description("A constant of org.mapfiles.Mapping.Kind")
    @Nullable
    String kind;

    @Label("Path")
    @Description("Path of the file, or name that the kernel shows")
    @Nullable
    String path;

    @Label("Poll")
    @Description("Number of the poll that read the mapping: one poll reads all mappings")
    long poll;

    void set(Mapping mapping) {
        start = mapping.start();
        end = mapping.end();
        size = mapping.size();
        permissions = mapping.permissions();
        offset = mapping.offset();
        inode = mapping.inode();
        kind = mapping.kind().name();
        path = mapping.name();
    }
}
