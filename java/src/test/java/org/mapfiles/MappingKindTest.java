package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.mapfiles.testing.MapsLine;

/** The kind of a mapping of saved text depends on its name, and on whether its device has a number. */
class MappingKindTest {
    @ParameterizedTest(name = "{0} {1}:{2} {3}")
    @CsvSource(delimiter = '|', textBlock = """
            '' | 0 | 0 | 0 | ANONYMOUS
            [heap] | 0 | 0 | 0 | HEAP
            [stack] | 0 | 0 | 0 | STACK
            [vdso] | 0 | 0 | 0 | VDSO
            [vvar] | 0 | 0 | 0 | VVAR
            [vvar_vclock] | 0 | 0 | 0 | VVAR
            [vsyscall] | 0 | 0 | 0 | VSYSCALL
            [anon:a name] | 0 | 0 | 0 | NAMED_ANONYMOUS
            [uprobes] | 0 | 0 | 0 | OTHER
            /bin/x | 253 | 1 | 42 | FILE
            /bin/x (deleted) | 253 | 1 | 42 | FILE
            /tmpfs/x | 0 | 25 | 42 | FILE
            /dev/zero | 0 | 6 | 5 | FILE
            /dev/zero (deleted) | 0 | 1 | 7 | SHARED_ANONYMOUS
            [anon_shmem:a name] | 0 | 1 | 7 | SHARED_ANONYMOUS
            /memfd:x (deleted) | 0 | 1 | 7 | MEMFD
            /memfd:x | 0 | 25 | 7 | FILE
            /memfd:x (deleted) | 253 | 1 | 7 | FILE
            /SYSV0000cafe (deleted) | 0 | 1 | 0 | SYSV
            /anon_hugepage (deleted) | 0 | 15 | 7 | HUGETLB
            anon_inode:[perf_event] | 0 | 14 | 9 | ANON_INODE
            /[aio] (deleted) | 0 | 13 | 9 | AIO
            /dmabuf: | 0 | 11 | 9 | DMA_BUF
            socket:[9] | 0 | 9 | 9 | OTHER
            /secretmem (deleted) | 0 | 14 | 9 | OTHER
            /secretmem (deleted) | 253 | 1 | 9 | FILE
            /secretmem | 0 | 25 | 9 | FILE
            /[kvm-gmem] (deleted) | 0 | 14 | 9 | OTHER
            /drm mm object (deleted) | 0 | 1 | 9 | OTHER
            /i915 (deleted) | 0 | 30 | 9 | OTHER
            """)
    void kindOfSavedText(String name, int major, int minor, long inode, Mapping.Kind kind)
            throws MalformedMapsException {
        MapSnapshot snapshot = MapsLine.snapshot(new MapsLine(0x1000, 0x2000, "r--p", 0, major, minor, inode, name));
        assertThat(snapshot.cursor().seek(0).kind()).isEqualTo(kind);
    }
}
