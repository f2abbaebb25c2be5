/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MAPFILES_RESIDENT_H
#define MAPFILES_RESIDENT_H

/**
 * @file
 * mapfiles: how much of a process' memory is present. From the page tables, for any range and cheaply; and from smaps, for
 * what only the kernel can add up: the proportional size, and shared and private pages.
 *
 * The target is the calling process, or one that the caller may read (ptrace(2), PTRACE_MODE_READ). pagemap has the file
 * permissions of its owner alone: for another user's process CAP_DAC_READ_SEARCH is needed with CAP_SYS_PTRACE.
 * Errors, signals and threads are as mapfiles.h describes them.
 *
 * **Moving memory.** The pages are read after the mappings, while the target runs. A page belongs to the mapping that covered
 * its address when the mappings were read, although another one may cover it now. Ranges are sorted and do not overlap, so
 * the bytes of a range never exceed its size. Whether the mappings are still the same, mf_snapshot_read() returns.
 *
 * **Differences from smaps.**
 *  - Zero pages are counted apart. smaps does not count them.
 *  - Pages of hugetlbfs count as present. smaps reports them as Private_Hugetlb and Shared_Hugetlb, not as Rss.
 *  - Shared memory that is in swap is in no page table, so it is not counted. smaps counts it as Swap.
 *  - Mappings of device memory (VM_PFNMAP) and [vsyscall] have no pages here, nor in smaps. Other pages without a structure in
 *    the kernel count as anonymous; smaps does not count them.
 *  - A page that the kernel is moving, and a marker of userfaultfd(2), count as swapped. So do guard pages (MADV_GUARD_INSTALL)
 *    on Linux 6.13 and 6.14.
 */

#include "mapfiles.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Pages ------------------------------------------------------------------------------------------------------- */

/** Categories of pages: bits of mf_page_range.categories. Each range has MF_PAGE_PRESENT or MF_PAGE_SWAPPED, not both. */
enum mf_page_category {
    MF_PAGE_FILE = 1u << 2,    /**< a page of a file or of shared memory; every page of a shared mapping, but for the zero page.
                                    Otherwise it is anonymous: also a private copy of a file's page */
    MF_PAGE_PRESENT = 1u << 3, /**< in memory, in the page table of the process */
    MF_PAGE_SWAPPED = 1u << 4, /**< in swap */
    MF_PAGE_ZERO = 1u << 5,    /**< the zero page of the kernel: memory that was read and never written to. The huge zero page
                                    has this bit since Linux 6.16, and is anonymous and huge before */
    MF_PAGE_HUGE = 1u << 6,    /**< a page of hugetlbfs, or a huge page that is mapped as a whole */
};

/** Neighbouring pages of equal categories. 24 bytes. */
struct mf_page_range {
    uint64_t start;      /**< first address, page-aligned */
    uint64_t end;        /**< end (exclusive) */
    uint64_t categories; /**< bits of enum mf_page_category */
};

/** A walk through a range. Set next and end before the first call of mf_resident_read(). */
struct mf_resident_walk {
    uint64_t next;     /**< in and out: the first address that is not read yet */
    uint64_t end;      /**< end (exclusive) of the range; UINT64_MAX: the whole address space */
    uint32_t known;    /**< out, of this call alone: the bits of enum mf_page_category that the kernel reports. Before Linux
                            6.7 MF_PAGE_ZERO and MF_PAGE_HUGE are unknown: zero pages are anonymous, the huge zero page is of
                            a file, and no range is huge. What several calls know together is the bitwise AND of theirs */
    uint32_t unneeded; /**< in: 0; or MF_PAGE_FILE: if it is cheaper, all pages of private mappings of files are reported as
                            pages of the file, private copies too. Then known has no MF_PAGE_FILE */
};

