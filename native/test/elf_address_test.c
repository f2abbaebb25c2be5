/* SPDX-License-Identifier: Apache-2.0 */
/* ELF addresses of mapped addresses. The oracles are the loader, and nm for programs that are linked in unusual ways. */
#include "check.h"
#include "elf_fixtures.h"

#include <link.h>
#include <signal.h>

/* ---- Against the loader: every page of every loaded object of this process ---- */

static int find_in_snapshot(void *snapshot, uint64_t address, struct mf_mapping *out)
{
    const int32_t index = mf_find(snapshot, address);

    if (index < 0)
        return -ENOENT;
    *out = mf_snapshot_mappings(snapshot)[index];
    return 0;
}

static struct mf_snapshot *own;
static unsigned pages_compared, objects_compared;

static void compare_page(const struct dl_phdr_info *object, const struct mf_elf *elf, uint64_t address)
{
    const int32_t index = mf_find(own, address);
    const struct mf_mapping *const mapping = index < 0 ? NULL : mf_snapshot_mappings(own) + index;
    uint64_t found = 1, bias;
    int rc;

    if (mapping == NULL || !(mapping->flags & MF_FILE_BACKED))
        return;
    rc = mf_elf_address(elf, mapping, address, &found);
    CHECK(mf_elf_load_bias_among(elf, mapping, find_in_snapshot, own, &bias) == 0 && bias == object->dlpi_addr,
          "load bias of %s", object->dlpi_name);
    CHECK(rc == -ENOENT || (rc == 0 && found == address - object->dlpi_addr), "%s + %" PRIx64 ": %d, %" PRIx64,
          object->dlpi_name, address - (uint64_t)object->dlpi_addr, rc, found);
    pages_compared++;
}

static int compare_object(struct dl_phdr_info *object, size_t size, void *unused)
{
    struct mf_elf_bytes bytes;
    struct mf_elf elf;

    (void)size;
    (void)unused;
    if (!open_elf(object->dlpi_name[0] == '\0' ? "/proc/self/exe" : object->dlpi_name, &bytes))
        return 0; /* the vdso */
    if (mf_elf_read(&bytes, &elf) == 0) {
        objects_compared++;
        for (int i = 0; i < object->dlpi_phnum; i++) {
            const ElfW(Phdr) *const segment = &object->dlpi_phdr[i];

            if (segment->p_type != PT_LOAD)
                continue;
            for (uint64_t at = segment->p_vaddr; at < segment->p_vaddr + segment->p_filesz; at += 4096)
                compare_page(object, &elf, object->dlpi_addr + at);
            if (segment->p_filesz > 0)
                compare_page(object, &elf, object->dlpi_addr + segment->p_vaddr + segment->p_filesz - 1);
        }
    } else {
        CHECK(false, "%s is read", object->dlpi_name);
    }
    close_elf(&bytes);
    return 0;
}

static void the_loader_agrees(void)
{
    struct mf_process process;

    own = new_snapshot(1000, 100000);
    if (mf_process_open_self(&process) != 0 || read_growing(&process, 0, &own) < 0)
        abort();
    dl_iterate_phdr(compare_object, NULL);
    CHECK(objects_compared >= 2 && pages_compared > 100, "%u objects, %u pages", objects_compared, pages_compared);
    printf("%u pages of %u loaded objects have the ELF address of the loader\n", pages_compared, objects_compared);
    mf_process_close(&process);
    free(own);
}

/* ---- Programs that are linked in unusual ways: they print addresses, and nm has the ELF addresses ---- */

static const char program[] =
    "#include <stdio.h>\n#include <unistd.h>\n"
    "int data = 42;\nconst int constant[CONSTANTS] = {7};\nconst void *const relocated[] = {&data, constant, &relocated};\n"
    "__attribute__((noinline)) int function(int x) { return x + data + constant[1]; }\n"
    "int main(void) { function(1); printf(\"%p %p %p %p\\n\", (void *)function, (void *)&data, (void *)&constant,\n"
    "(void *)&relocated);\n"
    "fflush(stdout); pause(); return 0; }\n";

