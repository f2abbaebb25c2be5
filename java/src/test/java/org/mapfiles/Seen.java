package org.mapfiles;

import java.util.ArrayList;
import java.util.List;

/** All that a window tells of a mapping, kept: to compare, and to show when a comparison fails. */
record Seen(Line line, MappingKind kind, Deletion deletion, boolean fileBacked, boolean escaped, boolean ambiguous, int file) {
    static Seen of(Mapping mapping) {
        return new Seen(Line.of(mapping), mapping.kind(), mapping.deletion(), mapping.isFileBacked(), mapping.isNameEscaped(),
                mapping.isNameAmbiguous(), mapping.fileIndex());
    }

    /** The mappings of a picture, in its order. */
    static List<Seen> all(MapSnapshot snapshot) {
        List<Seen> all = new ArrayList<>(snapshot.size());
        for (MapCursor mapping = snapshot.cursor(); mapping.next(); ) {
            all.add(of(mapping));
        }
        return all;
    }

    /** The same apart from the number of the file, which depends on what else is in the picture. */
    Seen withoutFile() {
        return new Seen(line, kind, deletion, fileBacked, escaped, ambiguous, 0);
    }

    boolean has(char permission) {
        return line.permissions().indexOf(permission) >= 0;
    }

    @Override
    public String toString() {
        return line.render().strip() + " {" + kind + ", " + deletion + (fileBacked ? ", file " + file : "")
                + (escaped ? ", escaped" : "") + (ambiguous ? ", ambiguous" : "") + "}";
    }
}
