package org.mapfiles.jvm;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.regex.Pattern;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.MappingKind;
import org.mapfiles.jvm.VmReader.NotTold;

/** What mappings are for by themselves: files and libraries, the C library's heaps, what a name tells. */
final class MappedMemory {
    /** Heaps of glibc's arenas begin at multiples of this and have no more (HEAP_MAX_SIZE of 64-bit machines). */
    private static final long ARENA = 64L << 20;
    /** Offset of mprotect_size in the heap_info that such a heap begins with: it grows while this is read. */
    private static final int ARENA_WRITABLE = 3 * Long.BYTES;

    private static final int LEAST_PAGE = 4096;

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

    List<Claim> claims() {
        List<Claim> claims = new ArrayList<>();
        Claim before = null;
        for (MapCursor mapping = snapshot.cursor(); mapping.next(); ) {
            Claim claim = of(mapping, before);
            before = claim;
            if (claim != null) {
                claims.add(claim);
            }
        }
        return claims;
    }

    /** What a mapping is for; null: nobody tells. */
    private Claim of(MapCursor mapping, Claim before) {
        long start = mapping.start();
        long end = mapping.end();
        switch (mapping.kind()) {
            case FILE:
                if (mapping.offset() == 0 && executableFiles.get(mapping.fileIndex())) {
                    imageEnd = ElfImage.end(vm, start);
                }
                return ofFile(start, end, mapping.name(), executableFiles.get(mapping.fileIndex()));
            case HEAP:
                return isMallocOfCLibrary ? new Claim(start, end, Region.MALLOC, "heap of the C library", isMallocInferred)
                        : Claim.inferred(start, end, Region.MALLOC, "heap of brk(2), where malloc is not the C library's");
            case STACK:
                return Claim.told(start, end, Region.THREAD_STACK, "the process' first thread");
            case VDSO:
            case VVAR:
            case VSYSCALL:
                return Claim.told(start, end, Region.LIBRARY, mapping.name());
            case MEMFD:
                return mapping.name().contains("java_heap") ? Claim.inferred(start, end, Region.JAVA_HEAP, mapping.name())
                        : Claim.told(start, end, Region.FILE, mapping.name());
            case ANONYMOUS:
                return ofAnonymous(mapping, before);
            default:
                return null;
        }
    }

    private static Claim ofFile(long start, long end, String name, boolean isExecutable) {
        if (name.endsWith(".jsa")) {
            return Claim.inferred(start, end, Region.CDS, name);
        }
        if (name.contains("/hsperfdata_")) {
            return Claim.inferred(start, end, Region.JVM_OTHER, name);
        }
        return Claim.told(start, end, isExecutable ? Region.LIBRARY : Region.FILE, name);
    }

    private Claim ofAnonymous(MapCursor mapping, Claim before) {
        long start = mapping.start();
        long end = mapping.end();
        boolean follows = before != null && before.end() == start;
        if (follows && before.region() == Region.LIBRARY) {
            long behind = imageEnd;
            if (Long.compareUnsigned(behind, start) > 0) { // what else is in the mapping is not the library's
                return Claim.told(start, Long.compareUnsigned(behind, end) < 0 ? pageUp(behind) : end, Region.LIBRARY, before.detail());
            }
        }
        if (follows && before.region() == Region.MALLOC && before.isInferred() && mapping.permissions().equals("---p")
                && end % ARENA == 0 && end - before.start() == ARENA) {
            return Claim.inferred(start, end, Region.MALLOC, before.detail());
        }
        if (!mapping.permissions().equals("rw-p") || !isMallocOfCLibrary) {
            return null;
        }
        if (isArena(mapping)) {
            return Claim.inferred(start, end, Region.MALLOC, "arena of the C library");
        }
        long behind = MallocChunk.behind(vm, start, end);
        return behind == start ? null : Claim.inferred(start, behind, Region.MALLOC, MallocChunk.DETAIL);
    }

    private static long pageUp(long address) {
        return address + LEAST_PAGE - 1 & -LEAST_PAGE;
    }

    private boolean isArena(MapCursor mapping) {
        if (mapping.start() % ARENA != 0 || mapping.size() > ARENA) {
            return false;
        }
        try {
            long writable = vm.longAt(mapping.start() + ARENA_WRITABLE);
            return writable >= mapping.size() && writable <= ARENA && writable % LEAST_PAGE == 0;
        } catch (NotTold gone) {
            return false;
        }
    }
}
