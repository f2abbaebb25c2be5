/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that is no JVM, but exports HotSpot's tables of names. The first argument chooses their content. Or
 * it maps a file, the second argument, without a loader. It prints READY, and waits until its input ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct field {
    const char *type, *name, *type_string;
    int32_t is_static;
    uint64_t offset;
    void *address;
};

#define OFFSET(name, value) uint64_t gHotSpotVM##name = (value)

/* In the program's own memory, where a table must be. Pages that are not written use no memory. */
static struct field fields[1u << 22];
static char text[1 << 20];
static uint64_t zeros[64];

void *gHotSpotVMStructs = fields, *gHotSpotVMTypes = zeros, *gHotSpotVMIntConstants = zeros, *gHotSpotVMLongConstants = zeros;
OFFSET(StructEntryArrayStride, sizeof(struct field));
OFFSET(StructEntryTypeNameOffset, 0);
OFFSET(StructEntryFieldNameOffset, 8);
OFFSET(StructEntryTypeStringOffset, 16);
OFFSET(StructEntryIsStaticOffset, 24);
OFFSET(StructEntryOffsetOffset, 32);
OFFSET(StructEntryAddressOffset, 40);
OFFSET(TypeEntryArrayStride, 24);
OFFSET(TypeEntryTypeNameOffset, 0);
OFFSET(TypeEntrySizeOffset, 8);
OFFSET(IntConstantEntryArrayStride, 16);
OFFSET(IntConstantEntryNameOffset, 0);
OFFSET(IntConstantEntryValueOffset, 8);
OFFSET(LongConstantEntryArrayStride, 16);
OFFSET(LongConstantEntryNameOffset, 0);
OFFSET(LongConstantEntryValueOffset, 8);

/* A heap, and lists that are cyclic or lead to unmapped memory. */
static void *loop[1024];
static uint64_t huge = UINT64_MAX / 16;
static void *first_flag;

static void plausible(void)
{
    static struct field content[] = {
        {"Universe", "_collectedHeap", "CollectedHeap*", 1, 0, loop},
        {"CollectedHeap", "_reserved", "MemRegion", 0, 0, NULL},
        {"MemRegion", "_start", "HeapWord*", 0, 0, NULL},
        {"MemRegion", "_word_size", "size_t", 0, 8, NULL},
        {"CodeCache", "_heaps", "GrowableArray<CodeHeap*>*", 1, 0, loop},
        {"GrowableArrayBase", "_len", "int", 0, 0, NULL},
        {"GrowableArray<int>", "_data", "int*", 0, 8, NULL},
        {"CodeHeap", "_memory", "VirtualSpace", 0, 0, NULL},
        {"CodeHeap", "_segmap", "VirtualSpace", 0, 64, NULL},
        {"VirtualSpace", "_low_boundary", "char*", 0, 0, NULL},
        {"VirtualSpace", "_high_boundary", "char*", 0, 8, NULL},
        {"JVMFlag", "flags", "JVMFlag*", 1, 0, loop},
        {"JVMFlag", "numFlags", "size_t", 1, 0, &huge},
        {"JVMFlag", "_name", "const char*", 0, 8, NULL},
        {"JVMFlag", "_addr", NULL, 0, 0, NULL},
        {"JVMFlag", "_type", "int", 0, 20, NULL},
        {"ThreadsSMRSupport", "_java_thread_list", "ThreadsList*", 1, 0, loop},
        {"ThreadsList", "_length", "const uint", 0, 0, NULL},
        {"ThreadsList", "_threads", "JavaThread *const *const", 0, 8, NULL},
        {"JavaThread", "_osthread", "OSThread*", 0, 0, NULL},
        {"JavaThread", "_stack_base", "address", 0, 8, NULL},
        {"JavaThread", "_stack_size", "size_t", 0, 16, NULL},
        {"OSThread", "_thread_id", "pid_t", 0, 0, NULL},
        {"Abstract_VM_Version", "_s_vm_release", "const char*", 1, 0, loop},
    };

    memcpy(fields, content, sizeof content);
    for (size_t i = 0; i < sizeof loop / sizeof *loop; i++)
        loop[i] = loop;
}

