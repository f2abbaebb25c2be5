/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Java facade's view of the core: arguments passed on, results passed back. Addresses are of memory that Java owns and
 * keeps reachable during the call (NativeMemory.java), sizes are the business of the core, errors are translated there
 * (Exceptions.java): handing on an errno costs nothing, an exception made here would cost a class look-up in C for each type.
 */
#include "jni/jvm_natives.h"
#include "jvm/vm_tables.h"
#include "mapfiles_events.h"
#include "mapfiles_files.h"
#include "os/system_calls.h"
#include "read/chunks.h"
#include "snapshot/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <jni.h>

#define UNUSED __attribute__((unused))
#define METHOD(name, signature) {(char *)#name, (char *)signature, (void *)name}

static void *at(jlong address)
{
    return (void *)(uintptr_t)address;
}

static jlong addressOf(JNIEnv *env, jclass self UNUSED, jobject direct)
{
    return (jlong)(uintptr_t)(*env)->GetDirectBufferAddress(env, direct);
}

static jint openSelf(JNIEnv *env UNUSED, jclass self UNUSED, jlong process)
{
    return mf_process_open_self(at(process));
}

static jint openPid(JNIEnv *env UNUSED, jclass self UNUSED, jint pid, jlong process)
{
    return mf_process_open_pid(pid, at(process));
}

static jint openDirectory(JNIEnv *env UNUSED, jclass self UNUSED, jlong path, jlong process)
{
    const int proc_fd = mf_sys_openat(AT_FDCWD, at(path), O_RDONLY | O_DIRECTORY);
    int rc;

    if (proc_fd < 0)
        return proc_fd;
    rc = mf_process_open_directory(proc_fd, at(process));
    mf_sys_close(proc_fd);
    return rc;
}

static void closeProcess(JNIEnv *env UNUSED, jclass self UNUSED, jlong process)
{
    mf_process_close(at(process));
}

static jint pidOf(JNIEnv *env UNUSED, jclass self UNUSED, jlong process)
{
    return mf_process_pid(at(process));
}

static jint denialReasons(JNIEnv *env UNUSED, jclass self UNUSED, jint pid)
{
    return mf_denial_reasons(pid);
}

static jint callerPrivileges(JNIEnv *env UNUSED, jclass self UNUSED)
{
    return mf_caller_privileges();
}

static jlong snapshotBytes(JNIEnv *env UNUSED, jclass self UNUSED, jint mappings, jint text)
{
    return (jlong)mf_snapshot_bytes((uint32_t)mappings, (uint32_t)text);
}

static jint snapshotInit(JNIEnv *env UNUSED, jclass self UNUSED, jlong memory, jlong bytes, jint mappings, jint text)
{
    return mf_snapshot_init(at(memory), (size_t)bytes, (uint32_t)mappings, (uint32_t)text);
}

static jint snapshotRead(JNIEnv *env UNUSED, jclass self UNUSED, jlong process, jint options, jlong previous, jlong out)
{
    return mf_snapshot_read(at(process), (uint32_t)options, at(previous), at(out));
}

static jint snapshotParse(JNIEnv *env UNUSED, jclass self UNUSED, jlong text, jint length, jint options, jlong out)
{
    return mf_snapshot_parse(at(text), (size_t)length, (uint32_t)options, at(out));
}

static jint chunksOpen(JNIEnv *env UNUSED, jclass self UNUSED, jlong process)
{
    return mf_chunks_open(at(process));
}

static jlong chunksRead(JNIEnv *env UNUSED, jclass self UNUSED, jint descriptor, jlong to, jlong room, jlong offset)
{
    return mf_chunks_read(descriptor, at(to), (size_t)room, (uint64_t)offset);
}

static jint chunksAreWhole(JNIEnv *env UNUSED, jclass self UNUSED, jlong process, jint descriptor)
{
    return mf_chunks_is_whole(at(process), descriptor);
}

static jint chunksParse(JNIEnv *env UNUSED, jclass self UNUSED, jlong process, jlong text, jint length, jint options, jlong out)
{
    return mf_chunks_parse(at(process), at(text), (size_t)length, (uint32_t)options, at(out));
}

