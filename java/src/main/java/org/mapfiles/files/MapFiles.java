package org.mapfiles.files;

import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.mapfiles.Deletion;
import org.mapfiles.ImmutableMapping;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.MappingQuery;
import org.mapfiles.MapsException;
import org.mapfiles.NotEnoughMemoryException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.internal.Errno;
import org.mapfiles.internal.MapRecord;
import org.mapfiles.internal.NativeCalls;
import org.mapfiles.internal.NativeLibrary;
import org.mapfiles.internal.NativeMemory;
import org.mapfiles.internal.RootAccess;

/**
 * The files behind a process' mappings: /proc/pid/map_files, which holds a symbolic link to the file of each mapping that has
 * one. A view of a {@link ProcessMaps}, with nothing to close of its own.
 *
 * <pre>{@code
 * try (ProcessMaps maps = ProcessMaps.of(pid)) {
 *     MapCursor mapping = maps.snapshot().cursor();
 *     while (mapping.next()) {
 *         if (mapping.nameEquals(library)) {
 *             try (MappedFile file = MapFiles.of(maps).open(mapping)) { // also if it is deleted, or replaced
 *                 file.channel().transferTo(0, file.channel().size(), copy);
 *             }
 *             break;
 *         }
 *     }
 * }
 * }</pre>
 *
 * <p>To list entries takes the right to ptrace the process (PTRACE_MODE_READ_FSCREDS of ptrace(2)), which is more than reading its
 * mappings takes: CAP_PERFMON is enough for those since Linux 6.13. To follow entries, for stat(2) and open(2), takes
 * CAP_CHECKPOINT_RESTORE (Linux 5.9+) or CAP_SYS_ADMIN in the initial user namespace as well. What the caller may not read is
 * {@link FieldStatus#DENIED} in the entry, and the other parts of it are still read. A file is then opened by its path, or through
 * /proc/pid/exe and /proc/pid/fd, if it is proved to be the mapped one.
 *
 * <p>An entry is found by the exact range of a mapping, and checked against it: a mapping that is gone, or another file in its
 * range, is a {@link StaleMappingException}, never another file's answer. On btrfs and overlayfs other files may have the same
 * device and inode in maps; so there a file that was renamed since is stale too, until the mappings are read anew. A
 * {@link org.mapfiles.events.MapEvent} with a build ID has no device and inode to check against: an {@link IllegalArgumentException};
 * {@link ProcessMaps#query} tells what is at its start.
 *
 * <p>Range, offset, device and inode are all that a mapping can be checked by. ext4 and xfs give the inode of a deleted file to a
 * new one, often at once. If that is mapped in the range of the old one, an older snapshot's mapping seems to hold, and the new file
 * is opened for it: the file that is mapped there now. {@link org.mapfiles.events.MapEvents} report the new mapping.
 *
 * <p>Thread-safe; holders belong to one thread at a time. Methods throw as those of {@link ProcessMaps}. In a kernel that has no
 * map_files (before Linux 4.3) entries are {@link FieldStatus#NOT_SUPPORTED}, and files are opened by their paths.
 */
public final class MapFiles {
    /** In the order of the native core. */
    private static final Deletion[] DELETIONS = Deletion.values();
    private static final MapFilter WITH_FILE = MapFilter.all().fileBacked();

    private final ProcessMaps maps;
    private final FileCalls calls;
    private NativeMemory spare;

    private MapFiles(ProcessMaps maps) {
        this.maps = maps;
        this.calls = new FileCalls(maps);
    }

    /** Returns the files behind the mappings of a process, which stays the caller's to close. */
    public static MapFiles of(ProcessMaps maps) {
        return new MapFiles(Objects.requireNonNull(maps, "maps"));
    }

    /** Why the entries of this process may not be listed and read; empty if they may. */
    public Optional<MapsException> listDenial() {
        int rc = calls.listAccess();
        return rc == 0 ? Optional.empty() : Optional.of(rc == Errno.EACCES ? calls.deniedMapFiles() : failure(rc));
    }

