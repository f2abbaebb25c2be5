package org.mapfiles.cli.output;

import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.mapfiles.ImmutableMapping;
import org.mapfiles.Mapping;
import org.mapfiles.MapsException;
import org.mapfiles.PermissionDeniedException;
import org.mapfiles.ProcessExitedException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.files.MapFiles;
import org.mapfiles.files.StaleMappingException;
import org.mapfiles.symbols.SymbolCache;
import org.mapfiles.symbols.SymbolInfo;
import org.mapfiles.symbols.Symbols;

/**
 * The symbols at the addresses of one process. Files that may not be opened have none. Threads may search at the same
 * time, each with its own result.
 */
final class AddressSymbols {
    /** For all commands of this JVM, which runs one. Its descriptors are closed with the JVM. */
    static final SymbolCache CACHE = SymbolCache.ofBytes(256 << 20);

    /** A process can have any number of mappings. */
    private static final int MAX_NOTED = 1024;

    private final Symbols symbols;
    private final SymbolInfo info = new SymbolInfo();
    private final SymbolInfo none = new SymbolInfo();
    private final ProcessMaps maps;
    /** Code whose file was not opened; null: none. Copies, because the mappings may be refreshed. */
    private Map<Long, ImmutableMapping> notOpened;

    AddressSymbols(ProcessMaps maps) {
        this.maps = maps;
        symbols = Symbols.of(maps, CACHE);
    }

    /** Returns the symbol at an address in a mapping. The result is valid until the next call. */
    SymbolInfo find(Mapping mapping, long address) {
        return find(mapping, address, info);
    }

    /** As {@link #find(Mapping, long)}. The result is valid until the next call with the same object. */
    SymbolInfo find(Mapping mapping, long address, SymbolInfo to) {
        try {
            if (!symbols.find(mapping, address, to) && to.status() == SymbolInfo.Status.NOT_OPENED) {
                noteNotOpened(mapping);
            }
            return to;
        } catch (MapsException e) { // the process has exited, or there is too little memory
            return none;
        }
    }

    private synchronized void noteNotOpened(Mapping mapping) {
        if (!mapping.isExecutable() || !mapping.isFileBacked()) {
            return;
        }
        notOpened = notOpened == null ? new LinkedHashMap<>() : notOpened;
        if (notOpened.size() < MAX_NOTED && !notOpened.containsKey(mapping.start())) {
            notOpened.put(mapping.start(), mapping.copy());
        }
    }

    /** Returns the files of code that cannot be opened, by the reason. */
    synchronized Map<String, UnnamedFiles> notOpened() {
        if (notOpened == null) {
            return Map.of();
        }
        Map<String, UnnamedFiles> byReason = new LinkedHashMap<>();
        Map<List<?>, String> reasons = new HashMap<>();
        Set<String> names = new HashSet<>();
        for (Mapping mapping : notOpened.values()) {
            String name = name(mapping);
            MapsException why = names.add(name) ? whyNotOpened(mapping) : null;
            if (why != null) {
                // messages of one cause differ, because they name the mapping
                String reason = reasons.computeIfAbsent(cause(why), cause -> why.getMessage());
                byReason.merge(reason, new UnnamedFiles(name, 1, null), UnnamedFiles::and);
            }
        }
        return byReason;
    }

    private String name(Mapping mapping) {
        try {
            return FileName.of(maps, mapping).display();
        } catch (MapsException e) { // such as a process that has exited
            return FileName.withoutQuery(mapping).display();
        }
    }

    private static List<?> cause(MapsException failure) {
        return failure instanceof PermissionDeniedException denied
                ? List.of(failure.getClass(), denied.reasons())
                : List.of(failure.getClass());
    }

    /** Returns why the file of a mapping cannot be opened; null: it can be now, or is not mapped any more. */
    private MapsException whyNotOpened(Mapping mapping) {
        try {
            MapFiles.of(maps).open(mapping).close();
            return null;
        } catch (StaleMappingException | ProcessExitedException e) {
            return null;
        } catch (MapsException e) {
            return e;
        }
    }
}
