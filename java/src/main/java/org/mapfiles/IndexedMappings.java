package org.mapfiles;

import java.util.List;

/** Access to mappings by index, in order of address: of a snapshot or of a list. */
abstract class IndexedMappings {
    /** Returns the number of mappings. */
    abstract int mappingCount();

    /**
     * Returns the mapping at an index. The result may be the same object for all indices: read it before the next call.
     */
    abstract Mapping mappingAt(int index);

    /** Returns the mappings of a list, which is not copied. */
    static IndexedMappings of(List<? extends Mapping> list) {
        return new IndexedMappings() {
            @Override
            int mappingCount() {
                return list.size();
            }

            @Override
            Mapping mappingAt(int index) {
                return list.get(index);
            }
        };
    }
}
