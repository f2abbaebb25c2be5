/* SPDX-License-Identifier: Apache-2.0 */
#include "special_report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <unistd.h>

size_t special_page;
static struct special_mapping all[128];
static size_t count;
static const char *label; /* of the current table entry */

void *special_address(void)
{
    static uintptr_t place = 0x1000000000;

    /* 256 pages below a stack that grows are free (stack_guard_gap). These are 4 MiB if a page has 16 KiB. */
    return (void *)(place += 16 << 20);
}

void special_skip(const char *what)
{
    printf("SKIP\t%s\t%s: %s\n", label, what, strerror(errno));
}

void special_report(const char *suffix, const void *at, size_t size, const struct special_expected *expected)
{
    struct special_mapping *const made = &all[count++];
    char *full_label;

    if (asprintf(&full_label, "%s%s", label, suffix) < 0 || count == sizeof all / sizeof *all)
        abort();
    made->label = full_label;
    made->start = (uintptr_t)at;
    made->size = size;
    printf("MADE\t%s\t%lx\t%lx\t%s\t%lx\t", full_label, (unsigned long)at, (unsigned long)at + size, expected->perms,
           (unsigned long)expected->offset);
    if (expected->file != NULL)
        printf("%u\t%u\t", major(expected->file->st_dev), minor(expected->file->st_dev));
    else
        printf("0\t0\t");
    if (expected->inode != NULL)
        printf("%s", expected->inode);
    else
        printf("%lu", expected->file ? (unsigned long)expected->file->st_ino : 0);
    printf("\t%s\t%s\t", expected->kind, expected->deleted);
    if (expected->name == NULL)
        putchar('-');
    for (const char *byte = expected->name; byte != NULL && *byte; byte++)
        printf("%02x", (uint8_t)*byte);
    putchar('\n');
}

const char *special_perms(int prot, int flags)
{
    static char text[5];

    snprintf(text, sizeof text, "%c%c%c%c", prot & PROT_READ ? 'r' : '-', prot & PROT_WRITE ? 'w' : '-',
             prot & PROT_EXEC ? 'x' : '-', flags & MAP_SHARED ? 's' : 'p');
    return text;
}

struct special_mapping *special_last(void)
{
    return &all[count - 1];
}

static bool is_wanted(char **prefixes, const char *name)
{
    if (*prefixes == NULL)
        return true;
    for (; *prefixes != NULL; prefixes++) {
        if (strncmp(*prefixes, name, strlen(*prefixes)) == 0)
            return true;
    }
    return false;
}

static void make_table(const struct special_maker *maker, char **prefixes)
{
    for (; maker->label != NULL; maker++) {
        label = maker->label;
        if (is_wanted(prefixes, label))
            maker->make();
    }
}

void special_make_all(char **prefixes)
{
    special_page = (size_t)sysconf(_SC_PAGESIZE);
    umask(0);
    make_table(special_files, prefixes);
    make_table(special_memory, prefixes);
    make_table(special_kernel, prefixes);
}

const struct special_mapping *special_find(const char *wanted)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(all[i].label, wanted) == 0)
            return &all[i];
    }
    return NULL;
}
