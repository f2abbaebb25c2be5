package org.mapfiles;

/**
 * Layout of the memory that the native core fills: {@code struct mf_mapping}, {@code mf_snapshot}, {@code mf_answer},
 * {@code mf_process}, {@code mf_entries}, {@code mf_entry} and {@code mf_event} of mapfiles.h. All numbers are in native byte order.
 *
 * <pre>
 *  0        8        16       24       32    36    40    44    48    52    56
 *  | start  | end    | offset | inode  | dev | dev |flags|name |name |file | 0           |
 *                                      |major|minor|     |off. |len. |index|
 * </pre>
 */
final class MapRecord {
    static final int START = 0;
    static final int END = START + Long.BYTES;
    static final int OFFSET = END + Long.BYTES;
    static final int INODE = OFFSET + Long.BYTES;
    static final int DEV_MAJOR = INODE + Long.BYTES;
    static final int DEV_MINOR = DEV_MAJOR + Integer.BYTES;
    static final int FLAGS = DEV_MINOR + Integer.BYTES;
    static final int NAME_OFFSET = FLAGS + Integer.BYTES;
    static final int NAME_LENGTH = NAME_OFFSET + Integer.BYTES;
    static final int FILE_INDEX = NAME_LENGTH + Integer.BYTES;
    static final int SIZE = FILE_INDEX + Integer.BYTES + 2 * Integer.BYTES;

    static final int READABLE = 1;
    static final int WRITABLE = 1 << 1;
    static final int EXECUTABLE = 1 << 2;
    static final int SHARED = 1 << 3;
    static final int FILE_BACKED = 1 << 4;
    static final int DELETED = 1 << 5;
    static final int SUFFIXED = 1 << 6;
    static final int ESCAPED = 1 << 7;
    static final int AMBIGUOUS = 1 << 8;
    static final int KIND_SHIFT = 16;
    static final int KIND_MASK = 0xff;

    /** Bits of a question to the core, beside the filter, which is the lowest five bits of the flags. */
    static final int BY_TEXT = 1 << 30;
    static final int BY_QUERY = 1 << 27;
    static final int COVERING_OR_NEXT = 1 << 29;
    static final int WITH_BUILD_ID = 1 << 28;

    /** Bytes of {@code struct mf_process}. */
    static final int PROCESS_SIZE = 80;

    /** How to open a file, {@code enum mf_open_how}. */
    static final int OPEN_WRITABLE = 1;
    static final int OPEN_UNVERIFIED = 1 << 1;
    static final int OPEN_BY_PATH = 1 << 2;
    static final int OPEN_AT_ONCE = 1 << 3;

    private MapRecord() {
    }

    /** Head of a snapshot, {@code struct mf_snapshot}. */
    static final class Head {
        static final int BACKEND = 20;
        static final int MAPPING_COUNT = 24;
        static final int FILE_COUNT = 28;
        static final int TEXT_LENGTH = 32;
        static final int TORN = 40;
        static final int RETRIES = 44;
        static final int NEEDED_MAPPINGS = 56;
        static final int NEEDED_TEXT = 60;
        static final int ERROR_LINE = 64;
        static final int ERROR_OFFSET = 68;
        static final int ERROR_LENGTH = 72;
        static final int INDEX_OFFSET = 76;
        static final int FILES_OFFSET = 80;
        static final int TEXT_OFFSET = 84;
        static final int SIZE = 88;

        private Head() {
        }
    }

    /** Answer to one query, {@code struct mf_answer}. */
    static final class Answer {
        static final int BUILD_ID_LENGTH = MapRecord.SIZE;
        static final int BUILD_ID = BUILD_ID_LENGTH + Integer.BYTES;
        static final int BUILD_ID_MAX = 20;
        static final int NAME = BUILD_ID + BUILD_ID_MAX;
        static final int NAME_MAX = 4096;
        static final int SIZE = NAME + NAME_MAX;

        private Answer() {
        }
    }

    /** Entries of map_files, {@code struct mf_entries} and {@code mf_entry}, and what to read of them. */
    static final class Entry {
        static final int TARGET = 1;
        static final int ACCESS = 1 << 1;
        static final int STAT = 1 << 2;
        static final int ALL = TARGET | ACCESS | STAT;
        static final int ONE_PER_FILE = 1 << 3;
        static final int AS_READ = 1 << 4;

        static final int HEAD_COUNT = 20;
        static final int HEAD_NEEDED_ENTRIES = 36;
        static final int HEAD_NEEDED_TEXT = 40;
        static final int HEAD_TEXT_OFFSET = 44;
        static final int HEAD_SIZE = 48;

        static final int START = 0;
        static final int END = 8;
        static final int INODE = 16;
        static final int SIZE = 24;
        static final int BLOCKS = 32;
        static final int MOUNT_ID = 40;
        static final int MTIME = 48;
        static final int CTIME = 56;
        static final int MTIME_NANOS = 64;
        static final int CTIME_NANOS = 68;
        static final int STAT_DEV_MAJOR = 72;
        static final int STAT_DEV_MINOR = 76;
        static final int MODE = 88;
        static final int NLINK = 92;
        static final int UID = 96;
        static final int GID = 100;
        static final int MAPPING = 104;
        static final int FILE_INDEX = 108;
        static final int LINK_ERROR = 112;
        static final int STAT_ERROR = 116;
        static final int FLAGS = 120;
        static final int TARGET_OFFSET = 124;
        static final int TARGET_LENGTH = 128;
        static final int ACCESS_ERROR = 132;
        static final int SIZE_OF_ENTRY = 136;

        private Entry() {
        }
    }

    /** Events and what a drain tells, {@code struct mf_event}, {@code mf_drained} and {@code mf_events}, and what to tell. */
    static final class Event {
        static final int ALL = 1;
        static final int BUILD_IDS = 1 << 1;

        static final int TIME = MapRecord.SIZE;
        static final int PID = TIME + Long.BYTES;
        static final int TID = PID + Integer.BYTES;
        static final int KIND = TID + Integer.BYTES;
        static final int BUILD_ID_LENGTH = KIND + Integer.BYTES;
        static final int BUILD_ID = BUILD_ID_LENGTH + Integer.BYTES;
        static final int SIZE = BUILD_ID + Answer.BUILD_ID_MAX + Integer.BYTES;

        static final int DRAINED_LOST = 0;
        static final int DRAINED_MORE = 16;
        static final int DRAINED_OVERRUN = 20;
        static final int DRAINED_UNCOVERED = 24;
        static final int DRAINED_SIZE = 32;

        static final int STREAM_NEEDED_THREADS = 24;
        static final int STREAM_NEEDED_CPUS = 28;

        private Event() {
        }
    }

    /** Memory of a target and what is read of it, {@code struct mf_target_memory}, {@code mf_piece} and {@code mf_vm_tables}. */
    static final class Target {
        static final int PROC_FD = 0;
        static final int SIZE = 16;

        static final int PIECE_ADDRESS = 0;
        static final int PIECE_TO = 8;
        static final int PIECE_BYTES = 16;
        static final int PIECE_GOT = 20;
        static final int PIECE_SIZE = 24;

        static final int TABLES_START = 0;
        static final int TABLES_END = 8;
        static final int TABLES_BIAS = 16;
        static final int TABLES_SIZE = 294976;

        private Target() {
        }
    }
}
