/* SPDX-License-Identifier: Apache-2.0 */
/* Event callbacks: record compiled methods with their inlined methods, stubs, and unloaded methods. */
#include "agent/agent.h"
#include "jvm/vm_code.h"

#include <jvmticmlr.h>
#include <string.h>
#include <time.h>

#define MAX_DEPTH 256 /* maximum of frames per address, counted from the outermost; compilers inline less deeply */

uint64_t mf_agent_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* The result of recording an event. */
enum outcome {
    RECORDED,
    FULL,      /* the store is full */
    UNNAMED,   /* the JVM returns no name of the method */
    COMPACTED, /* another thread has compacted the store meanwhile: names have moved or were evicted */
};

/* ---- Names ---- */

static bool fetch_name(jvmtiEnv *jvmti, jmethodID method, char *texts[3])
{
    jclass holder = NULL;
    JNIEnv *jni;
    bool is_named;

    if ((*mf_agent.vm)->GetEnv(mf_agent.vm, (void **)&jni, JNI_VERSION_1_8) != JNI_OK)
        return false;
    is_named = (*jvmti)->GetMethodName(jvmti, method, &texts[MF_CODE_TEXT_NAME], &texts[MF_CODE_TEXT_SIGNATURE], NULL) ==
                   JVMTI_ERROR_NONE &&
               (*jvmti)->GetMethodDeclaringClass(jvmti, method, &holder) == JVMTI_ERROR_NONE &&
               (*jvmti)->GetClassSignature(jvmti, holder, &texts[MF_CODE_TEXT_CLASS], NULL) == JVMTI_ERROR_NONE;
    if (holder != NULL)
        (*jni)->DeleteLocalRef(jni, holder);
    return is_named;
}

/*
 * Finds the name of a method in the store, or adds it. The lock is released while JVMTI returns the name: a suspended thread
 * blocks in JVMTI until it is resumed, and other threads record code meanwhile.
 */
static enum outcome find_or_add_name(struct mf_code_store *store, jvmtiEnv *jvmti, jmethodID method, mf_code_unit *unit)
{
    const uint64_t key = (uint64_t)(uintptr_t)method;
    const uint32_t compactions = store->compactions;
    char *texts[3] = {NULL, NULL, NULL};
    bool is_named;

    *unit = mf_code_name_find(mf_code_store_current(store), key);
    if (*unit != 0)
        return RECORDED;
    pthread_mutex_unlock(&mf_agent.write_lock);
    is_named = fetch_name(jvmti, method, texts);
    pthread_mutex_lock(&mf_agent.write_lock);
    if (is_named)
        *unit = mf_code_name_add(mf_code_store_current(store), key, (const char *const *)texts);
    pthread_mutex_unlock(&mf_agent.write_lock);
    for (int i = 0; i < 3; i++)
        (*jvmti)->Deallocate(jvmti, (unsigned char *)texts[i]);
    pthread_mutex_lock(&mf_agent.write_lock);
    return store->compactions != compactions ? COMPACTED : !is_named ? UNNAMED : *unit == 0 ? FULL : RECORDED;
}

/*
 * The intrinsic methods of MethodHandle (invokeBasic, linkToStatic, ...) share one jmethodID, and JVMTI returns the name of the
 * first of them for all. HotSpot's own structures have the right name.
 */
#define METHOD_HANDLE "Ljava/lang/invoke/MethodHandle;"
#define MAX_TEXT      4096u

static bool is_of_method_handle(const struct mf_code_image *image, mf_code_unit unit)
{
    const struct mf_code_name *const name = mf_code_read(image, unit);

    return name->class_length == sizeof METHOD_HANDLE - 1 && memcmp(name->text, METHOD_HANDLE, sizeof METHOD_HANDLE - 1) == 0;
}

static mf_code_unit intrinsic_name(struct mf_code_image *image, uint64_t method)
{
    const uint64_t key = method | 1ull << 63; /* the address of the Method, marked: it is no jmethodID */
    char name[MAX_TEXT], signature[MAX_TEXT];
    const char *const texts[] = {METHOD_HANDLE, name, signature};

    if (!mf_vm_method_text(method, name, signature, MAX_TEXT))
        name[0] = signature[0] = '\0'; /* unknown */
    return mf_code_name_add(image, key, texts);
}

