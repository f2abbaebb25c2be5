/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The backend that is chosen by measuring both. A refresh reports no change when the choice changes, and reports changes
 * whichever backend has read before.
 */
#include "check.h"

#include "lacking.h"
#include "read/backend_choice.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define CYCLE 1024

static struct mf_process process;

/* Makes the four trials with one result each: whether PROCMAP_QUERY took half of the time. */
static void measure(uint32_t options, const char *wins)
{
    enum mf_backend_trial expected = MF_TRIAL_TEXT_FIRST;
    unsigned reads = 0;

    while (*wins != 0) {
        const enum mf_backend_trial trial = mf_backend_count(&process, options);

        CHECK(++reads <= 2 * CYCLE, "no trial in %u reads", reads);
        if (reads > 2 * CYCLE)
            return;
        if (trial == MF_TRIAL_NONE)
            continue;
        CHECK_IS(trial, expected, "the order alternates");
        expected = expected == MF_TRIAL_TEXT_FIRST ? MF_TRIAL_QUERY_FIRST : MF_TRIAL_TEXT_FIRST;
        mf_backend_measured(&process, options, 1000, *wins++ == 'q' ? 500 : 950);
    }
}

static void choose(void)
{
    unsigned trials = 0;

    for (unsigned i = 0; i < 8; i++)
        CHECK_IS(mf_backend_count(&process, 0), MF_TRIAL_NONE, "the first reads are no trial");
    for (unsigned i = 8; i < CYCLE; i++)
        trials += mf_backend_count(&process, 0) != MF_TRIAL_NONE;
    CHECK_IS(trials, 4, "trials in 1,024 reads");
    CHECK(!mf_backend_is_query(&process, 0), "text without a measurement");

    measure(0, "qqqq");
    CHECK(mf_backend_is_query(&process, 0), "the query won four times");
    CHECK(!mf_backend_is_query(&process, MF_FILE_BACKED), "filters have a choice of their own");
    measure(MF_FILE_BACKED, "qqqt");
    CHECK(!mf_backend_is_query(&process, MF_FILE_BACKED), "the query won three times");
    measure(MF_FILE_BACKED, "qqqq");
    measure(0, "tqqq");
    CHECK(!mf_backend_is_query(&process, 0), "the text is as quick");
    CHECK(mf_backend_is_query(&process, MF_FILE_BACKED), "and this choice stays");
    CHECK(!mf_backend_is_query(&process, MF_FILE_BACKED | MF_READABLE), "another filter has no choice yet");
    measure(MF_WRITABLE | MF_SHARED, "qqqq");
    CHECK(mf_backend_is_query(&process, MF_WRITABLE | MF_SHARED), "a filter of two bits");
    CHECK(!mf_backend_is_query(&process, MF_FILE_BACKED), "the last filter is another one");
    measure(MF_FILE_BACKED, "qqqq");
    CHECK(!mf_backend_is_query(&process, 0), "all mappings have their own choice");
    mf_backend_reject_query(&process, MF_FILE_BACKED);
    CHECK(!mf_backend_is_query(&process, MF_FILE_BACKED), "PROCMAP_QUERY cannot read the process");
}

static struct mf_snapshot *before, *after;

/* Refreshes, and makes the result the previous snapshot. Nothing is allocated, which could change the mappings. */
static void refresh(int expected, uint32_t backend, const char *what)
{
    struct mf_snapshot *const previous = before;

    CHECK_IS(mf_snapshot_read(&process, 0, before, after), expected, what);
    if (expected != 1)
        return;
    CHECK_IS(after->backend, backend, what);
    before = after;
    after = previous;
}

static void check_equal(const char *what)
{
    CHECK_IS(mf_snapshot_read(&process, MF_BY_TEXT, NULL, after), 1, what);
    CHECK(same_records(before, after), "%s: the mappings differ from those in the text", what);
}

