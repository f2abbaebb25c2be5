package org.mapfiles.jvm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;

/** Finds the use of files that made-up processes map. */
class MappedFilesTest {
    private static final RegionCandidate ARCHIVE =
            RegionCandidate.reported(0x47000000, 0x48000000, JvmRegions.Kind.CDS, "CDS archive");
    private static final String MAPS = line("47001000-4789a000 rw-p 00001000 08:01 17", "/app/app.aot")
            + line("7f0000000000-7f0000077000 rw-p 0089a000 08:01 17", "/app/app.aot")
            + line("7f0001000000-7f0001010000 r--s 00000000 08:01 18", "/app/app.jar")
            + line("7f0002000000-7f0002010000 r-xp 00000000 08:01 19", "/lib/x.so");

    private static String line(String fields, String name) {
        return String.format("%-72s %s\n", fields, name);
    }

    private static List<String> found(RegionCandidate... archives) throws Exception {
        FakeMemory memory = new FakeMemory() {
            @Override
            int fill(long address, ByteBuffer to) {
                return 0;
            }
        };
        List<String> found = new ArrayList<>();
        MapSnapshot snapshot = MapSnapshot.ofText(MAPS.getBytes(StandardCharsets.UTF_8), MapFilter.all());
        for (RegionCandidate each : new MappedMemory(new VmReader(memory, null), snapshot, true)
                .withArchives(List.of(archives))
                .candidates(new TreeSet<>())) {
            found.add(Long.toHexString(each.start()) + " " + each.region() + (each.isInferred() ? "?" : ""));
        }
        return found;
    }

    /** The code of an AOT cache (JDK 25) is mapped outside the CDS archive. */
    @Test
    void allMappingsOfAnAotCacheAreOfTheArchive() throws Exception {
        assertThat(found(ARCHIVE))
                .containsExactly("47001000 CDS?", "7f0000000000 CDS?", "7f0001000000 FILE", "7f0002000000 LIBRARY");
    }

    @Test
    void otherFilesAreNot() throws Exception {
        assertThat(found())
                .containsExactly("47001000 FILE", "7f0000000000 FILE", "7f0001000000 FILE", "7f0002000000 LIBRARY");
    }
}
