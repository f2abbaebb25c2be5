/* SPDX-License-Identifier: Apache-2.0 */
/* Native methods of NativeCalls and JvmCalls that return the layout of structures, for tests of the constants in Java. */
#include "jni/natives.h"

#include "jvm/code_reader.h"
#include "jvm/code_store.h"
#include "jvm/vm_tables.h"
#include "mapfiles_events.h"
#include "mapfiles_files.h"
#include "mapfiles_resident.h"

/* Writes the constants of MapRecord.java. Returns their number. */
static jint layout(JNIEnv *env UNUSED, jclass self UNUSED, jlong offsets, jint capacity)
{
    /* clang-format off */
    static const jint layout[] = {
        OFFSET(mf_mapping, start), OFFSET(mf_mapping, end), OFFSET(mf_mapping, offset), OFFSET(mf_mapping, inode),
        OFFSET(mf_mapping, dev_major), OFFSET(mf_mapping, dev_minor), OFFSET(mf_mapping, flags),
        OFFSET(mf_mapping, name_offset), OFFSET(mf_mapping, name_length), OFFSET(mf_mapping, file_index),
        sizeof(struct mf_mapping),
        OFFSET(mf_snapshot, backend), OFFSET(mf_snapshot, mapping_count), OFFSET(mf_snapshot, file_count),
        OFFSET(mf_snapshot, text_length), OFFSET(mf_snapshot, inconsistent), OFFSET(mf_snapshot, retries),
        OFFSET(mf_snapshot, needed_mappings), OFFSET(mf_snapshot, needed_text), OFFSET(mf_snapshot, error_line),
        OFFSET(mf_snapshot, error_offset), OFFSET(mf_snapshot, error_length), OFFSET(mf_snapshot, index_offset),
        OFFSET(mf_snapshot, files_offset), OFFSET(mf_snapshot, text_offset), sizeof(struct mf_snapshot),
        OFFSET(mf_query_result, build_id_length), OFFSET(mf_query_result, build_id), OFFSET(mf_query_result, name),
        sizeof(struct mf_query_result),
        sizeof(struct mf_process),
        OFFSET(mf_entries, entry_count), OFFSET(mf_entries, needed_entries), OFFSET(mf_entries, needed_text),
        OFFSET(mf_entries, text_offset), sizeof(struct mf_entries),
        OFFSET(mf_entry, start), OFFSET(mf_entry, end), OFFSET(mf_entry, stat.inode), OFFSET(mf_entry, stat.size),
        OFFSET(mf_entry, stat.blocks), OFFSET(mf_entry, stat.mount_id), OFFSET(mf_entry, stat.mtime_seconds),
        OFFSET(mf_entry, stat.ctime_seconds), OFFSET(mf_entry, stat.mtime_nanoseconds),
        OFFSET(mf_entry, stat.ctime_nanoseconds), OFFSET(mf_entry, stat.dev_major), OFFSET(mf_entry, stat.dev_minor),
        OFFSET(mf_entry, stat.mode), OFFSET(mf_entry, stat.nlink), OFFSET(mf_entry, stat.uid), OFFSET(mf_entry, stat.gid),
        OFFSET(mf_entry, mapping), OFFSET(mf_entry, file_index), OFFSET(mf_entry, target_error), OFFSET(mf_entry, stat_error),
        OFFSET(mf_entry, flags), OFFSET(mf_entry, target_offset), OFFSET(mf_entry, target_length),
        OFFSET(mf_entry, access_error), sizeof(struct mf_entry),
        OFFSET(mf_event, time), OFFSET(mf_event, pid), OFFSET(mf_event, tid), OFFSET(mf_event, kind),
        OFFSET(mf_event, build_id_length), OFFSET(mf_event, build_id), sizeof(struct mf_event),
        OFFSET(mf_drained, lost), OFFSET(mf_drained, more), OFFSET(mf_drained, incomplete), OFFSET(mf_drained, unwatched_threads),
        sizeof(struct mf_drained), OFFSET(mf_events, needed_threads), OFFSET(mf_events, needed_cpus),
        sizeof(struct mf_target_memory), OFFSET(mf_piece, to), OFFSET(mf_piece, bytes), OFFSET(mf_piece, got),
        sizeof(struct mf_piece), OFFSET(mf_vm_tables, image.start), OFFSET(mf_vm_tables, image.end),
        OFFSET(mf_vm_tables, image.bias), sizeof(struct mf_vm_tables),
        OFFSET(mf_resident_walk, next), OFFSET(mf_resident_walk, end), OFFSET(mf_resident_walk, known),
        OFFSET(mf_resident_walk, unneeded), sizeof(struct mf_resident_walk), OFFSET(mf_page_range, start),
        OFFSET(mf_page_range, end), OFFSET(mf_page_range, categories), sizeof(struct mf_page_range),
        OFFSET(mf_smaps, start), OFFSET(mf_smaps, end), OFFSET(mf_smaps, rss), OFFSET(mf_smaps, pss),
        OFFSET(mf_smaps, shared_clean), OFFSET(mf_smaps, shared_dirty), OFFSET(mf_smaps, private_clean),
        OFFSET(mf_smaps, private_dirty), OFFSET(mf_smaps, swap), sizeof(struct mf_smaps),
    };
    /* clang-format on */
    const jint count = sizeof layout / sizeof *layout;
    jint *const out = at(offsets);

    for (jint i = 0; i < count && i < capacity; i++)
        out[i] = layout[i];
    return count;
}

