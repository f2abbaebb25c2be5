package org.mapfiles.jfr;

import jdk.jfr.Category;
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

/** A mapping that came, went or changed since the last look. */
@Name("mapfiles.MemoryMapChange")
@Label("Memory Map Change")
@Description("A mapping of this process that came, went or changed since the look before")
@Category({"Operating System", "Memory", "mapfiles"})
@Period("1 s")
@Enabled(false)
@StackTrace(false)
final class MemoryMapChangeEvent extends Event {
    @Label("Change")
    @Description("ADDED, REMOVED or CHANGED")
    String change;

    @Label("Since")
    @Description("How long ago the look before was: it happened after that")
    @Timespan(Timespan.NANOSECONDS)
    long since;

    @Label("Start")
    @MemoryAddress
    long start;

    @Label("End")
    @MemoryAddress
    long end;

    @Label("Permissions")
    String permissions;

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

    void set(String what, Mapping before, Mapping now, long nanos) {
        Mapping shown = now != null ? now : before;
        change = what;
        since = nanos;
        start = shown.start();
        end = shown.end();
        permissions = shown.permissions();
        kind = shown.kind().name();
        path = shown.name();
        if (before != null) {
            startBefore = before.start();
            endBefore = before.end();
            permissionsBefore = before.permissions();
        }
    }
}