static jint query(JNIEnv *env UNUSED, jclass self UNUSED, jlong process, jlong address, jint how, jlong answer)
{
    return mf_query(at(process), (uint64_t)address, (uint32_t)how, at(answer));
}

static jint deletion(JNIEnv *env UNUSED, jclass self UNUSED, jlong process, jlong mapping, jlong name)
{
    return mf_deletion(at(process), at(mapping), at(name));
}

static jint entriesListAccess(JNIEnv *env UNUSED, jclass self UNUSED, jlong process)
{
    return mf_entries_list_access(at(process));
}

static jint entriesFollowAccess(JNIEnv *env UNUSED, jclass self UNUSED)
{
    return mf_entries_follow_access();
}

static jlong entriesBytes(JNIEnv *env UNUSED, jclass self UNUSED, jint entries, jint text)
{
    return (jlong)mf_entries_bytes((uint32_t)entries, (uint32_t)text);
}

static jint entriesInit(JNIEnv *env UNUSED, jclass self UNUSED, jlong memory, jlong bytes, jint entries, jint text)
{
    return mf_entries_init(at(memory), (size_t)bytes, (uint32_t)entries, (uint32_t)text);
}

static jint entryRead(JNIEnv *env UNUSED, jclass self UNUSED, jlong process, jlong mapping, jlong name, jint what, jlong entry,
                      jlong target)
{
    return mf_entry_read(at(process), at(mapping), at(name), (uint32_t)what, at(entry), at(target));
}

static jint entriesRead(JNIEnv *env UNUSED, jclass self UNUSED, jlong process, jlong snapshot, jint what, jlong entries)
{
    return mf_entries_read(at(process), at(snapshot), (uint32_t)what, at(entries));
}

static jint fileState(JNIEnv *env UNUSED, jclass self UNUSED, jlong process, jlong mapping, jlong name)
{
    return mf_file_state(at(process), at(mapping), at(name));
}

/* The proof, or an error, in the upper half; the descriptor in the lower. */
static jlong fileOpen(JNIEnv *env UNUSED, jclass self UNUSED, jlong process, jlong mapping, jlong name, jint how)
{
    int fd;
    const int proof = mf_file_open(at(process), at(mapping), at(name), (uint32_t)how, &fd);

    return (jlong)((uint64_t)(uint32_t)proof << 32 | (uint32_t)fd);
}

static jint fileQuickVerify(JNIEnv *env UNUSED, jclass self UNUSED, jlong process, jlong mapping, jlong name)
{
    return mf_file_quick_verify(at(process), at(mapping), at(name));
}

static jlong fileSharingDomain(JNIEnv *env UNUSED, jclass self UNUSED, jlong process, jlong mapping, jlong name)
{
    return mf_file_sharing_domain(at(process), at(mapping), at(name));
}

static jint fileVerify(JNIEnv *env UNUSED, jclass self UNUSED, jlong process, jlong mapping, jint descriptor)
{
    return mf_file_verify(at(process), at(mapping), descriptor);
}

static jint memoryRead(JNIEnv *env UNUSED, jclass self UNUSED, jlong process, jlong address, jlong to, jint bytes)
{
    return (jint)mf_memory_read(at(process), (uint64_t)address, at(to), (size_t)bytes);
}

static jint targetMemoryOpen(JNIEnv *env UNUSED, jclass self UNUSED, jlong process, jlong memory)
{
    return mf_target_memory_open(at(process), at(memory));
}

static void targetMemoryClose(JNIEnv *env UNUSED, jclass self UNUSED, jlong memory)
{
    mf_target_memory_close(at(memory));
}

static jint targetMemoryRead(JNIEnv *env UNUSED, jclass self UNUSED, jlong memory, jlong address, jlong to, jint bytes)
{
    return mf_target_memory_read(at(memory), (uint64_t)address, at(to), (uint32_t)bytes);
}

static jint targetMemoryReadAll(JNIEnv *env UNUSED, jclass self UNUSED, jlong memory, jlong pieces, jint count)
{
    return mf_target_memory_read_all(at(memory), at(pieces), (uint32_t)count);
}