static const JNINativeMethod layout_natives[] = {
    METHOD(layout, "(JI)I"),
};

const struct mf_natives mf_layout_natives = NATIVES(layout_natives);

/* Writes the constants of CodeMemory.java. Returns their number. */
static jint codeLayout(JNIEnv *env, jclass self UNUSED, jintArray out)
{
    /* clang-format off */
    static const jint layout[] = {
        OFFSET(mf_code_store, compactions), OFFSET(mf_code_store, compactions_begun),
        OFFSET(mf_code_store, cache), OFFSET(mf_code_store, header.used_before), OFFSET(mf_code_store, header.size_at),
        OFFSET(mf_code_store, header.compile_id_at), OFFSET(mf_code_store, lost_offset),
        OFFSET(mf_code_image, low), OFFSET(mf_code_image, evicted_before), OFFSET(mf_code_image, segments), OFFSET(mf_code_image, log),
        OFFSET(mf_code_image, used), OFFSET(mf_code_image, table),
        OFFSET(mf_code_entry, units), OFFSET(mf_code_entry, kind),
        OFFSET(mf_code_record, start), OFFSET(mf_code_record, end), OFFSET(mf_code_record, loaded),
        OFFSET(mf_code_record, unloaded), OFFSET(mf_code_record, name), OFFSET(mf_code_record, first_segment),
        OFFSET(mf_code_record, segments), OFFSET(mf_code_record, pcs), OFFSET(mf_code_record, scopes),
        OFFSET(mf_code_record, tier), OFFSET(mf_code_record, compile_id), OFFSET(mf_code_record, entry_bci),
        OFFSET(mf_code_record, flags), OFFSET(mf_code_record, head), OFFSET(mf_code_record, blob_bytes),
        sizeof(struct mf_code_record),
        sizeof(struct mf_code_pc), sizeof(struct mf_code_scope),
        OFFSET(mf_code_name, key), OFFSET(mf_code_name, class_length), OFFSET(mf_code_name, name_length),
        OFFSET(mf_code_name, signature_length), OFFSET(mf_code_name, text),
    };
    /* clang-format on */
    const jint count = sizeof layout / sizeof *layout, capacity = (*env)->GetArrayLength(env, out);

    (*env)->SetIntArrayRegion(env, out, 0, count < capacity ? count : capacity, layout);
    return count;
}

/* Writes the constants of ReadCode.java. Returns their number. */
static jint codeResultLayout(JNIEnv *env, jclass self UNUSED, jintArray out)
{
    /* clang-format off */
    static const jint layout[] = {
        OFFSET(mf_code_result, code.start), OFFSET(mf_code_result, code.end), OFFSET(mf_code_result, code.method),
        OFFSET(mf_code_result, code.kind), OFFSET(mf_code_result, code.tier), OFFSET(mf_code_result, code.compile_id),
        OFFSET(mf_code_result, code.entry_bci), OFFSET(mf_code_result, frame_count), OFFSET(mf_code_result, has_record),
        OFFSET(mf_code_result, name), OFFSET(mf_code_result, frames), OFFSET(mf_code_result, text), sizeof(struct mf_code_result),
        OFFSET(mf_code_result_frame, frame.method), OFFSET(mf_code_result_frame, frame.bci), OFFSET(mf_code_result_frame, texts),
        sizeof(struct mf_code_result_frame), sizeof(struct mf_result_text), MF_TARGET_METHOD, MF_TARGET_INTERPRETER, MF_CODE_RETURNS_TO,
    };
    /* clang-format on */
    const jint count = sizeof layout / sizeof *layout, capacity = (*env)->GetArrayLength(env, out);

    (*env)->SetIntArrayRegion(env, out, 0, count < capacity ? count : capacity, layout);
    return count;
}

static const JNINativeMethod code_layout_natives[] = {
    METHOD(codeLayout, "([I)I"),
    METHOD(codeResultLayout, "([I)I"),
};

const struct mf_natives mf_code_layout_natives = NATIVES(code_layout_natives);
