package org.mapfiles.cli.output;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** A profile may have any number of different names. */
class NameCacheTest {
    private final NameCache<String> cache = new NameCache<>();

    @Test
    void aValueIsKept() {
        assertThat(cache.get("_Z1fv")).isNull();
        cache.put("_Z1fv", "f()", 3);
        assertThat(cache.get("_Z1fv")).isEqualTo("f()");
    }

    @Test
    void theNumberOfNamesIsBounded() {
        int names = NameCache.MAX_CHARACTERS / 16;
        int most = 0;
        for (int i = 0; i < names; i++) {
            cache.put("n" + i, "v", 1);
            assertThat(cache.get("n" + i)).isEqualTo("v");
            most = Math.max(most, cache.size());
        }
        assertThat(most).isGreaterThan(1000).isLessThan(names / 2);
    }

    @Test
    void longNamesTakeTheRoomOfMany() {
        String name = "n".repeat(NameCache.MAX_CHARACTERS / 8);
        for (int i = 0; i < 100; i++) {
            cache.put(name + i, "v", 1);
            assertThat(cache.size()).isPositive().isLessThan(9);
        }
    }

    @Test
    void aNameThatIsTooLongIsNotKept() {
        cache.put("short", "v", 1);
        cache.put("n", "v", NameCache.MAX_CHARACTERS);
        assertThat(cache.get("n")).isNull();
        assertThat(cache.get("short")).isEqualTo("v");
    }
}
