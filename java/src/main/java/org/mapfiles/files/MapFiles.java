package org.mapfiles.files;

import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.mapfiles.ImmutableMapping;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.Mapping.Deletion;
import org.mapfiles.MappingQuery;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.files.MapFilesEntries.FieldStatus;
import org.mapfiles.files.MappedFile.Verification;
import org.mapfiles.internal.Errno;
import org.mapfiles.internal.MapRecord;
import org.mapfiles.internal.NativeCalls;
import org.mapfiles.internal.NativeLibrary;
import org.mapfiles.internal.RootAccess;

/**
 * The files behind the mappings of a process: lists, inspects, opens and verifies them. {@code /proc/PID/map_files}
 * holds a symbolic link to the file of each mapping that has a file. This is a view of a {@link ProcessMaps} and needs
 * no close.
 *
 * <pre>{@code
 * try (ProcessMaps maps = ProcessMaps.of(pid)) {
 *     MapCursor mapping = maps.snapshot().cursor();
 *     while (mapping.next()) {
 *         if (mapping.nameEquals(library)) {
 *             try (MappedFile file = MapFiles.of(maps).open(mapping)) { // also if it is deleted or replaced
 *                 file.channel().transferTo(0, file.channel().size(), copy);
 *             }
 *             break;
 *         }
 *     }
 * }
 * }</pre>
 *
 * <p><b>Permissions.</b> Listing entries needs ptrace access (PTRACE_MODE_READ_FSCREDS of ptrace(2)). Reading mappings
 * needs less: CAP_PERFMON since Linux 6.13. Following entries, for stat(2) and open(2), also needs
 * CAP_CHECKPOINT_RESTORE (Linux 5.9+) or CAP_SYS_ADMIN in the initial user namespace. A field that the caller may not
 * read has the status {@link FieldStatus#DENIED}; the other fields are still read. Without the permission to follow
 * entries a file is opened by its path, or through {@code /proc/PID/exe} and {@code /proc/PID/fd}, and verified to be
 * the mapped file.
 *
 * <p><b>Stale mappings.</b> An entry is found by the exact range of a mapping and checked against it. If the mapping
 * does not exist any more, or its range maps another file, a {@link StaleMappingException} is thrown. On btrfs and
 * overlayfs other files may have the same device and inode in maps, so a renamed file is stale there too, until the
 * mappings are read again. A {@link org.mapfiles.events.MapEvent} with a build ID has no device and inode and causes an
 * {@link IllegalArgumentException}: use {@link ProcessMaps#query} for its start.
 *
 * <p><b>Limit.</b> A mapping is checked by range, offset, device and inode. ext4 and xfs may give the inode of a
 * deleted file to a new file immediately. If the new file is mapped in the range of the old one, a mapping of an older
 * snapshot appears valid, and the new file is opened for it: the file that is mapped there now.
 * {@link org.mapfiles.events.MapEvents} reports the new mapping.
 *
 * <p>On a kernel without map_files (before Linux 4.3) entries are {@link FieldStatus#NOT_SUPPORTED}, and files are
 * opened by their paths.
 *
 * <p>Thread-safe. Holders such as {@link MapFilesEntries} belong to one thread at a time. In addition to the exceptions
 * at each method, the methods that take a mapping or a snapshot throw the exceptions that {@link ProcessMaps}
 * describes, if the process has exited, its mappings may not be read, or the {@code ProcessMaps} is closed.
 */
public final class MapFiles {
    /**
     * State of a mapped file and of the path that it was mapped under. Constants have the order of {@code enum
     * mf_file_state}.
     */
    public enum FileState {
        /** The path leads to the file. On overlayfs: the build ID and up to 16 pages in memory are equal. */
        PRESENT,
        /** No path leads to the file; or it never had one (memfd, System V segment, shared anonymous memory). */
        DELETED,
        /** Another file is at the path. */
        REPLACED,
        /** Nothing is at the path; other paths lead to the file. */
        UNLINKED,
        /**
         * Nothing is at the path. Whether other paths lead to the file is unknown: the permission to follow entries is
         * missing, or the file system is overlayfs.
         */
        PATH_REMOVED,
        /** Unknown: device and inode do not identify a file on this file system, or access to the path is denied. */
        UNKNOWN,
        /**
         * On overlayfs the path leads to a copy of the file, made when a process opened it for writing. The mapping
         * keeps the bytes of the lower layer, to which no path leads any more.
         */
        COPIED;

        private static final FileState[] BY_CODE = values();

        static FileState ofCode(int code) {
            return BY_CODE[code];
        }
    }

    private static final MapFilter WITH_FILE = MapFilter.all().fileBacked();

    private final ProcessMaps maps;
    private final FileCalls calls;

