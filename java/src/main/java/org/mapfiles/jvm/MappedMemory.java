package org.mapfiles.jvm;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.regex.Pattern;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.MappingKind;
import org.mapfiles.jvm.VmReader.VmFieldMissing;

/** What mappings are for by themselves: files and libraries, the C library's heaps, what a name tells. */
final class MappedMemory {
    /** Heaps of glibc's arenas begin at multiples of this and have no more (HEAP_MAX_SIZE of 64-bit machines). */
    private static final long ARENA = 64L << 20;
    /** Offset of mprotect_size in the heap_info that such a heap begins with: it grows while this is read. */
    private static final int ARENA_WRITABLE = 3 * Long.BYTES;

    private static final int MIN_PAGE = 4096;

    /** Libraries that take the place of the C library's malloc. */
    private static final Pattern ALLOCATORS = Pattern.compile(".*/lib(tcmalloc|jemalloc|mimalloc|snmalloc|hoard)[^/]*");

    private final VmReader vm;
    private final MapSnapshot snapshot;
    private final BitSet executableFiles = new BitSet();
    /** Whether malloc is the C library's: only then its structures say what memory is for. */
    private final boolean isMallocOfCLibrary;
    /** Where the ELF image ends whose file was mapped last from its first byte on; 0: it is none. */
    private long imageEnd;

    /** Whether which malloc the process has is only known by the names of its libraries. */
    private final boolean isMallocInferred;

    /** @param isMallocOfCLibrary false: the process' malloc is that of another library; null: not known */
    MappedMemory(VmReader vm, MapSnapshot snapshot, Boolean isMallocOfCLibrary) {
        this.vm = vm;
        this.snapshot = snapshot;
        isMallocInferred = isMallocOfCLibrary == null;
        boolean hasAllocator = false;
        for (MapCursor mapping = snapshot.cursor(); mapping.next(); ) {
            if (mapping.kind() == MappingKind.FILE && mapping.isExecutable()) {
                executableFiles.set(mapping.fileIndex());
                hasAllocator |= ALLOCATORS.matcher(String.valueOf(mapping.name())).matches();
            }
        }
        this.isMallocOfCLibrary = (isMallocInferred || isMallocOfCLibrary) && !hasAllocator;
    }

    List<RegionCandidate> claims() {
        List<RegionCandidate> claims = new ArrayList<>();
        RegionCandidate before = null;
        for (MapCursor mapping = snapshot.cursor(); mapping.next(); ) {
            RegionCandidate claim = of(mapping, before);
            before = claim;
            if (claim != null) {
                claims.add(claim);
            }
        }
        return claims;
    }

    /** What a mapping is for; null: nobody tells. */
    private RegionCandidate of(MapCursor mapping, RegionCandidate before) {
        long start = mapping.start();
        long end = mapping.end();
        switch (mapping.kind()) {
            case FILE:
                if (mapping.offset() == 0 && executableFiles.get(mapping.fileIndex())) {
                    imageEnd = ElfImage.end(vm, start);
                }
                return ofFile(start, end, mapping.name(), executableFiles.get(mapping.fileIndex()));
            case HEAP:
                return isMallocOfCLibrary ? new RegionCandidate(start, end, RegionKind.MALLOC, "heap of the C library", isMallocInferred)
                        : RegionCandidate.inferred(start, end, RegionKind.MALLOC, "heap of brk(2), where malloc is not the C library's");
            case STACK:
                return RegionCandidate.reported(start, end, RegionKind.THREAD_STACK, "the process' first thread");
            case VDSO:
            case VVAR:
            case VSYSCALL:
                return RegionCandidate.reported(start, end, RegionKind.LIBRARY, mapping.name());
            case MEMFD:
                return mapping.name().contains("java_heap") ? RegionCandidate.inferred(start, end, RegionKind.JAVA_HEAP, mapping.name())
                        : RegionCandidate.reported(start, end, RegionKind.FILE, mapping.name());
            case ANONYMOUS:
                return ofAnonymous(mapping, before);
            default:
                return null;
        }
    }

    private static RegionCandidate ofFile(long start, long end, String name, boolean isExecutable) {
        if (name.endsWith(".jsa")) {
            return RegionCandidate.inferred(start, end, RegionKind.CDS, name);
        }
        if (name.contains("/hsperfdata_")) {
            return RegionCandidate.inferred(start, end, RegionKind.JVM_OTHER, name);
        }
        return RegionCandidate.reported(start, end, isExecutable ? RegionKind.LIBRARY : RegionKind.FILE, name);
    }

    private RegionCandidate ofAnonymous(MapCursor mapping, RegionCandidate before) {
        long start = mapping.start();
        long end = mapping.end();
        boolean follows = before != null && before.end() == start;
        if (follows && before.region() == RegionKind.LIBRARY) {
            long behind = imageEnd;
            if (Long.compareUnsigned(behind, start) > 0) { // what else is in the mapping is not the library's
                return RegionCandidate.reported(start, Long.compareUnsigned(behind, end) < 0 ? pageUp(behind) : end, RegionKind.LIBRARY, before.detail());
            }
        }
        if (follows && before.region() == RegionKind.MALLOC && before.isInferred() && mapping.permissions().equals("---p")
                && end % ARENA == 0 && end - before.start() == ARENA) {
            return RegionCandidate.inferred(start, end, RegionKind.MALLOC, before.detail());
        }
        if (!mapping.permissions().equals("rw-p") || !isMallocOfCLibrary) {
            return null;
        }
        if (isArena(mapping)) {
            return RegionCandidate.inferred(start, end, RegionKind.MALLOC, "arena of the C library");
        }
        long behind = MallocChunk.behind(vm, start, end);
        return behind == start ? null : RegionCandidate.inferred(start, behind, RegionKind.MALLOC, MallocChunk.DETAIL);
    }

    private static long pageUp(long address) {
        return address + MIN_PAGE - 1 & -MIN_PAGE;
    }

    private boolean isArena(MapCursor mapping) {
        if (mapping.start() % ARENA != 0 || mapping.size() > ARENA) {
            return false;
        }
        try {
            long writable = vm.longAt(mapping.start() + ARENA_WRITABLE);
            return writable >= mapping.size() && writable <= ARENA && writable % MIN_PAGE == 0;
        } catch (VmFieldMissing gone) {
            return false;
        }
    }
}
