/* SPDX-License-Identifier: Apache-2.0 */
/* Text and query return equal mappings of a process with hundreds of special mappings, and those that it reports. */
#include "check.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *directory;
static struct mf_process process;
static FILE *to_child;
static FILE *from_child;
static pid_t child;
static char line[16384];

static void start_child(void)
{
    const char *const program = getenv("SPECIAL_PROCESS");
    int down[2];
    int up[2];

    directory = new_directory("odd");
    if (program == NULL || pipe(down) != 0 || pipe(up) != 0) {
        fprintf(stderr, "SPECIAL_PROCESS names the child to start\n");
        exit(1);
    }
    child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(down[0], 0);
        dup2(up[1], 1);
        close(down[1]);
        close(up[0]);
        execl(program, program, directory, (char *)NULL);
        _exit(127);
    }
    close(down[0]);
    close(up[1]);
    to_child = fdopen(down[1], "w");
    from_child = fdopen(up[0], "r");
}

static void end_child(void)
{
    fclose(to_child);
    fclose(from_child);
    waitpid(child, NULL, 0);
    rmdir(directory);
}

static bool name_is_hex(const struct mf_snapshot *snapshot, const struct mf_mapping *mapping, const char *hex)
{
    const char *const name = mf_snapshot_name(snapshot, mapping);
    const size_t length = strcmp(hex, "-") == 0 ? 0 : strlen(hex) / 2;

    for (size_t i = 0; i < length && i < mapping->name_length; i++) {
        unsigned byte;

        if (sscanf(hex + 2 * i, "%2x", &byte) != 1 || (uint8_t)name[i] != byte)
            return false;
    }
    /* A suffix that may be part of the file name stays. */
    return mapping->name_length == length || (mapping->flags & MF_SUFFIXED && mapping->name_length == length + 10);
}

/* Compares a MADE line with the snapshot. */
static void check_made(const struct mf_snapshot *snapshot)
{
    char label[64], perms[8], inode[24], kind[24], deleted[8], name[12000];
    uint64_t start, end, offset;
    unsigned major, minor;
    const struct mf_mapping *mapping;

    if (sscanf(line, "MADE\t%63[^\t]\t%lx\t%lx\t%7s\t%lx\t%u\t%u\t%23s\t%23s\t%7s\t%11999s", label, &start, &end, perms,
               &offset, &major, &minor, inode, kind, deleted, name) != 11) {
        CHECK(false, "cannot read %s", line);
        return;
    }
    mapping = mapping_at(snapshot, start);
    CHECK(mapping != NULL, "%s is not there", label);
    if (mapping == NULL)
        return;
    CHECK_IS(mapping->start, start, label);
    CHECK_IS(mapping->end, end, label);
    CHECK_IS(mapping->offset, offset, label);
    CHECK_IS(mapping->flags & 15, (perms[0] == 'r') | (perms[1] == 'w') << 1 | (perms[2] == 'x') << 2 | (perms[3] == 's') << 3,
             label);
    if (strcmp(inode, "-") != 0)
        CHECK_IS(mapping->inode, strtoull(inode, NULL, 10), label);
    CHECK(name_is_hex(snapshot, mapping, name), "name of %s: got %.*s", label, (int)mapping->name_length,
          mf_snapshot_name(snapshot, mapping));
    CHECK_IS(mf_deletion(&process, mapping, mf_snapshot_name(snapshot, mapping)),
             deleted[0] == 'y' ? MF_IS_DELETED : MF_NOT_DELETED, label);
}

static int made_count;

static struct mf_snapshot *read_report(void)
{
    struct mf_snapshot *snapshot = new_snapshot(512, 1 << 16);
    char *report = NULL;
    size_t length = 0;
    FILE *const lines = open_memstream(&report, &length);
    FILE *again;

    while (fgets(line, sizeof line, from_child) != NULL && strcmp(line, "READY\n") != 0)
        fputs(line, lines);
    fclose(lines);
    CHECK_IS(mf_process_open_pid(child, &process), 0, "open the child");
    CHECK_IS(read_growing(&process, MF_BY_TEXT, &snapshot), 1, "read the child");
    again = fmemopen(report, length, "r");
    while (fgets(line, sizeof line, again) != NULL) {
        if (strncmp(line, "MADE", 4) == 0) {
            made_count++;
            if (geteuid() == 0) /* only root can verify a deletion */
                check_made(snapshot);
        } else {
            printf("%s", line);
        }
    }
    fclose(again);
    free(report);
    return snapshot;
}

static void compare_backends(const char *what)
{
    struct mf_snapshot *text = new_snapshot(512, 1 << 16);
    struct mf_snapshot *query = new_snapshot(512, 1 << 16);

    for (uint32_t filter = 0; filter < 32; filter++) {
        CHECK_IS(read_growing(&process, filter | MF_BY_TEXT, &text), 1, what);
        CHECK_IS(read_growing(&process, filter | MF_BY_QUERY, &query), 1, what);
        CHECK(same_records(text, query), "%s, filter %u: the backends differ", what, filter);
        CHECK(text->file_count == query->file_count, "%s, filter %u: %u files against %u", what, filter, text->file_count,
              query->file_count);
    }
    free(text);
    free(query);
}

static void order(const char *command)
{
    fprintf(to_child, "%s\n", command);
    fflush(to_child);
    CHECK(fgets(line, sizeof line, from_child) != NULL && strncmp(line, "OK", 2) == 0, "%s: %s", command, line);
}

int main(void)
{
    skip_if_emulated();
    start_child();
    free(read_report());
    CHECK(made_count > 50, "only %d odd mappings", made_count);
    if (!has_query(&process)) {
        puts("skipped: this kernel has no PROCMAP_QUERY to compare with");
    } else {
        compare_backends("odd mappings, one with a path too long for the query");
        order("unmap long-path");
        compare_backends("odd mappings");
        order("many 3000");
        compare_backends("many mappings");
    }
    mf_process_close(&process);
    end_child();
    return check_result();
}