static jlong pagesBytes(JNIEnv *env UNUSED, jclass self UNUSED, jint slots)
{
    return (jlong)mf_pages_bytes((uint32_t)slots);
}

/* The tables of the next image that has some: 0, or a negative errno. */
static jint vmTablesRead(JNIEnv *env UNUSED, jclass self UNUSED, jlong memory, jlong pages, jint slots, jlong snapshot, jlong after,
                         jlong tables)
{
    struct mf_pages *const with = mf_pages_init(at(pages), (uint32_t)slots, at(memory));
    struct mf_elf_image image;
    const int rc = mf_vm_image_next(with, at(snapshot), (uint64_t)after, &image);

    return rc != 0 ? rc : mf_vm_tables_read(with, &image, at(tables));
}

/*
 * Lets an open FileDescriptor stand for another descriptor's file: dup3(2) in its place. 0 or a negative errno. The field is
 * private and has been there, by this name and type, since JDK 1.0; a JVM that has another one gets -ENOTSUP.
 */
static jint adopt(JNIEnv *env, jclass self UNUSED, jobject shell, jint descriptor)
{
    const jclass type = (*env)->GetObjectClass(env, shell);
    const jfieldID field = (*env)->GetFieldID(env, type, "fd", "I");
    jint place;

    if (field == NULL) {
        (*env)->ExceptionClear(env);
        return -ENOTSUP;
    }
    place = (*env)->GetIntField(env, shell, field);
    if (place < 0)
        return -EBADF;
    const long rc = MF_SYS(SYS_dup3, descriptor, place, O_CLOEXEC);

    return rc < 0 ? (jint)rc : 0;
}

static void closeDescriptor(JNIEnv *env UNUSED, jclass self UNUSED, jint descriptor)
{
    mf_sys_close(descriptor);
}

static jint loaderCounts(JNIEnv *env UNUSED, jclass self UNUSED, jlong counts)
{
    uint64_t *const out = at(counts);

    return mf_loader_counts(&out[0], &out[1]);
}

static jlong eventsBytes(JNIEnv *env UNUSED, jclass self UNUSED, jint threads, jint cpus)
{
    return (jlong)mf_events_bytes((uint32_t)threads, (uint32_t)cpus);
}

static jint eventsInit(JNIEnv *env UNUSED, jclass self UNUSED, jlong memory, jlong bytes, jint threads, jint cpus)
{
    return mf_events_init(at(memory), (size_t)bytes, (uint32_t)threads, (uint32_t)cpus);
}

static jint eventsOpen(JNIEnv *env UNUSED, jclass self UNUSED, jlong process, jint what, jint ring, jint wake, jlong events)
{
    return mf_events_open(at(process), (uint32_t)what, (uint32_t)ring, (uint32_t)wake, at(events));
}

static jint eventsDrain(JNIEnv *env UNUSED, jclass self UNUSED, jlong events, jlong out, jint capacity, jlong text,
                        jint text_capacity, jlong drained)
{
    return mf_events_drain(at(events), at(out), (uint32_t)capacity, at(text), (uint32_t)text_capacity, at(drained));
}

static jint eventsWait(JNIEnv *env UNUSED, jclass self UNUSED, jlong events, jint millis)
{
    return mf_events_wait(at(events), millis);
}

static void eventsWake(JNIEnv *env UNUSED, jclass self UNUSED, jlong events)
{
    mf_events_wake(at(events));
}

static void eventsClose(JNIEnv *env UNUSED, jclass self UNUSED, jlong events)
{
    mf_events_close(at(events));
}

static jint eventsDenialReasons(JNIEnv *env UNUSED, jclass self UNUSED)
{
    return mf_events_denial_reasons();
}

#define OFFSET(type, field) (jint)offsetof(struct type, field)

/* What MapRecord.java states by itself, for the test that holds both sides together. */
static jint layout(JNIEnv *env UNUSED, jclass self UNUSED, jlong offsets, jint room)
{
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
        OFFSET(mf_query_result, build_id_length), OFFSET(mf_query_result, build_id), OFFSET(mf_query_result, name), sizeof(struct mf_query_result),
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
    };
    const jint count = sizeof layout / sizeof *layout;
    jint *const out = at(offsets);

    for (jint i = 0; i < count && i < room; i++)
        out[i] = layout[i];
    return count;
}

