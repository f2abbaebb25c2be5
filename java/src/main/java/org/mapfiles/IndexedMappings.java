package org.mapfiles;

import java.util.List;

/** Mappings in order of address, each reached by its index: those of a snapshot, or those of a list. */
abstract class IndexedMappings {
    /** The number of mappings. */
    abstract int mappingCount();

    /** The mapping of an index. It may be one object for all indexes: read it before the next call. */
    abstract Mapping mappingAt(int index);

    /** The mappings of a list, which is not copied. */
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
