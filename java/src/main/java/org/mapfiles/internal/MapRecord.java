package org.mapfiles.internal;

/**
 * Layout of the memory that the native core writes: {@code struct mf_mapping}, {@code mf_snapshot},
 * {@code mf_query_result}, {@code mf_process}, {@code mf_entries}, {@code mf_entry} and {@code mf_event} of the C
 * headers. All numbers are in native byte order. Offsets are in bytes. The constants of this class are those of
 * {@code mf_mapping}:
 *
 * <pre>
 *  0        8        16       24       32    36    40    44    48    52    56
 *  | start  | end    | offset | inode  | dev | dev |flags|name |name |file | 0           |
 *                                      |major|minor|     |off. |len. |index|
 * </pre>
 */
public final class MapRecord {
    public static final int START = 0;
    public static final int END = START + Long.BYTES;
    public static final int OFFSET = END + Long.BYTES;
    public static final int INODE = OFFSET + Long.BYTES;
    public static final int DEV_MAJOR = INODE + Long.BYTES;
    public static final int DEV_MINOR = DEV_MAJOR + Integer.BYTES;
    public static final int FLAGS = DEV_MINOR + Integer.BYTES;
    public static final int NAME_OFFSET = FLAGS + Integer.BYTES;
    public static final int NAME_LENGTH = NAME_OFFSET + Integer.BYTES;
    public static final int FILE_INDEX = NAME_LENGTH + Integer.BYTES;
    public static final int SIZE = FILE_INDEX + Integer.BYTES + 2 * Integer.BYTES;

    public static final int READABLE = 1;
    public static final int WRITABLE = 1 << 1;
    public static final int EXECUTABLE = 1 << 2;
    public static final int SHARED = 1 << 3;
    public static final int FILE_BACKED = 1 << 4;
    public static final int DELETED = 1 << 5;
    public static final int SUFFIXED = 1 << 6;
    public static final int ESCAPED = 1 << 7;
    public static final int AMBIGUOUS = 1 << 8;
    /**
     * Set only in stored flags of an {@code ImmutableMapping}: an event has reported it, so it is not from
     * /proc/PID/maps.
     */
    public static final int REPORTED = 1 << 31;

    public static final int KIND_SHIFT = 16;
    public static final int KIND_MASK = 0xff;

    /** Options of snapshots and queries. The filter is in the lowest five bits of the same number. */
    public static final int BY_TEXT = 1 << 30;

    public static final int BY_QUERY = 1 << 27;
    public static final int COVERING_OR_NEXT = 1 << 29;
    public static final int WITH_BUILD_ID = 1 << 28;

    /** Size of {@code struct mf_process}. */
    public static final int PROCESS_SIZE = 80;

    /** Options of opening a file: {@code enum mf_open_how}. */
    public static final int OPEN_WRITABLE = 1;

    public static final int OPEN_UNVERIFIED = 1 << 1;
    public static final int OPEN_BY_PATH = 1 << 2;

    private MapRecord() {}

    /** The head of a snapshot: {@code struct mf_snapshot}. */
    public static final class Head {
        public static final int BACKEND = 20;
        public static final int MAPPING_COUNT = 24;
        public static final int FILE_COUNT = 28;
        public static final int TEXT_LENGTH = 32;
        public static final int INCONSISTENT = 40;
        public static final int RETRIES = 44;
        public static final int NEEDED_MAPPINGS = 56;
        public static final int NEEDED_TEXT = 60;
        public static final int ERROR_LINE = 64;
        public static final int ERROR_OFFSET = 68;
        public static final int ERROR_LENGTH = 72;
        public static final int INDEX_OFFSET = 76;
        public static final int FILES_OFFSET = 80;
        public static final int TEXT_OFFSET = 84;
        public static final int SIZE = 88;

        private Head() {}
    }

