package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Is it noticed that a library has come, without a look at the mappings? */
class LoaderCountsTest {
    @Test
    void aLibraryThatComesIsCounted() throws Exception {
        LoaderCounts before = LoaderCounts.now();
        System.load(Path.of(System.getProperty("java.home"), "lib", "librmi.so").toString()); // nothing here uses RMI
        LoaderCounts after = LoaderCounts.now();
        assertThat(after.added()).isGreaterThan(before.added());
        assertThat(after.removed()).isGreaterThanOrEqualTo(before.removed());
    }

    @Test
    void withoutLibrariesComingNothingMoves() throws Exception {
        new MapSnapshot(); // what this takes is loaded by now
        LoaderCounts first = LoaderCounts.now();
        for (int i = 0; i < 100; i++) {
            assertThat(LoaderCounts.now()).isEqualTo(first);
        }
    }
}
