package org.mapfiles.symbols;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;
import org.mapfiles.internal.NativeMemory;
import org.tukaani.xz.XZInputStream;

/** Decompresses {@code .gnu_debugdata}. Only this class uses {@code org.tukaani.xz}, which is optional. */
final class MiniDebugInfo {
    /** Memory of the decoder: the largest dictionary of "xz -9" is 64 MiB. */
    private static final int MEMORY_KIB = 80 << 10;

    private static final int PART = 1 << 16;

    private MiniDebugInfo() {}

    /**
     * Returns the decompressed file; null: the data is damaged, or exceeds the maximum of bytes.
     *
     * @throws NoClassDefFoundError if {@code org.tukaani.xz} is not there
     */
    static @Nullable NativeMemory decompress(NativeMemory compressed, int maximum) {
        byte[] from = new byte[compressed.size()];
        compressed.bytes().get(0, from);
        ByteArrayOutputStream whole = new ByteArrayOutputStream(4 * from.length);
        try (InputStream in = new XZInputStream(new ByteArrayInputStream(from), MEMORY_KIB)) {
            byte[] part = new byte[PART];
            for (int got = in.read(part); got > 0; got = in.read(part)) {
                if (whole.size() + got > maximum) {
                    return null;
                }
                whole.write(part, 0, got);
            }
        } catch (IOException e) {
            return null;
        }
        NativeMemory content = new NativeMemory(whole.size());
        content.bytes().put(0, whole.toByteArray());
        return content;
    }
}
