package org.mapfiles.symbols;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.mapfiles.ImmutableMapping;

/**
 * Whether a program or library that a process runs is still the one at its path: a result of {@link CodeUpdates}.
 * Immutable and thread-safe.
 */
public final class CodeUpdate {
    /** What a restart of the process would run. */
    public enum State {
        /** The same file, or a file in which no difference was found. */
        CURRENT,
        /** Other code: another file is at the path. */
        OUTDATED,
        /** The same code: another file with the same bytes, or with the same build ID and code, is at the path. */
        REPLACED_SAME,
        /** Nothing is at the path. Programs that extract a library, load it and delete it have such files. */
        DELETED,
        /** It cannot be determined: {@link CodeUpdate#reason()} is the reason. */
        UNKNOWN
    }

    private final State state;
    private final String reason;
    private final ImmutableMapping mapping;
    private final boolean isProgram;
    private final @Nullable String buildId;
    private final byte @Nullable [] pathNow;
    private final @Nullable String buildIdNow;

    CodeUpdate(
            State state,
            String reason,
            ImmutableMapping mapping,
            boolean isProgram,
            @Nullable String buildId,
            byte @Nullable [] pathNow,
            @Nullable String buildIdNow) {
        this.state = state;
        this.reason = reason;
        this.mapping = mapping;
        this.isProgram = isProgram;
        this.buildId = buildId;
        this.pathNow = pathNow;
        this.buildIdNow = buildIdNow;
    }

    /** Returns what a restart would run. */
    public State state() {
        return state;
    }

    /** Returns what the state follows from, as a phrase, such as {@code another build ID}. */
    public String reason() {
        return reason;
    }

    /** Returns the first executable mapping of the file, with the name of its file as far as that is known. */
    public ImmutableMapping mapping() {
        return mapping;
    }

    /** Returns whether the file is the program that the process runs, not a library. */
    public boolean isProgram() {
        return isProgram;
    }

    /**
     * Returns the GNU build ID of the code that the process runs.
     *
     * @return lower-case hexadecimal; empty: it has none, it is unknown, or it was not needed
     */
    public Optional<String> buildId() {
        return Optional.ofNullable(buildId);
    }

    /**
     * Returns the path whose file was compared, in the root of the process.
     *
     * @return a copy of the raw bytes; empty: no file was compared
     */
    public Optional<byte[]> pathNow() {
        return Optional.ofNullable(pathNow).map(byte[]::clone);
    }

    /**
     * Returns the GNU build ID of that file.
     *
     * @return lower-case hexadecimal; empty: it has none, it is unknown, or it was not needed
     */
    public Optional<String> buildIdNow() {
        return Optional.ofNullable(buildIdNow);
    }

    @Override
    public String toString() {
        return state + " (" + reason + "): " + mapping;
    }
}
