package org.mapfiles.cli.output;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.mapfiles.cli.demangle.Demangler;

/** Names of symbols as commands print them. */
public final class SymbolNames {
    /** Marks a mangled name in text output that could not be demangled. */
    private static final String MANGLED = " [mangled]";

    private final boolean isDemangling;
    /** Also names that stay raw, with themselves: the addresses of a profile are in few functions. */
    private final NameCache<String> known = new NameCache<>();

    private final Set<String> noted = new LinkedHashSet<>();

    /** @param isDemangling whether mangled names are demangled */
    public SymbolNames(boolean isDemangling) {
        this.isDemangling = isDemangling;
    }

    /**
     * Returns the name in the source; null: the name is not mangled, or cannot be demangled, or names are not
     * demangled.
     */
    String demangled(String raw) {
        if (!isDemangling || raw == null || !Demangler.isMangled(raw)) {
            return null;
        }
        String name = known.get(raw);
        if (name == null) {
            name = Demangler.demangle(raw);
            known.put(raw, name, name.length());
        }
        return name.equals(raw) ? null : name;
    }

    /** Notes a name, so that it is demangled together with others, which is faster than one after the other. */
    void note(String raw) {
        if (isDemangling && raw != null && Demangler.isMangled(raw) && known.get(raw) == null) {
            noted.add(raw);
        }
    }

    /** Demangles the names that were noted. */
    void demangleNoted() {
        if (noted.isEmpty()) {
            return;
        }
        List<String> raws = List.copyOf(noted);
        noted.clear();
        List<String> demangled = Demangler.demangleAll(raws);
        for (int i = 0; i < raws.size(); i++) {
            known.put(raws.get(i), demangled.get(i), demangled.get(i).length());
        }
    }

    /** Returns a name for text output. A mangled name is marked if it should be demangled and cannot be. */
    String display(String raw) {
        String demangled = demangled(raw);
        return demangled != null
                ? Printable.text(demangled)
                : Printable.text(raw) + (isDemangling && looksMangled(raw) ? MANGLED : "");
    }

    /**
     * Whether a name begins as in C++, or as in v0 of Rust, with the tag of a path: names of C may begin with _R too.
     */
    private static boolean looksMangled(String raw) {
        return raw.startsWith("_Z")
                || raw.startsWith("_R") && raw.length() > 2 && "CMXYNIB".indexOf(raw.charAt(2)) >= 0;
    }

    /** Returns the name in the source, or else the raw name; null for null. */
    String best(String raw) {
        String demangled = demangled(raw);
        return demangled != null ? demangled : raw;
    }
}
