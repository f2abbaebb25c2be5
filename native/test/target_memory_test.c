/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of a target is read or denied, and never written. A process with a recycled PID, or a new program, is never read. */
#include "lacking.h"
#include "memory/target_pages.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define PAGES 300u

static size_t page;
static char *place; /* PAGES numbered pages, one without access, and an unmapped page after them; the same in the child */

static void make_place(void)
{
    page = (size_t)sysconf(_SC_PAGESIZE);
    place = mmap(NULL, (PAGES + 1) * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (place == MAP_FAILED)
        abort();
    for (uint32_t i = 0; i < PAGES; i++)
        memcpy(place + i * page, &i, sizeof i);
    if (munmap(place + PAGES * page, page) != 0)
        abort();
}

/* A child with the same memory, which waits for the end of its input. */
static pid_t start(int *input)
{
    int in[2];
    pid_t child;

    if (pipe(in) != 0)
        abort();
    child = fork();
    if (child == 0) {
        char byte;

        close(in[1]);
        while (read(in[0], &byte, 1) > 0)
            execlp("sleep", "sleep", "1000", (char *)NULL); /* a byte makes it execute another program */
        _exit(0);
    }
    close(in[0]);
    *input = in[1];
    return child;
}

static void open_memory(pid_t pid, struct mf_target_memory *memory)
{
    struct mf_process process;

    CHECK_IS(mf_process_open_pid(pid, &process), 0, "open");
    CHECK_IS(mf_target_memory_open(&process, memory), 0, "its memory");
    mf_process_close(&process); /* the memory does not use it */
}

/* Reads the numbers of all pages in a batch that also contains unreadable addresses. */
static void reads_batches(const struct mf_target_memory *memory)
{
    static uint32_t numbers[PAGES];
    static struct mf_piece pieces[PAGES + 3];
    const uint32_t count = PAGES + 3;
    char rest[64];

    for (uint32_t i = 0, k = 0; i < count; i++) {
        pieces[i] = (struct mf_piece){(uintptr_t)place + (k % PAGES) * page, &numbers[k % PAGES], sizeof *numbers, -1};
        if (i == 0 || i == 150)
            pieces[i].address = i == 0 ? 8 : UINT64_MAX;
        else if (i == count - 1)
            pieces[i] = (struct mf_piece){(uintptr_t)place + PAGES * page - 10, rest, sizeof rest, -1};
        else
            k++;
    }
    memset(numbers, 0xff, sizeof numbers);
    CHECK_IS(mf_target_memory_read_all(memory, pieces, count), 0, "all");
    CHECK_IS(pieces[0].got, -EFAULT, "the first page");
    CHECK_IS(pieces[150].got, -EFAULT, "the last address");
    CHECK_IS(pieces[count - 1].got, 10, "where memory ends");
    for (uint32_t i = 0; i < PAGES; i++)
        CHECK(numbers[i] == i, "page %u has %u", i, numbers[i]);
    CHECK_IS(mf_target_memory_read_all(memory, pieces, 0), 0, "nothing");
}

static void reads_single_places(const struct mf_target_memory *memory)
{
    char read[64] = "";
    uint32_t number;

    CHECK_IS(mf_target_memory_read(memory, (uintptr_t)place + 7 * page, &number, sizeof number), sizeof number, "read");
    CHECK_IS(number, 7, "number");
    CHECK_IS(mf_target_memory_read(memory, (uintptr_t)place + PAGES * page - 3, read, sizeof read), 3, "at the end");
    CHECK_IS(mf_target_memory_read(memory, (uintptr_t)place + PAGES * page, read, sizeof read), -EFAULT, "unmapped");
    CHECK_IS(mf_target_memory_read(memory, 0, read, sizeof read), -EFAULT, "null");
    CHECK_IS(mf_target_memory_read(memory, 1ull << 63, read, sizeof read), -EFAULT, "the kernel's");
    CHECK_IS(mf_target_memory_read(memory, UINT64_MAX, read, sizeof read), -EFAULT, "the last");
    CHECK_IS(mf_target_memory_read(memory, (uintptr_t)place, read, 0), 0, "nothing");
}

static void keeps_pages(const struct mf_target_memory *memory)
{
    struct mf_pages *const pages = mf_pages_init(malloc(mf_pages_bytes(8, MF_PAGE)), 8, MF_PAGE, memory);
    uint64_t addresses[PAGES];
    char text[16];
    uint32_t number;

    for (uint32_t i = 0; i < PAGES; i++)
        addresses[i] = (uintptr_t)place + i * page + 5;
    mf_pages_prefetch(pages, addresses, PAGES);
    for (uint32_t i = 0; i < PAGES; i++)
        CHECK(mf_pages_read(pages, (uintptr_t)place + i * page, &number, sizeof number) == 0 && number == i, "page %u", i);
    number = pages->reads;
    mf_pages_clear(pages);
    mf_pages_prefetch(pages, addresses, 4);
    CHECK_IS(pages->reads - number, 4, "read together");
    CHECK_IS(mf_pages_read(pages, (uintptr_t)place + 3 * page, text, sizeof text), 0, "read before");
    CHECK_IS(pages->reads - number, 4, "not again");
    mf_pages_use_after(pages, (uintptr_t)place + page, 8);
    CHECK_IS(mf_pages_read(pages, (uintptr_t)place + page, text, sizeof text), 0, "read before");
    CHECK_IS(mf_pages_read(pages, (uintptr_t)place + 3 * page, text, sizeof text), 0, "read later");
    CHECK_IS(pages->reads - number, 4, "not again");
    mf_pages_use_after(pages, (uintptr_t)place + 3 * page, 8);
    CHECK_IS(mf_pages_read(pages, (uintptr_t)place + page, text, sizeof text), 0, "read too early");
    CHECK_IS(pages->reads - number, 5, "again");
    CHECK_IS(mf_pages_read(pages, (uintptr_t)place + PAGES * page - 4, text, 8), -EFAULT, "beyond the end");
    CHECK_IS(mf_pages_read(pages, UINT64_MAX - 3, text, 8), -EFAULT, "beyond the last address");
    CHECK_IS(mf_pages_text(pages, (uintptr_t)place + PAGES * page - 1, text, sizeof text), 0, "an empty text");
    memset(place + page - 8, 'a', 8);
    memcpy(place + page, "bc", 3);
    free(pages);
}

/* Memory of this process, which can change during the read. */
static void reads_texts(void)
{
    struct mf_target_memory memory;
    char text[32];

    open_memory(getpid(), &memory);
    struct mf_pages *const pages = mf_pages_init(malloc(mf_pages_bytes(8, MF_PAGE)), 8, MF_PAGE, &memory);

    CHECK_IS(mf_pages_text(pages, (uintptr_t)place + page - 8, text, sizeof text), 10, "over the end of a page");
    CHECK(strcmp(text, "aaaaaaaabc") == 0, "got %s", text);
    CHECK_IS(mf_pages_text(pages, (uintptr_t)place + page - 8, text, 10), -ENAMETOOLONG, "longer than there is room");
    CHECK_IS(mf_pages_text(pages, (uintptr_t)place + page - 8, text, 11), 10, "just enough room");
    CHECK_IS(mf_pages_text(pages, 3, text, sizeof text), -EFAULT, "null");
    free(pages);
    mf_target_memory_close(&memory);
}

/* Of this process: which pages of a new mapping were touched. The addresses are apart from each other too. */
static void finds_pages(void)
{
    static const uint32_t touched[] = {0, 1, 511, 512, 513, 1022, 1024, 1500, 1999};
    static uint64_t pages[2003];
    struct mf_target_memory memory;
    char *const fresh = mmap(NULL, 2000 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (fresh == MAP_FAILED || madvise(fresh, 2000 * page, MADV_NOHUGEPAGE) != 0)
        abort();
    for (uint32_t i = 0; i < sizeof touched / sizeof *touched; i++)
        fresh[touched[i] * page] = 1;
    open_memory(getpid(), &memory);
    for (uint32_t step = 1; step < 2000; step += step < 4 ? 1 : 500) {
        uint32_t count = 1, next = 0;

        pages[0] = 8; /* unmapped */
        for (uint32_t i = 0; i < 2000; i += step)
            pages[count++] = (uintptr_t)fresh + i * page + i % page;
        pages[count++] = 1ull << 63;
        pages[count++] = UINT64_MAX;
        CHECK_IS(mf_target_memory_find_pages(&memory, pages, count), 0, "find");
        CHECK(pages[0] == 0 && pages[count - 2] == 0 && pages[count - 1] == 0, "unmapped addresses");
        for (uint32_t i = 0; i < 2000; i += step) {
            while (touched[next] < i)
                next++;
            CHECK(pages[1 + i / step] == (touched[next] == i), "page %u of every %u is %d", i, step, (int)pages[1 + i / step]);
        }
    }
    CHECK_IS(mf_target_memory_find_pages(&memory, pages, 0), 0, "nothing");
    mf_target_memory_close(&memory);
    munmap(fresh, 2000 * page);
}

static void ends(const struct mf_target_memory *memory, const char *what)
{
    uint64_t first = (uintptr_t)place;
    uint32_t numbers[8];
    struct mf_piece pieces[8];

    for (uint32_t i = 0; i < 8; i++)
        pieces[i] = (struct mf_piece){(uintptr_t)place + i * page, &numbers[i], sizeof *numbers, -1};
    /* The kernel may keep the memory a little longer: reclaim holds it while it walks the page tables (lru_gen, mm/vmscan.c). */
    for (int i = 0; i < 60000 && mf_target_memory_read(memory, (uintptr_t)place, numbers, sizeof *numbers) != -ESRCH; i++)
        usleep(1000);
    CHECK_IS(mf_target_memory_read(memory, (uintptr_t)place, numbers, sizeof *numbers), -ESRCH, what);
    CHECK_IS(mf_target_memory_read_all(memory, pieces, 8), -ESRCH, what);
    for (uint32_t i = 0; i < 8; i++)
        CHECK_IS(pieces[i].got, -ESRCH, what);
    CHECK_IS(mf_target_memory_find_pages(memory, &first, 1), -ESRCH, what);
}

static void another_program(void)
{
    struct mf_target_memory memory;
    char path[64], name[32] = "";
    int input;
    const pid_t child = start(&input);

    open_memory(child, &memory);
    CHECK_IS(write(input, "x", 1), 1, "write");
    snprintf(path, sizeof path, "/proc/%d/comm", (int)child);
    for (int i = 0; i < 60000 && strncmp(name, "sleep", 5) != 0; i++) {
        FILE *const file = fopen(path, "r");

        usleep(1000);
        if (file != NULL) {
            CHECK(fgets(name, sizeof name, file) != NULL, "comm");
            fclose(file);
        }
    }
    ends(&memory, "another program");
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    mf_target_memory_close(&memory);
    close(input);
}

/* A child that gets the PID of an exited one, with the same memory at the same addresses. */
static void another_process_with_the_same_pid(void)
{
    struct mf_target_memory memory;
    pid_t child, second = 0;
    int input, second_input;

    child = start(&input);
    open_memory(child, &memory);
    CHECK_IS(memory.pid, child, "its number is known");
    close(input);
    waitpid(child, NULL, 0);
    ends(&memory, "exited");
    for (int i = 0; i < 100 && second != child; i++) { /* another process may take the PID first */
        FILE *const last = fopen("/proc/sys/kernel/ns_last_pid", "w");

        if (last == NULL || fprintf(last, "%d", (int)child - 1) < 0 || fclose(last) != 0) {
            puts("skipped: no number can be given again (ns_last_pid)");
            break;
        }
        second = start(&second_input);
        if (second == child)
            ends(&memory, "another process of the same number");
        close(second_input);
        waitpid(second, NULL, 0);
    }
    if (second != child)
        puts("skipped: no process got the number again");
    mf_target_memory_close(&memory);
}

int main(void)
{
    struct mf_target_memory memory;
    int input, before;
    pid_t child;

    make_place();
    before = count_descriptors();
    child = start(&input);
    open_memory(child, &memory);
    CHECK_IS(memory.pid, child, "its number is known");
    reads_single_places(&memory);
    reads_batches(&memory);
    keeps_pages(&memory);
    reads_texts();
    finds_pages();
    memory.pid = 0; /* as in another PID namespace */
    reads_batches(&memory);
    mf_target_memory_close(&memory);
    mf_target_memory_close(&memory);
    close(input);
    waitpid(child, NULL, 0);
    another_program();
    another_process_with_the_same_pid();
    CHECK_IS(count_descriptors(), before, "descriptors left");
    FILTER_CALLS(LOAD(CALL), WHERE(SYS_process_vm_readv, 0, 1), FAIL(EPERM), ALLOW);
    child = start(&input);
    open_memory(child, &memory);
    reads_single_places(&memory);
    for (uint32_t i = 0; i < 2; i++)
        memcpy(place + i * page, &i, sizeof i);
    close(input);
    waitpid(child, NULL, 0);
    mf_target_memory_close(&memory);
    child = start(&input);
    open_memory(child, &memory);
    reads_batches(&memory);
    close(input);
    waitpid(child, NULL, 0);
    mf_target_memory_close(&memory);
    return check_result();
}
