package org.mapfiles.cli.commands;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Set;
import org.mapfiles.cli.output.Printable;

/**
 * A file that a command writes. It is new: it is created with O_EXCL, so no link is followed and no other file is
 * written to. Only its owner may access it until it is complete. It is removed if it does not become complete.
 */
final class NewFile implements AutoCloseable {
    private static final Set<PosixFilePermission> OWNER = PosixFilePermissions.fromString("rw-------");

    private final Path file;
    /** Where it is written: another name in the same directory, if it replaces a file. */
    private final Path written;

    private final OutputStream stream;
    private boolean isKept;

    /**
     * Creates the file.
     *
     * @param replace whether a file of this name is replaced, when the new one is complete
     * @throws IOException if there is a file of this name and it is not to be replaced, or the file cannot be created
     */
    NewFile(Path file, boolean replace) throws IOException {
        this.file = file;
        if (Files.isDirectory(file)) {
            throw new IOException(display(file) + " is a directory");
        }
        if (replace && Files.exists(file) && !Files.isRegularFile(file)) { // such as /dev/null
            throw new IOException(display(file) + " is a device, a pipe or a socket, and only files are replaced:"
                    + " give another name, or - for standard output");
        }
        written = replace
                ? file.resolveSibling("." + file.getFileName() + "." + Long.toHexString(new SecureRandom().nextLong()))
                : file;
        try {
            stream = Channels.newOutputStream(Files.newByteChannel(
                    written,
                    Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                    PosixFilePermissions.asFileAttribute(OWNER)));
        } catch (FileAlreadyExistsException e) {
            throw new IOException(display(file) + " exists: give another name, or --force to replace it", e);
        } catch (NoSuchFileException e) {
            throw new IOException("there is no directory for " + display(file), e);
        }
    }

    private static String display(Path file) {
        return "'" + Printable.text(file.toString()) + "'";
    }

    OutputStream stream() {
        return stream;
    }

    /**
     * Completes the file.
     *
     * @param attributes mode and times; null: the file stays accessible to its owner only
     */
    void keep(FileAttributes attributes) throws IOException {
        stream.close();
        if (attributes != null) {
            attributes.apply(written);
        }
        if (!written.equals(file)) {
            Files.move(written, file, StandardCopyOption.ATOMIC_MOVE);
        }
        isKept = true;
    }

    /** Closes the file, and removes it if it is not complete. */
    @Override
    public void close() throws IOException {
        try {
            stream.close();
        } finally {
            if (!isKept) {
                Files.deleteIfExists(written);
            }
        }
    }
}
