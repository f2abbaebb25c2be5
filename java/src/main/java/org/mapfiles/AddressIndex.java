package org.mapfiles;

import java.nio.ByteBuffer;

/** Address to record in a filled picture: the same search over the same index as {@code mf_find()} in the native core. */
final class AddressIndex {
    private AddressIndex() {
    }

    static void findAll(Picture picture, long[] addresses, int[] indices) {
        for (int i = 0; i < addresses.length; i++) {
            indices[i] = find(picture, addresses[i]);
        }
    }

    static int find(Picture picture, long address) {
        ByteBuffer starts = picture.index;
        int low = 0;
        int high = picture.head(MapRecord.Head.MAPPING_COUNT);
        while (low < high) {
            int middle = low + high >>> 1;
            if (Long.compareUnsigned(starts.getLong(middle * Long.BYTES), address) <= 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        int at = low - 1;
        return at >= 0
                && Long.compareUnsigned(address, picture.records.getLong(at * MapRecord.SIZE + MapRecord.END)) < 0 ? at : -1;
    }
}
