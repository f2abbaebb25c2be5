package org.mapfiles;

import org.mapfiles.internal.Errno;
import org.mapfiles.internal.NativeMemory;

/** Makes snapshots of saved text. */
final class TextSnapshots {
    private TextSnapshots() {}

    /** As {@link MapSnapshot#ofText}. */
    static MapSnapshot snapshot(byte[] text, MapFilter filter) throws MalformedMapsException, NotEnoughMemoryException {
        try {
            MapSnapshot snapshot = new MapSnapshot();
            NativeMemory copy = new NativeMemory(text.length);
            copy.bytes().put(0, text);
            int rc = snapshot.fillFromSaved(filter, copy, text.length);
            if (rc == Errno.EBADMSG) {
                throw MalformedMapsException.of(snapshot.unpublished(), text.length);
            }
            if (rc < 0) {
                throw new IllegalArgumentException(
                        "saved text cannot be read by QUERY, as in " + filter + ": use Backend.TEXT");
            }
            return snapshot;
        } catch (OutOfMemoryError e) {
            throw new NotEnoughMemoryException("a snapshot of " + text.length + " bytes of text", e);
        }
    }
}
