/* SPDX-License-Identifier: Apache-2.0 */
/* What a target or a file chooses ends within a bound: endless text, one file by very many names, files without data. */
#include "places.h"

#include "../src/confirm.h"
#include "../src/gate.h"

#include <sys/mman.h>

/* A process whose maps has no end: /dev/zero in a directory that stands for that of a process. */
static struct mf_process process_of_endless_text(void)
{
    if (mkdir("endless", 0777) != 0 || symlink("/dev/zero", "endless/maps") != 0)
        abort();
    return (struct mf_process){
        .proc_fd = open("endless", O_RDONLY | O_DIRECTORY),
        .maps_fd = open("/dev/zero", O_RDONLY),
        .files_fd = -1,
    };
}

static void text_without_an_end(void)
{
    static const struct mf_mapping some = {.start = 0x1000, .end = 0x2000, .file_index = -1};
    struct mf_process process = process_of_endless_text();
    struct mf_snapshot *const snapshot = new_snapshot(4, 4096);
    struct mf_mapping found;

    CHECK_IS(mf_snapshot_read(&process, MF_BY_TEXT, NULL, snapshot), -ENOBUFS, "a snapshot");
    CHECK(mf_snapshot_bytes(snapshot->needed_mappings, snapshot->needed_text) == 0, "no snapshot has room for %u bytes",
          snapshot->needed_text);
    CHECK_IS(mf_confirm(&process, &some), -EFBIG, "whether a record holds");
    if (mf_gate_is_near(0, true)) /* on x86-64 alone */
        CHECK_IS(mf_gate_find(&process, 0, &found), -EFBIG, "whether there is [vsyscall]");
    mf_process_close(&process);
    free(snapshot);
}

/* Searched one after the other, as they once were, these would take longer than ctest waits. */
static void one_file_by_very_many_names(void)
{
    enum { NAMES = 400000, LINE = 128 };
    char *const text = malloc(NAMES * LINE);
    struct mf_snapshot *const snapshot = new_snapshot(NAMES, NAMES * LINE);
    size_t length = 0;

    for (uint32_t i = 0; i < NAMES; i++) /* each name twice, far apart */
        length += (size_t)sprintf(text + length, "%08x-%08x r--p 00000000 08:01 4711 %37s/a/link/%06u/x\n", 0x10000000 + i * 0x2000,
                                  0x10001000 + i * 0x2000, "", i % (NAMES / 2));
    CHECK_IS(mf_snapshot_parse(text, length, 0, snapshot), 1, "parse");
    CHECK_IS(snapshot->mapping_count, NAMES, "mappings");
    CHECK_IS(snapshot->file_count, NAMES / 2, "files");
    for (int i = 0; i < NAMES; i++)
        if (mf_snapshot_mappings(snapshot)[i].file_index != i % (NAMES / 2)) {
            CHECK_IS(mf_snapshot_mappings(snapshot)[i].file_index, i % (NAMES / 2), "file index");
            break;
        }
    free(snapshot);
    free(text);
}

static void a_mapping_too_large_to_be_compared(void)
{
    const size_t bytes = 1ull << 40;
    static struct mf_answer answer;
    struct mf_process process;
    void *at;
    int out;
    int fd;

    if (places_prepare() != 0 || place_overlay() != 0) {
        printf("skipped: a large mapping on overlayfs: %s\n", strerror(errno));
        return;
    }
    fd = open("merged/large", O_RDWR | O_CREAT, 0666);
    if (fd < 0 || ftruncate(fd, (off_t)bytes) != 0)
        abort();
    at = mmap(NULL, bytes, PROT_READ, MAP_SHARED | MAP_NORESERVE, fd, 0);
    close(fd);
    if (at == MAP_FAILED || mf_process_open_self(&process) != 0)
        abort();
    if (mf_query(&process, (uintptr_t)at, MF_COVERING, &answer) != 0) {
        puts("skipped: a large mapping on overlayfs: no PROCMAP_QUERY");
    } else {
        CHECK_IS(mf_file_open(&process, &answer.mapping, answer.name, 0, &out), -ENODATA, "nothing proves it");
        CHECK_IS(mf_file_open(&process, &answer.mapping, answer.name, MF_OPEN_UNVERIFIED, &out), MF_NOT_VERIFIED, "unverified");
        close(out);
    }
    mf_process_close(&process);
    munmap(at, bytes);
    umount2("merged", MNT_DETACH);
}

int main(void)
{
    const char *const directory = new_directory("bounds");

    if (chdir(directory) != 0)
        abort();
    text_without_an_end();
    one_file_by_very_many_names();
    a_mapping_too_large_to_be_compared();
    if (chdir("/") != 0 || remove_directory(directory) != 0)
        return 1;
    return check_result();
}
