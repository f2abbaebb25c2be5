package org.mapfiles.cli.target;

import java.io.IOException;
import org.mapfiles.MapChunks;
import org.mapfiles.MapCursor;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;
import org.mapfiles.MapsException;
import org.mapfiles.NotSupportedException;
import org.mapfiles.PermissionDeniedException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.FileName;
import org.mapfiles.cli.output.StateEntry;
import org.mapfiles.resident.ResidentBytes;
import org.mapfiles.resident.ResidentPages;

/** Reads the state of a process that runs, in bounded memory. */
public final class StateReader {
    /** Receives the mappings in order of address. */
    public interface Visitor {
        void entry(StateEntry entry) throws IOException;
    }

    private final ProcessMaps maps;
    private final ResidentPages pages = ResidentPages.withoutCopies();
    private MapsException pagesDenial;
    private boolean isInconsistent;

    public StateReader(ProcessMaps maps) {
        this.maps = maps;
    }

    /** Reads all mappings. */
    public void read(Visitor visitor) throws IOException {
        try (MapChunks chunks = maps.chunks(MapFilter.all());
                BuildIds buildIds = new BuildIds(maps)) {
            ResidentBytes sums = new ResidentBytes();
            while (chunks.next()) {
                MapSnapshot chunk = chunks.chunk();
                readPages(chunk);
                buildIds.beginChunk(chunk);
                for (MapCursor mapping = chunk.cursor(); mapping.next(); ) {
                    sums.clear();
                    pages.add(mapping, sums);
                    visitor.entry(StateEntry.of(
                            mapping,
                            FileName.of(maps, mapping),
                            mapping.permissions(),
                            buildIds.of(mapping),
                            pagesDenial == null ? sums.rss() : -1,
                            pagesDenial == null ? sums.swapped() : -1));
                }
            }
            isInconsistent = chunks.isInconsistent();
        }
    }

    private void readPages(MapSnapshot chunk) throws MapsException {
        if (pagesDenial != null || chunk.size() == 0) {
            return;
        }
        MapCursor cursor = chunk.cursor();
        long start = cursor.seek(0).start();
        long end = cursor.seek(chunk.size() - 1).end();
        try {
            pages.read(maps, chunk, start, end);
        } catch (PermissionDeniedException | NotSupportedException e) {
            pagesDenial = e;
        }
    }

    /** Returns why the resident sizes are unknown; null: they are known. */
    public MapsException pagesDenial() {
        return pagesDenial;
    }

    /** Returns whether the mappings changed while they were read. */
    public boolean isInconsistent() {
        return isInconsistent;
    }
}
