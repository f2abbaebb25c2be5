/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The baseline of map_files: only system calls, relative to the descriptor of the directory. bare_files PID lists the entries
 * once. For each line of stdin it prints the nanoseconds per entry of one pass over all entries:
 *   readlink    readlinkat(2)
 *   stat        fstatat(2) of the file
 *   open        openat(2), fstat(2) and close(2)
 *   list        read(2) loop over the text of maps, and fstatat(2) of the file
 *   count       prints the number of entries
 */
#include "timing.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_ENTRIES 100000

static char names[MAX_ENTRIES][40];
static int count;
static int directory, maps;

static void list(void)
{
    DIR *const entries = fdopendir(dup(directory));
    const struct dirent *entry;

    while (entries != NULL && (entry = readdir(entries)) != NULL)
        if (entry->d_name[0] != '.' && count < MAX_ENTRIES && strlen(entry->d_name) < sizeof *names)
            strcpy(names[count++], entry->d_name);
    closedir(entries);
}

/* Reads the text of maps, from the beginning. */
static void read_maps(void)
{
    static char text[1 << 16];
    ssize_t length;

    lseek(maps, 0, SEEK_SET);
    while ((length = read(maps, text, sizeof text)) > 0)
        continue;
    if (length < 0)
        perror("read");
}

static double pass(char call)
{
    static char target[4096];
    const double begin = now_ns();
    struct stat file;

    if (call == 'l')
        read_maps();
    for (int i = 0; i < count; i++) {
        int fd;

        switch (call) {
        case 'r':
            if (readlinkat(directory, names[i], target, sizeof target) < 0)
                perror("readlink");
            break;
        case 's':
        case 'l':
            if (fstatat(directory, names[i], &file, 0) != 0)
                perror("stat");
            break;
        default:
            fd = openat(directory, names[i], O_RDONLY | O_CLOEXEC);
            if (fd < 0 || fstat(fd, &file) != 0)
                perror("open");
            close(fd);
        }
    }
    return (now_ns() - begin) / count;
}

int main(int argc, char **argv)
{
    char path[64];
    char line[64];

    snprintf(path, sizeof path, "/proc/%s/map_files", argc == 2 ? argv[1] : "self");
    directory = open(path, O_RDONLY | O_DIRECTORY);
    if (directory < 0) {
        perror(path);
        return 1;
    }
    snprintf(path, sizeof path, "/proc/%s/maps", argc == 2 ? argv[1] : "self");
    maps = open(path, O_RDONLY | O_CLOEXEC);
    if (maps < 0) {
        perror(path);
        return 1;
    }
    list();
    while (fgets(line, sizeof line, stdin) != NULL)
        print_result(line[0] == 'c' ? count : pass(line[0]));
    return 0;
}
