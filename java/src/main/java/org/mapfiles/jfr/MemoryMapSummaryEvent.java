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

/** The number of mappings of this JVM, the limit of the kernel, and bytes by kind. */
@Name("mapfiles.MemoryMapSummary")
@Label("Memory Map Summary")
@Description(
        "Number of mappings of this process, the limit vm.max_map_count, and address space by kind. At the limit a JVM fails to start"
                + " threads, load classes or commit heap")
@Category({"Operating System", "Memory", "mapfiles"})
@Period("everyChunk")
@StackTrace(false)
final class MemoryMapSummaryEvent extends Event {
    @Label("Mappings")
    @Description("Number of mappings")
    long count;

    @Label("Limit")
    @Description("Maximum number of mappings, vm.max_map_count; -1: unknown")
    long limit;

    @Label("Headroom")
    @Description("Number of mappings that can still be made; -1: unknown")
    long headroom;

    @Label("Share of the Limit")
    @Description("Mappings / Limit; 0: unknown")
    @Percentage
    double share;

    @Label("Files")
    @Description("Mappings of files, including executable ones")
    @DataAmount
    long fileBytes;

    @Label("Executable Files")
    @Description("Executable mappings of files")
    @DataAmount
    long codeBytes;

    @Label("Private Memory")
    @Description("Private mappings without a file that have any permission")
    @DataAmount
    long anonymousBytes;

    @Label("Reserved")
    @Description("Private mappings without a file and without any permission: reserved address space")
    @DataAmount
    long reservedBytes;

    @Label("Shared Memory")
    @Description("Shared anonymous memory, memfd and System V segments")
    @DataAmount
    long sharedBytes;

    @Label("Others")
    @Description("The heap of brk(2), the stack of the first thread, and mappings of the kernel")
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