/* ---- Inlining: reported with all frames, or as a map with the outermost method only ---- */

struct debug {
    const jvmtiCompiledMethodLoadInlineRecord *inlining; /* NULL: there is only the map */
    const jvmtiAddrLocationMap *map;
    jint count;
    jmethodID method;
    bool is_dropped; /* the store is full: the method is recorded without it */
};

static void find_inlining(const void *compile_info, struct debug *debug)
{
    const jvmtiCompiledMethodLoadRecordHeader *record = compile_info;

    for (; record != NULL; record = record->next) {
        if (record->kind == JVMTI_CMLR_INLINE_INFO && record->majorinfoversion == JVMTI_CMLR_MAJOR_VERSION) {
            debug->inlining = (const void *)record;
            debug->count = debug->inlining->numpcs;
        }
    }
}

static uint64_t address_at(const struct debug *debug, jint at)
{
    return (uint64_t)(uintptr_t)(debug->inlining != NULL ? debug->inlining->pcinfo[at].pc : debug->map[at].start_address);
}

static jint depth_at(const struct debug *debug, jint at)
{
    const jint depth = debug->inlining != NULL ? debug->inlining->pcinfo[at].numstackframes : 1;

    return depth < MAX_DEPTH ? depth : MAX_DEPTH;
}

/* Returns the method of a frame. Level 0 is the outermost frame. */
static jmethodID method_at(const struct debug *debug, jint at, jint level)
{
    const PCStackInfo *const info = debug->inlining != NULL ? &debug->inlining->pcinfo[at] : NULL;

    return info != NULL ? info->methods[info->numstackframes - 1 - level] : debug->method;
}

static jint bci_at(const struct debug *debug, jint at, jint level)
{
    const PCStackInfo *const info = debug->inlining != NULL ? &debug->inlining->pcinfo[at] : NULL;

    return info != NULL ? info->bcis[info->numstackframes - 1 - level] : (jint)debug->map[at].location;
}

/* Returns the number of equal frames of two addresses, counted from the outermost. */
static jint shared_levels(const struct debug *debug, jint one, jint other)
{
    const jint maximum = depth_at(debug, one) < depth_at(debug, other) ? depth_at(debug, one) : depth_at(debug, other);
    jint level = 0;

    while (level < maximum && method_at(debug, one, level) == method_at(debug, other, level) &&
           bci_at(debug, one, level) == bci_at(debug, other, level))
        level++;
    return level;
}

/*
 * Returns the index of the next address with debug information inside the code; the count if there is none. Of successive
 * addresses with the same frames only the last is returned: the frames of an address are valid from the address before it up to
 * itself.
 */
static jint next_address(const struct debug *debug, jint at, uint64_t start, uint64_t end)
{
    for (; at < debug->count; at++) {
        const uint64_t pc = address_at(debug, at);
        const jint depth = depth_at(debug, at);

        if (pc < start || pc > end || depth <= 0)
            continue;
        if (at + 1 == debug->count || address_at(debug, at + 1) <= pc || depth_at(debug, at + 1) != depth ||
            shared_levels(debug, at, at + 1) != depth)
            break;
    }
    return at;
}

static uint32_t count_addresses(const struct debug *debug, uint64_t start, uint64_t end)
{
    uint64_t last = 0;
    uint32_t count = 0;

    for (jint at = next_address(debug, 0, start, end); at < debug->count; at = next_address(debug, at + 1, start, end)) {
        if (address_at(debug, at) < last)
            return 0; /* the search needs ascending addresses */
        last = address_at(debug, at);
        count++;
    }
    return count;
}