/* Without a C library, for 32 bits: writes the addresses, without one of data that is relocated. */
static const char bare_program[] =
    "int data = 42; const int constant[CONSTANTS] = {7};\n"
    "__attribute__((noinline)) int function(int x) { return x + data + constant[1]; }\n"
    "static int call(int n, int a, const void *b, int c) { int r; __asm__ volatile(\"int $0x80\" : \"=a\"(r) : \"a\"(n), "
    "\"b\"(a), \"c\"(b),\n"
    " \"d\"(c) : \"memory\"); return r; }\n"
    "void _start(void) { const void *all[] = {(void *)function, &data, &constant}; char line[40]; char *to = line; int i, k;\n"
    "function(1); for (i = 0; i < 3; i++) { *to++ = '0'; *to++ = 'x'; for (k = 28; k >= 0; k -= 4)\n"
    " *to++ = \"0123456789abcdef\"[(unsigned)all[i] >> k & 15]; *to++ = i < 2 ? ' ' : '\\n'; }\n"
    "call(4, 1, line, (int)(to - line)); for (;;) call(29, 0, 0, 0); }\n";

static uint64_t nm_value(const char *path, const char *name)
{
    char command[256], line[256];
    uint64_t value = 0;
    FILE *pipe;

    snprintf(command, sizeof command, "nm %s", path);
    pipe = popen(command, "r");
    while (pipe != NULL && fgets(line, sizeof line, pipe) != NULL) {
        char found[200];
        unsigned long long at;

        if (sscanf(line, "%llx %*c %199s", &at, found) == 2 && strcmp(found, name) == 0)
            value = at;
    }
    if (pipe != NULL)
        pclose(pipe);
    return value;
}

/* Mappings whose load bias only the others decide. */
static unsigned decided_by_others;

static void check_address(pid_t pid, const struct mf_elf *elf, const char *what, uint64_t address, uint64_t expected)
{
    struct mf_snapshot *snapshot = new_snapshot(100, 10000);
    struct mf_process process;
    uint64_t found = 0, bias = 1;
    int32_t index;
    int rc;

    if (mf_process_open_pid(pid, &process) != 0 || read_growing(&process, 0, &snapshot) < 0)
        abort();
    index = mf_find(snapshot, address);
    CHECK(index >= 0, "%s is mapped", what);
    if (index >= 0) {
        const struct mf_mapping *const mapping = mf_snapshot_mappings(snapshot) + index;

        rc = mf_elf_address(elf, mapping, address, &found);
        CHECK(rc == -ENOENT || (rc == 0 && found == expected), "%s at %" PRIx64 ": %d, %" PRIx64 " instead of %" PRIx64, what,
              address, rc, found, expected);
        decided_by_others += rc == -ENOENT;
        rc = mf_elf_load_bias_among(elf, mapping, find_in_snapshot, snapshot, &bias);
        CHECK(rc == 0 && address - bias == expected, "%s at %" PRIx64 ": %d, %" PRIx64 " instead of %" PRIx64, what, address,
              rc, address - bias, expected);
    }
    mf_process_close(&process);
    free(snapshot);
}

/* A debug file has the segments, without the offsets of the program. The code is found by its number of pages. */
static unsigned debug_files_compared;

static void check_debug_file(pid_t pid, const char *what, uint64_t function)
{
    struct mf_elf_bytes bytes;
    struct mf_elf elf;

    if (!runs("objcopy --only-keep-debug program program.debug") || !open_elf("program.debug", &bytes))
        return;
    CHECK_IS(mf_elf_read(&bytes, &elf), 0, what);
    if (elf.lacks_code) {
        check_address(pid, &elf, what, function, nm_value("program", "function"));
        debug_files_compared++;
    }
    close_elf(&bytes);
}

