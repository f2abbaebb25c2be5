/* SPDX-License-Identifier: Apache-2.0 */
/* Loads a library that was built for glibc into a program of musl, and uses it: load_library LIBRARY. */
#include "mapfiles.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

int main(int count, char **arguments)
{
    void *const library = count == 2 ? dlopen(arguments[1], RTLD_NOW) : NULL;
    __typeof__(&mf_version) version;
    __typeof__(&mf_process_open_self) open_self;
    __typeof__(&mf_process_close) close_process;
    __typeof__(&mf_snapshot_bytes) snapshot_bytes;
    __typeof__(&mf_snapshot_init) snapshot_init;
    __typeof__(&mf_snapshot_read) snapshot_read;
    __typeof__(&mf_find) find;
    struct mf_process process;
    struct mf_snapshot *snapshot;
    size_t bytes;
    int32_t index;

    if (library == NULL || (*(void **)&version = dlsym(library, "mf_version")) == NULL ||
        (*(void **)&open_self = dlsym(library, "mf_process_open_self")) == NULL ||
        (*(void **)&close_process = dlsym(library, "mf_process_close")) == NULL ||
        (*(void **)&snapshot_bytes = dlsym(library, "mf_snapshot_bytes")) == NULL ||
        (*(void **)&snapshot_init = dlsym(library, "mf_snapshot_init")) == NULL ||
        (*(void **)&snapshot_read = dlsym(library, "mf_snapshot_read")) == NULL ||
        (*(void **)&find = dlsym(library, "mf_find")) == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    bytes = snapshot_bytes(512, 1 << 16);
    snapshot = malloc(bytes);
    if (snapshot == NULL || snapshot_init(snapshot, bytes, 512, 1 << 16) != 0 || open_self(&process) != 0 ||
        snapshot_read(&process, 0, NULL, snapshot) != 1) {
        fputs("the mappings of this program cannot be read\n", stderr);
        return 1;
    }
    index = find(snapshot, (uintptr_t)version);
    printf("%s %.*s\n", version(), index < 0 ? 0 : (int)mf_snapshot_mappings(snapshot)[index].name_length,
           index < 0 ? "" : mf_snapshot_name(snapshot, &mf_snapshot_mappings(snapshot)[index]));
    close_process(&process);
    free(snapshot);
    return index < 0 ? 1 : 0;
}
