/* SPDX-License-Identifier: Apache-2.0 */
/* Each event of the JVM's becomes an entry of the image: methods with their inlining, stubs, and what went. */
#include "agent/agent.h"
#include "jvm/vm_code.h"

#include <jvmticmlr.h>
#include <string.h>
#include <time.h>

#define DEEPEST 256 /* frames of one address that are kept, from the outermost; no compiler inlines that deep */

uint64_t mf_agent_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* What became of an event. */
enum outcome {
    NOTED,
    NO_ROOM,
    NOT_NAMED, /* the JVM does not say of which method it is */
    TIDIED,    /* by another thread meanwhile: what names it had are in other places now, or gone */
};

/* ---- Names ---- */

static bool fetch_name(jvmtiEnv *jvmti, jmethodID method, char *texts[3])
{
    jclass holder = NULL;
    JNIEnv *jni;
    bool is_named;

    if ((*mf_agent.vm)->GetEnv(mf_agent.vm, (void **)&jni, JNI_VERSION_1_8) != JNI_OK)
        return false;
    is_named =
        (*jvmti)->GetMethodName(jvmti, method, &texts[MF_CODE_TEXT_NAME], &texts[MF_CODE_TEXT_SIGNATURE], NULL) == JVMTI_ERROR_NONE &&
        (*jvmti)->GetMethodDeclaringClass(jvmti, method, &holder) == JVMTI_ERROR_NONE &&
        (*jvmti)->GetClassSignature(jvmti, holder, &texts[MF_CODE_TEXT_CLASS], NULL) == JVMTI_ERROR_NONE;
    if (holder != NULL)
        (*jni)->DeleteLocalRef(jni, holder);
    return is_named;
}

/*
 * The place of a method's name. Where it is not known yet the JVM is asked, without the lock: a thread that is suspended waits
 * in JVMTI until it is resumed, and others are told of code meanwhile.
 */
static enum outcome name_of(struct mf_codes *codes, jvmtiEnv *jvmti, jmethodID method, mf_place *place)
{
    const uint64_t key = (uint64_t)(uintptr_t)method;
    const uint32_t turn = codes->turn;
    char *texts[3] = {NULL, NULL, NULL};
    bool is_named;

    *place = mf_code_name_find(mf_codes_current(codes), key);
    if (*place != 0)
        return NOTED;
    pthread_mutex_unlock(&mf_agent.writing);
    is_named = fetch_name(jvmti, method, texts);
    pthread_mutex_lock(&mf_agent.writing);
    if (is_named)
        *place = mf_code_name_add(mf_codes_current(codes), key, (const char *const *)texts);
    pthread_mutex_unlock(&mf_agent.writing);
    for (int i = 0; i < 3; i++)
        (*jvmti)->Deallocate(jvmti, (unsigned char *)texts[i]);
    pthread_mutex_lock(&mf_agent.writing);
    return codes->turn != turn ? TIDIED : !is_named ? NOT_NAMED : *place == 0 ? NO_ROOM : NOTED;
}

/*
 * The JVM's methods that method handles are called through (invokeBasic, linkToStatic, ...) all have one jmethodID, and
 * JVMTI gives the name of the first for each of them. Its own record of the code has the right one.
 */
#define HANDLE "Ljava/lang/invoke/MethodHandle;"
#define LONGEST 4096u

static bool is_of_handle(const struct mf_code_image *image, mf_place place)
{
    const struct mf_code_name *const name = mf_code_read(image, place);

    return name->class_length == sizeof HANDLE - 1 && memcmp(name->text, HANDLE, sizeof HANDLE - 1) == 0;
}

static mf_place intrinsic_name(struct mf_code_image *image, uint64_t method)
{
    const uint64_t key = method | 1ull << 63; /* no jmethodID: the method's own address */
    char name[LONGEST], signature[LONGEST];
    const char *const texts[] = {HANDLE, name, signature};

    if (!mf_vm_method_text(method, name, signature, LONGEST))
        name[0] = signature[0] = '\0'; /* not known: better than another one's */
    return mf_code_name_add(image, key, texts);
}

/* ---- Inlining: the same whether the JVM tells it frame by frame or of the outermost method alone ---- */

struct debug {
    const jvmtiCompiledMethodLoadInlineRecord *inlining; /* NULL: the map is all there is */
    const jvmtiAddrLocationMap *map;
    jint count;
    jmethodID method;
};

static void find_debug(const void *compile_info, struct debug *debug)
{
    const jvmtiCompiledMethodLoadRecordHeader *record = compile_info;

    for (; record != NULL; record = record->next) {
        if (record->kind == JVMTI_CMLR_INLINE_INFO && record->majorinfoversion == JVMTI_CMLR_MAJOR_VERSION) {
            debug->inlining = (const void *)record;
            debug->count = debug->inlining->numpcs;
        }
    }
}

static uint64_t pc_of(const struct debug *debug, jint at)
{
    return (uint64_t)(uintptr_t)(debug->inlining != NULL ? debug->inlining->pcinfo[at].pc : debug->map[at].start_address);
}