static void run_program(const char *what)
{
    static const char *const names[] = {"function", "data", "constant", "relocated"};
    unsigned long long at[4];
    char line[100];
    int count = 0;
    struct mf_elf_bytes bytes;
    struct mf_elf elf;
    int ends[2];
    FILE *output;
    pid_t child;

    if (pipe(ends) != 0)
        abort();
    fflush(stdout);
    child = fork();
    if (child == 0) {
        dup2(ends[1], 1);
        execl("./program", "program", (char *)NULL);
        _exit(1);
    }
    close(ends[1]);
    output = fdopen(ends[0], "r");
    if (output != NULL && fgets(line, sizeof line, output) != NULL)
        count = sscanf(line, "%llx %llx %llx %llx", &at[0], &at[1], &at[2], &at[3]);
    if (count < 3 || !open_elf("program", &bytes)) {
        printf("skipped: %s: the program does not run here\n", what);
    } else {
        CHECK_IS(mf_elf_read(&bytes, &elf), 0, what);
        CHECK_IS(elf.lacks_code, 0, what);
        check_debug_file(child, what, at[0]);
        for (int i = 0; i < count; i++) {
            char name[80];

            snprintf(name, sizeof name, "%s of %s", names[i], what);
            check_address(child, &elf, name, at[i], nm_value("program", names[i]));
        }
        close_elf(&bytes);
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    if (output != NULL)
        fclose(output);
}

static void addresses_of_programs(void)
{
    static const char *const variants[] = {
        "-pie -fPIE -DCONSTANTS=3 -Wl,-z,now -Wl,-z,relro",
        "-no-pie -fno-pie -DCONSTANTS=3",
        "-static-pie -fPIE -DCONSTANTS=3",
        "-pie -fPIE -DCONSTANTS=3 -fuse-ld=lld",
        "-pie -fPIE -DCONSTANTS=3 -fuse-ld=gold",
        "-pie -fPIE",
        "-no-pie -fno-pie",
        "-static -no-pie -fno-pie",
        "-static-pie -fPIE",
        "-no-pie -fno-pie -Wl,-Ttext-segment=0x10000000",
        "-pie -fPIE -Wl,-z,noseparate-code",
        "-pie -fPIE -Wl,-z,noseparate-code -Wl,-z,max-page-size=0x200000",
        "-pie -fPIE -Wl,-z,now -Wl,-z,relro",
        "-pie -fPIE -fuse-ld=lld",
        "-pie -fPIE -fuse-ld=gold",
        "-static -no-pie -fno-pie -Wl,-N",
        "-pie -fPIE -Wl,-z,max-page-size=0x10000 -Wl,-z,common-page-size=0x1000",
        "-no-pie -fno-pie -Wl,--section-start=.data=0x7654000",
    };
    int count = 0;

    if (!has_tool("gcc") || !has_tool("nm")) {
        puts("skipped: programs: gcc or nm is not there");
        return;
    }
    write_text("program.c", program);
    write_text("bare.c", bare_program);
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
        if (!runs("gcc -w -O1 %s%s -o program program.c", strstr(variants[i], "CONSTANTS") == NULL ? "-DCONSTANTS=3000 " : "",
                  variants[i])) {
            printf("skipped: %s: it is not linked here\n", variants[i]);
            continue;
        }
        run_program(variants[i]);
        count++;
    }
    if (runs(
            "gcc -m32 -DCONSTANTS=3000 -w -O1 -ffreestanding -fno-pie -no-pie -nostdlib -static -fno-stack-protector -o program bare.c"))
        run_program("32-bit program");
    else
        puts("skipped: 32-bit program: it is not linked here");
    printf("%d ways of linking were tried, %u with a debug file\n", count, debug_files_compared);
    printf("%u load biases are known only by the other mappings\n", decided_by_others);
#ifdef __x86_64__ /* linkers for other machines do not put constants into a segment of their own */
    CHECK(decided_by_others >= 2, "%u", decided_by_others);
#endif
    CHECK(debug_files_compared > 5 || !has_tool("objcopy"), "%u debug files", debug_files_compared);
}

/* ---- Segments that share a page of the file ---- */

#define R MF_READABLE
#define W MF_WRITABLE
#define X MF_EXECUTABLE

