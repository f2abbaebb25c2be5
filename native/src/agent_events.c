/* SPDX-License-Identifier: Apache-2.0 */
/* Each event of the JVM's becomes an entry of the image: methods with their inlining, stubs, and what went. */
#include "agent.h"

#include "vm_code.h"

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

/* ---- Names ---- */

static mf_place add_name(struct mf_code_image *image, jvmtiEnv *jvmti, JNIEnv *jni, jmethodID method)
{
    char *texts[3] = {NULL, NULL, NULL};
    jclass holder = NULL;
    mf_place place = 0;

    if ((*jvmti)->GetMethodName(jvmti, method, &texts[MF_PART_NAME], &texts[MF_PART_SIGNATURE], NULL) == JVMTI_ERROR_NONE &&
        (*jvmti)->GetMethodDeclaringClass(jvmti, method, &holder) == JVMTI_ERROR_NONE &&
        (*jvmti)->GetClassSignature(jvmti, holder, &texts[MF_PART_CLASS], NULL) == JVMTI_ERROR_NONE)
        place = mf_code_name_add(image, (uint64_t)(uintptr_t)method, (const char *const *)texts);
    for (int i = 0; i < 3; i++)
        (*jvmti)->Deallocate(jvmti, (unsigned char *)texts[i]);
    if (holder != NULL)
        (*jni)->DeleteLocalRef(jni, holder);
    return place;
}

static mf_place name_of(struct mf_code_image *image, jvmtiEnv *jvmti, jmethodID method)
{
    const mf_place known = mf_code_name_find(image, (uint64_t)(uintptr_t)method);
    JNIEnv *jni;

    if (known != 0 || (*mf_agent.vm)->GetEnv(mf_agent.vm, (void **)&jni, JNI_VERSION_1_8) != JNI_OK)
        return known;
    return add_name(image, jvmti, jni, method);
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

/* All names first: they take room where the record is going to be. */
static void name_all(struct mf_code_image *image, jvmtiEnv *jvmti, const struct debug *debug, uint64_t start, uint64_t end)
{
    for (jint at = next_told(debug, 0, start, end); at < debug->count; at = next_told(debug, at + 1, start, end))
        for (jint level = 0; level < depth_of(debug, at); level++)
            name_of(image, jvmti, method_of(debug, at, level));
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
    return mf_agent.is_asking && pthread_equal(mf_agent.asker, pthread_self()) ? MF_CODE_WAS_THERE : 0;
}

/* Notes a method. False: there is no room. */
static bool note_method(struct mf_code_image *image, jvmtiEnv *jvmti, const struct debug *debug, uint64_t start, uint64_t end)
{
    struct mf_vm_method told = {-1, -1, -1, 0};
    const bool is_told = mf_vm_method_at(start, &told);
    mf_place name = name_of(image, jvmti, debug->method);
    struct mf_code_record *record;

    if (name != 0 && told.tier <= 0 && is_of_handle(image, name))
        name = intrinsic_name(image, told.method);
    record = mf_code_known(image, start, end, name);
    if (record != NULL) {
        record->told = mf_agent.round;
        return true;
    }
    name_all(image, jvmti, debug, start, end);
    record = name == 0 ? NULL : mf_code_begin(image, MF_CODE_METHOD, start, end, count_told(debug, start, end));
    if (record == NULL || !add_debug(image, record, debug))
        return false;
    record->name = name;
    record->loaded = mf_agent_now();
    record->told = mf_agent.round;
    record->flags = flags_now();
    if (is_told) {
        record->tier = told.tier;
        record->compile_id = told.compile_id;
        record->entry_bci = told.entry_bci;
    }
    mf_code_commit(image, record);
    return true;
}

static bool note_stub(struct mf_code_image *image, const char *text, uint64_t start, uint64_t end)
{
    const char *const texts[] = {"", text, ""};
    const mf_place name = mf_code_name_add(image, 0, texts);
    struct mf_code_record *record;

    if (name != 0 && mf_code_known(image, start, end, name) != NULL)
        return true;
    record = name == 0 ? NULL : mf_code_begin(image, MF_CODE_STUB, start, end, 0);
    if (record == NULL)
        return false;
    record->name = name;
    record->loaded = mf_agent_now();
    record->flags = flags_now();
    mf_code_commit(image, record);
    return true;
}

void JNICALL mf_on_method_load(jvmtiEnv *jvmti, jmethodID method, jint size, const void *code, jint map_length,
                               const jvmtiAddrLocationMap *map, const void *compile_info)
{
    struct mf_codes *const codes = mf_agent.codes;
    const uint64_t start = (uint64_t)(uintptr_t)code, end = start + (uint64_t)size;
    struct debug debug = {NULL, map, map_length, method};

    find_debug(compile_info, &debug);
    pthread_mutex_lock(&mf_agent.writing);
    if (!mf_code_covers(mf_codes_current(codes), start, end) ||
        (!note_method(mf_codes_current(codes), jvmti, &debug, start, end) &&
         (!mf_codes_tidy(codes) || !note_method(mf_codes_current(codes), jvmti, &debug, start, end))))
        codes->lost++;
    pthread_mutex_unlock(&mf_agent.writing);
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
    struct mf_codes *const codes = mf_agent.codes;
    const uint64_t start = (uint64_t)(uintptr_t)code, end = start + (uint64_t)size;

    (void)jvmti;
    pthread_mutex_lock(&mf_agent.writing);
    if (!mf_code_covers(mf_codes_current(codes), start, end) ||
        (!note_stub(mf_codes_current(codes), name, start, end) &&
         (!mf_codes_tidy(codes) || !note_stub(mf_codes_current(codes), name, start, end))))
        codes->lost++;
    pthread_mutex_unlock(&mf_agent.writing);
}
