/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The baseline: only system calls. For each line of stdin bare_kernel PID prints a mean of N in nanoseconds:
 *   text N        one read of the whole text through a descriptor that stays open
 *   lines N       the same, and the least that a parser does: finds each line, and writes 64 bytes for it
 *   exec N        one walk over the executable mappings with PROCMAP_QUERY, with names
 *   all N         one walk over all mappings with PROCMAP_QUERY, with names
 *   query N HEX   one PROCMAP_QUERY for an address, with the name
 *   pages N       one PAGEMAP_SCAN for the pages in memory or swapped out of the whole address space
 */
#include "timing.h"

#include "os/pagemap_scan.h"
#include "os/procmap_query.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static char text[64 << 20];
static char name[4096];
static int fd;
static int pagemap;

static off_t read_text(void)
{
    off_t length = 0;
    ssize_t count;

    while ((count = pread(fd, text + length, sizeof text - (size_t)length, length)) > 0)
        length += count;
    return length;
}

/* The records of a snapshot have this size. */
static struct {
    const char *line;
    uint64_t length, rest[6];
} records[1 << 17];

static void read_lines(void)
{
    const char *const end = text + read_text();
    const char *newline;
    size_t count = 0;

    for (const char *line = text; line != end && count < sizeof records / sizeof *records; line = newline + 1) {
        newline = memchr(line, '\n', (size_t)(end - line));
        memset(&records[count], 0, sizeof *records);
        records[count].line = line;
        records[count++].length = (uint64_t)(newline - line);
    }
    __asm__ volatile("" : : "r"(records) : "memory"); /* the records are written */
}

static int query_at(uint64_t address, uint64_t flags, struct mf_procmap_query *query)
{
    *query = (struct mf_procmap_query){
        .size = sizeof *query,
        .query_addr = address,
        .query_flags = flags,
        .vma_name_addr = (uintptr_t)name,
        .vma_name_size = sizeof name,
    };
    return ioctl(fd, MF_PROCMAP_QUERY, query);
}

static void walk(uint64_t flags)
{
    struct mf_procmap_query query = {0};

    while (query_at(query.vma_end, flags | MF_QUERY_COVERING_OR_NEXT, &query) == 0)
        ;
}

static void scan_pages(void)
{
    static struct {
        uint64_t start, end, categories;
    } ranges[1 << 16];
    struct mf_pagemap_scan scan = {
        .size = sizeof scan,
        .end = (UINT64_C(1) << 47) - 4096, /* of the address space (x86-64, TASK_SIZE_MAX) */
        .vec = (uintptr_t)ranges,
        .vec_len = sizeof ranges / sizeof *ranges,
        .category_anyof_mask = MF_SCAN_PRESENT | MF_SCAN_SWAPPED,
        .return_mask = MF_SCAN_PRESENT | MF_SCAN_SWAPPED,
    };

    if (ioctl(pagemap, MF_PAGEMAP_SCAN, &scan) < 0) {
        perror("PAGEMAP_SCAN");
        exit(1);
    }
}

static double mean(const char *command, int times, uint64_t address)
{
    const double begin = now_ns();
    struct mf_procmap_query query;

    for (int i = 0; i < times; i++) {
        if (strcmp(command, "text") == 0)
            read_text();
        else if (strcmp(command, "lines") == 0)
            read_lines();
        else if (strcmp(command, "exec") == 0)
            walk(MF_QUERY_EXECUTABLE);
        else if (strcmp(command, "all") == 0)
            walk(0);
        else if (strcmp(command, "pages") == 0)
            scan_pages();
        else
            query_at(address, 0, &query);
    }
    return (now_ns() - begin) / times;
}

int main(int argc, char **argv)
{
    char path[64];
    char line[64];

    snprintf(path, sizeof path, "/proc/%s/maps", argc == 2 ? argv[1] : "self");
    fd = open(path, O_RDONLY);
    if (fd < 0) {
        perror(path);
        return 1;
    }
    snprintf(path, sizeof path, "/proc/%s/pagemap", argc == 2 ? argv[1] : "self");
    pagemap = open(path, O_RDONLY);
    while (fgets(line, sizeof line, stdin) != NULL) {
        char command[8];
        int times;
        uint64_t address = 0;

        if (sscanf(line, "%7s %d %" SCNx64, command, &times, &address) < 2) {
            fprintf(stderr, "not a command: %s", line);
            return 1;
        }
        print_result(mean(command, times, address));
    }
    return 0;
}
