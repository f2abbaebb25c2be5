package org.mapfiles.cli.demangle;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
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
    /** Begins the version of a symbol in a symbol table, such as "@@V2" (ld(1), VERSION). */
    private static final char VERSION = '@';
    /** Begins a suffix of LLVM, which may have this character too. */
    private static final String LLVM = ".llvm.";

    private static final CppFilter CPP = new CppFilter();

    private static final Map<String, String> CPP_NAMES = new LinkedHashMap<>(64, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, String> eldest) {
            return size() > CACHED_NAMES;
        }
    };

    private Demangler() {}

    /** Returns the names of the demanglers for C++, of which the first one that is installed is used. */
    public static List<String> programs() {
        return CppFilter.PROGRAMS;
    }

    /**
     * Returns the name in the source. The name of an entry of the procedure linkage table keeps its end "@plt", and a
     * name with a version keeps the version.
     *
     * @param rawName as {@code SymbolInfo.name()} returns it
     * @return the raw name itself if it is not mangled, or cannot be demangled
     */
    public static String demangle(String rawName) {
        String known = withoutProgram(rawName);
        if (known != null) {
            return known;
        }
        synchronized (CPP_NAMES) {
            known = CPP_NAMES.get(rawName);
            if (known == null) {
                known = result(rawName, CPP.demangle(List.of(mangled(rawName))).get(0));
                CPP_NAMES.put(rawName, known);
            }
            return known;
        }
    }

    /**
     * Returns the names in the source of many names, as {@link #demangle} does. For names of C++ this is many times
     * faster than one call for each.
     *
     * @return in the order of the raw names
     */
    public static List<String> demangleAll(List<String> rawNames) {
        List<String> all = new ArrayList<>(rawNames.size());
        List<String> cpp = new ArrayList<>();
        for (String rawName : rawNames) {
            String known = withoutProgram(rawName);
            all.add(known);
            if (known == null) {
                cpp.add(mangled(rawName));
            }
        }
        Iterator<String> found = CPP.demangle(cpp).iterator();
        for (int i = 0; i < all.size(); i++) {
            if (all.get(i) == null) {
                all.set(i, result(rawNames.get(i), found.next()));
            }
        }
        return all;
    }

    /** Returns the result if it takes no other program: a name of Rust, or a raw name; null: it is a name of C++. */
    private static String withoutProgram(String rawName) {
        if (!isMangled(rawName) || rawName.length() > MAX_NAME) {
            return rawName;
        }
        String name = mangled(rawName);
        String rust = name.startsWith("_R") ? RustV0.demangle(name) : RustLegacy.demangle(name);
        if (rust != null) {
            return result(rawName, rust);
        }
        return name.startsWith("_Z") && CppFilter.isOneWord(name) ? null : rawName;
    }

    private static String mangled(String rawName) {
        return rawName.substring(0, endOfMangled(rawName));
    }

    private static int endOfMangled(String rawName) {
        int end = rawName.endsWith(PLT) ? rawName.length() - PLT.length() : rawName.length();
        int version = rawName.indexOf(VERSION);
        return version < 0 || version >= end || rawName.lastIndexOf(LLVM, version) >= 0 ? end : version;
    }

    private static String result(String rawName, String demangled) {
        String result = demangled + rawName.substring(endOfMangled(rawName));
        return result.equals(rawName) ? rawName : result;
    }

    /**
     * Returns whether a name has the form of a mangled one. {@link #demangle} may still be unable to demangle it: for
     * C++ this needs an installed program.
     */
    public static boolean isMangled(String rawName) {
        return rawName.startsWith("_Z") || rawName.startsWith("_R");
    }
}
