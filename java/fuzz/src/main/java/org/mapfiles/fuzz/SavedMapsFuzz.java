package org.mapfiles.fuzz;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import org.mapfiles.MapCursor;
import org.mapfiles.saved.Crash;
import org.mapfiles.saved.SavedMaps;

/** The input is text of maps or smaps, or an hs_err file. */
public final class SavedMapsFuzz {
    private SavedMapsFuzz() {}

    /** Runs one input. */
    public static void fuzzerTestOneInput(byte[] data) {
        try {
            use(SavedMaps.read(new ByteArrayInputStream(data)));
        } catch (IOException documented) {
            return;
        }
    }

    /** Reads all that a saved state has. */
    static void use(SavedMaps saved) {
        MapCursor cursor = saved.snapshot().cursor();
        while (cursor.next()) {
            if (Long.compareUnsigned(cursor.start(), cursor.end()) >= 0) {
                throw new IllegalStateException("an empty mapping: " + cursor);
            }
            cursor.name();
            saved.permissions(cursor);
            saved.isContradicted(cursor.start());
        }
        if (saved.problemCount() < saved.problems().size()) {
            throw new IllegalStateException("more problems than are counted");
        }
        for (SavedMaps.Problem problem : saved.problems()) {
            if (problem.toString().isEmpty()) {
                throw new IllegalStateException("a problem without a text");
            }
        }
        saved.pid();
        Crash crash = saved.crash().orElse(null);
        if (crash != null) {
            crash.signal();
            crash.message();
            crash.earliest();
            crash.latest();
            for (Crash.Address address : crash.addresses()) {
                crash.isInStack(address.address());
                saved.snapshot().cursor().goTo(address.address());
            }
        }
    }
}
