/* SPDX-License-Identifier: Apache-2.0 */
/* Native methods of NativeCalls: events of the kernel. */
#include "jni/natives.h"

#include "mapfiles_events.h"

static jlong eventsBytes(JNIEnv *env UNUSED, jclass self UNUSED, jint threads, jint cpus)
{
    return (jlong)mf_events_bytes((uint32_t)threads, (uint32_t)cpus);
}

static jint eventsInit(JNIEnv *env UNUSED, jclass self UNUSED, jlong memory, jlong bytes, jint threads, jint cpus)
{
    return mf_events_init(at(memory), (size_t)bytes, (uint32_t)threads, (uint32_t)cpus);
}

static jint eventsOpen(JNIEnv *env UNUSED, jclass self UNUSED, jlong process, jint options, jint ring_bytes, jint wake_bytes,
                       jlong events)
{
    return mf_events_open(at(process), (uint32_t)options, (uint32_t)ring_bytes, (uint32_t)wake_bytes, at(events));
}

static jint eventsDrain(JNIEnv *env UNUSED, jclass self UNUSED, jlong events, jlong out, jint capacity, jlong text,
                        jint text_capacity, jlong drained)
{
    return mf_events_drain(at(events), at(out), (uint32_t)capacity, at(text), (uint32_t)text_capacity, at(drained));
}

static jint eventsWait(JNIEnv *env UNUSED, jclass self UNUSED, jlong events, jint timeout_ms)
{
    return mf_events_wait(at(events), timeout_ms);
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

/* clang-format off */
static const JNINativeMethod event_natives[] = {
    METHOD(eventsBytes, "(II)J"),
    METHOD(eventsInit, "(JJII)I"),
    METHOD(eventsOpen, "(JIIIJ)I"),
    METHOD(eventsDrain, "(JJIJIJ)I"),
    METHOD(eventsWait, "(JI)I"),
    METHOD(eventsWake, "(J)V"),
    METHOD(eventsClose, "(J)V"),
    METHOD(eventsDenialReasons, "()I"),
};
/* clang-format on */

const struct mf_natives mf_event_natives = NATIVES(event_natives);