/* Adds the names of all inlined methods. They precede the record in the store, so they are added first. */
static enum outcome add_names(struct mf_code_store *store, jvmtiEnv *jvmti, const struct debug *debug, uint64_t start,
                              uint64_t end)
{
    mf_code_unit unit;

    for (jint at = next_address(debug, 0, start, end); at < debug->count; at = next_address(debug, at + 1, start, end)) {
        for (jint level = 0; level < depth_at(debug, at); level++) {
            const enum outcome outcome = find_or_add_name(store, jvmti, method_at(debug, at, level), &unit);

            if (outcome == FULL || outcome == COMPACTED)
                return outcome;
        }
    }
    return RECORDED;
}

/* Adds the scopes of an address, except those that it shares with the address before. Returns false if the store is full. */
static bool add_scopes(struct mf_code_image *image, struct mf_code_record *record, const struct debug *debug, jint at,
                       jint shared, uint32_t scopes[MAX_DEPTH])
{
    for (jint level = shared; level < depth_at(debug, at); level++) {
        const struct mf_code_scope scope = {
            mf_code_name_find(image, (uint64_t)(uintptr_t)method_at(debug, at, level)),
            bci_at(debug, at, level),
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
    uint32_t scopes[MAX_DEPTH];
    jint before = -1, at = 0;

    for (uint32_t i = 0; i < record->pcs; i++, before = at++) {
        at = next_address(debug, at, record->start, record->end);
        if (!add_scopes(image, record, debug, at, before < 0 ? 0 : shared_levels(debug, before, at), scopes))
            return false;
        mf_code_pcs(record)[i] =
            (struct mf_code_pc){(uint32_t)(address_at(debug, at) - record->start), scopes[depth_at(debug, at) - 1]};
    }
    return true;
}

/* ---- Events ---- */

static uint32_t current_flags(void)
{
    return mf_agent.is_generating && pthread_equal(mf_agent.generating_thread, pthread_self()) ? MF_CODE_BEFORE_START : 0;
}

/* A compiled method: its name, and what HotSpot's structures contain about it. */
struct compiled {
    struct mf_vm_method vm;
    mf_code_unit name;
    bool has_vm;
};

static enum outcome identify(struct mf_code_store *store, jvmtiEnv *jvmti, jmethodID method, uint64_t start,
                             struct compiled *out)
{
    const enum outcome outcome = find_or_add_name(store, jvmti, method, &out->name);
    struct mf_code_image *const image = mf_code_store_current(store);

    if (outcome != RECORDED)
        return outcome;
    out->vm = (struct mf_vm_method){.tier = -1, .compile_id = -1, .entry_bci = -1};
    out->has_vm = mf_vm_method_at(start, &out->vm);
    if (out->vm.tier <= 0 && is_of_method_handle(image, out->name))
        out->name = intrinsic_name(image, out->vm.method);
    return out->name == 0 ? FULL : RECORDED;
}

/* Whether the method is recorded and live. GenerateEvents reports it again. */
static bool is_known(const struct mf_code_image *image, const struct compiled *compiled, uint64_t start, uint64_t end)
{
    struct mf_code_record *const record = mf_code_find_live(image, start, end, compiled->name);

    if (record == NULL || (compiled->has_vm && record->compile_id >= 0 && record->compile_id != compiled->vm.compile_id))
        return false;
    record->round = mf_agent.round;
    return true;
}

static enum outcome add_method(struct mf_code_image *image, const struct debug *debug, const struct compiled *compiled,
                               uint64_t start, uint64_t end)
{
    struct mf_code_record *const record = mf_code_begin(image, MF_CODE_METHOD, start, end, count_addresses(debug, start, end));

    if (record == NULL || !add_debug(image, record, debug))
        return FULL;
    record->name = compiled->name;
    record->loaded = mf_agent_now();
    record->round = mf_agent.round;
    record->flags = current_flags() | (debug->is_dropped ? MF_CODE_NO_DETAILS : 0u);
    if (compiled->has_vm) {
        record->tier = compiled->vm.tier;
        record->compile_id = compiled->vm.compile_id;
        record->entry_bci = compiled->vm.entry_bci;
        record->head = compiled->vm.head;
        record->blob_bytes = compiled->vm.blob_bytes;
    }
    mf_code_commit(image, record);
    return RECORDED;
}

static enum outcome record_method(struct mf_code_store *store, jvmtiEnv *jvmti, const struct debug *debug, uint64_t start,
                                  uint64_t end)
{
    struct compiled compiled;
    enum outcome outcome = identify(store, jvmti, debug->method, start, &compiled);

    if (outcome != RECORDED || is_known(mf_code_store_current(store), &compiled, start, end))
        return outcome;
    outcome = add_names(store, jvmti, debug, start, end);
    /* Another thread may have recorded the method meanwhile. */
    if (outcome != RECORDED || is_known(mf_code_store_current(store), &compiled, start, end))
        return outcome;
    return add_method(mf_code_store_current(store), debug, &compiled, start, end);
}

static enum outcome record_stub(struct mf_code_store *store, const char *text, uint64_t start, uint64_t end)
{
    struct mf_code_image *const image = mf_code_store_current(store);
    const char *const texts[] = {"", text, ""};
    struct mf_code_record *record = mf_code_find_live_stub(image, start, end, text);
    mf_code_unit name;

    if (record != NULL) {
        record->round = mf_agent.round;
        return RECORDED;
    }
    name = mf_code_name_add(image, 0, texts);
    record = name == 0 ? NULL : mf_code_begin(image, MF_CODE_STUB, start, end, 0);
    if (record == NULL)
        return FULL;
    record->name = name;
    record->loaded = mf_agent_now();
    record->round = mf_agent.round;
    record->flags = current_flags();
    mf_code_commit(image, record);
    return RECORDED;
}

/* Drops the debug information of a method. Returns false if it has none. */
static bool drop(struct debug *debug)
{
    if (debug == NULL || debug->count == 0)
        return false;
    debug->count = 0;
    debug->is_dropped = true;
    return true;
}

/* Records a method with its debug information; or a stub, for which @p debug is NULL, with its name. */
static void record_code(jvmtiEnv *jvmti, struct debug *debug, const char *text, uint64_t start, uint64_t end)
{
    enum { MAX_ATTEMPTS = 6 };
    struct mf_code_store *const store = mf_agent.store;
    enum outcome outcome = FULL;

    pthread_mutex_lock(&mf_agent.write_lock);
    /* Code outside the code cache is counted as lost. */
    for (int attempt = 0; attempt < MAX_ATTEMPTS && mf_code_covers(mf_code_store_current(store), start, end); attempt++) {
        outcome = debug != NULL ? record_method(store, jvmti, debug, start, end) : record_stub(store, text, start, end);
        if (outcome == RECORDED || outcome == UNNAMED || (outcome == FULL && !mf_code_store_compact(store) && !drop(debug)))
            break;
    }
    if (outcome != RECORDED)
        mf_code_store_lose(store, start, end, mf_agent_now());
    pthread_mutex_unlock(&mf_agent.write_lock);
}

void JNICALL mf_on_method_load(jvmtiEnv *jvmti, jmethodID method, jint size, const void *code, jint map_length,
                               const jvmtiAddrLocationMap *map, const void *compile_info)
{
    const uint64_t start = (uint64_t)(uintptr_t)code;
    struct debug debug = {NULL, map, map_length, method, false};

    find_inlining(compile_info, &debug);
    record_code(jvmti, &debug, NULL, start, start + (uint64_t)size);
}

void JNICALL mf_on_method_unload(jvmtiEnv *jvmti, jmethodID method, const void *code)
{
    (void)jvmti;
    pthread_mutex_lock(&mf_agent.write_lock);
    mf_code_remove(mf_code_store_current(mf_agent.store), (uint64_t)(uintptr_t)code, (uint64_t)(uintptr_t)method,
                   mf_agent_now());
    pthread_mutex_unlock(&mf_agent.write_lock);
}

void JNICALL mf_on_stub(jvmtiEnv *jvmti, const char *name, const void *code, jint size)
{
    const uint64_t start = (uint64_t)(uintptr_t)code;

    record_code(jvmti, NULL, name, start, start + (uint64_t)size);
}