    /** Why the calling thread may not follow entries, to stat and open files; empty if it may. */
    public static Optional<MapsException> followDenial() {
        NativeLibrary.ensureLoaded();
        int rc = NativeCalls.entriesFollowAccess();
        return rc == 0 ? Optional.empty() : Optional.of(FileExceptions.ofFollowing(rc));
    }

    /**
     * Reads the entry of one mapping.
     *
     * @return false if the mapping has no file, and so no entry
     * @throws StaleMappingException if the process does not have that mapping any more
     */
    public boolean read(Mapping mapping, MapFilesEntries entry) throws MapsException {
        return read(mapping, entry, MapRecord.Entry.ALL);
    }

    /** As {@link #read(Mapping, MapFilesEntries)}, some parts of it alone. */
    public boolean read(Mapping mapping, MapFilesEntries entry, Set<EntryField> fields) throws MapsException {
        return read(mapping, entry, bits(fields));
    }

    private boolean read(Mapping mapping, MapFilesEntries entry, int what) throws MapsException {
        Objects.requireNonNull(mapping, "mapping");
        Objects.requireNonNull(entry, "entry");
        int rc = entry.fill(calls, mapping, what);
        if (rc == Errno.ENOENT) {
            return false;
        }
        check(rc, mapping);
        return true;
    }

    /**
     * Reads all of the entry of an exact range: not one that it covers, nor one that covers it.
     *
     * @return false if there is no such mapping, or it has no file
     */
    public boolean read(long start, long end, MapFilesEntries entry) throws MapsException {
        Objects.requireNonNull(entry, "entry");
        MappingQuery answer = new MappingQuery();
        return maps.query(start, answer) && answer.start() == start && answer.end() == end && read(answer, entry);
    }

    /**
     * Lists the entries: reads the mappings that have a file, and with them where their entries lead and what else is asked for. All
     * is as of that moment: a target is what the kernel told then, and a file that has several mappings is looked at once, where its
     * numbers say that it is one. Allocates nothing in steady state. For the present of mappings read earlier there is {@link #readAll(MapSnapshot, MapFilesEntries, Set)}.
     *
     * @param snapshot receives the mappings
     */
    public void list(MapSnapshot snapshot, MapFilesEntries entries, Set<EntryField> fields) throws MapsException {
        int what = bits(fields) | MapRecord.Entry.AS_READ;
        Objects.requireNonNull(entries, "entries");
        synchronized (snapshot) { // the lock of pictures: both are of one
            maps.read(snapshot, WITH_FILE);
            readAll(snapshot, entries, what);
        }
    }

    /**
     * Reads the entries of all mappings of a snapshot that have a file, in one native call. What cannot be read of an entry is
     * said there; the others are not touched by it.
     *
     * @throws IllegalArgumentException if the snapshot is not of this process
     */
    public void readAll(MapSnapshot snapshot, MapFilesEntries entries) throws MapsException {
        readAll(snapshot, entries, MapRecord.Entry.ALL);
    }

    /** As {@link #readAll(MapSnapshot, MapFilesEntries)}, some parts of each alone. */
    public void readAll(MapSnapshot snapshot, MapFilesEntries entries, Set<EntryField> fields) throws MapsException {
        readAll(snapshot, entries, bits(fields));
    }

    /** As {@link #readAll(MapSnapshot, MapFilesEntries, Set)}, of the first mapping of each file alone. */
    public void readEachFile(MapSnapshot snapshot, MapFilesEntries entries, Set<EntryField> fields) throws MapsException {
        readAll(snapshot, entries, bits(fields) | MapRecord.Entry.ONE_PER_FILE);
    }

    private static int bits(Set<EntryField> fields) {
        return EntryField.bits(Objects.requireNonNull(fields, "fields"));
    }

    private void readAll(MapSnapshot snapshot, MapFilesEntries entries, int what) throws MapsException {
        Objects.requireNonNull(snapshot, "snapshot");
        Objects.requireNonNull(entries, "entries");
        int rc;
        synchronized (snapshot) { // so that it is not filled anew meanwhile
            if (RootAccess.get().owner(snapshot) != maps) {
                throw new IllegalArgumentException("the snapshot is not of this process");
            }
            rc = entries.fill(calls, RootAccess.get().buffer(snapshot), what);
        }
        if (rc < 0) {
            throw failure(rc);
        }
    }