static jint depth_of(const struct debug *debug, jint at)
{
    const jint depth = debug->inlining != NULL ? debug->inlining->pcinfo[at].numstackframes : 1;

    return depth < DEEPEST ? depth : DEEPEST;
}

/* A frame by its distance from the outermost, which is 0. */
static jmethodID method_of(const struct debug *debug, jint at, jint level)
{
    const PCStackInfo *const info = debug->inlining != NULL ? &debug->inlining->pcinfo[at] : NULL;

    return info != NULL ? info->methods[info->numstackframes - 1 - level] : debug->method;
}

static jint bci_of(const struct debug *debug, jint at, jint level)
{
    const PCStackInfo *const info = debug->inlining != NULL ? &debug->inlining->pcinfo[at] : NULL;

    return info != NULL ? info->bcis[info->numstackframes - 1 - level] : (jint)debug->map[at].location;
}

/* How many frames of two addresses are the same, from the outermost on. */
static jint shared_levels(const struct debug *debug, jint one, jint other)
{
    const jint most = depth_of(debug, one) < depth_of(debug, other) ? depth_of(debug, one) : depth_of(debug, other);
    jint level = 0;

    while (level < most && method_of(debug, one, level) == method_of(debug, other, level) &&
           bci_of(debug, one, level) == bci_of(debug, other, level))
        level++;
    return level;
}

/*
 * The next address that has debug information of its own, within the code and in order; count: none. Of addresses with the
 * same frames only the last is kept, since each stands for all from the one before up to itself.
 */
static jint next_told(const struct debug *debug, jint at, uint64_t start, uint64_t end)
{
    for (; at < debug->count; at++) {
        const uint64_t pc = pc_of(debug, at);
        const jint depth = depth_of(debug, at);

        if (pc < start || pc > end || depth <= 0)
            continue;
        if (at + 1 == debug->count || pc_of(debug, at + 1) <= pc || depth_of(debug, at + 1) != depth ||
            shared_levels(debug, at, at + 1) != depth)
            break;
    }
    return at;
}

static uint32_t count_told(const struct debug *debug, uint64_t start, uint64_t end)
{
    uint64_t last = 0;
    uint32_t count = 0;

    for (jint at = next_told(debug, 0, start, end); at < debug->count; at = next_told(debug, at + 1, start, end)) {
        if (pc_of(debug, at) < last)
            return 0; /* not in order: the search would not find them */
        last = pc_of(debug, at);
        count++;
    }
    return count;
}

/* All names first: they take room where the record is going to be. Of an inlined method that is not named the place is 0. */
static enum outcome name_all(struct mf_codes *codes, jvmtiEnv *jvmti, const struct debug *debug, uint64_t start, uint64_t end)
{
    mf_place place;

    for (jint at = next_told(debug, 0, start, end); at < debug->count; at = next_told(debug, at + 1, start, end)) {
        for (jint level = 0; level < depth_of(debug, at); level++) {
            const enum outcome outcome = name_of(codes, jvmti, method_of(debug, at, level), &place);

            if (outcome == NO_ROOM || outcome == TIDIED)
                return outcome;
        }
    }
    return NOTED;
}

/* Adds an address' scopes, of which those it has in common with the address before are there. False: no room. */
static bool add_scopes(struct mf_code_image *image, struct mf_code_record *record, const struct debug *debug, jint at, jint shared,
                       uint32_t scopes[DEEPEST])
{
    for (jint level = shared; level < depth_of(debug, at); level++) {
        const struct mf_code_scope scope = {
            mf_code_name_find(image, (uint64_t)(uintptr_t)method_of(debug, at, level)),
            bci_of(debug, at, level),
            level == 0 ? MF_NO_SCOPE : scopes[level - 1],
        };

        scopes[level] = mf_code_scope_add(image, record, scope);
        if (scopes[level] == MF_NO_SCOPE)
            return false;
    }
    return true;
}

static bool add_debug(struct mf_code_image *image, struct mf_code_record *record, const struct debug *debug)
{
    uint32_t scopes[DEEPEST];
    jint before = -1, at = 0;

    for (uint32_t i = 0; i < record->pcs; i++, before = at++) {
        at = next_told(debug, at, record->start, record->end);
        if (!add_scopes(image, record, debug, at, before < 0 ? 0 : shared_levels(debug, before, at), scopes))
            return false;
        mf_code_pcs(record)[i] = (struct mf_code_pc){(uint32_t)(pc_of(debug, at) - record->start), scopes[depth_of(debug, at) - 1]};
    }
    return true;
}

/* ---- Events ---- */

static uint32_t flags_now(void)
{
    return mf_agent.is_asking && pthread_equal(mf_agent.asker, pthread_self()) ? MF_CODE_BEFORE_START : 0;
}

/* A method compiled: its name, and what the JVM's own record of it says. */
struct compiled {
    struct mf_vm_method told;
    mf_place name;
    bool is_told;
};

static enum outcome identify(struct mf_codes *codes, jvmtiEnv *jvmti, jmethodID method, uint64_t start, struct compiled *out)
{
    const enum outcome outcome = name_of(codes, jvmti, method, &out->name);
    struct mf_code_image *const image = mf_codes_current(codes);