/**
 * Reads the next pages of a range that are present or in swap. Call it until walk->next equals walk->end.
 *
 * One system call (PAGEMAP_SCAN) reads neighbouring mappings, in about 15 ns for each page that is present. In private mappings
 * of files, pages of the file and private copies are distinguished, by system calls of their own. That takes about 90 ns for a
 * page, because the kernel reads its structure; MF_PAGE_FILE in walk->unneeded avoids it. A call of this function reads at most
 * 2^18 present pages, which are a gigabyte of 4 KiB each. Before Linux 6.7, and where a system call filter blocks it,
 * /proc/PID/pagemap is read, 8 bytes for each page that is mapped. The page table of the target is locked for reading
 * meanwhile.
 *
 * @param snapshot  the mappings of the process. Pages before the first and after the last are not read. In gaps between
 *                  mappings pages are read only by PAGEMAP_SCAN, and their MF_PAGE_FILE may be that of a mapping nearby.
 * @param walk      next is rounded down to a page, end up. If an error is returned, next and end are unchanged.
 * @param[out] out  sorted by start, without overlaps. The first range may continue the last one of the call before.
 * @param capacity  number of ranges, from 1. The call ends when they are used up.
 * @return the number of ranges, from 0 to @p capacity
 * @retval -ENOTSUP the kernel has no pagemap
 * @retval -EINVAL  @p capacity is 0 or above INT32_MAX, @p snapshot is not initialised, next is above end, or
 *                  unneeded has another bit
 * @retval -ESRCH   the process has exited, or has called execve(2) twice during the call
 * @retval -EPERM   Linux before 4.2: CAP_SYS_ADMIN is missing
 * @return -EACCES, -ECHILD, -EMFILE, -ENFILE, -ENOMEM as mapfiles.h describes.
 *
 * Takes 8 KiB of stack.
 */
MF_API int32_t mf_resident_read(const struct mf_process *process, const struct mf_snapshot *snapshot,
                                struct mf_resident_walk *walk, struct mf_page_range *out, uint32_t capacity);

/** Bytes of a range by category. */
struct mf_resident_bytes {
    uint64_t present;   /**< in memory: file, anonymous and zero. Without zero it is what smaps calls Rss */
    uint64_t swapped;   /**< in swap */
    uint64_t file;      /**< present pages of files and of shared memory */
    uint64_t anonymous; /**< present pages of neither a file nor the zero page; in a mapping of a file: private copies */
    uint64_t huge;      /**< present huge pages, without the zero page; also counted as file or anonymous */
    uint64_t zero;      /**< present zero pages */
};

/**
 * Adds the bytes of [start, end) to @p sums. Pages that lie in it partly are counted partly. No system call.
 *
 * @param ranges  as mf_resident_read() returns them: results of several calls may be stored one after the other.
 */
MF_API void mf_resident_add(const struct mf_page_range *ranges, uint32_t count, uint64_t start, uint64_t end,
                            struct mf_resident_bytes *sums);

/* ---- smaps ------------------------------------------------------------------------------------------------------- */

/** What smaps reports for one mapping, in bytes. 72 bytes. */
struct mf_smaps {
    uint64_t start;         /**< first address of the mapping */
    uint64_t end;           /**< end (exclusive) */
    uint64_t rss;           /**< present */
    uint64_t pss;           /**< present, each page divided by the number of processes that map it */
    uint64_t shared_clean;  /**< mapped by several processes, not modified */
    uint64_t shared_dirty;  /**< mapped by several processes, modified */
    uint64_t private_clean; /**< mapped by this process only, not modified */
    uint64_t private_dirty; /**< mapped by this process only, modified */
    uint64_t swap;          /**< in swap, shared memory included */
};

/**
 * Reads /proc/PID/smaps. It costs 10 times as much as mf_resident_read() or more: the kernel visits the structure of each page
 * and writes 700 bytes of text for each mapping.
 *
 * @param[out] out    one for each mapping, sorted by start.
 * @param[out] count  the number of mappings that smaps has, also if @p out has room for fewer; valid for 0 and -ENOBUFS.
 * @retval 0        done
 * @retval -ENOBUFS @p out holds the first @p capacity mappings
 * @retval -ENOTSUP the kernel has no smaps
 * @retval -ESRCH   the process has exited, or has called execve(2) during each of four reads
 * @return -ECHILD, -EACCES, -EFBIG, -EMFILE, -ENFILE, -ENOMEM as mapfiles.h describes.
 *
 * Takes 8 KiB of stack.
 */
MF_API int mf_smaps_read(const struct mf_process *process, struct mf_smaps *out, uint32_t capacity,
                                uint32_t *count);

/**
 * Reads the sums of all mappings from /proc/PID/smaps_rollup (Linux 4.14+; before, the sums of smaps). The kernel visits the
 * same pages, but writes less text.
 *
 * @param[out] out  start and end are those of the first and the last mapping.
 * @return 0, or an error of mf_smaps_read() but -ENOBUFS.
 */
MF_API int mf_smaps_total(const struct mf_process *process, struct mf_smaps *out);

#ifdef __cplusplus
}
#endif

#endif
