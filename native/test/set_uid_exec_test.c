/* SPDX-License-Identifier: Apache-2.0 */
/* A process that executes a set-user-ID program is no longer readable: each operation on its files has the same result. */
#include "check.h"
#include "process/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define USER 65534
#define ALL  (MF_ENTRY_TARGET | MF_ENTRY_ACCESS | MF_ENTRY_STAT)

static struct mf_process process;
static struct mf_snapshot *snapshot;
static char program[192]; /* of root, with the set-user-ID bit */
static void *at;          /* of a file that each child has mapped */

/* A child that executes the program when its input has a byte. The program closes that input at its start. */
static pid_t start_target(int *input)
{
    int in[2];
    pid_t child;

    if (pipe(in) != 0)
        abort();
    child = fork();
    if (child == 0) {
        char byte;

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        fcntl(in[0], F_SETFD, FD_CLOEXEC);
        fcntl(in[1], F_SETFD, FD_CLOEXEC);
        close(in[1]);
        if (read(in[0], &byte, 1) == 1)
            execl(program, program, "60", (char *)NULL);
        _exit(1);
    }
    close(in[0]);
    *input = in[1];
    return child;
}

/* Returns whether the program runs as root. On a nosuid mount it does not. */
static bool is_set_uid(pid_t child)
{
    char path[64], line[256];
    int real, effective = -1;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/status", (int)child);
    for (int i = 0; i < 5000 && effective != 0; i++) {
        file = fopen(path, "r");
        while (file != NULL && fgets(line, sizeof line, file) != NULL)
            (void)sscanf(line, "Uid: %d %d", &real, &effective);
        if (file != NULL)
            fclose(file);
        usleep(1000);
    }
    return effective == 0;
}

/*
 * Reads parts of an entry until they are denied. On Linux 7.3 a mapping of the earlier program may be missing for a moment before it
 * is denied. Nothing is known of it then.
 */
static int read_denied(const struct mf_mapping *mapping, const char *name, uint32_t parts)
{
    char target[MF_NAME_MAX];
    struct mf_entry entry;
    int rc = 0;

    for (int i = 0; i < 60000 && rc == 0; i++) {
        rc = mf_entry_read(&process, mapping, name, parts, &entry, target);
        CHECK(entry.target_error != 0 && entry.access_error != 0 && entry.stat_error != 0, "a part of %x is known", parts);
        if (rc == 0)
            usleep(1000);
    }
    return rc;
}

static void everything_is_denied(const char *what)
{
    const struct mf_mapping *const mapping = mapping_at(snapshot, (uintptr_t)at);
    const char *const name = mf_snapshot_name(snapshot, mapping);
    const size_t bytes = mf_entries_bytes(64, 1 << 14);
    struct mf_entries *const entries = malloc(bytes);
    int fd = -1;

    CHECK_IS(mf_entries_init(entries, bytes, 64, 1 << 14), 0, "init");
    for (uint32_t part = MF_ENTRY_TARGET; part <= ALL; part++)
        if ((part & ~(uint32_t)ALL) == 0)
            CHECK_IS(read_denied(mapping, name, part), -EACCES, what);
    CHECK_IS(mf_entries_read(&process, snapshot, ALL, entries), -EACCES, what);
    CHECK_IS(mf_entries_list_access(&process), -EACCES, what);
    CHECK_IS(mf_mapping_validate(&process, mapping), -EACCES, what);
    CHECK_IS(mf_file_open(&process, mapping, name, 0, &fd), -EACCES, what);
    CHECK_IS(mf_file_state(&process, mapping, name), -EACCES, what);
    free(entries);
}

/* Returns CHECK_SKIPPED if no program can change its user here. */
static int try(bool has_query, bool is_listed_before)
{
    int result = 0;
    int input;
    const pid_t child = start_target(&input);

    CHECK_IS(mf_process_open_pid(child, &process), 0, "open");
    CHECK_IS(read_growing(&process, MF_FILE_BACKED | MF_BY_TEXT, &snapshot), 1, "read");
    if (!has_query)
        mf_state(&process)->traits &= ~(uint32_t)MF_TRAIT_QUERY;
    if (is_listed_before)
        CHECK_IS(mf_entries_list_access(&process), 0, "list");
    CHECK_IS(write(input, "x", 1), 1, "write");
    if (!is_set_uid(child))
        result = CHECK_SKIPPED;
    else
        everything_is_denied(is_listed_before ? "map_files was open before" : "map_files was not open before");
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close(input);
    mf_process_close(&process);
    return result;
}

static int try_as_user(void)
{
    int result = 0;

    if (setgid(USER) != 0 || setuid(USER) != 0 || prctl(PR_SET_DUMPABLE, 1) != 0)
        return 1;
    snapshot = new_snapshot(256, 1 << 16);
    for (int i = 0; i < 4 && result == 0; i++)
        result = try(i & 1, i & 2);
    free(snapshot);
    return result != 0 ? result : check_result();
}

int main(void)
{
    const char *directory;
    char command[600];
    int status = 0;
    pid_t child;
    int fd;

    if (geteuid() != 0) {
        puts("skipped: takes root, to make a set-user-ID program");
        return CHECK_SKIPPED;
    }
    directory = new_directory("set-uid");
    snprintf(program, sizeof program, "%s/sleep", directory);
    snprintf(command, sizeof command, "cp \"$(command -v sleep)\" '%s' && chmod 4755 '%s' && chmod 755 '%s'", program, program,
             directory);
    fd = system(command) != 0 ? -1 : open(program, O_RDONLY);
    at = fd < 0 ? MAP_FAILED : mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at == MAP_FAILED)
        return 1;
    close(fd);
    child = fork();
    if (child == 0)
        exit(try_as_user());
    waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == CHECK_SKIPPED)
        printf("skipped: a program in %s does not get the user of its file (a nosuid mount)\n", directory);
    else
        CHECK_IS(status, 0, "as a user");
    if (remove_directory(directory) != 0)
        return 1;
    return WIFEXITED(status) && WEXITSTATUS(status) == CHECK_SKIPPED ? CHECK_SKIPPED : check_result();
}
