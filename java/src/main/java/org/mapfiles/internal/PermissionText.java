package org.mapfiles.internal;

/** Returns permissions as the kernel writes them, such as {@code r-xp}. Allocates nothing. */
public final class PermissionText {
    private static final String[] TEXTS = new String[16];

    static {
        for (int flags = 0; flags < TEXTS.length; flags++) {
            TEXTS[flags] = ((flags & MapRecord.READABLE) != 0 ? "r" : "-")
                    + ((flags & MapRecord.WRITABLE) != 0 ? "w" : "-")
                    + ((flags & MapRecord.EXECUTABLE) != 0 ? "x" : "-")
                    + ((flags & MapRecord.SHARED) != 0 ? "s" : "p");
        }
    }

    private PermissionText() {}

    public static String text(int flags) {
        return TEXTS[flags & TEXTS.length - 1];
    }
}
