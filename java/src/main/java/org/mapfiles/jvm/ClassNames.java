package org.mapfiles.jvm;

import java.util.regex.Pattern;

/** The JVM's names of types, as people know them. */
final class ClassNames {
    private static final Pattern HIDDEN = Pattern.compile("\\+0x[0-9a-f]{16}");
    private static final int HIDDEN_LENGTH = 19;

    private ClassNames() {
    }

    /** {@code Ljava/lang/String;} as {@code java.lang.String}; hidden classes have a '.' where their Java name has a '/'. */
    static String ofSignature(String signature) {
        if (!signature.startsWith("L") || !signature.endsWith(";")) {
            return signature;
        }
        char[] name = signature.substring(1, signature.length() - 1).toCharArray();
        for (int i = 0; i < name.length; i++) {
            name[i] = name[i] == '/' ? '.' : name[i] == '.' ? '/' : name[i];
        }
        return new String(name);
    }

    /**
     * The name in the JVM's own structures, {@code java/lang/String}, as {@link Class#getName()} returns it. HotSpot writes a hidden
     * class as {@code Name+0x} and an address of 16 digits (ClassFileParser::mangle_hidden_class_name).
     */
    static String ofInternal(String name) {
        String dotted = name.replace('/', '.');
        int plus = dotted.length() - HIDDEN_LENGTH;
        return plus > 0 && HIDDEN.matcher(dotted).region(plus, dotted.length()).matches()
                ? dotted.substring(0, plus) + '/' + dotted.substring(plus + 1) : dotted;
    }
}
