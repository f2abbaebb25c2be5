package org.mapfiles.symbols;

import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.mapfiles.NotEnoughMemoryException;
import org.mapfiles.internal.NativeMemory;

/** Opens ELF files for {@link SymbolCache} that are found by a build ID, or that are in memory. */
final class UnmappedFiles {
    private UnmappedFiles() {}

    /**
     * As {@link SymbolCache#openByBuildId}.
     *
     * @param buildId in lower case
     */
    static Optional<ElfFile> open(SymbolCache cache, String buildId) throws NotEnoughMemoryException {
        try {
            for (byte[] path : DebugFiles.pathsOf(buildId)) {
                ElfFile file = openCandidate(cache, path);
                if (file != null && buildId.equals(file.buildId().orElse(""))) {
                    return Optional.of(file);
                }
            }
            return Optional.empty();
        } catch (OutOfMemoryError e) {
            throw new NotEnoughMemoryException("an ELF file", e);
        }
    }

    private static @Nullable ElfFile openCandidate(SymbolCache cache, byte[] path) {
        int descriptor = ElfFile.openPath(null, path);
        ElfReadException.checkShortage(descriptor);
        try {
            return descriptor < 0 ? null : cache.share(ElfBytes.of(descriptor), null, path);
        } catch (ElfReadException e) {
            if (e.isShortage()) {
                throw e;
            }
            return null;
        }
    }

    /** As {@link SymbolCache#openCopy}. */
    static ElfFile copy(SymbolCache cache, byte[] copy) throws IOException {
        try {
            NativeMemory content = new NativeMemory(Math.max(copy.length, 1));
            content.bytes().put(0, copy);
            ElfFile file = cache.share(ElfBytes.of(content), null, null);
            if (file == null) {
                throw new IOException("the bytes are no ELF program or library of this machine's byte order");
            }
            return file;
        } catch (OutOfMemoryError e) {
            throw new NotEnoughMemoryException("an ELF file", e);
        }
    }
}
