package org.mapfiles.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** C and Java agree on every offset of the records. */
class MapRecordTest {
    /** In the order in which the JNI layer returns them. */
    private static Map<String, Integer> javaSide() {
        Map<String, Integer> fields = new LinkedHashMap<>();
        fields.put("start", MapRecord.START);
        fields.put("end", MapRecord.END);
        fields.put("offset", MapRecord.OFFSET);
        fields.put("inode", MapRecord.INODE);
        fields.put("dev_major", MapRecord.DEV_MAJOR);
        fields.put("dev_minor", MapRecord.DEV_MINOR);
        fields.put("flags", MapRecord.FLAGS);
        fields.put("name_offset", MapRecord.NAME_OFFSET);
        fields.put("name_length", MapRecord.NAME_LENGTH);
        fields.put("file_index", MapRecord.FILE_INDEX);
        fields.put("sizeof mf_mapping", MapRecord.SIZE);
        fields.put("backend", MapRecord.Head.BACKEND);
        fields.put("mapping_count", MapRecord.Head.MAPPING_COUNT);
        fields.put("file_count", MapRecord.Head.FILE_COUNT);
        fields.put("text_length", MapRecord.Head.TEXT_LENGTH);
        fields.put("torn", MapRecord.Head.INCONSISTENT);
        fields.put("retries", MapRecord.Head.RETRIES);
        fields.put("needed_mappings", MapRecord.Head.NEEDED_MAPPINGS);
        fields.put("needed_text", MapRecord.Head.NEEDED_TEXT);
        fields.put("error_line", MapRecord.Head.ERROR_LINE);
        fields.put("error_offset", MapRecord.Head.ERROR_OFFSET);
        fields.put("error_length", MapRecord.Head.ERROR_LENGTH);
        fields.put("index_offset", MapRecord.Head.INDEX_OFFSET);
        fields.put("files_offset", MapRecord.Head.FILES_OFFSET);
        fields.put("text_offset", MapRecord.Head.TEXT_OFFSET);
        fields.put("sizeof mf_snapshot", MapRecord.Head.SIZE);
        fields.put("build_id_length", MapRecord.QueryResult.BUILD_ID_LENGTH);
        fields.put("build_id", MapRecord.QueryResult.BUILD_ID);
        fields.put("name", MapRecord.QueryResult.NAME);
        fields.put("sizeof mf_query_result", MapRecord.QueryResult.SIZE);
        fields.put("sizeof mf_process", MapRecord.PROCESS_SIZE);
        fields.put("entry head count", MapRecord.Entry.HEAD_COUNT);
        fields.put("entry head needed entries", MapRecord.Entry.HEAD_NEEDED_ENTRIES);
        fields.put("entry head needed text", MapRecord.Entry.HEAD_NEEDED_TEXT);
        fields.put("entry head text offset", MapRecord.Entry.HEAD_TEXT_OFFSET);
        fields.put("entry head size", MapRecord.Entry.HEAD_SIZE);
        fields.put("entry start", MapRecord.Entry.START);
        fields.put("entry end", MapRecord.Entry.END);
        fields.put("entry inode", MapRecord.Entry.INODE);
        fields.put("entry size", MapRecord.Entry.SIZE);
        fields.put("entry blocks", MapRecord.Entry.BLOCKS);
        fields.put("entry mount id", MapRecord.Entry.MOUNT_ID);
        fields.put("entry mtime", MapRecord.Entry.MTIME);
        fields.put("entry ctime", MapRecord.Entry.CTIME);
        fields.put("entry mtime nanos", MapRecord.Entry.MTIME_NANOS);
        fields.put("entry ctime nanos", MapRecord.Entry.CTIME_NANOS);
        fields.put("entry stat dev major", MapRecord.Entry.STAT_DEV_MAJOR);
        fields.put("entry stat dev minor", MapRecord.Entry.STAT_DEV_MINOR);
        fields.put("entry mode", MapRecord.Entry.MODE);
        fields.put("entry nlink", MapRecord.Entry.NLINK);
        fields.put("entry uid", MapRecord.Entry.UID);
        fields.put("entry gid", MapRecord.Entry.GID);
        fields.put("entry mapping", MapRecord.Entry.MAPPING);
        fields.put("entry file index", MapRecord.Entry.FILE_INDEX);
        fields.put("entry target error", MapRecord.Entry.TARGET_ERROR);
        fields.put("entry stat error", MapRecord.Entry.STAT_ERROR);
        fields.put("entry flags", MapRecord.Entry.FLAGS);
        fields.put("entry target offset", MapRecord.Entry.TARGET_OFFSET);
        fields.put("entry target length", MapRecord.Entry.TARGET_LENGTH);
        fields.put("entry access error", MapRecord.Entry.ACCESS_ERROR);
        fields.put("entry size of entry", MapRecord.Entry.SIZE_OF_ENTRY);
        fields.put("event time", MapRecord.Event.TIME);
        fields.put("event pid", MapRecord.Event.PID);
        fields.put("event tid", MapRecord.Event.TID);
        fields.put("event kind", MapRecord.Event.KIND);
        fields.put("event build_id_length", MapRecord.Event.BUILD_ID_LENGTH);
        fields.put("event build_id", MapRecord.Event.BUILD_ID);
        fields.put("sizeof mf_event", MapRecord.Event.SIZE);
        fields.put("drained lost", MapRecord.Event.DRAINED_LOST);
        fields.put("drained more", MapRecord.Event.DRAINED_MORE);
        fields.put("drained overrun", MapRecord.Event.DRAINED_INCOMPLETE);
        fields.put("drained uncovered", MapRecord.Event.DRAINED_UNWATCHED_THREADS);
        fields.put("sizeof mf_drained", MapRecord.Event.DRAINED_SIZE);
        fields.put("events needed_threads", MapRecord.Event.STREAM_NEEDED_THREADS);
        fields.put("events needed_cpus", MapRecord.Event.STREAM_NEEDED_CPUS);
        fields.put("sizeof mf_target_memory", MapRecord.Target.SIZE);
        fields.put("piece to", MapRecord.Target.PIECE_TO);
        fields.put("piece bytes", MapRecord.Target.PIECE_BYTES);
        fields.put("piece got", MapRecord.Target.PIECE_GOT);
        fields.put("sizeof mf_piece", MapRecord.Target.PIECE_SIZE);
        fields.put("tables start", MapRecord.Target.TABLES_START);
        fields.put("tables end", MapRecord.Target.TABLES_END);
        fields.put("tables bias", MapRecord.Target.TABLES_BIAS);
        fields.put("sizeof mf_vm_tables", MapRecord.Target.TABLES_SIZE);
        fields.put("walk next", PageRecord.Walk.NEXT);
        fields.put("walk end", PageRecord.Walk.END);
        fields.put("walk known", PageRecord.Walk.KNOWN);
        fields.put("walk unneeded", PageRecord.Walk.UNNEEDED);
        fields.put("sizeof mf_resident_walk", PageRecord.Walk.SIZE);
        fields.put("page range start", PageRecord.Range.START);
        fields.put("page range end", PageRecord.Range.END);
        fields.put("page range categories", PageRecord.Range.CATEGORIES);
        fields.put("sizeof mf_page_range", PageRecord.Range.SIZE);
        fields.put("smaps start", PageRecord.Smaps.START);
        fields.put("smaps end", PageRecord.Smaps.END);
        fields.put("smaps rss", PageRecord.Smaps.RSS);
        fields.put("smaps pss", PageRecord.Smaps.PSS);
        fields.put("smaps shared clean", PageRecord.Smaps.SHARED_CLEAN);
        fields.put("smaps shared dirty", PageRecord.Smaps.SHARED_DIRTY);
        fields.put("smaps private clean", PageRecord.Smaps.PRIVATE_CLEAN);
        fields.put("smaps private dirty", PageRecord.Smaps.PRIVATE_DIRTY);
        fields.put("smaps swap", PageRecord.Smaps.SWAP);
        fields.put("sizeof mf_smaps", PageRecord.Smaps.SIZE);
        return fields;
    }

    @Test
    void offsetsOfCAndJavaAreEqual() {
        Map<String, Integer> java = javaSide();
        NativeMemory layout = new NativeMemory(256 * Integer.BYTES);
        int count = NativeCalls.layout(layout.address(), 256);
        layout.keepUntilHere();
        assertThat(count).isEqualTo(java.size());

        Map<String, Integer> nativeSide = new LinkedHashMap<>();
        for (String field : java.keySet()) {
            nativeSide.put(field, layout.bytes().getInt(nativeSide.size() * Integer.BYTES));
        }
        assertThat(nativeSide).isEqualTo(java);
    }
}
