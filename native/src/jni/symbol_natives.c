/* SPDX-License-Identifier: Apache-2.0 */
/* Native methods of NativeCalls: ELF files and symbols. */
#include "jni/natives.h"

#include "mapfiles_files.h"
#include "mapfiles_symbols.h"
#include "os/statx.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

static jint elfBytesOf(JNIEnv *env UNUSED, jclass self UNUSED, jint descriptor, jlong bytes)
{
    return mf_elf_bytes_of(descriptor, at(bytes));
}

/* Writes device, inode, size, the times of the last changes of content and status in nanoseconds, and the user ID of the owner. */
static jint fileIdentity(JNIEnv *env, jclass self UNUSED, jint descriptor, jlongArray out)
{
    struct mf_statx file;
    const int rc = mf_sys_statx(descriptor, "", AT_EMPTY_PATH, &file);

    if (rc == 0) {
        const jlong identity[] = {
            (jlong)((uint64_t)file.dev_major << 32 | file.dev_minor),
            (jlong)file.inode,
            (jlong)file.size,
            (jlong)((uint64_t)file.mtime.seconds * 1000000000u + file.mtime.nanoseconds),
            (jlong)((uint64_t)file.ctime.seconds * 1000000000u + file.ctime.nanoseconds),
            (jlong)file.uid,
        };

        (*env)->SetLongArrayRegion(env, out, 0, sizeof identity / sizeof *identity, identity);
    }
    return rc;
}

static jint elfRead(JNIEnv *env UNUSED, jclass self UNUSED, jlong bytes, jlong elf)
{
    return mf_elf_read(at(bytes), at(elf));
}

static jint elfAddress(JNIEnv *env UNUSED, jclass self UNUSED, jlong elf, jlong mapping, jlong address, jlong out)
{
    return mf_elf_address(at(elf), at(mapping), (uint64_t)address, at(out));
}

static int find_in_snapshot(void *snapshot, uint64_t address, struct mf_mapping *out)
{
    const int32_t index = mf_find(snapshot, address);

    if (index < 0)
        return -ENOENT;
    *out = mf_snapshot_mappings(snapshot)[index];
    return 0;
}

static int find_in_process(void *process, uint64_t address, struct mf_mapping *out)
{
    struct mf_query_result result;
    const int rc = mf_query(process, address, MF_COVERING, &result);

    if (rc == 0)
        *out = result.mapping;
    return rc;
}

/* The other mappings are those of the snapshot, or without one those that the process has now. */
static jint elfLoadBias(JNIEnv *env UNUSED, jclass self UNUSED, jlong elf, jlong mapping, jlong snapshot, jlong process,
                        jlong out)
{
    return snapshot == 0 ? mf_elf_load_bias_among(at(elf), at(mapping), find_in_process, at(process), at(out))
                         : mf_elf_load_bias_among(at(elf), at(mapping), find_in_snapshot, at(snapshot), at(out));
}

static jint elfHtlhash(JNIEnv *env UNUSED, jclass self UNUSED, jlong bytes, jlong out)
{
    return mf_elf_htlhash(at(bytes), at(out));
}

static jint elfSection(JNIEnv *env UNUSED, jclass self UNUSED, jlong bytes, jlong name, jlong out)
{
    return mf_elf_section_find(at(bytes), at(name), at(out));
}

static jint symbolsRead(JNIEnv *env UNUSED, jclass self UNUSED, jlong bytes, jlong elf, jlong memory, jlong size)
{
    return mf_symbols_read(at(bytes), at(elf), at(memory), (size_t)size);
}

static jint symbolsFind(JNIEnv *env UNUSED, jclass self UNUSED, jlong symbols, jlong address, jlong out)
{
    return mf_symbols_find(at(symbols), (uint64_t)address, at(out));
}

static jint symbolsName(JNIEnv *env UNUSED, jclass self UNUSED, jlong bytes, jlong symbols, jlong symbol, jlong to,
                        jint capacity)
{
    return mf_symbols_name(at(bytes), at(symbols), at(symbol), at(to), (uint32_t)capacity);
}

static jint fileOpenInRoot(JNIEnv *env UNUSED, jclass self UNUSED, jlong process, jlong path)
{
    return mf_file_open_in_root(at(process), at(path));
}

static jint fileOpenPath(JNIEnv *env UNUSED, jclass self UNUSED, jlong process, jlong path, jint options)
{
    return mf_file_open_path(at(process), at(path), (uint32_t)options);
}

static jlong fileReadAt(JNIEnv *env UNUSED, jclass self UNUSED, jint descriptor, jlong to, jlong bytes, jlong offset)
{
    return mf_sys_pread(descriptor, at(to), (size_t)bytes, (uint64_t)offset);
}