static void endless(void)
{
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        char *const name = text + i * 16 % sizeof text;

        snprintf(name, 16, "T%zu", i);
        fields[i] = (struct field){name, name, name, 1, 0, name};
    }
}

/*
 * As plausible(), but the names of all flags are on a page that is never there: userfaultfd(2) blocks each reader until this
 * process provides the page, and it does not.
 */
static int blocking(void)
{
    static struct flag {
        void *value;
        const char *name;
        int32_t unused, type;
    } flags[64];
    static struct {
        const char *name;
        uint64_t size, unused;
    } types[] = {{"JVMFlag", sizeof(struct flag), 0}, {NULL, 0, 0}};
    const uint64_t size = (uint64_t)sysconf(_SC_PAGESIZE);
    char *const page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC); /* stays open: the end of it would wake the readers */
    struct uffdio_api api = {.api = UFFD_API};
    struct uffdio_register range = {.range = {(uintptr_t)page, size}, .mode = UFFDIO_REGISTER_MODE_MISSING};

    plausible();
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        flags[i] = (struct flag){&flags[i], page + i, 0, 0};
    for (struct field *each = fields; each->type != NULL; each++) {
        if (strcmp(each->name, "flags") == 0)
            each->address = &first_flag;
    }
    first_flag = flags;
    huge = sizeof flags / sizeof *flags;
    gHotSpotVMTypes = types;
    return page == MAP_FAILED || fd < 0 || ioctl(fd, UFFDIO_API, &api) != 0 || ioctl(fd, UFFDIO_REGISTER, &range) != 0;
}

static int map_as_a_file(const char *path, int protection)
{
    const int fd = open(path, O_RDONLY);
    struct stat file;

    return fd < 0 || fstat(fd, &file) != 0 || mmap(NULL, (size_t)file.st_size, protection, MAP_PRIVATE, fd, 0) == MAP_FAILED;
}

int main(int count, char **arguments)
{
    const char *const what = count > 1 ? arguments[1] : "";

    if (strcmp(what, "plausible") == 0)
        plausible();
    else if (strcmp(what, "endless") == 0)
        endless();
    else if (strcmp(what, "same") == 0) /* one entry, again and again */
        gHotSpotVMStructEntryArrayStride = 0;
    else if (strcmp(what, "long") == 0) { /* a name without an end */
        memset(text, 'x', sizeof text);
        fields[0] = (struct field){text, text, text, 0, 0, NULL};
    } else if (strcmp(what, "wild") == 0)
        fields[0] = (struct field){(const char *)8, (const char *)UINTPTR_MAX, NULL, 0, 0, NULL};
    else if (strcmp(what, "bytes") == 0) /* names that are no text */
        fields[0] = (struct field){"CodeHeap", "_memory", "Virtual\xF0Space\x80", 0, 0, NULL};
    else if (strcmp(what, "far") == 0)
        gHotSpotVMStructEntryTypeNameOffset = UINT64_MAX - 7;
    else if (strcmp(what, "blocking") == 0) {
        if (blocking() != 0)
            printf("SKIPPED %s\n", strerror(errno));
    } else if (strcmp(what, "outside") == 0)
        gHotSpotVMStructs = (void *)(UINTPTR_MAX - 4095);
    else if (count > 2 && strcmp(what, "file") == 0) {
        gHotSpotVMStructs = NULL;
        if (map_as_a_file(arguments[2], PROT_READ) != 0 || map_as_a_file(arguments[2], PROT_READ | PROT_EXEC) != 0)
            return 1;
    } else if (strcmp(what, "empty") != 0) {
        return 2;
    }
    puts("READY");
    fflush(stdout);
    while (getchar() != EOF)
        continue;
    return 0;
}
