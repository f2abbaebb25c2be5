package org.mapfiles.internal;

import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/** Makes text for exceptions of the JDK. The message of a {@link FileSystemException} is often only a path. */
public final class ErrorText {
    private ErrorText() {}

    /** Returns the cause and the file of a failure; never null. */
    public static String of(Throwable failure) {
        if (failure instanceof FileSystemException) {
            FileSystemException file = (FileSystemException) failure;
            return file.getFile() == null ? reason(file) : file.getFile() + ": " + reason(file);
        }
        return failure.getMessage() == null ? failure.getClass().getSimpleName() : failure.getMessage();
    }

    /**
     * Returns an {@link UnsatisfiedLinkError}, typed as a superclass that each JVM has loaded: see
     * {@link NativeLibrary}.
     */
    static LinkageError unsatisfied(String message) {
        return new UnsatisfiedLinkError(message);
    }

    private static String reason(FileSystemException failure) {
        if (failure.getReason() != null) {
            return failure.getReason();
        }
        if (failure instanceof NoSuchFileException) {
            return "no such file or directory";
        }
        if (failure instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (failure instanceof FileAlreadyExistsException) {
            return "already exists";
        }
        if (failure instanceof NotDirectoryException) {
            return "not a directory";
        }
        return failure instanceof FileSystemLoopException
                ? "a loop of symbolic links"
                : failure.getClass().getSimpleName();
    }
}
