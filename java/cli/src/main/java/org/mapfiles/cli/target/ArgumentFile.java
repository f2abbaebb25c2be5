package org.mapfiles.cli.target;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** A file of an argument, which is opened several times. The content of a pipe can be read once only, so it is kept. */
final class ArgumentFile {
    /** Maximum of the content of a pipe, in bytes. */
    private static final int MAX_PIPE = 1 << 26;

    private final Path path;
    /** Null: a regular file, or none. */
    private final byte[] content;

    /** @throws IOException if the content of a pipe cannot be read */
    ArgumentFile(Path path) throws IOException {
        this.path = path;
        this.content = isPipe(path) ? readPipe(path) : null;
    }

    private static boolean isPipe(Path path) {
        return Files.exists(path) && !Files.isRegularFile(path);
    }

    private static byte[] readPipe(Path path) throws IOException {
        try (InputStream in = stream(path)) {
            byte[] content = in.readNBytes(MAX_PIPE + 1);
            if (content.length > MAX_PIPE) {
                throw new IOException("'" + Arguments.display(path.toString()) + "' has more than " + (MAX_PIPE >> 20)
                        + " MiB and is not a regular file: write it to one");
            }
            return content;
        }
    }

    /** Opens a file that is read once. On JDK 17 the streams of {@link Files} fail for a pipe: they seek. */
    static InputStream stream(Path path) throws IOException {
        return new BufferedInputStream(
                isPipe(path) ? new FileInputStream(path.toString()) : Files.newInputStream(path));
    }

    Path path() {
        return path;
    }

    /** Returns whether the file can be opened by its path again. */
    boolean isRegular() {
        return content == null;
    }

    /** Opens the file, or the content of the pipe, at its start. */
    InputStream open() throws IOException {
        return content == null ? stream(path) : new ByteArrayInputStream(content);
    }
}
