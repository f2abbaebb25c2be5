/* SPDX-License-Identifier: Apache-2.0 */
/* Native methods of NativeCalls: resident pages and smaps. */
#include "jni/natives.h"

#include "mapfiles_resident.h"

#include <errno.h>

static jint residentRead(JNIEnv *env UNUSED, jclass self UNUSED, jlong process, jlong snapshot, jlong walk, jlong out,
                         jint capacity)
{
    return mf_resident_read(at(process), at(snapshot), at(walk), at(out), (uint32_t)capacity);
}

/* Returns the number of mappings, also if there is room for fewer, or a negative errno. */
static jint smapsRead(JNIEnv *env UNUSED, jclass self UNUSED, jlong process, jlong out, jint capacity)
{
    uint32_t count = 0;
    const int rc = mf_smaps_read(at(process), at(out), (uint32_t)capacity, &count);

    return rc == 0 || rc == -ENOBUFS ? (jint)count : rc;
}

static jint smapsTotal(JNIEnv *env UNUSED, jclass self UNUSED, jlong process, jlong out)
{
    return mf_smaps_total(at(process), at(out));
}

static const JNINativeMethod resident_natives[] = {
    METHOD(residentRead, "(JJJJI)I"),
    METHOD(smapsRead, "(JJI)I"),
    METHOD(smapsTotal, "(JJ)I"),
};

const struct mf_natives mf_resident_natives = NATIVES(resident_natives);
