/* SPDX-License-Identifier: Apache-2.0 */
/* Native methods of NativeCalls: map_files entries, opening and verifying files. */
#include "jni/natives.h"

#include "mapfiles_files.h"

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

static jint entryRead(JNIEnv *env UNUSED, jclass self UNUSED, jlong process, jlong mapping, jlong name, jint fields,
                      jlong entry, jlong target)
{
    return mf_entry_read(at(process), at(mapping), at(name), (uint32_t)fields, at(entry), at(target));
}

static jint entriesRead(JNIEnv *env UNUSED, jclass self UNUSED, jlong process, jlong snapshot, jint fields, jlong entries)
{
    return mf_entries_read(at(process), at(snapshot), (uint32_t)fields, at(entries));
}

static jint fileState(JNIEnv *env UNUSED, jclass self UNUSED, jlong process, jlong mapping, jlong name)
{
    return mf_file_state(at(process), at(mapping), at(name));
}

/* Returns the verification or error in the upper half, and the descriptor in the lower half. */
static jlong fileOpen(JNIEnv *env UNUSED, jclass self UNUSED, jlong process, jlong mapping, jlong name, jint options)
{
    int fd;
    const int verification = mf_file_open(at(process), at(mapping), at(name), (uint32_t)options, &fd);

    return (jlong)((uint64_t)(uint32_t)verification << 32 | (uint32_t)fd);
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

/* clang-format off */
static const JNINativeMethod file_natives[] = {
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
};
/* clang-format on */

const struct mf_natives mf_file_natives = NATIVES(file_natives);
