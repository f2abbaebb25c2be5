package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** {@link ProcessMaps#loaderChanges} grows when a library is loaded. */
class LoaderChangesTest {
    @Test
    void loadedLibraryIsCounted() {
        long before = ProcessMaps.loaderChanges();
        System.load(Path.of(System.getProperty("java.home"), "lib", "librmi.so").toString()); // no other test uses RMI
        assertThat(ProcessMaps.loaderChanges()).isGreaterThan(before).isPositive();
    }

    @Test
    void numberStaysWithoutLoading() {
        new MapSnapshot(); // loads the libraries that snapshots need
        long first = ProcessMaps.loaderChanges();
        for (int i = 0; i < 100; i++) {
            assertThat(ProcessMaps.loaderChanges()).isEqualTo(first);
        }
    }
}