#define HUGE_PAGE ((uintptr_t)2 << 20)

/*
 * Maps memory that Java needs during one method, and unmaps with scratchUnmap(). It asks for huge pages: to touch two megabytes of
 * new memory in pages of four kilobytes takes as long as to read and sort the symbols of libjvm.so. The end has small pages: the
 * kernel would fill a huge page with zeros for the first byte that is used of it. Returns 0 without memory.
 */
static jlong scratchMap(JNIEnv *env UNUSED, jclass self UNUSED, jlong bytes)
{
    const uintptr_t size = ((uintptr_t)bytes + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
    void *const memory = mmap(NULL, size + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const uintptr_t start = (uintptr_t)memory, aligned = (start + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);

    if (memory == MAP_FAILED)
        return 0;
    if (aligned > start)
        (void)munmap(memory, aligned - start);
    if (start + HUGE_PAGE > aligned)
        (void)munmap((void *)(aligned + size), start + HUGE_PAGE - aligned);
    (void)madvise((void *)aligned, (uintptr_t)bytes & ~(HUGE_PAGE - 1), MADV_HUGEPAGE); /* else small pages */
    return (jlong)aligned;
}

static void scratchUnmap(JNIEnv *env UNUSED, jclass self UNUSED, jlong address, jlong bytes)
{
    (void)munmap(at(address), ((uintptr_t)bytes + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1));
}

static void copyMemory(JNIEnv *env UNUSED, jclass self UNUSED, jlong from, jlong to, jlong bytes)
{
    memcpy(at(to), at(from), (size_t)bytes);
}

/* Writes the constants of ElfRecord.java. Returns their number. */
static jint symbolLayout(JNIEnv *env, jclass self UNUSED, jintArray out)
{
    static const jint layout[] = {
        OFFSET(mf_elf_bytes, memory),
        OFFSET(mf_elf_bytes, size),
        OFFSET(mf_elf_bytes, fd),
        sizeof(struct mf_elf_bytes),
        OFFSET(mf_elf, size),
        OFFSET(mf_elf, start),
        OFFSET(mf_elf, end),
        OFFSET(mf_elf, bits),
        OFFSET(mf_elf, machine),
        OFFSET(mf_elf, build_id_length),
        OFFSET(mf_elf, go_build_id_length),
        OFFSET(mf_elf, build_id),
        OFFSET(mf_elf, go_build_id),
        sizeof(struct mf_elf),
        OFFSET(mf_elf_section, offset),
        OFFSET(mf_elf_section, size),
        sizeof(struct mf_elf_section),
        OFFSET(mf_symbols, bytes),
        OFFSET(mf_symbols, needed),
        OFFSET(mf_symbols, count),
        OFFSET(mf_symbols, symbol_count),
        OFFSET(mf_symbols, flags),
        sizeof(struct mf_symbols),
        OFFSET(mf_symbol, address),
        OFFSET(mf_symbol, size),
        OFFSET(mf_symbol, kind),
        OFFSET(mf_symbol, flags),
        OFFSET(mf_symbol, id),
        sizeof(struct mf_symbol),
        MF_SYMBOL_DYNAMIC,
        MF_SYMBOL_UNSIZED,
        MF_SYMBOLS_SYMTAB,
    };
    const jint count = sizeof layout / sizeof *layout, capacity = (*env)->GetArrayLength(env, out);

    (*env)->SetIntArrayRegion(env, out, 0, count < capacity ? count : capacity, layout);
    return count;
}

static const JNINativeMethod symbol_natives[] = {
    METHOD(elfBytesOf, "(IJ)I"),     METHOD(fileIdentity, "(I[J)I"),  METHOD(elfRead, "(JJ)I"),
    METHOD(elfAddress, "(JJJJ)I"),   METHOD(elfLoadBias, "(JJJJJ)I"), METHOD(elfHtlhash, "(JJ)I"),
    METHOD(elfSection, "(JJJ)I"),    METHOD(symbolsRead, "(JJJJ)I"),  METHOD(symbolsFind, "(JJJ)I"),
    METHOD(symbolsName, "(JJJJI)I"), METHOD(fileOpenInRoot, "(JJ)I"), METHOD(fileReadAt, "(IJJJ)J"),
    METHOD(symbolLayout, "([I)I"),   METHOD(scratchMap, "(J)J"),      METHOD(scratchUnmap, "(JJ)V"),
    METHOD(copyMemory, "(JJJ)V"),    METHOD(fileOpenPath, "(JJI)I"),
};

const struct mf_natives mf_symbol_natives = NATIVES(symbol_natives);
