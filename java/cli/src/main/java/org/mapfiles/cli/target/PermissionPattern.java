package org.mapfiles.cli.target;

/** Permissions of mappings: as {@code maps} prints them, with {@code ?} for any, or letters that must be there. */
public final class PermissionPattern {
    private static final String LETTERS = "rwxsp";
    private final String text;

    private PermissionPattern(String text) {
        this.text = text;
    }

    /** Returns whether permissions such as {@code r-xp} match. */
    public boolean matches(String permissions) {
        if (!isWhole(text)) {
            return text.chars().allMatch(letter -> permissions.indexOf(letter) >= 0);
        }
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) != '?' && text.charAt(i) != permissions.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    private static boolean isWhole(String text) {
        return text.matches("[r?-][w?-][x?-][sp?]");
    }

    /**
     * Parses the value of an option.
     *
     * @throws UsageException if it is no pattern
     */
    public static PermissionPattern parse(String text) {
        boolean isSet = !text.isEmpty() && text.chars().allMatch(letter -> LETTERS.indexOf(letter) >= 0);
        if (!isSet && !isWhole(text)) {
            throw new UsageException("'" + Arguments.display(text)
                    + "' is neither permissions such as r-xp, with ? for any, nor some of the letters " + LETTERS);
        }
        return new PermissionPattern(text);
    }
}