static uint64_t address_of(const struct mf_elf *elf, uint64_t offset, uint64_t length, uint32_t flags, uint64_t at)
{
    const struct mf_mapping mapping = {
        .start = 0x7f0000000000, .end = 0x7f0000000000 + length, .offset = offset, .flags = flags};
    uint64_t out = 0, bias = 1;
    const int rc = mf_elf_address(elf, &mapping, mapping.start + at, &out);

    CHECK(rc == 0 || (rc == -ENOENT && out == 0), "rc %d", rc);
    if (mf_elf_load_bias(elf, &mapping, &bias) == 0)
        CHECK(out == mapping.start + at - bias, "the load bias gives the same address: %" PRIx64, mapping.start + at - bias);
    else
        CHECK_IS(bias, 1, "unchanged");
    return out;
}

static void segments_that_share_pages(void)
{
    /* As lld links: each segment begins where the last one ends in the file, one page later in memory. */
    const struct mf_elf elf = {
        .segment_count = 4,
        .page_size = 4096,
        .relro_start = 0x4800,
        .relro_end = 0x5000,
        .segments =
            {
                {.address = 0x0, .offset = 0x0, .file_size = 0x1800, .memory_size = 0x1800, .flags = R},
                {.address = 0x2800, .offset = 0x1800, .file_size = 0x1000, .memory_size = 0x1000, .flags = R | X},
                {.address = 0x4800, .offset = 0x2800, .file_size = 0x200, .memory_size = 0x800, .flags = R | W},
                {.address = 0x5a00, .offset = 0x2a00, .file_size = 0x200, .memory_size = 0x1000, .flags = R | W},
            },
    };

    CHECK_IS(address_of(&elf, 0, 0x2000, R, 0x1234), 0x1234, "first segment");
    CHECK_IS(address_of(&elf, 0, 0x2000, R, 0x1900), 0x1900, "the same page of the file, after the end of the first segment");
    CHECK_IS(address_of(&elf, 0x1000, 0x2000, R | X, 0x900), 0x2900, "code");
    CHECK_IS(address_of(&elf, 0x1000, 0x1000, R | X, 0x900), 0x2900, "a part of the code");
    CHECK_IS(address_of(&elf, 0x2000, 0x1000, R, 0x880), 0x4880, "read-only after relocation");
    CHECK_IS(address_of(&elf, 0x2000, 0x1000, R | W, 0xa80), 0x5a80, "data");
    CHECK_IS(address_of(&elf, 0, 0x3000, R, 0x200), 0x200, "the whole file as data: a page of one segment");
    CHECK_IS(address_of(&elf, 0, 0x3000, R, 0x1900), 0, "the whole file as data: a page of two segments");
    CHECK_IS(address_of(&elf, 0x10000, 0x1000, R, 0x10), 0, "no segment");
    CHECK_IS(address_of(&elf, 0x1000, 0x1000, R | W | X, 0x900), 0, "changed permissions, and a page of two segments");
    CHECK_IS(address_of(&elf, UINT64_MAX - 0xfff, 0x1000, R, 0x10), 0, "an offset that wraps");
}

static void segments_of_a_debug_file(void)
{
    struct mf_elf elf = {
        .segment_count = 4,
        .page_size = 4096,
        .lacks_code = 1,
        .segments =
            {
                {.address = 0x0, .memory_size = 0x1800, .flags = R},
                {.address = 0x2800, .memory_size = 0x1000, .flags = R | X},
                {.address = 0x4800, .memory_size = 0x200, .flags = R | W},
                {.address = 0x5a00, .memory_size = 0x200, .flags = R | W},
            },
    };

    CHECK_IS(address_of(&elf, 0x1000, 0x2000, R | X, 0x900), 0x2900, "code");
    CHECK_IS(address_of(&elf, 0x1000, 0x1000, R | X, 0x900), 0, "a part of the code");
    CHECK_IS(address_of(&elf, 0x1000, 0x2000, R | W | X, 0x900), 0, "changed permissions");
    CHECK_IS(address_of(&elf, 0x2000, 0x1000, R | W, 0x900), 0, "two segments of this size");
    elf.segments[3].memory_size = 0x1000;
    CHECK_IS(address_of(&elf, 0x2000, 0x1000, R | W, 0x900), 0, "data: a part of a segment may have the size of another one");
    CHECK_IS(address_of(&elf, 0x2000, 0x2000, R, 0x900), 0, "read-only after relocation, with the size of the first segment");
}