    /** Of what is not about one mapping. */
    private MapsException failure(int rc) {
        return rc == Errno.ENOTSUP ? FileExceptions.ofEntry(rc, "process " + maps.pid()) : calls.failure(rc);
    }

    /**
     * What became of the file of a mapping: from the links it has left and from what stands at its path now, never from the
     * text {@code " (deleted)"}. Takes a dozen system calls, on overlayfs about a hundred.
     *
     * @throws IllegalArgumentException if the mapping has no file
     * @throws StaleMappingException if the process does not have that mapping any more
     */
    public FileState state(Mapping mapping) throws MapsException {
        NativeMemory copy = copy(mapping);
        int rc = calls.state(copy.address());
        giveBack(copy);
        check(rc, mapping);
        return FileState.ofCode(rc);
    }

    /**
     * Whether the name that a mapping's file was mapped under is gone, asked of the kernel where the text alone does not tell
     * ({@link Mapping#deletion()} says {@link Deletion#UNKNOWN}).
     *
     * <p>Takes a few system calls. With CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN the answer comes from the mapped file itself;
     * otherwise it is inferred from what stands at the path now, where device numbers make that possible.
     *
     * @param mapping of this process
     * @throws org.mapfiles.ProcessExitedException if the process has ended
     */
    public Deletion deletion(Mapping mapping) throws MapsException {
        Deletion known = mapping.deletion();
        int length = mapping.nameLength();
        if (known != Deletion.UNKNOWN || length >= MapRecord.Answer.NAME_MAX) {
            return known;
        }
        NativeMemory copy = copy(mapping);
        int rc = calls.deletion(copy.address());
        giveBack(copy);
        if (rc < 0) {
            throw calls.failure(rc);
        }
        return DELETIONS[rc];
    }

    /**
     * How {@link #open} would know the file, found out without reading the mapping and without opening devices: for lists.
     *
     * @return {@link Verification#NOT_VERIFIED} where only the bytes would tell, or the file cannot be reached or opened; never
     *     {@link Verification#SAME_BYTES}
     * @throws StaleMappingException if the process does not have that mapping any more
     * @throws IllegalArgumentException if the mapping has no file
     */
    public Verification quickVerify(Mapping mapping) throws MapsException {
        NativeMemory copy = copy(mapping);
        int rc = calls.quickVerify(copy.address());
        giveBack(copy);
        check(rc, mapping);
        return Verification.ofCode(rc);
    }

    /**
     * Opens the file of a mapping for reading: the very file, or none. {@link MappedFile#verification()} says how that is known.
     *
     * <p>Where nothing but the content tells, this reads all of the mapping. {@link Verification#SAME_BYTES} then is proof of what the
     * mapping shows, and of no more: two files that are the same there, and differ elsewhere, are not told apart.
     *
     * @throws NotVerifiedException if nothing proves that the file at the path is the mapped one; or if it is another file, and no entry
     *     leads to the mapped one
     * @throws org.mapfiles.PermissionDeniedException if the file has no path, or its path does not lead to it, and entries may not be followed; if
     *     another process has a lease on it
     * @throws org.mapfiles.NotSupportedException if what is mapped cannot be opened, such as a ring of perf
     * @throws StaleMappingException if the process does not have that mapping any more
     * @throws IllegalArgumentException if the mapping has no file
     */
    public MappedFile open(Mapping mapping) throws MapsException {
        return open(mapping, 0);
    }

    /**
     * As {@link #open}, for reading and writing: to map shared memory of another process here, for example.
     *
     * @throws org.mapfiles.PermissionDeniedException if the process itself opened the file for reading only
     */
    public MappedFile openForWriting(Mapping mapping) throws MapsException {
        return open(mapping, MapRecord.OPEN_WRITABLE);
    }

    /** As {@link #open}, also a file of which nothing proves that it is the mapped one: {@link Verification#NOT_VERIFIED}. */
    public MappedFile openUnverified(Mapping mapping) throws MapsException {
        return open(mapping, MapRecord.OPEN_UNVERIFIED);
    }

