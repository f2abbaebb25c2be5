package org.mapfiles.jvm;

/** The JVM's names of types, as people know them. */
final class ClassNames {
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
}
