package org.mapfiles.jvm;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.NavigableSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.jvm.VmReader.VmFieldMissing;

/** Finds the use of mappings by their own attributes: files, libraries, heaps of the C library, names. */
final class MappedMemory {
    /** Alignment and maximum size of heaps of glibc's arenas, in bytes (HEAP_MAX_SIZE of 64-bit machines). */
    private static final long ARENA = 64L << 20;
    /** Offset of mprotect_size in heap_info, with which such a heap begins. It may grow during the read. */
    private static final int ARENA_WRITABLE = 3 * Long.BYTES;

    private static final int MIN_PAGE = 4096;

    /** Libraries that replace the malloc of the C library. */
    private static final Pattern ALLOCATORS = Pattern.compile(".*/lib(tcmalloc|jemalloc|mimalloc|snmalloc|hoard)[^/]*");

    private final VmReader vm;
    private final MapSnapshot snapshot;
    private final BitSet executableFiles = new BitSet();
    /** Files that are mapped in the CDS archive. An AOT cache (JDK 25) has parts outside it, with code. */
    private final BitSet archiveFiles = new BitSet();
    /** Whether malloc is that of the C library. Only then memory is searched for its structures. */
    private final boolean isMallocOfCLibrary;
    /** End of the ELF image that the last mapping with file offset 0 began; 0: none. */
    private long imageEnd;

    /** Whether the kind of malloc is only inferred from the names of libraries. */
    private final boolean isMallocInferred;

    /** If {@code isMallocOfCLibrary} is false, malloc is that of another library; null: unknown. */
    MappedMemory(VmReader vm, MapSnapshot snapshot, Boolean isMallocOfCLibrary) {
        this.vm = vm;
        this.snapshot = snapshot;
        isMallocInferred = isMallocOfCLibrary == null;
        boolean hasAllocator = false;
        for (MapCursor mapping = snapshot.cursor(); mapping.next(); ) {
            if (mapping.kind() == Mapping.Kind.FILE && mapping.isExecutable()) {
                executableFiles.set(mapping.fileIndex());
                hasAllocator |=
                        ALLOCATORS.matcher(String.valueOf(mapping.name())).matches();
            }
        }
        this.isMallocOfCLibrary = (isMallocInferred || isMallocOfCLibrary) && !hasAllocator;
    }

    /** Files that are mapped in these ranges are CDS archives or AOT caches, whatever their names are. */
    MappedMemory withArchives(List<RegionCandidate> archives) {
        for (MapCursor mapping = snapshot.cursor(); mapping.next(); ) {
            if (mapping.kind() == Mapping.Kind.FILE && !executableFiles.get(mapping.fileIndex())) {
                for (RegionCandidate archive : archives) {
                    if (archive.overlaps(mapping.start(), mapping.end())) {
                        archiveFiles.set(mapping.fileIndex());
                    }
                }
            }
        }
        return this;
    }

    /** @param ends of parts whose use is known: memory of malloc may begin there, because the kernel merges mappings */
    List<RegionCandidate> candidates(NavigableSet<Long> ends) {
        List<RegionCandidate> candidates = new ArrayList<>();
        RegionCandidate before = null;
        for (MapCursor mapping = snapshot.cursor(); mapping.next(); ) {
            RegionCandidate candidate = of(mapping, before);
            if (candidate != null) {
                candidates.add(candidate);
            }
            before = candidate;
            if (mapping.kind() == Mapping.Kind.ANONYMOUS && (candidate == null || candidate.end() != mapping.end())) {
                before = addMalloc(candidates, mapping, candidate == null ? mapping.start() : candidate.end(), ends);
            }
        }
        return candidates;
    }

    /** Returns the use of a mapping; null: unknown. */
    private @Nullable RegionCandidate of(MapCursor mapping, @Nullable RegionCandidate before) {
        long start = mapping.start();
        long end = mapping.end();
        switch (mapping.kind()) {
            case FILE:
                if (mapping.offset() == 0 && executableFiles.get(mapping.fileIndex())) {
                    imageEnd = ElfImage.end(vm, start);
                }
                return ofFile(start, end, mapping.name(), mapping.fileIndex());
            case HEAP:
                return isMallocOfCLibrary
                        ? new RegionCandidate(
                                start, end, JvmRegions.Kind.MALLOC, "heap of the C library", isMallocInferred)
                        : RegionCandidate.inferred(
                                start, end, JvmRegions.Kind.MALLOC, "heap of brk(2); another library provides malloc");
            case STACK:
                return RegionCandidate.reported(
                        start, end, JvmRegions.Kind.THREAD_STACK, "first thread of the process");
            case VDSO:
            case VVAR:
            case VSYSCALL:
                return RegionCandidate.reported(start, end, JvmRegions.Kind.LIBRARY, mapping.name());
            case MEMFD:
                return mapping.name().contains("java_heap")
                        ? RegionCandidate.inferred(start, end, JvmRegions.Kind.JAVA_HEAP, mapping.name())
                        : RegionCandidate.reported(start, end, JvmRegions.Kind.FILE, mapping.name());
            case ANONYMOUS:
                return ofAnonymous(mapping, before);
            default:
                return null;
        }
    }

