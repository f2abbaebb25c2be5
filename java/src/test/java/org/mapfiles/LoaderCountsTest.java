package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** {@link LoaderCounts} changes when a library is loaded. */
class LoaderCountsTest {
    @Test
    void loadedLibraryIsCounted() throws Exception {
        LoaderCounts before = LoaderCounts.now();
        System.load(Path.of(System.getProperty("java.home"), "lib", "librmi.so").toString()); // no other test uses RMI
        LoaderCounts after = LoaderCounts.now();
        assertThat(after.added()).isGreaterThan(before.added());
        assertThat(after.removed()).isGreaterThanOrEqualTo(before.removed());
    }

    @Test
    void countsStayWithoutLoading() throws Exception {
        new MapSnapshot(); // loads the libraries that snapshots need
        LoaderCounts first = LoaderCounts.now();
        for (int i = 0; i < 100; i++) {
            assertThat(LoaderCounts.now()).isEqualTo(first);
        }
    }
}
