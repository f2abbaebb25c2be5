/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of file systems of the kernel, which have no path and mostly cannot be opened: those of alloc_file_pseudo() and
 * anon_inode_getfile() that can be mapped.
 */
#include "special_report.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RW (PROT_READ | PROT_WRITE)

/* Missing in older headers. */
#define SYS_io_uring_setup_  425
#define SYS_memfd_secret_    447
#define BPF_MMAPABLE         (1u << 10)
#define GUEST_MEMFD_MAPPABLE 1u  /* Linux 6.18 */
#define MADV_GUARD_INSTALL_  102 /* Linux 6.13 */

struct guest_memfd {
    uint64_t size, flags, reserved[6];
};
#define CREATE_GUEST_MEMFD _IOWR(KVMIO, 0xd4, struct guest_memfd)

static void map(const char *what, int fd, const char *kind, const char *deleted, const char *name)
{
    struct stat file;
    void *const at = fd < 0 ? MAP_FAILED : mmap(NULL, special_page, RW, MAP_SHARED, fd, 0); /* address of io_uring */

    if (at == MAP_FAILED || fstat(fd, &file) != 0) {
        special_skip(what);
        return;
    }
    special_report("", at, special_page, &(struct special_expected){"rw-s", kind, deleted, name, 0, &file, NULL});
    close(fd);
}

/* It cannot be opened, although it is a regular file with a link (mm/secretmem.c). */
static void secret_memory(void)
{
    const int fd = (int)syscall(SYS_memfd_secret_, 0);

    if (fd >= 0 && ftruncate(fd, (off_t)special_page) != 0)
        special_skip("ftruncate");
    map("memfd_secret", fd, "other", "yes", "/secretmem");
}

static void ring_of_io_uring(void)
{
    uint32_t parameters[30] = {0};

    map("io_uring_setup", (int)syscall(SYS_io_uring_setup_, 1, parameters), "anon_inode", "no", "anon_inode:[io_uring]");
}

static void packet_ring(void)
{
    const int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
    const struct tpacket_req ring = {.tp_block_size = (unsigned)special_page,
                                     .tp_block_nr = 1,
                                     .tp_frame_size = 2048,
                                     .tp_frame_nr = (unsigned)special_page / 2048};
    struct stat file;
    char name[40];

    if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &ring, sizeof ring) != 0 || fstat(fd, &file) != 0) {
        special_skip("a socket of AF_PACKET");
        return;
    }
    snprintf(name, sizeof name, "socket:[%lu]", (unsigned long)file.st_ino);
    map("PACKET_RX_RING", fd, "other", "no", name);
}

static void bpf_map(void)
{
    union bpf_attr attributes;

    memset(&attributes, 0, sizeof attributes);
    attributes.map_type = BPF_MAP_TYPE_ARRAY;
    attributes.key_size = 4;
    attributes.value_size = 8;
    attributes.max_entries = 1;
    attributes.map_flags = BPF_MMAPABLE;
    map("bpf", (int)syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof attributes), "anon_inode", "no", "anon_inode:bpf-map");
}

/* On its own file system since Linux 6.19 (virt/kvm/guest_memfd.c). */
static void guest_memory(void)
{
    const int machine = ioctl(open("/dev/kvm", O_RDWR), KVM_CREATE_VM, 0);
    struct guest_memfd memory = {.size = special_page, .flags = GUEST_MEMFD_MAPPABLE};
    const int fd = ioctl(machine, CREATE_GUEST_MEMFD, &memory);
    char link[40];
    char name[64] = "";

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (fd >= 0 && readlink(link, name, sizeof name - 1) > 0 && name[0] == '/')
        map("KVM_CREATE_GUEST_MEMFD", fd, "other", "yes", "/[kvm-gmem]");
    else
        map("KVM_CREATE_GUEST_MEMFD", fd, "anon_inode", "no", "anon_inode:[kvm-gmem]");
}

/* Private memory whose first page, two in the middle and the last one are unreadable; the others are full of one letter. */
static void guarded(void)
{
    enum { PAGES = 16 };
    char *const at = mmap(special_address(), PAGES * special_page, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

    if (at != MAP_FAILED)
        memset(at, 'g', PAGES * special_page);
    if (at == MAP_FAILED || madvise(at, special_page, MADV_GUARD_INSTALL_) != 0 ||
        madvise(at + 5 * special_page, 2 * special_page, MADV_GUARD_INSTALL_) != 0 ||
        madvise(at + (PAGES - 1) * special_page, special_page, MADV_GUARD_INSTALL_) != 0) {
        special_skip("MADV_GUARD_INSTALL");
        return;
    }
    special_report("", at, PAGES * special_page, &(struct special_expected){"rw-p", "anonymous", "no", NULL, 0, NULL, NULL});
}

const struct special_maker special_kernel[] = {
    {"secret-memory", secret_memory},
    {"ring-of-io-uring", ring_of_io_uring},
    {"packet-ring", packet_ring},
    {"bpf-map", bpf_map},
    {"guest-memory", guest_memory},
    {"guarded", guarded},
    {NULL, NULL},
};
