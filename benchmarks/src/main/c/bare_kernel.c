/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor: bare system calls and nothing else. bare_kernel PID answers each line of stdin with nanoseconds:
 *   text        one read of the whole text through a descriptor that stays open
 *   exec        one walk over the executable mappings with PROCMAP_QUERY, with names
 *   query HEX   one PROCMAP_QUERY for an address, with the name (mean of 1,000)
 */
#include "timing.h"

#include "procmap_query.h"

#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static char text[64 << 20];
static char name[4096];
static int fd;

static double read_text(void)
{
    const double begin = now_ns();
    off_t length = 0;
    ssize_t count;

    while ((count = pread(fd, text + length, sizeof text - (size_t)length, length)) > 0)
        length += count;
    return now_ns() - begin;
}

static int ask(uint64_t address, uint64_t flags, struct mf_procmap_query *query)
{
    *query = (struct mf_procmap_query){
        .size = sizeof *query, .query_addr = address, .query_flags = flags,
        .vma_name_addr = (uintptr_t)name, .vma_name_size = sizeof name,
    };
    return ioctl(fd, MF_PROCMAP_QUERY, query);
}

static double walk_executable(void)
{
    const double begin = now_ns();
    struct mf_procmap_query query = {0};

    while (ask(query.vma_end, MF_QUERY_EXECUTABLE | MF_QUERY_COVERING_OR_NEXT, &query) == 0)
        ;
    return now_ns() - begin;
}

static double query_one(uint64_t address)
{
    const double begin = now_ns();
    struct mf_procmap_query query;

    for (int i = 0; i < 1000; i++)
        ask(address, 0, &query);
    return (now_ns() - begin) / 1000;
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
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (strncmp(line, "text", 4) == 0)
            answer(read_text());
        else if (strncmp(line, "exec", 4) == 0)
            answer(walk_executable());
        else
            answer(query_one(strtoull(line + 5, NULL, 16)));
    }
    return 0;
}
