package org.mapfiles.internal;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Access for the other packages of this module to internals of the root package. The static initializers of the root
 * package set it. This package is below the root package, so its types appear only in comments.
 */
public abstract class RootAccess {
    private static volatile RootAccess instance;

    /**
     * Returns the access. A {@code ProcessMaps}, {@code MapSnapshot} or {@code ImmutableMapping} must have been
     * initialized.
     */
    public static RootAccess get() {
        return instance;
    }

    /** Sets the access. All calls set an equal one. */
    public static void set(RootAccess access) {
        instance = access;
    }

    /** Returns the descriptors of a {@code ProcessMaps}. */
    public abstract OpenProcess process(Object maps);

    /**
     * Returns the PID of a {@code ProcessMaps} in the PID namespace of the caller; 0: unknown, it was opened in another
     * proc file system.
     */
    public abstract int pidAtProc(Object maps);

    /**
     * Returns the {@code MapsException} for a negative errno.
     *
     * @param subject the process, for the message: such as {@code process 42}
     * @param pidAtProc as of {@link #pidAtProc}
     */
    public abstract IOException failure(int errno, String subject, int pidAtProc);

    /** Returns the {@code MapsException} for a negative errno of a read of a process, a {@code ProcessMaps}. */
    public abstract IOException failure(int errno, Object maps);

    /** Returns whether an exception is one of {@link #failure} because descriptors or memory are used up. */
    public abstract boolean isShortage(IOException failure);

    /**
     * Returns the memory of the mappings that a {@code MapSnapshot} has now. The caller holds the snapshot's lock, or
     * checks the version.
     */
    public abstract SnapshotBuffer buffer(Object snapshot);

    /** Returns the {@code ProcessMaps} that a {@code MapSnapshot} was last read from; null: none. */
    public abstract @Nullable Object owner(Object snapshot);

    /** Returns the {@code MapSnapshot} of a {@code MapCursor}; null: it is another {@code Mapping}. */
    public abstract @Nullable Object snapshot(Object mapping);

    /** Writes a {@code Mapping} as {@code struct mf_mapping}, without its name. */
    public abstract void copy(Object mapping, NativeMemory to);

    /** Returns a number that changes whenever a {@code MapSnapshot} has new mappings. */
    public abstract int version(Object snapshot);

    /**
     * Makes an {@code ImmutableMapping}.
     *
     * @param flags as of {@link #flags}
     * @param name is not copied, so that mappings of one file can share it
     */
    public abstract Object mapping(
            long start, long end, long offset, long inode, int deviceMajor, int deviceMinor, int flags, byte[] name);

    /**
     * Makes an {@code ImmutableMapping} with the range and the file of a {@code Mapping}, and with other flags and
     * another name.
     *
     * @param flags as of {@link #flags}
     * @param name is not copied
     */
    public abstract Object mapping(Object mapping, int flags, byte[] name);

    /** Returns the name of an {@code ImmutableMapping}, which is not copied. */
    public abstract byte[] name(Object mapping);

    /**
     * Returns the flags of an {@code ImmutableMapping}, and {@link MapRecord#REPORTED} if it was reported by an event.
     */
    public abstract int flags(Object mapping);
}
