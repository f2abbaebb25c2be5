/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The baseline: only system calls. For each line of stdin bare_kernel PID prints a mean of N in nanoseconds:
 *   text N        one read of the whole text through a descriptor that stays open
 *   lines N       the same, and the least that a parser does: finds each line, and writes 64 bytes for it
 *   numbers N     the same, and parses the start, the end, the offset and the inode, without any check
 *   moved N       the same text, compared with that of the time before. Both are kept, for readers of the earlier one: 64 bytes
 *                 for each line are copied, and the addresses of an index are written
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
#include <stdbool.h>
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
static struct record {
    const char *line;
    uint64_t length, start, end, offset, inode, rest[2];
} records[1 << 17];

/* Parses eight lower-case hexadecimal digits in one step. */
static inline uint64_t hex_8(const char *at)
{
    uint64_t digits;

    memcpy(&digits, at, sizeof digits);
    digits = (digits & 0x0f0f0f0f0f0f0f0fu) + (digits >> 6 & 0x0101010101010101u) * 9;
    digits = (digits << 4 | digits >> 8) & 0x00ff00ff00ff00ffu;
    digits = (digits << 8 | digits >> 16) & 0x0000ffff0000ffffu;
    return (digits << 16 | digits >> 32) & 0xffffffffu;
}

/* Parses a number of eight or more digits, and moves behind it and the character after it. */
static inline uint64_t hex(const char **at)
{
    uint64_t value = hex_8(*at);

    for (*at += 8; **at >= '0'; ++*at)
        value = value << 4 | (uint64_t)((**at & 0xf) + (**at >> 6) * 9);
    ++*at;
    return value;
}

/* "start-end rwxp offset major:minor inode name" */
static inline void parse_numbers(const char *at, struct record *out)
{
    out->start = hex(&at);
    out->end = hex(&at);
    at += 5;
    out->offset = hex(&at);
    while (*at++ != ' ')
        ;
    for (; *at >= '0'; at++)
        out->inode = out->inode * 10 + (uint64_t)(*at - '0');
}

static void read_lines(bool has_numbers)
{
    const char *const end = text + read_text();
    const char *newline;
    size_t count = 0;

    for (const char *line = text; line != end && count < sizeof records / sizeof *records; line = newline + 1) {
        newline = memchr(line, '\n', (size_t)(end - line));
        memset(&records[count], 0, sizeof *records);
        records[count].line = line;
        records[count].length = (uint64_t)(newline - line);
        if (has_numbers)
            parse_numbers(line, &records[count]);
        count++;
    }
    __asm__ volatile("" : : "r"(records) : "memory"); /* the records are written */
}

static struct state {
    char text[sizeof text];
    struct record records[sizeof records / sizeof *records];
    uint64_t ranges[sizeof records / sizeof *records][2];
    size_t count;
    char apart[1984]; /* loads and stores at one offset in different pages wait for each other */
} states[2];
static bool last; /* which state is that of the time before */

static void keep_state(void)
{
    const off_t length = read_text();

    for (int i = 0; i < 2; i++) {
        memcpy(states[i].text, text, (size_t)length);
        for (off_t at = 0; at < length; at++)
            states[i].count += text[at] == '\n';
        memset(states[i].records, 1, states[i].count * sizeof *states[i].records);
        memset(states[i].ranges, 1, states[i].count * sizeof *states[i].ranges);
    }
}

static void read_and_move(void)
{
    static volatile bool is_equal;
    const struct state *const before = &states[last];
    struct state *const now = &states[!last];
    off_t length = 0;
    ssize_t count;

    while ((count = pread(fd, now->text + length, sizeof now->text - (size_t)length, length)) > 0) {
        is_equal = memcmp(now->text + length, before->text + length, (size_t)count) == 0;
        length += count;
    }
    for (size_t i = 0; i < before->count; i++) {
        now->records[i] = before->records[i];
        now->ranges[i][0] = before->records[i].start;
        now->ranges[i][1] = before->records[i].end;
    }
    (void)is_equal;
    last = !last;
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
    struct mf_procmap_query query;
    double begin;

    if (strcmp(command, "moved") == 0 && states[0].count == 0)
        keep_state();
    begin = now_ns();
    for (int i = 0; i < times; i++) {
        if (strcmp(command, "text") == 0)
            read_text();
        else if (strcmp(command, "lines") == 0)
            read_lines(false);
        else if (strcmp(command, "numbers") == 0)
            read_lines(true);
        else if (strcmp(command, "moved") == 0)
            read_and_move();
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
