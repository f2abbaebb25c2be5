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
import org.jspecify.annotations.Nullable;
import org.mapfiles.Mapping;

/**
 * A mapping that was added, removed or changed since the previous poll. The changes can be replayed in the order of
 * their sequence.
 */
@Name("mapfiles.MemoryMapChange")
@Label("Memory Map Change")
@Description(
        "A mapping of this process that was added, removed or changed since the previous poll. To replay: take the Memory Mapping"
                + " events of one poll, then apply the changes of later polls in order of their sequence")
@Category({"Operating System", "Memory", "mapfiles"})
@Period("1 s")
@Enabled(false)
@StackTrace(false)
final class MemoryMapChangeEvent extends Event {
    @Label("Change")
    @Description("ADDED, REMOVED or CHANGED")
    @Nullable
    String change;

    @Label("Sequence")
    @Description("Number of the change. Changes are applied in this order")
    long sequence;

    @Label("Poll")
    @Description("Number of the poll that found the change")
    long poll;

    @Label("Since")
    @Description("Time since the previous poll: the change happened within it")
    @Timespan(Timespan.NANOSECONDS)
    long since;

    @Label("Continued")
    @Description(
            "Whether the added mapping was split from another one, or the removed mapping was merged into another one")
    boolean continued;

    @Label("Start")
    @Description("First address")
    @MemoryAddress
    long start;

    @Label("End")
    @Description("End address, exclusive")
    @MemoryAddress
    long end;

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

    @Label("Start Before")
    @Description("First address before the change; 0: the mapping was added")
    @MemoryAddress
    long startBefore;

    @Label("End Before")
    @Description("End address before the change, exclusive; 0: the mapping was added")
    @MemoryAddress
    long endBefore;

    @Label("Permissions Before")
    @Description("Permissions before the change; null: the mapping was added")
    @Nullable
    String permissionsBefore;

    @Label("Kind")
    @Description("A constant of org.mapfiles.Mapping.Kind")
    @Nullable
    String kind;

    @Label("Path")
    @Description("Path of the file, or name that the kernel shows")
    @Nullable
    String path;

    void set(String changeName, @Nullable Mapping before, @Nullable Mapping now) {
        Mapping mapping = now != null ? now : before;
        change = changeName;
        start = mapping.start();
        end = mapping.end();
        permissions = mapping.permissions();
        offset = mapping.offset();
        inode = mapping.inode();
        kind = mapping.kind().name();
        path = mapping.name();
        if (before != null) {
            startBefore = before.start();
            endBefore = before.end();
            permissionsBefore = before.permissions();
        }
    }
}