static const JNINativeMethod methods[] = {
    METHOD(addressOf, "(Ljava/nio/ByteBuffer;)J"),
    METHOD(openSelf, "(J)I"),
    METHOD(openPid, "(IJ)I"),
    METHOD(openDirectory, "(JJ)I"),
    {(char *)"close", (char *)"(J)V", (void *)closeProcess},
    METHOD(pidOf, "(J)I"),
    METHOD(denialReasons, "(I)I"),
    METHOD(callerPrivileges, "()I"),
    METHOD(snapshotBytes, "(II)J"),
    METHOD(snapshotInit, "(JJII)I"),
    METHOD(snapshotRead, "(JIJJ)I"),
    METHOD(snapshotParse, "(JIIJ)I"),
    METHOD(chunksOpen, "(J)I"),
    METHOD(chunksRead, "(IJJJ)J"),
    METHOD(chunksAreWhole, "(JI)I"),
    METHOD(chunksParse, "(JJIIJ)I"),
    METHOD(query, "(JJIJ)I"),
    METHOD(deletion, "(JJJ)I"),
    METHOD(entriesListAccess, "(J)I"),
    METHOD(entriesFollowAccess, "()I"),
    METHOD(entriesBytes, "(II)J"),
    METHOD(entriesInit, "(JJII)I"),
    METHOD(entryRead, "(JJJIJJ)I"),
    METHOD(entriesRead, "(JJIJ)I"),
    METHOD(fileState, "(JJJ)I"),
    METHOD(fileOpen, "(JJJI)J"),
    METHOD(fileQuickVerify, "(JJJ)I"),
    METHOD(fileSharingDomain, "(JJJ)J"),
    METHOD(fileVerify, "(JJI)I"),
    METHOD(memoryRead, "(JJJI)I"),
    METHOD(targetMemoryOpen, "(JJ)I"),
    METHOD(targetMemoryClose, "(J)V"),
    METHOD(targetMemoryRead, "(JJJI)I"),
    METHOD(targetMemoryReadAll, "(JJI)I"),
    METHOD(pagesBytes, "(I)J"),
    METHOD(vmTablesRead, "(JJIJJJ)I"),
    METHOD(adopt, "(Ljava/io/FileDescriptor;I)I"),
    METHOD(closeDescriptor, "(I)V"),
    METHOD(loaderCounts, "(J)I"),
    METHOD(eventsBytes, "(II)J"),
    METHOD(eventsInit, "(JJII)I"),
    METHOD(eventsOpen, "(JIIIJ)I"),
    METHOD(eventsDrain, "(JJIJIJ)I"),
    METHOD(eventsWait, "(JI)I"),
    METHOD(eventsWake, "(J)V"),
    METHOD(eventsClose, "(J)V"),
    METHOD(eventsDenialReasons, "()I"),
    METHOD(layout, "(JI)I"),
};

static const JNINativeMethod loader_methods[] = {
    {(char *)"bind", (char *)"(Ljava/lang/Class;)V", (void *)mf_jni_bind_jvm},
};

/* Whether a class of this library's Java side has its natives now; else an exception is pending. */
static int bind(JNIEnv *env, const char *name, const JNINativeMethod *natives, size_t count)
{
    const jclass holder = (*env)->FindClass(env, name);

    return holder != NULL && (*env)->RegisterNatives(env, holder, natives, (jint)count) == 0;
}

MF_API JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM *vm, void *reserved UNUSED)
{
    JNIEnv *env;

    if ((*vm)->GetEnv(vm, (void **)&env, JNI_VERSION_1_8) != JNI_OK)
        return JNI_ERR;
    if (!bind(env, "org/mapfiles/internal/NativeCalls", methods, sizeof methods / sizeof *methods) ||
        !bind(env, "org/mapfiles/internal/NativeLibrary", loader_methods, 1))
        return JNI_ERR; /* System.load() throws what is pending */
    return JNI_VERSION_1_8;
}