    private MapFiles(ProcessMaps maps) {
        this.maps = maps;
        this.calls = new FileCalls(maps);
    }

    /**
     * {@return a view of the files of a process} Allocates it.
     *
     * @param maps the process, which the caller closes
     */
    public static MapFiles of(ProcessMaps maps) {
        return new MapFiles(Objects.requireNonNull(maps, "maps"));
    }

    /**
     * Returns why the caller may not list the entries of this process and read their targets.
     *
     * @return for example a {@link org.mapfiles.PermissionDeniedException}; empty if the caller may
     * @throws IllegalStateException if the {@link ProcessMaps} is closed
     */
    public Optional<MapsException> listDenial() {
        int rc = calls.listAccess();
        return rc == 0
                ? Optional.empty()
                : Optional.of(rc == Errno.EACCES ? calls.deniedMapFiles() : calls.failure(rc));
    }

    /**
     * Returns why the calling thread may not follow entries, to stat and open files. The check opens an entry of this
     * JVM.
     *
     * @return for example a {@link org.mapfiles.PermissionDeniedException}; empty if the thread may
     */
    public static Optional<MapsException> followDenial() {
        NativeLibrary.ensureLoaded();
        int rc = NativeCalls.entriesFollowAccess();
        return rc == 0 ? Optional.empty() : Optional.of(FileExceptions.ofFollowing(rc));
    }

    /**
     * Reads all fields of the entry of one mapping. Allocates nothing in steady state.
     *
     * @param mapping of this process
     * @param entry receives the entry, which becomes its current one
     * @return false if the mapping has no file, and so no entry
     * @throws StaleMappingException if the process does not have the mapping any more
     * @throws MapsException for any other failure, as described for the class
     */
    public boolean read(Mapping mapping, MapFilesEntries entry) throws MapsException {
        return read(mapping, entry, MapRecord.Entry.ALL);
    }

    /**
     * Reads some fields of the entry of one mapping. Allocates nothing in steady state.
     *
     * @param mapping of this process
     * @param entry receives the entry, which becomes its current one
     * @param fields which fields to read
     * @return false if the mapping has no file, and so no entry
     * @throws StaleMappingException if the process does not have the mapping any more
     * @throws IllegalArgumentException if {@code fields} is empty
     * @throws MapsException for any other failure, as described for the class
     */
    public boolean read(Mapping mapping, MapFilesEntries entry, Set<MapFilesEntries.Field> fields)
            throws MapsException {
        return read(mapping, entry, MapFilesEntries.Field.bits(Objects.requireNonNull(fields, "fields")));
    }

    private boolean read(Mapping mapping, MapFilesEntries entry, int fields) throws MapsException {
        Objects.requireNonNull(mapping, "mapping");
        Objects.requireNonNull(entry, "entry");
        int rc = entry.fill(calls, mapping, fields);
        if (rc == Errno.ENOENT) {
            return false;
        }
        calls.check(rc, mapping);
        return true;
    }

    /**
     * Reads all fields of the entry of the mapping with exactly this range. Allocates.
     *
     * @param start first address, unsigned
     * @param end end (exclusive), unsigned
     * @param entry receives the entry, which becomes its current one
     * @return false if no mapping has exactly this range, or it has no file
     * @throws StaleMappingException if the mapping changes during the call
     * @throws MapsException for any other failure, as described for the class
     */
    public boolean read(long start, long end, MapFilesEntries entry) throws MapsException {
        Objects.requireNonNull(entry, "entry");
        MappingQuery query = new MappingQuery();
        return maps.query(start, query) && query.start() == start && query.end() == end && read(query, entry);
    }

    /**
     * Reads the mappings that have a file into a snapshot, and their entries as of that snapshot. The target is the
     * name in the snapshot, and a file with several mappings has one stat(2) if device and inode identify it (ext2/3/4,
     * xfs, tmpfs, squashfs). Allocates nothing in steady state.
     *
     * <p>{@link #readAll(MapSnapshot, MapFilesEntries, Set)} reads each entry of an earlier snapshot again.
     *
     * @param snapshot receives the mappings
     * @param entries receives the entries; each field has a status of its own
     * @param fields which fields to read
     * @throws IllegalArgumentException if {@code fields} is empty
     * @throws MapsException for any failure that concerns all entries, as described for the class
     */
    public void list(MapSnapshot snapshot, MapFilesEntries entries, Set<MapFilesEntries.Field> fields)
            throws MapsException {
        int bits = MapFilesEntries.Field.bits(Objects.requireNonNull(fields, "fields")) | MapRecord.Entry.AS_READ;
        Objects.requireNonNull(entries, "entries");
        synchronized (snapshot) { // no other thread may read into the snapshot between the two calls
            maps.read(snapshot, WITH_FILE);
            readAll(snapshot, entries, bits);
        }
    }

