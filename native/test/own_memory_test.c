/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of this process is read or refused, never touched: also where a sandbox forbids the call for it. */
#include "../src/own_memory.h"
#include "lacking.h"

#include <sys/mman.h>

static void reads_what_is_there_and_no_more(const char *how)
{
    const long page = sysconf(_SC_PAGESIZE);
    char *const place = mmap(NULL, (size_t)(2 * page), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char read[64] = "";

    memset(place, 'a', (size_t)(2 * page));
    printf("%s\n", how);
    CHECK_IS(mf_own_memory_read((uintptr_t)place + 5, read, 3), 3, "read");
    CHECK(memcmp(read, "aaa", 4) == 0, "as much as was asked for");
    CHECK_IS(mprotect(place + page, (size_t)page, PROT_NONE), 0, "mprotect");
    CHECK_IS(mf_own_memory_read((uintptr_t)(place + page) - 10, read, 1), 1, "beside what nobody may read");
    munmap(place, (size_t)(2 * page));
    CHECK(mf_own_memory_read((uintptr_t)place, read, sizeof read) < 0, "unmapped");
    CHECK(mf_own_memory_read(0, read, sizeof read) < 0, "null");
    CHECK(mf_own_memory_read(1ull << 63, read, sizeof read) < 0, "the kernel's");
    CHECK(mf_own_memory_read(UINT64_MAX, read, sizeof read) < 0, "the last");
}

int main(void)
{
    reads_what_is_there_and_no_more("by process_vm_readv");
    FILTER_CALLS(LOAD(CALL), WHERE(SYS_process_vm_readv, 0, 1), FAIL(EPERM), ALLOW);
    reads_what_is_there_and_no_more("without it");
    return check_result();
}