    /** As {@link #open}, by path and never through map_files, as without the right to follow entries. */
    MappedFile openByPath(Mapping mapping) throws MapsException {
        return open(mapping, MapRecord.OPEN_BY_PATH);
    }

    /**
     * Where device and inode of a mapping's file stand for one piece of memory: mf_file_scope(); 0 where that is not known.
     */
    long sharingDomain(Mapping mapping) throws MapsException {
        NativeMemory copy = copy(mapping);
        long domain = calls.sharingDomain(copy.address());
        giveBack(copy);
        if (domain < 0) {
            check((int) domain, mapping);
        }
        return domain;
    }

    private MappedFile open(Mapping mapping, int how) throws MapsException {
        ImmutableMapping kept = Objects.requireNonNull(mapping, "mapping").copy();
        NativeMemory copy = take();
        NativeMapping.copyRecord(kept, copy);
        long answer = (long) Errno.EAGAIN << Integer.SIZE;
        if ((how & MapRecord.OPEN_BY_PATH) == 0) { // most need no name
            answer = calls.open(copy.address(), how | MapRecord.OPEN_AT_ONCE);
        }
        if (answer >> Integer.SIZE == Errno.EAGAIN) {
            NativeMapping.copy(kept, copy);
            answer = calls.open(copy.address(), how);
        }
        giveBack(copy);
        int verification = (int) (answer >> Integer.SIZE);
        if (verification >= 0) {
            return opened(kept, (int) answer, Verification.ofCode(verification), (how & MapRecord.OPEN_WRITABLE) != 0);
        }
        if (verification == Errno.EACCES) { // of the file: the maps of the process could be read
            throw FileExceptions.ofEntry(verification, kept.toString());
        }
        if (verification == Errno.EIDRM) {
            throw FileExceptions.notAtPath(state(kept), kept.toString());
        }
        check(verification, kept);
        throw new IllegalStateException("unknown answer of the native core: " + verification);
    }

    private MappedFile opened(ImmutableMapping mapping, int descriptor, Verification verification, boolean writable) {
        MappedFile file = null;
        try {
            file = new MappedFile(calls, mapping, descriptor, verification, writable);
        } finally {
            if (file == null) { // no memory is left
                NativeCalls.closeDescriptor(descriptor);
            }
        }
        return file;
    }

    /** A native record with its name. */
    private NativeMemory copy(Mapping mapping) throws NotEnoughMemoryException {
        Objects.requireNonNull(mapping, "mapping");
        NativeMemory copy = take();
        NativeMapping.copy(mapping, copy);
        return copy;
    }

    /** Memory for one, that was used before unless another thread has it. */
    private NativeMemory take() throws NotEnoughMemoryException {
        NativeMemory copy;
        synchronized (this) { // an AtomicReference here would make the first snapshot of a JVM wait for a dozen more classes
            copy = spare;
            spare = null;
        }
        if (copy == null) {
            copy = NativeMapping.allocate(NativeMapping.COPY_SIZE, "a mapping of process " + maps.pid());
        }
        return copy;
    }

    private synchronized void giveBack(NativeMemory copy) {
        copy.keepUntilHere();
        spare = copy;
    }

    private void check(int rc, Mapping mapping) throws MapsException {
        switch (rc) {
            case Errno.ENOENT:
                throw new IllegalArgumentException("the mapping has no file: " + mapping);
            case Errno.ESRCH:
            case Errno.ECHILD:
            case Errno.ENXIO:
            case Errno.EACCES:
                throw calls.failure(rc);
            case Errno.EPERM:
                throw calls.listAccess() == Errno.EACCES ? calls.deniedEntry(mapping.toString())
                        : FileExceptions.ofEntry(rc, mapping.toString());
            default:
                if (rc == Errno.EINVAL && mapping.inode() == 0 && mapping.deviceMajor() == 0 && mapping.deviceMinor() == 0) {
                    throw new IllegalArgumentException("device and inode of the mapping's file were not told, but a build ID: query()"
                            + " its start first: " + mapping);
                }
                if (rc < 0) {
                    throw FileExceptions.ofEntry(rc, mapping.toString());
                }
        }
    }
}