    /** The result of a query: {@code struct mf_query_result}. */
    public static final class QueryResult {
        public static final int BUILD_ID_LENGTH = MapRecord.SIZE;
        public static final int BUILD_ID = BUILD_ID_LENGTH + Integer.BYTES;
        public static final int BUILD_ID_MAX = 20;
        public static final int NAME = BUILD_ID + BUILD_ID_MAX;
        public static final int NAME_MAX = 4096;
        public static final int SIZE = NAME + NAME_MAX;

        private QueryResult() {}
    }

    /** Entries of map_files, {@code struct mf_entries} and {@code mf_entry}, and the fields to read. */
    public static final class Entry {
        public static final int TARGET = 1;
        public static final int ACCESS = 1 << 1;
        public static final int STAT = 1 << 2;
        public static final int ALL = TARGET | ACCESS | STAT;
        public static final int ONE_PER_FILE = 1 << 3;
        public static final int AS_READ = 1 << 4;

        public static final int HEAD_COUNT = 20;
        public static final int HEAD_NEEDED_ENTRIES = 36;
        public static final int HEAD_NEEDED_TEXT = 40;
        public static final int HEAD_TEXT_OFFSET = 44;
        public static final int HEAD_SIZE = 48;

        public static final int START = 0;
        public static final int END = 8;
        public static final int INODE = 16;
        public static final int SIZE = 24;
        public static final int BLOCKS = 32;
        public static final int MOUNT_ID = 40;
        public static final int MTIME = 48;
        public static final int CTIME = 56;
        public static final int MTIME_NANOS = 64;
        public static final int CTIME_NANOS = 68;
        public static final int STAT_DEV_MAJOR = 72;
        public static final int STAT_DEV_MINOR = 76;
        public static final int MODE = 88;
        public static final int NLINK = 92;
        public static final int UID = 96;
        public static final int GID = 100;
        public static final int MAPPING = 104;
        public static final int FILE_INDEX = 108;
        public static final int TARGET_ERROR = 112;
        public static final int STAT_ERROR = 116;
        public static final int FLAGS = 120;
        public static final int TARGET_OFFSET = 124;
        public static final int TARGET_LENGTH = 128;
        public static final int ACCESS_ERROR = 132;
        public static final int SIZE_OF_ENTRY = 136;

        private Entry() {}
    }

    /** Events: {@code struct mf_event}, {@code mf_drained} and {@code mf_events}, and the options of a stream. */
    public static final class Event {
        public static final int ALL = 1;
        public static final int BUILD_IDS = 1 << 1;

        public static final int TIME = MapRecord.SIZE;
        public static final int PID = TIME + Long.BYTES;
        public static final int TID = PID + Integer.BYTES;
        public static final int KIND = TID + Integer.BYTES;
        public static final int BUILD_ID_LENGTH = KIND + Integer.BYTES;
        public static final int BUILD_ID = BUILD_ID_LENGTH + Integer.BYTES;
        public static final int SIZE = BUILD_ID + QueryResult.BUILD_ID_MAX + Integer.BYTES;

        public static final int DRAINED_LOST = 0;
        public static final int DRAINED_MORE = 16;
        public static final int DRAINED_INCOMPLETE = 20;
        public static final int DRAINED_UNWATCHED_THREADS = 24;
        public static final int DRAINED_SIZE = 32;

        public static final int STREAM_NEEDED_THREADS = 24;
        public static final int STREAM_NEEDED_CPUS = 28;

        private Event() {}
    }

    /**
     * Memory of a target and reads of it: {@code struct mf_target_memory}, {@code mf_piece} and {@code mf_vm_tables}.
     */
    public static final class Target {
        public static final int PROC_FD = 0;
        public static final int SIZE = 16;

        public static final int PIECE_ADDRESS = 0;
        public static final int PIECE_TO = 8;
        public static final int PIECE_BYTES = 16;
        public static final int PIECE_GOT = 20;
        public static final int PIECE_SIZE = 24;

        public static final int TABLES_START = 0;
        public static final int TABLES_END = 8;
        public static final int TABLES_BIAS = 16;
        public static final int TABLES_SIZE = 294976;

        private Target() {}
    }
}
