/* SPDX-License-Identifier: Apache-2.0 */
/* File systems for tests, mounted in the test's own namespace: a place is a directory in which files are made and mapped. */
#ifndef MF_PLACES_H
#define MF_PLACES_H

#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>

struct place {
    const char *name;
    const char *source; /* the directory in which a new file is made, relative to the test's directory */
    const char *seen;   /* the directory in which it is mapped */
    int (*make)(void);  /* makes both; 0, or -1 with errno */
};

static int place_here(void)
{
    return mkdir("here", 0777);
}

/* Makes a directory and mounts a file system there. If the mount fails, the directory is removed, and the place is skipped. */
static int mount_at(const char *directory, const char *type, const char *options)
{
    int error;

    if (mkdir(directory, 0777) != 0)
        return -1;
    if (mount("none", directory, type, 0, options) == 0)
        return 0;
    error = errno;
    rmdir(directory);
    errno = error;
    return -1;
}

static int place_tmpfs(void)
{
    return mount_at("tmpfs", "tmpfs", NULL);
}

/* The layers are on the file system of the test's directory. Both places share them. */
static int place_overlay(void)
{
    if (access("merged", F_OK) == 0)
        return 0;
    (void)(mkdir("lower", 0777) | mkdir("upper", 0777) | mkdir("work", 0777));
    return mount_at("merged", "overlay", "lowerdir=lower,upperdir=upper,workdir=work");
}

/* The lower layer is on another file system than the upper one: maps has device numbers that no file system has. */
static int place_mixed_overlay(void)
{
    if (mkdir("upper2", 0777) | mkdir("work2", 0777) || mount_at("lower2", "tmpfs", NULL) != 0)
        return -1;
    return mount_at("merged2", "overlay", "lowerdir=lower2,upperdir=upper2,workdir=work2");
}

/* A file system in a file, made by installed tools, which print their own errors. */
static int place_btrfs(void)
{
    static const char make[] = "command -v mkfs.btrfs >/dev/null && truncate -s 128M btrfs.img && mkdir btrfs && "
                               "mkfs.btrfs -q btrfs.img >/dev/null && mount -o loop btrfs.img btrfs && "
                               "btrfs -q subvolume create btrfs/volume >/dev/null";

    errno = ENOTSUP;
    return system(make) == 0 ? 0 : -1;
}

static const struct place places[] = {
    {"the test's directory", "here", "here", place_here},
    {"tmpfs", "tmpfs", "tmpfs", place_tmpfs},
    {"overlayfs, lower layer", "lower", "merged", place_overlay},
    {"overlayfs, upper layer", "merged", "merged", place_overlay},
    {"overlayfs, lower layer on another file system", "lower2", "merged2", place_mixed_overlay},
    {"btrfs subvolume", "btrfs/volume", "btrfs/volume", place_btrfs},
};

#define PLACES ((int)(sizeof places / sizeof *places))

/* Makes a mount namespace, whose mounts end with the test: 0, or -1 if this user is not permitted to. */
static inline int places_prepare(void)
{
    return syscall(SYS_unshare, CLONE_NEWNS) == 0 ? mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) : -1;
}

/* Makes a place. If that fails, prints the reason. */
static inline int place_is_made(const struct place *place)
{
    if (place->make() == 0)
        return 1;
    printf("skipped on %s: %s\n", place->name, strerror(errno));
    return 0;
}

/* Writes a file of three pages full of one letter. */
static inline void place_file(const char *path, char letter)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    char page[PAGE];

    memset(page, letter, sizeof page);
    for (int i = 0; i < 3; i++)
        if (write(fd, page, sizeof page) != sizeof page)
            abort();
    close(fd);
}

#endif
