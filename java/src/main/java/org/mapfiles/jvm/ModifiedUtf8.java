package org.mapfiles.jvm;

import java.nio.ByteBuffer;

/** Decodes the modified UTF-8 of the JVM: each surrogate is encoded by itself, and NUL has two bytes (JVMS 4.4.7). */
final class ModifiedUtf8 {
    private static final char UNKNOWN = '\ufffd';

    private ModifiedUtf8() {}

    /** Decodes bytes; invalid ones become U+FFFD. */
    static String decode(ByteBuffer bytes, int at, int length) {
        char[] text = new char[length];
        int count = 0;
        for (int i = at; i < at + length; ) {
            int first = bytes.get(i) & 0xff;
            int more = first < 0x80 ? 0 : (first & 0xe0) == 0xc0 ? 1 : (first & 0xf0) == 0xe0 ? 2 : -1;
            if (more < 0 || i + more >= at + length) {
                text[count++] = UNKNOWN;
                i++;
                continue;
            }
            int value = more == 0 ? first : first & 0x3f >> more;
            for (int k = 1; k <= more; k++) {
                value = value << 6 | bytes.get(i + k) & 0x3f;
            }
            text[count++] = (char) value;
            i += more + 1;
        }
        return new String(text, 0, count);
    }
}
