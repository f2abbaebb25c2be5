package org.mapfiles.cli.target;

import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * A pattern of a shell for names of mappings. A pattern without a slash is compared with the last part of a path.
 * {@code *} and {@code ?} do not match a slash, {@code **} does.
 */
public final class NamePattern {
    private final Pattern pattern;
    private final boolean isWhole;

    private NamePattern(Pattern pattern, boolean isWhole) {
        this.pattern = pattern;
        this.isWhole = isWhole;
    }

    /** Returns whether a name matches, without the kernel's mark of deleted files. */
    public boolean matches(byte[] name) {
        String text = Arguments.string(name);
        return pattern.matcher(isWhole ? text : text.substring(text.lastIndexOf('/') + 1))
                .matches();
    }

    /**
     * Parses the value of an option.
     *
     * @throws UsageException if it is no pattern
     */
    public static NamePattern parse(String glob) {
        StringBuilder regex = new StringBuilder();
        for (int i = 0; i < glob.length(); i++) {
            char c = glob.charAt(i);
            int end = c == '[' ? glob.indexOf(']', i + 2) : -1;
            if (c == '*' && i + 1 < glob.length() && glob.charAt(i + 1) == '*') {
                regex.append(".*");
                i++;
            } else if (c == '*') {
                regex.append("[^/]*");
            } else if (c == '?') {
                regex.append("[^/]");
            } else if (end > 0) {
                String members = glob.substring(i + 1, end);
                boolean isNegated = members.startsWith("!") || members.startsWith("^");
                regex.append(isNegated ? "[^" : "[")
                        .append((isNegated ? members.substring(1) : members).replaceAll("[\\\\\\[\\]&^]", "\\\\$0"))
                        .append(']');
                i = end;
            } else if (c == '\\' && i + 1 < glob.length()) {
                i++;
                regex.append(Pattern.quote(glob.substring(i, i + 1)));
            } else {
                regex.append(Pattern.quote(String.valueOf(c)));
            }
        }
        try {
            return new NamePattern(Pattern.compile(regex.toString(), Pattern.DOTALL), glob.contains("/"));
        } catch (PatternSyntaxException e) {
            throw new UsageException("'" + Arguments.display(glob) + "' is no pattern of names");
        }
    }
}
