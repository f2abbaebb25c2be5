/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From an address to its object, in a process with about thirty libraries: the lookup of a native sampler. native_resolve FILE
 * writes 65,536 random addresses of its loaded objects to FILE. For each line of stdin it prints the nanoseconds per address of
 * mf_find, mf_find_all, _dl_find_object, dladdr or ioctl. With fewer samples the branch predictor learns them.
 */
#include "timing.h"

#include "mapfiles.h"
#include "os/procmap_query.h"
#include "process/process.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { SAMPLES = 1 << 16, OBJECTS = 30 };

static uint64_t samples[SAMPLES];
static int32_t indices[SAMPLES];
static struct mf_snapshot *snapshot;
static struct mf_process self;
static volatile uint64_t sink;

static void load_objects(void)
{
    static const char *const directories[] = {"/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64",
                                              "/usr/lib"};
    int loaded = 0;

    for (size_t i = 0; i < sizeof directories / sizeof *directories && loaded < OBJECTS; i++) {
        DIR *const directory = opendir(directories[i]);
        const struct dirent *entry;

        while (directory != NULL && loaded < OBJECTS && (entry = readdir(directory)) != NULL) {
            char path[512];

            /* Without libraries that act when they are loaded, such as sanitizers. */
            if (strncmp(entry->d_name, "lib", 3) != 0 || strstr(entry->d_name, ".so.") == NULL ||
                strstr(entry->d_name, "asan") || strstr(entry->d_name, "san.so") || strstr(entry->d_name, "jemalloc"))
                continue;
            snprintf(path, sizeof path, "%s/%s", directories[i], entry->d_name);
            loaded += dlopen(path, RTLD_LAZY | RTLD_LOCAL) != NULL;
        }
        if (directory != NULL)
            closedir(directory);
    }
}

static uint64_t starts[256];
static uint64_t sizes[256];
static unsigned segments;

static int note_code(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)size;
    (void)unused;
    for (int i = 0; i < info->dlpi_phnum && segments < 256; i++) {
        const ElfW(Phdr) *const segment = &info->dlpi_phdr[i];

        if (segment->p_type == PT_LOAD && segment->p_flags & PF_X && segment->p_memsz > 0) {
            starts[segments] = info->dlpi_addr + segment->p_vaddr;
            sizes[segments++] = segment->p_memsz;
        }
    }
    return 0;
}

static double find(void)
{
    const double begin = now_ns();
    uint64_t sum = 0;

    for (int i = 0; i < SAMPLES; i++)
        sum += (uint64_t)mf_find(snapshot, samples[i]);
    sink = sum;
    return (now_ns() - begin) / SAMPLES;
}

static double find_all(void)
{
    const double begin = now_ns();

    mf_find_all(snapshot, samples, indices, SAMPLES);
    return (now_ns() - begin) / SAMPLES;
}

static double dl_find(void)
{
#ifdef DLFO_STRUCT_HAS_EH_DBASE
    const double begin = now_ns();
    struct dl_find_object found;
    uint64_t sum = 0;

    for (int i = 0; i < SAMPLES; i++)
        sum += (uint64_t)_dl_find_object((void *)samples[i], &found);
    sink = sum;
    return (now_ns() - begin) / SAMPLES;
#else
    return 0; /* before glibc 2.35 */
#endif
}

static double call_dladdr(void)
{
    enum { FEW_SAMPLES = SAMPLES / 64 };
    const double begin = now_ns();
    Dl_info info;
    uint64_t sum = 0;

    for (int i = 0; i < FEW_SAMPLES; i++)
        sum += (uint64_t)dladdr((void *)samples[i], &info);
    sink = sum;
    return (now_ns() - begin) / FEW_SAMPLES;
}

static double call_ioctl(void)
{
    enum { FEW_SAMPLES = SAMPLES / 64 };
    const double begin = now_ns();

    for (int i = 0; i < FEW_SAMPLES; i++) {
        struct mf_procmap_query query = {.size = sizeof query, .query_addr = samples[i]};

        sink += (uint64_t)ioctl(mf_state(&self)->maps_fd, MF_PROCMAP_QUERY, &query);
    }
    return (now_ns() - begin) / FEW_SAMPLES;
}

int main(int argc, char **argv)
{
    const size_t bytes = mf_snapshot_bytes(8192, 1 << 20);
    char line[64];
    FILE *file;

    load_objects();
    dl_iterate_phdr(note_code, NULL);
    for (int i = 0; i < SAMPLES; i++) {
        const unsigned segment = (unsigned)(next_random() % segments);

        samples[i] = starts[segment] + next_random() % sizes[segment];
    }
    snapshot = malloc(bytes);
    file = argc == 2 ? fopen(argv[1], "w") : NULL;
    if (file == NULL || fwrite(samples, sizeof samples, 1, file) != 1 || fclose(file) != 0 || snapshot == NULL ||
        mf_snapshot_init(snapshot, bytes, 8192, 1 << 20) != 0 || mf_process_open_self(&self) != 0 ||
        mf_snapshot_read(&self, 0, NULL, snapshot) != 1)
        return 1;
    printf("%u objects, %u mappings\n", segments, snapshot->mapping_count);
    fflush(stdout);
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = 0;
        print_result(strcmp(line, "mf_find") == 0           ? find()
                     : strcmp(line, "mf_find_all") == 0     ? find_all()
                     : strcmp(line, "_dl_find_object") == 0 ? dl_find()
                     : strcmp(line, "dladdr") == 0          ? call_dladdr()
                                                            : call_ioctl());
    }
    return 0;
}