    private RegionCandidate ofFile(long start, long end, String name, int file) {
        if (archiveFiles.get(file) || name.endsWith(".jsa")) {
            return RegionCandidate.inferred(start, end, JvmRegions.Kind.CDS, name);
        }
        if (name.contains("/hsperfdata_")) {
            return RegionCandidate.inferred(start, end, JvmRegions.Kind.JVM_OTHER, name);
        }
        return RegionCandidate.reported(
                start, end, executableFiles.get(file) ? JvmRegions.Kind.LIBRARY : JvmRegions.Kind.FILE, name);
    }

    private @Nullable RegionCandidate ofAnonymous(MapCursor mapping, @Nullable RegionCandidate before) {
        long start = mapping.start();
        long end = mapping.end();
        boolean follows = before != null && before.end() == start;
        if (follows && before.region() == JvmRegions.Kind.LIBRARY) {
            if (Long.compareUnsigned(imageEnd, start) > 0) { // the rest of the mapping does not belong to the library
                long libraryEnd = Long.compareUnsigned(imageEnd, end) < 0 ? pageUp(imageEnd) : end;
                return RegionCandidate.reported(start, libraryEnd, JvmRegions.Kind.LIBRARY, before.detail());
            }
        }
        if (follows
                && before.region() == JvmRegions.Kind.MALLOC
                && before.isInferred()
                && mapping.permissions().equals("---p")
                && before.start() % ARENA == 0
                && start - before.start() < ARENA // otherwise the heap has no rest
                && end - before.start() >= ARENA) {
            // The kernel merges the rest of a heap with other memory without permissions, such as a guard zone.
            return RegionCandidate.inferred(start, before.start() + ARENA, JvmRegions.Kind.MALLOC, before.detail());
        }
        return null;
    }

    /**
     * Adds the parts of a mapping from an address on that are memory of malloc, also chunks after parts whose use is
     * known. Returns the last part if it ends the mapping, else null.
     */
    private @Nullable RegionCandidate addMalloc(
            List<RegionCandidate> candidates, MapCursor mapping, long from, NavigableSet<Long> ends) {
        RegionCandidate last = addMalloc(candidates, mapping, from);
        if (!isMallocOfCLibrary || !mapping.permissions().equals("rw-p")) {
            return last;
        }
        long searched = from;
        for (long start : ends.subSet(from, false, mapping.end(), false)) {
            if (start % MIN_PAGE == 0 && Long.compareUnsigned(start, searched) >= 0) {
                searched = MallocChunk.endOfChunks(vm, start, mapping.end());
                if (searched != start) {
                    RegionCandidate chunks =
                            RegionCandidate.inferred(start, searched, JvmRegions.Kind.MALLOC, MallocChunk.DETAIL);
                    candidates.add(chunks);
                    last = searched == mapping.end() ? chunks : last;
                }
            }
        }
        return last;
    }

    /**
     * Adds the parts of a mapping from an address on that are chunks and heaps of malloc. The kernel merges adjacent
     * mappings. So a chunk or other memory of less than {@link #ARENA} bytes may precede a heap, which begins at a
     * multiple of that. Returns the last part if it ends the mapping, else null.
     */
    private @Nullable RegionCandidate addMalloc(List<RegionCandidate> candidates, MapCursor mapping, long from) {
        long end = mapping.end();
        RegionCandidate last = null;
        long at = from;
        while (isMallocOfCLibrary && at != end && mapping.permissions().equals("rw-p")) {
            long partEnd = MallocChunk.endOfChunks(vm, at, end);
            String detail = MallocChunk.DETAIL;
            if (partEnd == at) {
                at = at + ARENA - 1 & -ARENA;
                if (Long.compareUnsigned(at, from) < 0 || Long.compareUnsigned(at, end) >= 0) {
                    break;
                }
                partEnd = endOfArena(at, end);
                detail = "arena of the C library";
            }
            if (partEnd == at) {
                break;
            }
            last = RegionCandidate.inferred(at, partEnd, JvmRegions.Kind.MALLOC, detail);
            candidates.add(last);
            at = partEnd;
        }
        return last != null && last.end() == end ? last : null;
    }

    private static long pageUp(long address) {
        return address + MIN_PAGE - 1 & -MIN_PAGE;
    }

    /** Returns the end of the writable part of a heap that begins at an address; the address if there is none. */
    private long endOfArena(long start, long end) {
        long size = Math.min(end - start, ARENA);
        try {
            long writable = vm.longAt(start + ARENA_WRITABLE);
            return writable >= size && writable <= ARENA && writable % MIN_PAGE == 0 ? start + size : start;
        } catch (VmFieldMissing unmapped) {
            return start;
        }
    }
}
