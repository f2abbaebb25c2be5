package org.mapfiles.cli.demangle;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * From the name of a symbol to the name in the source: Rust, and C++ if a demangler for C++ is installed.
 *
 * <p>Names come from files that are not trusted. Each one takes limited time, memory and stack, and no name can end
 * this process.
 *
 * <p>Thread-safe.
 */
public final class Demangler {
    /** Longer names stay raw. Names of C++ templates have up to some thousand characters. */
    static final int MAX_NAME = 16 << 10;

    /** Maximum length of a result. A name with a longer one stays raw. */
    static final int MAX_RESULT = 32 << 10;

    private static final int CACHED_NAMES = 8192;
    private static final String PLT = "@plt";

    private static final CppFilter CPP = new CppFilter();

    private static final Map<String, String> CPP_NAMES = new LinkedHashMap<>(64, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, String> eldest) {
            return size() > CACHED_NAMES;
        }
    };

    private Demangler() {}

    /**
     * Returns the name in the source. The name of an entry of the procedure linkage table keeps its end "@plt".
     *
     * @param rawName as {@code SymbolInfo.name()} returns it
     * @return the raw name itself if it is not mangled, or cannot be demangled
     */
    public static String demangle(String rawName) {
        if (!rawName.startsWith("_") || rawName.length() > MAX_NAME || !isMangled(rawName)) {
            return rawName;
        }
        int end = rawName.endsWith(PLT) ? rawName.length() - PLT.length() : rawName.length();
        String name = rawName.substring(0, end);
        String found = name.startsWith("_R") ? RustV0.demangle(name) : RustLegacy.demangle(name);
        if (found == null && name.startsWith("_Z")) {
            found = cpp(name);
        }
        return found == null ? rawName : found + rawName.substring(end);
    }

    /**
     * Returns whether a name has the form of a mangled one. {@link #demangle} may still be unable to demangle it: for
     * C++ this needs an installed program.
     */
    public static boolean isMangled(String rawName) {
        return rawName.startsWith("_Z") || rawName.startsWith("_R");
    }

    private static String cpp(String name) {
        synchronized (CPP_NAMES) {
            String known = CPP_NAMES.get(name);
            if (known == null) {
                known = CPP.demangle(name);
                CPP_NAMES.put(name, known);
            }
            return known.equals(name) ? null : known;
        }
    }
}