    /**
     * Reads all fields of the entries of all mappings of a snapshot that have a file, in one native call. Each field of
     * each entry has a status of its own. Allocates nothing in steady state.
     *
     * @param snapshot of this process
     * @param entries receives the entries
     * @throws IllegalArgumentException if the snapshot is not of this process
     * @throws MapsException for any failure that concerns all entries, as described for the class
     */
    public void readAll(MapSnapshot snapshot, MapFilesEntries entries) throws MapsException {
        readAll(snapshot, entries, MapRecord.Entry.ALL);
    }

    /**
     * Reads some fields of the entries of all mappings of a snapshot that have a file, in one native call. Each field
     * of each entry has a status of its own. Allocates nothing in steady state.
     *
     * @param snapshot of this process
     * @param entries receives the entries
     * @param fields which fields to read
     * @throws IllegalArgumentException if the snapshot is not of this process, or {@code fields} is empty
     * @throws MapsException for any failure that concerns all entries, as described for the class
     */
    public void readAll(MapSnapshot snapshot, MapFilesEntries entries, Set<MapFilesEntries.Field> fields)
            throws MapsException {
        readAll(snapshot, entries, MapFilesEntries.Field.bits(Objects.requireNonNull(fields, "fields")));
    }

    /**
     * Reads some fields of the entries of a snapshot, only for the first mapping of each file
     * ({@link Mapping#fileIndex()}). Each field of each entry has a status of its own. Allocates nothing in steady
     * state.
     *
     * @param snapshot of this process
     * @param entries receives the entries
     * @param fields which fields to read
     * @throws IllegalArgumentException if the snapshot is not of this process, or {@code fields} is empty
     * @throws MapsException for any failure that concerns all entries, as described for the class
     */
    public void readEachFile(MapSnapshot snapshot, MapFilesEntries entries, Set<MapFilesEntries.Field> fields)
            throws MapsException {
        readAll(
                snapshot,
                entries,
                MapFilesEntries.Field.bits(Objects.requireNonNull(fields, "fields")) | MapRecord.Entry.ONE_PER_FILE);
    }

    private void readAll(MapSnapshot snapshot, MapFilesEntries entries, int fields) throws MapsException {
        Objects.requireNonNull(snapshot, "snapshot");
        Objects.requireNonNull(entries, "entries");
        int rc;
        synchronized (snapshot) { // no other thread may read into the snapshot during the call
            if (RootAccess.get().owner(snapshot) != maps) {
                throw new IllegalArgumentException(
                        "the snapshot is not of this process: pass one that this ProcessMaps has read");
            }
            rc = entries.fill(calls, RootAccess.get().buffer(snapshot), fields);
        }
        if (rc < 0) {
            throw calls.failure(rc);
        }
    }

    /**
     * Returns the state of the file of a mapping. It is derived from the link count of the file and from what is at its
     * path now, never from the text {@code " (deleted)"}. Makes about 12 system calls, on overlayfs about 100.
     * Allocates nothing in steady state.
     *
     * @param mapping of this process
     * @return the state now
     * @throws IllegalArgumentException if the mapping has no file
     * @throws StaleMappingException if the process does not have the mapping any more
     * @throws MapsException for any other failure, as described for the class
     */
    public FileState state(Mapping mapping) throws MapsException {
        Objects.requireNonNull(mapping, "mapping");
        int rc = calls.state(mapping);
        calls.check(rc, mapping);
        return FileState.ofCode(rc);
    }

    /**
     * Returns a copy of a mapping with the name of its file for certain, if the file system decides that. A name that
     * ends in {@code " (deleted)"} is ambiguous ({@link Deletion#UNKNOWN}), so this searches the file under both
     * possible names. If the kernel has added the suffix, the copy has the name without it, and its deletion is
     * {@link Deletion#DELETED}. If the suffix is part of the name, the deletion is {@link Deletion#NOT_DELETED}.
     * Otherwise the copy is that of {@link Mapping#copy}. Allocates the copy; makes system calls only for an ambiguous
     * name.
     *
     * @param mapping of this process; it may be unmapped by now
     * @return a mapping that the other methods accept too
     * @throws org.mapfiles.ProcessExitedException if the process has exited
     * @throws MapsException for any other failure, as described for the class
     */
    public ImmutableMapping resolveName(Mapping mapping) throws MapsException {
        ImmutableMapping kept = mapping.copy();
        if (kept.deletion() != Deletion.UNKNOWN || kept.nameLength() >= MapRecord.QueryResult.NAME_MAX) {
            return kept;
        }
        int rc = calls.deletion(kept);
        if (rc < 0) {
            throw calls.failure(rc);
        }
        return ResolvedNames.withDeletion(kept, rc);
    }

