/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the tables of HotSpot in the memory of a target. For any content the search ends with a result. */
#include "check.h"
#include "jvm/vm_tables.h"

#include <errno.h>
#include <link.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static struct mf_vm_tables tables;

/* Starts the program FAKE_JVM, and waits until it is ready. @p input receives its input. */
static pid_t start(const char *what, const char *file, int *input)
{
    int in[2], out[2];
    char line[16] = "";
    pid_t child;

    if (pipe(in) != 0 || pipe(out) != 0)
        abort();
    child = fork();
    if (child == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        close(in[1]);
        close(out[0]);
        execl(getenv("FAKE_JVM"), "fake_jvm", what, file, (char *)NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    CHECK(read(out[0], line, sizeof line) > 0 && strncmp(line, "READY", 5) == 0, "%s: it is not ready", what);
    close(out[0]);
    *input = in[1];
    return child;
}

static void stop(pid_t child, int input)
{
    close(input);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

/* Searches a process. Returns the result for its first image with tables, or 1 if there is none. */
static int search(pid_t pid)
{
    struct mf_snapshot *snapshot = new_snapshot(256, 1 << 16);
    struct mf_pages *const pages = malloc(mf_pages_bytes(16, MF_PAGE));
    struct mf_target_memory memory;
    struct mf_process process;
    struct mf_elf_image image;
    int rc;

    CHECK_IS(mf_process_open_pid(pid, &process), 0, "open");
    CHECK(read_growing(&process, 0, &snapshot) >= 0, "snapshot");
    CHECK_IS(mf_target_memory_open(&process, &memory), 0, "memory");
    mf_pages_init(pages, 16, MF_PAGE, &memory);
    rc = mf_vm_image_next(pages, snapshot, 0, &image);
    rc = rc == -ENOENT ? 1 : rc != 0 ? rc : mf_vm_tables_read(pages, &image, &tables);
    if (rc == 0)
        CHECK_IS(mf_vm_image_next(pages, snapshot, image.start, &image), -ENOENT, "another");
    mf_target_memory_close(&memory);
    mf_process_close(&process);
    free(pages);
    free(snapshot);
    return rc;
}

static void ends_with(const char *what, const char *file, int expected)
{
    int input;
    const pid_t child = start(what, file, &input);

    CHECK_IS(search(child), expected, what);
    stop(child, input);
}

static void finds_names(void)
{
    int input;
    const pid_t child = start("plausible", NULL, &input);
    const struct mf_vm_entry *entry;

    CHECK_IS(search(child), 0, "plausible");
    entry = mf_vm_tables_find(&tables, "CodeCache", "_heaps", MF_VM_OFFSET);
    CHECK(entry != NULL && entry->kind == MF_VM_STATIC, "a static field");
    CHECK(entry != NULL && entry->value >= tables.image.start && entry->value < tables.image.end, "its address");
    CHECK(entry != NULL && strcmp(mf_vm_entry_type(&tables, entry), "GrowableArray<CodeHeap*>*") == 0, "its type");
    entry = mf_vm_tables_find(&tables, "MemRegion", "_word_size", MF_VM_STATIC);
    CHECK(entry != NULL && entry->kind == MF_VM_OFFSET && entry->value == 8, "a field of an object");
    entry = mf_vm_tables_find(&tables, "JVMFlag", "_addr", MF_VM_OFFSET);
    CHECK(entry != NULL && mf_vm_entry_type(&tables, entry)[0] == '\0', "a field without a type's name");
    CHECK(mf_vm_tables_find(&tables, "MemRegion", NULL, MF_VM_SIZE) == NULL, "no such type");
    CHECK(mf_vm_tables_find(&tables, "MemRegion", NULL, MF_VM_CONSTANT) == NULL, "no such constant");
    CHECK(mf_vm_tables_find(&tables, "MemRegion", "", MF_VM_OFFSET) == NULL, "no such field");
    stop(child, input);
}

/* ---- Hostile libraries ---- */

#define SYMBOLS       250u /* of one hash chain */
#define LIBRARY_BYTES ((SYMBOLS + 8) << 12)
#define LIBRARIES     600

static uint32_t gnu_hash(const char *name)
{
    uint32_t hash = 5381;

    while (*name != '\0')
        hash = hash * 33 + (unsigned char)*name++;
    return hash;
}

/* A library whose exported symbols all have the hash of the searched one, with names on separate pages. */
static int make_library(void)
{
    static struct {
        ElfW(Ehdr) header;
        ElfW(Phdr) segments[2];
        ElfW(Dyn) dynamic[5];
        ElfW(Sym) symbols[SYMBOLS + 1];
        uint32_t hash[4], bucket, hashes[SYMBOLS];
    } library;
    const int fd = (int)syscall(SYS_memfd_create, "library", 0);

    memcpy(library.header.e_ident, (const char[]){0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT}, 7);
    library.header.e_type = ET_DYN;
#if defined(__x86_64__)
    library.header.e_machine = EM_X86_64;
#elif defined(__aarch64__)
    library.header.e_machine = EM_AARCH64;
#endif
    library.header.e_phoff = offsetof(__typeof__(library), segments);
    library.header.e_phentsize = sizeof(ElfW(Phdr));
    library.header.e_phnum = 2;
    library.segments[0] = (ElfW(Phdr)){.p_type = PT_LOAD, .p_memsz = LIBRARY_BYTES};
    library.segments[1] = (ElfW(Phdr)){.p_type = PT_DYNAMIC, .p_vaddr = offsetof(__typeof__(library), dynamic)};
    library.dynamic[0] = (ElfW(Dyn)){DT_SYMTAB, {offsetof(__typeof__(library), symbols)}};
    library.dynamic[1] = (ElfW(Dyn)){DT_STRTAB, {4 << 12}};
    library.dynamic[2] = (ElfW(Dyn)){DT_STRSZ, {SYMBOLS << 12}};
    library.dynamic[3] = (ElfW(Dyn)){DT_GNU_HASH, {offsetof(__typeof__(library), hash)}};
    memcpy(library.hash, (const uint32_t[]){1, 1, 0, 0}, sizeof library.hash);
    library.bucket = 1;
    for (uint32_t i = 0; i < SYMBOLS; i++) {
        library.hashes[i] = gnu_hash("gHotSpotVMStructs") & ~1u;
        library.symbols[i + 1] = (ElfW(Sym)){.st_name = i << 12, .st_shndx = 1};
    }
    if (fd < 0 || write(fd, &library, sizeof library) != sizeof library || ftruncate(fd, LIBRARY_BYTES) != 0)
        abort();
    return fd;
}

/* This process, with hundreds of such libraries. */
static void reads_a_bounded_number_of_pages(void)
{
    const int fd = make_library();
    struct mf_snapshot *snapshot = new_snapshot(2048, 1 << 18);
    struct mf_pages *const pages = malloc(mf_pages_bytes(16, MF_PAGE));
    struct mf_target_memory memory;
    struct mf_process process;
    struct mf_elf_image image;

    for (int i = 0; i < LIBRARIES; i++)
        if (mmap(NULL, LIBRARY_BYTES, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED)
            abort();
    close(fd);
    CHECK_IS(mf_process_open_self(&process), 0, "open");
    CHECK(read_growing(&process, 0, &snapshot) >= 0, "snapshot");
    CHECK_IS(mf_target_memory_open(&process, &memory), 0, "memory");
    mf_pages_init(pages, 16, MF_PAGE, &memory);
    CHECK_IS(mf_vm_image_next(pages, snapshot, 0, &image), -ENOENT, "libraries made to waste time");
    CHECK(pages->reads > 65536 && pages->reads < 70000, "%u pages", pages->reads);
    mf_target_memory_close(&memory);
    mf_process_close(&process);
    free(pages);
    free(snapshot);
}

int main(void)
{
    skip_if_emulated();
    if (getenv("FAKE_JVM") == NULL) {
        puts("skipped: FAKE_JVM names no program");
        return CHECK_SKIPPED;
    }
    finds_names();
    ends_with("empty", NULL, -ENOEXEC);
    ends_with("endless", NULL, -ENOEXEC);
    ends_with("same", NULL, -ENOEXEC);
    ends_with("long", NULL, -ENOEXEC);
    ends_with("wild", NULL, -ENOEXEC);
    ends_with("far", NULL, -ENOEXEC);
    ends_with("bytes", NULL, -ENOEXEC);
    ends_with("outside", NULL, 1);
    if (getenv("LIBJVM") != NULL && access(getenv("LIBJVM"), R_OK) == 0)
        ends_with("file", getenv("LIBJVM"), 1);
    else
        puts("skipped for a libjvm that is mapped as a file: LIBJVM names none");
    reads_a_bounded_number_of_pages();
    return check_result();
}
