/* SPDX-License-Identifier: Apache-2.0 */
/* Special files: names, deletions, links, permissions. */
#include "special_report.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static char *absolute(const char *name)
{
    char *const directory = getcwd(NULL, 0);
    char *path;

    if (directory == NULL || asprintf(&path, "%s/%s", directory, name) < 0)
        abort();
    free(directory);
    return path;
}

static int new_file(const char *name, size_t pages)
{
    const int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0777);

    if (fd < 0 || ftruncate(fd, (off_t)(pages * special_page)) != 0) {
        perror(name);
        exit(1);
    }
    for (size_t i = 0; i < pages; i++) /* zeros verify nothing */
        if (pwrite(fd, "odd", 3, (off_t)(i * special_page)) != 3)
            exit(1);
    return fd;
}

/* Maps a descriptor and reports it under a path. */
static void map_fd(const char *suffix, int fd, const char *path, int prot, int flags, uint64_t offset, size_t pages,
                   const char *deleted)
{
    struct stat file;
    void *const at = mmap(special_address(), pages * special_page, prot, flags | MAP_FIXED, fd, (off_t)offset);
    const struct special_expected expected = {special_perms(prot, flags), "file", deleted, path, offset, &file, NULL};

    if (at == MAP_FAILED || fstat(fd, &file) != 0) {
        special_skip("mmap");
        return;
    }
    special_report(suffix, at, pages * special_page, &expected);
    snprintf(special_last()->name, sizeof special_last()->name, "%.255s", strrchr(path, '/') + 1);
}

/* A plain file of four pages, mapped as a whole and read-only. */
static int named_file(const char *name, const char *deleted)
{
    const int fd = new_file(name, 4);
    char *const path = absolute(name);

    map_fd("", fd, path, PROT_READ, MAP_PRIVATE, 0, 4, deleted);
    free(path);
    return fd;
}

#define NAMED(function, name)          \
    static void function(void)         \
    {                                  \
        close(named_file(name, "no")); \
    }

NAMED(plain, "plain")
NAMED(spaces, "a name with  blanks")
NAMED(newline, "a new\nline")
NAMED(literal_escape, "lit\\012x")
NAMED(newline_and_literal, "both\n\\012\n")
NAMED(tab, "a\ttab")
NAMED(leading_blank, " led by a blank")
NAMED(trailing_blanks, "followed by blanks  ")
NAMED(only_blanks, "   ")
NAMED(not_utf8, "latin-\xe9\xff\xfe")
NAMED(backslash, "back\\slash\\")
NAMED(truly_deleted_name, "true (deleted)")
NAMED(bracketed, "[heap]")

static void permissions(void)
{
    const int fd = new_file("permissions", 4);
    char *const path = absolute("permissions");

    map_fd("-rws", fd, path, PROT_READ | PROT_WRITE, MAP_SHARED, 0, 4, "no");
    map_fd("-rxp-offset", fd, path, PROT_READ | PROT_EXEC, MAP_PRIVATE, 2 * special_page, 1, "no");
    map_fd("-rwxp", fd, path, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE, 0, 2, "no");
    map_fd("-none", fd, path, PROT_NONE, MAP_PRIVATE, special_page, 1, "no");
    map_fd("-write-only", fd, path, PROT_WRITE, MAP_PRIVATE, 0, 1, "no");
    map_fd("-past-its-end", fd, path, PROT_READ, MAP_SHARED, 3 * special_page, 8, "no");
    map_fd("-far-offset", fd, path, PROT_READ, MAP_SHARED, 1ull << 40, 1, "no");
    free(path);
    close(fd);
}

static void deleted(void)
{
    close(named_file("deleted", "yes"));
    unlink("deleted");
}

static void deleted_true_name(void)
{
    close(named_file("gone (deleted)", "yes"));
    unlink("gone (deleted)");
}

