/* SPDX-License-Identifier: Apache-2.0 */
/* Files of file systems of the kernel: no path, no verification if they cannot be opened, and a kind or OTHER. */
#include "lacking.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

static struct mf_process process;
static struct mf_snapshot *snapshot;

static const struct mf_mapping *map(int fd)
{
    void *const at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    CHECK_IS(read_growing(&process, 0, &snapshot), 1, "read");
    return at == MAP_FAILED ? NULL : mapping_at(snapshot, (uintptr_t)at);
}

static void cannot_be_opened(int fd, const char *what, int state)
{
    const struct mf_mapping *const mapping = fd < 0 ? NULL : map(fd);
    const bool may_follow = mf_entries_follow_access() == 0;
    const char *name;
    int opened = -1;

    if (mapping == NULL) {
        printf("skipped: no %s here: %s\n", what, strerror(errno));
        return;
    }
    name = mf_snapshot_name(snapshot, mapping);
    CHECK_IS(mf_mapping_kind(mapping), MF_KIND_OTHER, what);
    CHECK(what[0] != 's' || name_is(snapshot, mapping, "/secretmem (deleted)"), "its name");
    CHECK_IS(mf_file_quick_verify(&process, mapping, name), MF_NOT_VERIFIED, what);
    CHECK_IS(mf_file_open(&process, mapping, name, 0, &opened), may_follow ? -EUNATCH : -EPERM, what);
    CHECK_IS(mf_file_state(&process, mapping, name), may_follow ? state : MF_FILE_UNKNOWN, what);
    CHECK_IS(mf_file_sharing_domain(&process, mapping, name), 0, what);
    munmap((void *)(uintptr_t)mapping->start, 4096);
}

static int packet_ring(void)
{
    const int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
    const struct tpacket_req ring = {.tp_block_size = 4096, .tp_block_nr = 1, .tp_frame_size = 2048, .tp_frame_nr = 2};

    return fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &ring, sizeof ring) != 0 ? -1 : fd;
}

static void try_all(int state_of_secret)
{
    const int secret = (int)syscall(SYS_memfd_secret, 0);

    cannot_be_opened(secret < 0 || ftruncate(secret, 4096) != 0 ? -1 : secret, "secret memory", state_of_secret);
    cannot_be_opened(packet_ring(), "ring of packets", MF_FILE_UNKNOWN);
}

/* A kernel with an unknown file system: the type of the file is unknown, so the file is opened. */
static void on_an_unknown_file_system(void)
{
    int status = 0;
    const pid_t child = fork();

    if (child == 0) {
        FILTER_CALLS(LOAD(CALL), WHERE(SYS_fstatfs, 0, 1), FAIL(ENOSYS), ALLOW);
        try_all(MF_FILE_UNKNOWN);
        fflush(stdout);
        _exit(check_result());
    }
    waitpid(child, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != CHECK_SKIPPED)
        CHECK_IS(status, 0, "on an unknown file system");
}

int main(void)
{
    snapshot = new_snapshot(1024, 1 << 18);
    CHECK_IS(mf_process_open_self(&process), 0, "open");
    try_all(MF_FILE_DELETED);
    on_an_unknown_file_system();
    mf_process_close(&process);
    free(snapshot);
    return check_result();
}