/* ---- Segments, by the other mappings of the process ---- */

struct mappings {
    const struct mf_mapping *all;
    uint32_t count;
    uint32_t calls;
    int error; /* of the last call */
};

static int find_among(void *context, uint64_t address, struct mf_mapping *out)
{
    struct mappings *const mappings = context;

    mappings->calls++;
    for (uint32_t i = 0; i < mappings->count; i++) {
        if (address >= mappings->all[i].start && address < mappings->all[i].end) {
            *out = mappings->all[i];
            return 0;
        }
    }
    return mappings->error;
}

static void check_bias(const struct mf_elf *elf, struct mappings *mappings, uint32_t index, int expected,
                       uint64_t expected_bias, const char *what)
{
    uint64_t bias = 1;
    const int rc = mf_elf_load_bias_among(elf, &mappings->all[index], find_among, mappings, &bias);

    CHECK_IS(rc, expected, what);
    CHECK_IS(bias, rc == 0 ? expected_bias : 1, what);
}

/* As GNU ld links a small program: constants, and data that is read-only after relocation, are in the same page of the file. */
static const struct mf_elf small = {
    .segment_count = 4,
    .page_size = 4096,
    .relro_start = 0x3dc8,
    .relro_end = 0x4000,
    .segments =
        {
            {.address = 0x0, .offset = 0x0, .file_size = 0x600, .memory_size = 0x600, .flags = R},
            {.address = 0x1000, .offset = 0x1000, .file_size = 0x200, .memory_size = 0x200, .flags = R | X},
            {.address = 0x2000, .offset = 0x2000, .file_size = 0x100, .memory_size = 0x100, .flags = R},
            {.address = 0x3dc8, .offset = 0x2dc8, .file_size = 0x248, .memory_size = 0x250, .flags = R | W},
        },
};

enum { CODE = 1, CONSTANTS, RELOCATED, DATA, LOADED };

static void fill(struct mf_mapping *to, uint64_t base, uint64_t inode)
{
    static const uint64_t offsets[] = {0, 0x1000, 0x2000, 0x2000, 0x3000};
    static const uint32_t flags[] = {R, R | X, R, R, R | W};

    for (int i = 0; i < LOADED; i++)
        to[i] = (struct mf_mapping){.start = base + 0x1000ull * (uint64_t)i,
                                    .end = base + 0x1000ull * (uint64_t)(i + 1),
                                    .offset = offsets[i],
                                    .flags = flags[i],
                                    .inode = inode};
}

static void segments_by_other_mappings(void)
{
    const uint64_t first = 0x7f0000000000, second = first + 0x1000 * LOADED;
    struct mf_mapping all[2 * LOADED];
    struct mappings mappings = {.all = all, .count = 2 * LOADED, .error = -ENOENT};
    uint64_t bias;

    fill(all, first, 7);
    fill(all + LOADED, second, 7);
    CHECK_IS(mf_elf_load_bias(&small, &all[CONSTANTS], &bias), -ENOENT, "without the others");
    for (uint32_t i = 0; i < 2 * LOADED; i++)
        check_bias(&small, &mappings, i, 0, i < LOADED ? first : second, "a file that is mapped twice");
    mappings.calls = 0;
    check_bias(&small, &mappings, CODE, 0, first, "code");
    CHECK_IS(mappings.calls, 0, "one segment fits");

    all[CODE].flags = R | W | X;
    check_bias(&small, &mappings, CODE, 0, first, "changed permissions");
    all[DATA].flags = R;
    check_bias(&small, &mappings, DATA, 0, first, "all data is made read-only");
    fill(all, first, 7);
    all[CODE].inode = 8;
    check_bias(&small, &mappings, CONSTANTS, -ENOENT, 0, "the code is of another file");
    fill(all, first, 7);
    all[0].offset = 0x1000;
    check_bias(&small, &mappings, RELOCATED, -ENOENT, 0, "another part of the file");
    mappings.count = 1;
    mappings.all = &all[CONSTANTS];
    check_bias(&small, &mappings, 0, -ENOENT, 0, "no others");
    mappings.error = -EIO;
    check_bias(&small, &mappings, 0, -EIO, 0, "an error of the look-up");
}

