package org.mapfiles.saved;

/** Whether a text has CR LF at the end of each line. A name of a file may end with a carriage return too. */
final class CarriageReturns {
    private CarriageReturns() {}

    /**
     * Returns whether each whole line at the beginning of a text ends with CR LF, and one of them cannot end with the
     * name of a file: it is not a mapping, or the mapping has no name or one in brackets.
     */
    static boolean endEachLine(byte[] begin) {
        boolean hasOtherLine = false;
        int lines = 0;
        int from = 0;
        for (int at = 0; at < begin.length; at++) {
            if (begin[at] == '\n') {
                if (at == from || begin[at - 1] != '\r') {
                    return false;
                }
                hasOtherLine |= at - 1 == from || !isDigit(begin[from]) || begin[at - 2] == ' ' || begin[at - 2] == ']';
                from = at + 1;
                lines++;
            }
        }
        return lines > 0 && hasOtherLine;
    }

    private static boolean isDigit(byte b) {
        return b >= '0' && b <= '9' || b >= 'a' && b <= 'f';
    }
}
