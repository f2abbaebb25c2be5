/* SPDX-License-Identifier: Apache-2.0 */
/* A program of a C user: prints the number of its own mappings. */
#include <mapfiles.h>
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    const size_t bytes = mf_snapshot_bytes(4096, 1 << 20);
    void *const memory = malloc(bytes);
    struct mf_snapshot *const snapshot = memory;
    struct mf_process self;

    if (mf_snapshot_init(memory, bytes, 4096, 1 << 20) != 0 || mf_process_open_self(&self) != 0 ||
        mf_snapshot_read(&self, 0, NULL, snapshot) != 1 || mf_find(snapshot, (uintptr_t)main) < 0)
        return 1;
    printf("%u mappings\n", snapshot->mapping_count);
    mf_process_close(&self);
    free(memory);
    return 0;
}
