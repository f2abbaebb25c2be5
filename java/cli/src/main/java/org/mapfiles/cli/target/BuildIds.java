package org.mapfiles.cli.target;

import org.mapfiles.MapCursor;
import org.mapfiles.MapFilter;
import org.mapfiles.MapFilter.Backend;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.MappingQuery;
import org.mapfiles.MapsException;
import org.mapfiles.NotSupportedException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.symbols.ElfFile;
import org.mapfiles.symbols.SymbolCache;
import org.mapfiles.symbols.Symbols;

/**
 * Finds the build IDs of mapped files, once for each file of a chunk of mappings. The kernel reports those of files
 * whose first page is in memory (PROCMAP_QUERY, Linux 6.11+). Files with an executable mapping are opened otherwise.
 */
public final class BuildIds implements AutoCloseable {
    private static final int CACHE_BYTES = 1 << 20;
    private static final MapFilter BY_QUERY = MapFilter.all().by(Backend.QUERY);

    private final ProcessMaps maps;
    private final SymbolCache cache = SymbolCache.ofBytes(CACHE_BYTES);
    private final Symbols symbols;
    private final MappingQuery query = MappingQuery.withBuildId();
    private boolean hasQuery = true;
    private String[] ofChunk = {};
    private boolean[] isRead = {};
    private boolean[] isCode = {};

    public BuildIds(ProcessMaps maps) {
        this.maps = maps;
        this.symbols = Symbols.of(maps, cache);
    }

    /** Begins a chunk. File indices are valid within one chunk. */
    public void beginChunk(MapSnapshot chunk) {
        ofChunk = new String[chunk.fileCount()];
        isRead = new boolean[chunk.fileCount()];
        isCode = new boolean[chunk.fileCount()];
        for (MapCursor mapping = chunk.cursor(); mapping.next(); ) {
            if (mapping.isExecutable() && mapping.fileIndex() >= 0) {
                isCode[mapping.fileIndex()] = true;
            }
        }
    }

    /** Returns the build ID of the file of a mapping of the chunk; null: none, or unknown. */
    public String of(MapCursor mapping) throws MapsException {
        int file = mapping.fileIndex();
        if (file < 0 || mapping.kind() != Mapping.Kind.FILE) {
            return null;
        }
        if (!isRead[file]) {
            isRead[file] = true;
            ofChunk[file] = queried(mapping);
            if (ofChunk[file] == null && isCode[file]) {
                ofChunk[file] = symbols.file(mapping).flatMap(ElfFile::buildId).orElse(null);
            }
        }
        return ofChunk[file];
    }

    private String queried(Mapping mapping) throws MapsException {
        if (!hasQuery) {
            return null;
        }
        try {
            return maps.query(mapping.start(), BY_QUERY, false, query) && query.inode() == mapping.inode()
                    ? query.buildId().orElse(null)
                    : null;
        } catch (NotSupportedException e) {
            hasQuery = false;
            return null;
        }
    }

    @Override
    public void close() {
        cache.close();
    }
}