    /**
     * Returns how {@link #open(Mapping)} would verify the file, without reading the mapping and without opening
     * devices. For lists of files. Allocates nothing in steady state.
     *
     * @param mapping of this process
     * @return {@link Verification#NOT_VERIFIED} if only the bytes can verify the file, or it cannot be found or opened;
     *     never {@link Verification#SAME_BYTES}
     * @throws StaleMappingException if the process does not have the mapping any more
     * @throws IllegalArgumentException if the mapping has no file
     * @throws MapsException for any other failure, as described for the class
     */
    public Verification quickVerify(Mapping mapping) throws MapsException {
        Objects.requireNonNull(mapping, "mapping");
        int rc = calls.quickVerify(mapping);
        calls.check(rc, mapping);
        return Verification.ofCode(rc);
    }

    /**
     * Opens the file of a mapping for reading and verifies that it is the mapped file.
     * {@link MappedFile#verification()} returns how it was verified. The caller closes the result. Allocates.
     *
     * <p>If only the content can verify the file, this reads the whole mapping. {@link Verification#SAME_BYTES} covers
     * the mapped part only: files that differ elsewhere are not distinguished. Like any open(2) this breaks a lease on
     * the file (fcntl(2), F_SETLEASE).
     *
     * @param mapping of this process
     * @return an open file, to be closed by the caller
     * @throws NotVerifiedException if the file at the path cannot be verified; or if it is another file, and no entry
     *     leads to the mapped one
     * @throws org.mapfiles.PermissionDeniedException if the caller may not open the file; if it can be opened only
     *     through its entry, which the caller may not follow; or if another process has a lease on it
     * @throws org.mapfiles.NotSupportedException if the mapped object cannot be opened, such as a ring of perf; or if
     *     it can be opened only through its entry, and the kernel has no map_files
     * @throws StaleMappingException if the process does not have the mapping any more
     * @throws IllegalArgumentException if the mapping has no file
     * @throws MapsException for any other failure, as described for the class
     */
    public MappedFile open(Mapping mapping) throws MapsException {
        return open(mapping, 0);
    }

    /**
     * Opens the file of a mapping for reading and writing, for example to map shared memory of another process here.
     * Everything else is as for {@link #open(Mapping)}.
     *
     * @param mapping of this process
     * @return an open file, to be closed by the caller
     * @throws NotVerifiedException as {@link #open(Mapping)}
     * @throws org.mapfiles.PermissionDeniedException if the process itself opened the file for reading only; or as
     *     {@link #open(Mapping)}
     * @throws org.mapfiles.NotSupportedException as {@link #open(Mapping)}
     * @throws StaleMappingException if the process does not have the mapping any more
     * @throws IllegalArgumentException if the mapping has no file
     * @throws MapsException if the file is being executed, or is on a read-only mount
     */
    public MappedFile openForWriting(Mapping mapping) throws MapsException {
        return open(mapping, MapRecord.OPEN_WRITABLE);
    }

    /**
     * Opens the file of a mapping for reading, also if it cannot be verified: {@link Verification#NOT_VERIFIED}.
     * Everything else is as for {@link #open(Mapping)}.
     *
     * @param mapping of this process
     * @return an open file, to be closed by the caller
     * @throws NotVerifiedException if nothing or another file is at the path
     * @throws org.mapfiles.PermissionDeniedException as {@link #open(Mapping)}
     * @throws org.mapfiles.NotSupportedException as {@link #open(Mapping)}
     * @throws StaleMappingException if the process does not have the mapping any more
     * @throws IllegalArgumentException if the mapping has no file
     * @throws MapsException for any other failure, as described for the class
     */
    public MappedFile openUnverified(Mapping mapping) throws MapsException {
        return open(mapping, MapRecord.OPEN_UNVERIFIED);
    }

    /** Opens the file of a mapping without map_files, as without the permission to follow entries. For tests. */
    MappedFile openByPath(Mapping mapping) throws MapsException {
        return open(mapping, MapRecord.OPEN_BY_PATH);
    }

    /**
     * Returns the domain in which device and inode of a mapping identify memory ({@code mf_file_sharing_domain}); 0:
     * unknown.
     */
    long sharingDomain(Mapping mapping) throws MapsException {
        long domain = calls.sharingDomain(mapping);
        if (domain < 0) {
            calls.check((int) domain, mapping);
        }
        return domain;
    }

    private MappedFile open(Mapping mapping, int how) throws MapsException {
        return FileOpener.open(calls, Objects.requireNonNull(mapping, "mapping").copy(), how);
    }
}
