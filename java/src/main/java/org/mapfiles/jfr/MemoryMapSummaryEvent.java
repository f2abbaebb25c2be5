package org.mapfiles.jfr;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.Percentage;
import jdk.jfr.Period;
import jdk.jfr.StackTrace;
import org.mapfiles.MapCursor;

/** How many mappings there are, against how many there may be, and what they take. */
@Name("mapfiles.MemoryMapSummary")
@Label("Memory Map Summary")
@Description("Mappings of this process against vm.max_map_count: a JVM that reaches it fails in obscure ways")
@Category({"Operating System", "Memory", "mapfiles"})
@Period("everyChunk")
@StackTrace(false)
final class MemoryMapSummaryEvent extends Event {
    @Label("Mappings")
    long count;

    @Label("Limit")
    @Description("vm.max_map_count; -1: not known")
    long limit;

    @Label("Headroom")
    @Description("Mappings that may still be made; -1: not known")
    long headroom;

    @Label("Share of the Limit")
    @Percentage
    double share;

    @Label("Files")
    @DataAmount
    long fileBytes;

    @Label("Executable Files")
    @DataAmount
    long codeBytes;

    @Label("Private Memory")
    @Description("Without a file, that may be read or written")
    @DataAmount
    long anonymousBytes;

    @Label("Reserved")
    @Description("Without a file and without any access: address space alone")
    @DataAmount
    long reservedBytes;

    @Label("Shared Memory")
    @DataAmount
    long sharedBytes;

    @Label("Others")
    @Description("The C library's heap, the first stack, the kernel's own, ...")
    @DataAmount
    long otherBytes;

    void set(MapCursor mappings, long max) {
        while (mappings.next()) {
            count++;
            add(mappings);
        }
        limit = max;
        headroom = max < 0 ? -1 : Math.max(max - count, 0);
        share = max <= 0 ? 0 : (double) count / max;
    }

    private void add(MapCursor mapping) {
        long size = mapping.size();
        switch (mapping.kind()) {
            case FILE:
                fileBytes += size;
                codeBytes += mapping.isExecutable() ? size : 0;
                break;
            case ANONYMOUS:
            case NAMED_ANONYMOUS:
                if (mapping.isReadable() || mapping.isWritable() || mapping.isExecutable()) {
                    anonymousBytes += size;
                } else {
                    reservedBytes += size;
                }
                break;
            case SHARED_ANONYMOUS:
            case MEMFD:
            case SYSV:
                sharedBytes += size;
                break;
            default:
                otherBytes += size;
        }
    }
}