/* A segment without PT_GNU_RELRO begins in the last page of the constants. The process makes its first page read-only. */
static void data_that_looks_like_constants(void)
{
    const uint64_t base = 0x7f0000000000;
    struct mf_mapping all[LOADED];
    struct mappings mappings = {.all = all, .count = LOADED, .error = -ENOENT};
    struct mf_elf elf = small;
    uint64_t bias;

    elf.relro_start = elf.relro_end = 0;
    fill(all, base, 7);
    CHECK_IS(mf_elf_load_bias(&elf, &all[RELOCATED], &bias), 0, "by its permissions it has constants");
    CHECK_IS(bias, base + 0x1000, "by its permissions it has constants");
    check_bias(&elf, &mappings, RELOCATED, 0, base, "data that is made read-only");
    check_bias(&elf, &mappings, CONSTANTS, 0, base, "constants");
    all[CODE].inode = 0;
    check_bias(&elf, &mappings, RELOCATED, -ENOENT, 0, "the code is replaced");
}

/* The second page of the constants is also the first page of the data. It is locked in memory: it is a mapping of its own. */
static void constants_that_look_like_relocated_data(void)
{
    const uint64_t base = 0x7f0000000000;
    const struct mf_elf elf = {
        .segment_count = 3,
        .page_size = 4096,
        .relro_start = 0x4dc8,
        .relro_end = 0x5000,
        .segments =
            {
                {.address = 0x1000, .offset = 0x1000, .file_size = 0x200, .memory_size = 0x200, .flags = R | X},
                {.address = 0x2000, .offset = 0x2000, .file_size = 0x1900, .memory_size = 0x1900, .flags = R},
                {.address = 0x4dc8, .offset = 0x3dc8, .file_size = 0x248, .memory_size = 0x250, .flags = R | W},
            },
    };
    struct mf_mapping all[] = {
        {.start = base + 0x1000, .end = base + 0x2000, .offset = 0x1000, .flags = R | X},
        {.start = base + 0x2000, .end = base + 0x3000, .offset = 0x2000, .flags = R},
        {.start = base + 0x3000, .end = base + 0x4000, .offset = 0x3000, .flags = R},
        {.start = base + 0x4000, .end = base + 0x5000, .offset = 0x3000, .flags = R},
        {.start = base + 0x5000, .end = base + 0x6000, .offset = 0x4000, .flags = R | W},
    };
    struct mappings mappings = {.all = all, .count = sizeof all / sizeof *all, .error = -ENOENT};

    for (uint32_t i = 0; i < mappings.count; i++)
        check_bias(&elf, &mappings, i, 0, base, "constants in two mappings");
    mappings.all = &all[1];
    mappings.count = 3;
    check_bias(&elf, &mappings, 1, -ENOENT, 0, "without the code the last page of the constants is unknown");
}

static void an_address_outside_of_the_mapping_is_invalid(void)
{
    const struct mf_elf elf = {
        .segment_count = 1, .page_size = 4096, .segments = {{.file_size = 0x1000, .memory_size = 0x1000, .flags = R}}};
    const struct mf_mapping mapping = {.start = 0x1000, .end = 0x2000, .flags = R};
    uint64_t out = 5;

    CHECK_IS(mf_elf_address(&elf, &mapping, 0x2000, &out), -EINVAL, "the end is exclusive");
    CHECK_IS(mf_elf_address(&elf, &mapping, 0xfff, &out), -EINVAL, "before");
    CHECK_IS(out, 5, "unchanged");
}

static void test(void)
{
    the_loader_agrees();
    addresses_of_programs();
    segments_that_share_pages();
    segments_of_a_debug_file();
    segments_by_other_mappings();
    data_that_looks_like_constants();
    constants_that_look_like_relocated_data();
    an_address_outside_of_the_mapping_is_invalid();
}

int main(void)
{
    skip_if_emulated();
    return run_in_directory("elf-address", test);
}
