/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process with COUNT mappings like those of a large JVM: target COUNT DIRECTORY. It maps libraries of five segments, one of
 * them executable; index files, each once; thread stacks with a guard page; and anonymous arenas. It prints "ready". For
 * each line of stdin it changes the permissions of an arena in the middle, and prints a 1. It exits when stdin ends.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096

static int made;
static char *newest; /* mapping */

/* Maps pages apart from other mappings, so they are never merged. */
static void map(size_t pages, int prot, int flags, int fd, size_t offset_pages)
{
    static char *next = (char *)0x200000000000;

    next += (made % 97 == 0 ? 1 << 30 : 0) + (1 + made % 3) * PAGE; /* clusters with holes */
    if (mmap(next, pages * PAGE, prot, flags | MAP_FIXED_NOREPLACE, fd, (off_t)(offset_pages * PAGE)) == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    newest = next;
    next += pages * PAGE;
    made++;
}

/* Creates a file to map. */
static int file(const char *format, int number)
{
    char name[160];
    const int fd = (snprintf(name, sizeof name, format, number), open(name, O_RDWR | O_CREAT, 0777));

    if (fd < 0 || ftruncate(fd, 16 * PAGE) != 0) {
        perror(name);
        exit(1);
    }
    return fd;
}

static void library(int number)
{
    const int fd = file("libmapfiles-benchmark-library-%06d.so.1.2.3", number);

    map(1, PROT_READ, MAP_PRIVATE, fd, 0);
    map(4, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 1);
    map(2, PROT_READ, MAP_PRIVATE, fd, 5);
    map(1, PROT_READ, MAP_PRIVATE, fd, 7);
    map(1, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 8);
    close(fd);
}

static void index_file(int number)
{
    const int fd = file("index-segment_%06d_Lucene99_0.dvd", number);

    map(4, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
}

static void stack_of_thread(void)
{
    map(1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    map(16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

int main(int argc, char **argv)
{
    const int wanted = argc == 3 ? atoi(argv[1]) : 0;
    char *arena = NULL;
    int writable = 0;
    int byte;

    if (wanted < 100 || chdir(argv[2]) != 0) {
        fprintf(stderr, "usage: target COUNT DIRECTORY\n");
        return 2;
    }
    for (int number = 0; made < wanted - 60; number++) { /* 60: the program's own mappings, and the last round */
        if (number % 40 == 0)                            /* a process with many mappings has few executable ones */
            library(number);
        for (int i = 0; i < 5; i++)
            index_file(number * 5 + i);
        stack_of_thread();
        map(2, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (made < wanted / 2 || arena == NULL)
            arena = newest;
    }
    puts("ready");
    fflush(stdout);
    while ((byte = getchar()) != EOF) {
        if (byte != '\n')
            continue;
        if (mprotect(arena, 2 * PAGE, writable ? PROT_READ | PROT_WRITE : PROT_READ) < 0) {
            perror("mprotect");
            return 1;
        }
        writable = !writable;
        puts("1");
        fflush(stdout);
    }
    return 0;
}