static void switch_backends(void)
{
    const char *const directory = new_directory("choice");
    char name[256], renamed[256];
    void *page;
    int fd;

    snprintf(name, sizeof name, "%s/a", directory);
    snprintf(renamed, sizeof renamed, "%s/b", directory);
    fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    CHECK_IS(ftruncate(fd, 4096), 0, "a file");
    page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    CHECK_IS(mf_snapshot_read(&process, 0, NULL, before), 1, "the first read");
    CHECK_IS(before->backend, MF_BY_TEXT, "the first read");
    for (unsigned i = 0; i < 16; i++)
        refresh(0, 0, "no change, also in trials");

    measure(0, "qqqq");
    refresh(0, 0, "no change after the text");
    CHECK_IS(rename(name, renamed), 0, "rename");
    refresh(1, MF_BY_QUERY, "a name has changed");
    check_equal("a name has changed");
    refresh(0, 0, "no change after a query");
    CHECK_IS(munmap(page, 4096), 0, "munmap");
    refresh(1, MF_BY_QUERY, "a mapping less");
    check_equal("a mapping less");

    mf_backend_reject_query(&process, 0);
    refresh(0, 0, "no change, read by text, after a query");
    page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    refresh(1, MF_BY_TEXT, "a mapping more");
    check_equal("a mapping more");

    munmap(page, 4096);
    close(fd);
    unlink(renamed);
    rmdir(directory);
}

/* Memory for one snapshot is enough while nothing changes, also in trials and if PROCMAP_QUERY is chosen. */
static void refresh_without_memory(void)
{
    struct mf_snapshot *const small = new_snapshot(1, 1);

    mf_process_close(&process);
    CHECK_IS(mf_process_open_self(&process), 0, "open");
    CHECK_IS(mf_snapshot_read(&process, MF_FILE_BACKED, NULL, before), 1, "the first read");
    for (unsigned i = 0; i < 16; i++)
        CHECK_IS(mf_snapshot_read(&process, MF_FILE_BACKED, before, small), 0, "no change, and no memory");
    CHECK_IS(mf_snapshot_read(&process, MF_FILE_BACKED, NULL, small), -ENOBUFS, "no memory");
    measure(MF_FILE_BACKED, "qqqq");
    CHECK_IS(mf_snapshot_read(&process, MF_FILE_BACKED, NULL, small), -ENOBUFS, "no memory");
    CHECK(mf_backend_is_query(&process, MF_FILE_BACKED), "too little memory is no reason for another choice");
    CHECK_IS(mf_snapshot_read(&process, MF_FILE_BACKED, before, small), 0, "no change after the choice, and no memory");
    free(small);
}

/* A sandbox that is entered after the process was opened, and denies PROCMAP_QUERY: trials and chosen reads return the text. */
static void deny_query(const char *choice)
{
    const pid_t child = fork();
    int status = -1;

    if (child == 0) {
        check_failures = 0;
        CHECK_IS(mf_process_open_self(&process), 0, "open");
        measure(0, choice);
        lack_query();
        for (unsigned i = 0; i < 16; i++) {
            CHECK_IS(mf_snapshot_read(&process, 0, NULL, after), 1, "a read without PROCMAP_QUERY");
            CHECK_IS(after->backend, MF_BY_TEXT, "a read without PROCMAP_QUERY");
        }
        CHECK(!mf_backend_is_query(&process, 0), "the text is chosen after a failure");
        fflush(stdout);
        _exit(check_failures != 0);
    }
    waitpid(child, &status, 0);
    CHECK(status == 0 || status == CHECK_SKIPPED << 8, "PROCMAP_QUERY is denied: status %d", status);
}

int main(void)
{
    before = new_snapshot(4096, 1 << 20);
    after = new_snapshot(4096, 1 << 20);
    CHECK_IS(mf_process_open_self(&process), 0, "open");
    choose();
    mf_process_close(&process);
    CHECK_IS(mf_process_open_self(&process), 0, "open");
    if (has_query(&process)) {
        switch_backends();
        refresh_without_memory();
        deny_query("");
        deny_query("qqqq");
    } else {
        puts("skipped: this kernel has no PROCMAP_QUERY to choose");
    }
    mf_process_close(&process);
    free(before);
    free(after);
    return check_result();
}
