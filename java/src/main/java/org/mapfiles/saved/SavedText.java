package org.mapfiles.saved;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.Set;
import org.mapfiles.MalformedMapsException;
import org.mapfiles.MapSnapshot;
import org.mapfiles.internal.MapsTextFault;

/** Reads the mappings of a text: of maps, smaps, or an hs_err file. */
final class SavedText {
    private static final int FIRST_LINES = 10;

    private SavedText() {}

    /**
     * Reads a text.
     *
     * @param begin the first bytes of the text, by which its kind is known
     */
    static SavedMaps read(InputStream in, byte[] begin) throws IOException {
        LineReader lines = new LineReader(in);
        if (CarriageReturns.endEachLine(begin)) {
            lines.removeCarriageReturns();
        }
        Problems problems = new Problems();
        MapsLines maps = new MapsLines(problems);
        boolean any = lines.next();
        while (any && lines.isBlank()) {
            any = lines.next();
        }
        if (!any) {
            throw new MalformedMapsException("the file is empty", 1);
        }
        if (maps.isMapping(lines.bytes(), lines.length()) || beginsWithMapping(begin, maps)) {
            boolean isSmaps = readMaps(lines, maps, problems);
            checkMaximum(lines, problems);
            checkAnyLine(maps, problems);
            return new SavedMaps(
                    isSmaps ? SavedMaps.Source.SMAPS : SavedMaps.Source.MAPS,
                    maps.snapshot(),
                    maps,
                    problems,
                    -1,
                    null,
                    Map.of(),
                    null,
                    Set.of());
        }
        String first = lines.text().substring(0, Math.min(lines.text().length(), 80));
        HsErrFile log = new HsErrFile(lines, maps, problems);
        if (!log.read()) {
            throw new MalformedMapsException(
                    "the file is no maps text, hs_err file or core file: line 1 is \"" + first + "\"", 1);
        }
        checkMaximum(lines, problems);
        MapSnapshot snapshot = maps.snapshot();
        Crash crash = log.crash(new LibraryOffsets(snapshot));
        return new SavedMaps(
                SavedMaps.Source.HS_ERR, snapshot, maps, problems, log.pid(), crash, Map.of(), null, Set.of());
    }

    /**
     * Returns whether one of the first lines is a mapping and none is of an hs_err file: then the first one is damaged.
     */
    private static boolean beginsWithMapping(byte[] begin, MapsLines maps) throws IOException {
        LineReader first = new LineReader(new ByteArrayInputStream(begin));
        for (int i = 0; i < FIRST_LINES && first.next(); i++) {
            if (first.startsWith("#") || first.startsWith(HsErrFile.LIBRARIES)) {
                return false;
            }
            if (maps.isMapping(first.bytes(), first.length())) {
                return true;
            }
        }
        return false;
    }

    private static void checkMaximum(LineReader lines, Problems problems) {
        if (lines.isAtMaximum()) {
            problems.add(lines.number(), "is not read to its end: the file is longer than 2 GiB");
        }
    }

    /** Reads lines of mappings. Returns whether they are of smaps: then lines with details follow each. */
    private static boolean readMaps(LineReader lines, MapsLines maps, Problems problems) throws IOException {
        boolean isSmaps = false;
        do {
            if (maps.count() > 0 && MapsTextFault.isDetailOfSmaps(lines.bytes(), lines.length())) {
                isSmaps = true;
            } else if (!lines.isBlank()) {
                addLine(maps, lines, problems);
            }
        } while (lines.next());
        return isSmaps;
    }

    private static void checkAnyLine(MapsLines maps, Problems problems) throws MalformedMapsException {
        if (maps.count() == 0) {
            SavedMaps.Problem first = problems.kept().get(0);
            throw new MalformedMapsException(
                    "no line of the file can be used: " + first, (int) Math.max(1, first.line()));
        }
    }

    /** Adds the present line of a reader. */
    static void addLine(MapsLines maps, LineReader lines, Problems problems) {
        if (lines.isTooLong()) {
            problems.addLack(lines.number(), "is longer than " + LineReader.MAX_LINE + " bytes");
        } else {
            maps.add(lines.bytes(), lines.length(), lines.number(), lines.isComplete());
        }
    }
}
