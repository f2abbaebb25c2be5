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
import jdk.jfr.Timespan;
import org.mapfiles.Mapping;

/** A mapping that was added, removed or changed since the poll before. In order of their sequence, these can be replayed. */
@Name("mapfiles.MemoryMapChange")
@Label("Memory Map Change")
@Description("A mapping of this process that was added, removed or changed since the poll before. To replay: take the Memory Mapping"
        + " events of one poll, then apply the changes of later polls in order of their sequence")
@Category({"Operating System", "Memory", "mapfiles"})
@Period("1 s")
@Enabled(false)
@StackTrace(false)
final class MemoryMapChangeEvent extends Event {
    @Label("Change")
    @Description("ADDED, REMOVED or CHANGED")
    String change;

    @Label("Sequence")
    @Description("Number of the change: each one can be applied to the mappings that those before it left")
    long sequence;

    @Label("Poll")
    @Description("Number of the poll that found the change")
    long poll;

    @Label("Since")
    @Description("Time since the poll before: the change happened after that")
    @Timespan(Timespan.NANOSECONDS)
    long since;

    @Label("Continued")
    @Description("Whether the memory that was added was split from another mapping, or what was removed was merged into another one")
    boolean continued;

    @Label("Start")
    @MemoryAddress
    long start;

    @Label("End")
    @MemoryAddress
    long end;

    @Label("Permissions")
    String permissions;

    @Label("Offset")
    @Description("In the file")
    @DataAmount
    long offset;

    @Label("Inode")
    long inode;

    @Label("Start Before")
    @MemoryAddress
    long startBefore;

    @Label("End Before")
    @MemoryAddress
    long endBefore;

    @Label("Permissions Before")
    String permissionsBefore;

    @Label("Kind")
    String kind;

    @Label("Path")
    String path;

    void set(String what, Mapping before, Mapping now) {
        Mapping shown = now != null ? now : before;
        change = what;
        start = shown.start();
        end = shown.end();
        permissions = shown.permissions();
        offset = shown.offset();
        inode = shown.inode();
        kind = shown.kind().name();
        path = shown.name();
        if (before != null) {
            startBefore = before.start();
            endBefore = before.end();
            permissionsBefore = before.permissions();
        }
    }
}