    if (outcome != NOTED)
        return outcome;
    out->told = (struct mf_vm_method){-1, -1, -1, 0};
    out->is_told = mf_vm_method_at(start, &out->told);
    if (out->told.tier <= 0 && is_of_handle(image, out->name))
        out->name = intrinsic_name(image, out->told.method);
    return out->name == 0 ? NO_ROOM : NOTED;
}

/* Whether it is known already, and there: the JVM tells again when it is asked what there is. */
static bool is_known(const struct mf_code_image *image, const struct compiled *compiled, uint64_t start, uint64_t end)
{
    struct mf_code_record *const record = mf_code_known(image, start, end, compiled->name);

    if (record == NULL || (compiled->is_told && record->compile_id >= 0 && record->compile_id != compiled->told.compile_id))
        return false;
    record->told = mf_agent.round;
    return true;
}

static enum outcome add_method(struct mf_code_image *image, const struct debug *debug, const struct compiled *compiled,
                               uint64_t start, uint64_t end)
{
    struct mf_code_record *const record = mf_code_begin(image, MF_CODE_METHOD, start, end, count_told(debug, start, end));

    if (record == NULL || !add_debug(image, record, debug))
        return NO_ROOM;
    record->name = compiled->name;
    record->loaded = mf_agent_now();
    record->told = mf_agent.round;
    record->flags = flags_now();
    if (compiled->is_told) {
        record->tier = compiled->told.tier;
        record->compile_id = compiled->told.compile_id;
        record->entry_bci = compiled->told.entry_bci;
    }
    mf_code_commit(image, record);
    return NOTED;
}

static enum outcome note_method(struct mf_codes *codes, jvmtiEnv *jvmti, const struct debug *debug, uint64_t start, uint64_t end)
{
    struct compiled compiled;
    enum outcome outcome = identify(codes, jvmti, debug->method, start, &compiled);

    if (outcome != NOTED || is_known(mf_codes_current(codes), &compiled, start, end))
        return outcome;
    outcome = name_all(codes, jvmti, debug, start, end);
    if (outcome != NOTED || is_known(mf_codes_current(codes), &compiled, start, end)) /* told by another thread meanwhile */
        return outcome;
    return add_method(mf_codes_current(codes), debug, &compiled, start, end);
}

static enum outcome note_stub(struct mf_codes *codes, const char *text, uint64_t start, uint64_t end)
{
    struct mf_code_image *const image = mf_codes_current(codes);
    const char *const texts[] = {"", text, ""};
    struct mf_code_record *record = mf_code_known_stub(image, start, end, text);
    mf_place name;

    if (record != NULL) {
        record->told = mf_agent.round;
        return NOTED;
    }
    name = mf_code_name_add(image, 0, texts);
    record = name == 0 ? NULL : mf_code_begin(image, MF_CODE_STUB, start, end, 0);
    if (record == NULL)
        return NO_ROOM;
    record->name = name;
    record->loaded = mf_agent_now();
    record->told = mf_agent.round;
    record->flags = flags_now();
    mf_code_commit(image, record);
    return NOTED;
}

/* Notes code by a debug or, of a stub, by a text. */
static void note(jvmtiEnv *jvmti, const struct debug *debug, const char *text, uint64_t start, uint64_t end)
{
    enum { MOST_ATTEMPTS = 4 };
    struct mf_codes *const codes = mf_agent.codes;
    enum outcome outcome = NO_ROOM;

    pthread_mutex_lock(&mf_agent.writing);
    for (int attempt = 0; attempt < MOST_ATTEMPTS && mf_code_covers(mf_codes_current(codes), start, end); attempt++) {
        outcome = debug != NULL ? note_method(codes, jvmti, debug, start, end) : note_stub(codes, text, start, end);
        if (outcome == NOTED || outcome == NOT_NAMED || (outcome == NO_ROOM && !mf_codes_tidy(codes)))
            break;
    }
    if (outcome != NOTED)
        codes->lost++;
    pthread_mutex_unlock(&mf_agent.writing);
}

void JNICALL mf_on_method_load(jvmtiEnv *jvmti, jmethodID method, jint size, const void *code, jint map_length,
                               const jvmtiAddrLocationMap *map, const void *compile_info)
{
    const uint64_t start = (uint64_t)(uintptr_t)code;
    struct debug debug = {NULL, map, map_length, method};

    find_debug(compile_info, &debug);
    note(jvmti, &debug, NULL, start, start + (uint64_t)size);
}

void JNICALL mf_on_method_unload(jvmtiEnv *jvmti, jmethodID method, const void *code)
{
    (void)jvmti;
    (void)method;
    pthread_mutex_lock(&mf_agent.writing);
    mf_code_remove(mf_codes_current(mf_agent.codes), (uint64_t)(uintptr_t)code, mf_agent_now());
    pthread_mutex_unlock(&mf_agent.writing);
}

void JNICALL mf_on_stub(jvmtiEnv *jvmti, const char *name, const void *code, jint size)
{
    const uint64_t start = (uint64_t)(uintptr_t)code;

    note(jvmti, NULL, name, start, start + (uint64_t)size);
}
