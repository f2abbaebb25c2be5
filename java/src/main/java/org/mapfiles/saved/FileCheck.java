package org.mapfiles.saved;

import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/** Whether the file that is at a path now is the file of a saved mapping. */
public final class FileCheck {
    /** The result of a check. */
    public enum Result {
        /** The file at the path is the mapped file, with the content of that time. */
        SAME,
        /**
         * The file at the path has the inode of the mapped file, but was written to or touched after the crash, so its
         * content may be another.
         */
        CHANGED_OR_TOUCHED,
        /** The file at the path is another one. */
        REPLACED,
        /** No file is at the path. */
        MISSING,
        /** It cannot be determined: {@link FileCheck#reason()} is the reason. */
        UNKNOWN
    }

    private final Result result;
    private final String reason;
    private final byte[] buildId;
    private final long size;

    FileCheck(Result result, String reason, byte[] buildId) {
        this(result, reason, buildId, -1);
    }

    private FileCheck(Result result, String reason, byte[] buildId, long size) {
        this.result = result;
        this.reason = reason;
        this.buildId = buildId;
        this.size = size;
    }

    /** Returns the check with the size of the file that is at the path; -1: it is unknown. */
    FileCheck withSize(long bytes) {
        return new FileCheck(result, reason, buildId, bytes);
    }

    /**
     * Returns the result.
     *
     * @return whether the file is the same
     */
    public Result result() {
        return result;
    }

    /**
     * Returns what the result follows from, as a phrase, such as {@code same build ID}.
     *
     * @return not empty
     */
    public String reason() {
        return reason;
    }

    /**
     * Returns the GNU build ID of the mapped file. It was recorded, or is that of a file that is the same or may be the
     * same: see {@link #result()}.
     *
     * @return empty if it is unknown
     */
    public Optional<byte[]> buildId() {
        return buildId.length == 0 ? Optional.empty() : Optional.of(buildId.clone());
    }

    /**
     * Returns the size of the file that is at the path now, in bytes. The kernel sends SIGBUS to a process that
     * accesses a page after the end of a file.
     *
     * @return empty: no regular file is there, or it cannot be read
     */
    public OptionalLong size() {
        return size < 0 ? OptionalLong.empty() : OptionalLong.of(size);
    }

    @Override
    public String toString() {
        return Objects.toString(result) + " (" + reason + ")";
    }
}