static void unlinked_with_another_link(void)
{
    close(named_file("first link", "yes"));
    link("first link", "second link");
    unlink("first link");
}

static void renamed_over(void)
{
    close(named_file("renamed over", "yes"));
    close(new_file("newcomer", 1));
    rename("newcomer", "renamed over");
}

static void directory_removed(void)
{
    mkdir("sub", 0777);
    close(named_file("sub/file", "yes"));
    unlink("sub/file");
    rmdir("sub");
}

static void renamed(void)
{
    const int fd = new_file("old name", 4);
    char *const path = absolute("new name");

    map_fd("", fd, path, PROT_READ, MAP_PRIVATE, 0, 4, "no");
    rename("old name", "new name");
    free(path);
    close(fd);
}

static void two_names(void)
{
    const int fd = new_file("link a", 1);
    char *const a = absolute("link a");
    char *const b = absolute("link b");
    int other;

    link("link a", "link b");
    other = open("link b", O_RDONLY);
    map_fd("-a", fd, a, PROT_READ, MAP_PRIVATE, 0, 1, "no");
    map_fd("-b", other, b, PROT_READ, MAP_PRIVATE, 0, 1, "no");
    map_fd("-a-again", fd, a, PROT_READ, MAP_PRIVATE, 0, 1, "no");
    free(a);
    free(b);
    close(fd);
    close(other);
}

static void tmpfile_without_a_name(void)
{
    const int fd = open(".", O_TMPFILE | O_RDWR, 0600);
    struct stat file;
    char name[64];
    char *path;

    if (fd < 0) {
        special_skip("O_TMPFILE");
        return;
    }
    fstat(fd, &file);
    snprintf(name, sizeof name, "#%lu", (unsigned long)file.st_ino);
    path = absolute(name);
    map_fd("", fd, path, PROT_READ, MAP_SHARED, 0, 1, "yes");
    free(path);
    close(fd);
}

/* More than 4,096 bytes: no system call accepts such a path, so each directory is made relative to the previous one. */
static void long_path(void)
{
    char step[201] = "";
    char *path = absolute("");
    int directory = open(".", O_RDONLY | O_DIRECTORY);
    int fd;

    memset(step, 'd', sizeof step - 1);
    for (int depth = 0; depth < 22; depth++) {
        char *longer;
        int below;

        mkdirat(directory, step, 0777);
        below = openat(directory, step, O_RDONLY | O_DIRECTORY);
        close(directory);
        directory = below;
        if (below < 0 || asprintf(&longer, "%s%s/", path, step) < 0) {
            special_skip("mkdirat");
            return;
        }
        free(path);
        path = longer;
    }
    fd = openat(directory, "f", O_RDWR | O_CREAT, 0666);
    path = realloc(path, strlen(path) + 2);
    strcat(path, "f");
    map_fd("", fd, path, PROT_READ, MAP_PRIVATE, 0, 1, "no");
    free(path);
    close(fd);
    close(directory);
}

const struct special_maker special_files[] = {
    {"plain", plain},
    {"spaces", spaces},
    {"newline", newline},
    {"literal-escape", literal_escape},
    {"newline-and-literal", newline_and_literal},
    {"tab", tab},
    {"leading-blank", leading_blank},
    {"trailing-blanks", trailing_blanks},
    {"only-blanks", only_blanks},
    {"not-utf8", not_utf8},
    {"backslash", backslash},
    {"truly-deleted-name", truly_deleted_name},
    {"bracketed", bracketed},
    {"permissions", permissions},
    {"deleted", deleted},
    {"deleted-true-name", deleted_true_name},
    {"unlinked-with-another-link", unlinked_with_another_link},
    {"renamed-over", renamed_over},
    {"directory-removed", directory_removed},
    {"renamed", renamed},
    {"two-names", two_names},
    {"tmpfile", tmpfile_without_a_name},
    {"long-path", long_path},
    {NULL, NULL},
};
