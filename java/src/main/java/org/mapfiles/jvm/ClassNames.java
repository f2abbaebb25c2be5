package org.mapfiles.jvm;

/** Converts the JVM's names of types to those of {@link Class#getName()}. */
final class ClassNames {
    private static final String HIDDEN = "+0x";

    private ClassNames() {}

    /** Converts a type such as {@code Ljava/lang/String;}. A hidden class has a '.' where its Java name has a '/'. */
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
     * Converts an internal name such as {@code java/lang/String}. HotSpot writes a hidden class as {@code Name+0x} and
     * a hexadecimal number (ClassFileParser::mangle_hidden_class_name).
     */
    static String ofInternal(String name) {
        String dotted = name.replace('/', '.');
        int plus = dotted.lastIndexOf(HIDDEN);
        for (int i = plus + HIDDEN.length(); plus > 0 && i < dotted.length(); i++) {
            plus = Character.digit(dotted.charAt(i), 16) < 0 ? -1 : plus;
        }
        return plus > 0 && plus + HIDDEN.length() < dotted.length()
                ? dotted.substring(0, plus) + '/' + dotted.substring(plus + 1)
                : dotted;
    }
}
