/* SPDX-License-Identifier: Apache-2.0 */
#include "odd_report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <unistd.h>

size_t odd_page;
static struct odd_made all[128];
static size_t count;
static const char *label; /* of the table entry at work */

void *odd_place(void)
{
    static uintptr_t place = 0x1000000000;

    return (void *)(place += 4 << 20);
}


void odd_skip(const char *what)
{
    printf("SKIP\t%s\t%s: %s\n", label, what, strerror(errno));
}

void odd_report(const char *suffix, const void *at, size_t size, const struct odd_told *told)
{
    struct odd_made *const made = &all[count++];
    char *full_label;

    if (asprintf(&full_label, "%s%s", label, suffix) < 0 || count == sizeof all / sizeof *all)
        abort();
    made->label = full_label;
    made->start = (uintptr_t)at;
    made->size = size;
    printf("MADE\t%s\t%lx\t%lx\t%s\t%lx\t", full_label, (unsigned long)at, (unsigned long)at + size, told->perms,
           (unsigned long)told->offset);
    if (told->file != NULL)
        printf("%u\t%u\t", major(told->file->st_dev), minor(told->file->st_dev));
    else
        printf("0\t0\t");
    if (told->inode != NULL)
        printf("%s", told->inode);
    else
        printf("%lu", told->file ? (unsigned long)told->file->st_ino : 0);
    printf("\t%s\t%s\t", told->kind, told->deleted);
    if (told->name == NULL)
        putchar('-');
    for (const char *byte = told->name; byte != NULL && *byte; byte++)
        printf("%02x", (uint8_t)*byte);
    putchar('\n');
}

const char *odd_perms(int prot, int flags)
{
    static char text[5];

    snprintf(text, sizeof text, "%c%c%c%c", prot & PROT_READ ? 'r' : '-', prot & PROT_WRITE ? 'w' : '-',
             prot & PROT_EXEC ? 'x' : '-', flags & MAP_SHARED ? 's' : 'p');
    return text;
}

struct odd_made *odd_last(void)
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

static void make_table(const struct odd_maker *maker, char **prefixes)
{
    for (; maker->label != NULL; maker++) {
        label = maker->label;
        if (is_wanted(prefixes, label))
            maker->make();
    }
}

void odd_make_all(char **prefixes)
{
    odd_page = (size_t)sysconf(_SC_PAGESIZE);
    umask(0);
    make_table(odd_files, prefixes);
    make_table(odd_memory, prefixes);
    make_table(odd_kernel, prefixes);
}

const struct odd_made *odd_find(const char *wanted)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(all[i].label, wanted) == 0)
            return &all[i];
    }
    return NULL;
}
