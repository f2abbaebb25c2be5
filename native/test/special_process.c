/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A child that makes special mappings and reports them on stdout. Tests compare its reports with those of mapfiles.
 *
 *   special_process [--uid N] [--undumpable] DIRECTORY [LABEL-PREFIX...]
 *
 * DIRECTORY is an empty scratch directory. It prints a line per mapping, separated by tabs, then READY:
 *
 *   MADE label start end perms offset major minor inode kind deleted(yes|no|-) name(hex bytes, or -)
 *   SKIP label reason
 *
 * Then each line of stdin is a command. The reply is a line that starts with OK or ERROR: see commands[] below. It exits at the
 * end of stdin. special_files.c, special_memory.c and special_kernel.c make the mappings.
 */
#include "special_process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

static char **arguments;

static void reply(const char *format, long value)
{
    printf(format, value);
    putchar('\n');
    fflush(stdout);
}

/* Makes N mappings that cannot merge, every second one of a file. */
static void map_many(const char *argument)
{
    const long wanted = atol(argument);
    const int fd = open("many", O_RDWR | O_CREAT, 0666);
    long made = 0;

    if (fd < 0 || ftruncate(fd, (off_t)special_page) != 0) {
        reply("ERROR cannot make a file: errno %ld", errno);
        return;
    }
    while (made < wanted) {
        void *const at = made & 1 ? mmap(NULL, special_page, PROT_READ, MAP_PRIVATE, fd, 0)
                                  : mmap(NULL, special_page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

        if (at == MAP_FAILED)
            break;
        made++;
    }
    close(fd);
    reply("OK %ld", made);
}

static void unmap(const char *label)
{
    const struct special_mapping *const made = special_find(label);

    if (made == NULL || munmap((void *)made->start, made->size) != 0)
        reply("ERROR no such label", 0);
    else
        reply("OK", 0);
}

static void protect(const char *label)
{
    const struct special_mapping *const made = special_find(label);

    reply(made != NULL && mprotect((void *)made->start, made->size, PROT_NONE) == 0 ? "OK" : "ERROR cannot protect", 0);
}

static void shrink(const char *label)
{
    const struct special_mapping *const made = special_find(label);

    reply(made != NULL && munmap((char *)made->start + made->size - special_page, special_page) == 0 ? "OK"
                                                                                                     : "ERROR cannot shrink",
          0);
}

static void grow(const char *label)
{
    const struct special_mapping *const made = special_find(label);

    reply(made != NULL && mremap((void *)made->start, made->size - special_page, made->size, 0) != MAP_FAILED
              ? "OK"
              : "ERROR cannot grow",
          0);
}

/* Maps another file at the same range. */
static void remap(const char *label)
{
    const struct special_mapping *const made = special_find(label);
    const int fd = open("remapped", O_RDWR | O_CREAT, 0666);

    if (made == NULL || fd < 0 || ftruncate(fd, (off_t)made->size) != 0 ||
        mmap((void *)made->start, made->size, PROT_READ, MAP_FIXED | MAP_SHARED, fd, 0) == MAP_FAILED)
        reply("ERROR cannot remap", 0);
    else
        reply("OK", 0);
    close(fd);
}

/* Maps the same file at the same range again, and keeps a descriptor that has a lease on it. */
static void lease(const char *label)
{
    const struct special_mapping *const made = special_find(label);
    const int fd = made == NULL ? -1 : open(made->name, O_RDWR);

    signal(SIGIO, SIG_IGN); /* the kernel asks for the lease by this signal */
    if (fd < 0 || mmap((void *)made->start, made->size, PROT_READ, MAP_FIXED | MAP_PRIVATE, fd, 0) == MAP_FAILED ||
        fcntl(fd, F_SETLEASE, F_WRLCK) != 0)
        reply("ERROR no lease", 0);
    else
        reply("OK", 0);
}

static void delete_file(const char *label)
{
    const struct special_mapping *const made = special_find(label);

    reply(made != NULL && unlink(made->name) == 0 ? "OK" : "ERROR cannot delete", 0);
}

/* Moves another file to the path. */
static void replace_file(const char *label)
{
    const struct special_mapping *const made = special_find(label);
    const int fd = open("replacement", O_RDWR | O_CREAT, 0666);

    close(fd);
    reply(made != NULL && rename("replacement", made->name) == 0 ? "OK" : "ERROR cannot replace", 0);
}

static void exec_again(const char *unused)
{
    (void)unused;
    puts("EXECED");
    fflush(stdout);
    execv("/proc/self/exe", arguments);
    reply("ERROR errno %ld", errno);
}

static void *serve(void *unused);

/* The first thread exits, another one continues. */
static void leader_exit(const char *unused)
{
    pthread_t thread;

    (void)unused;
    if (pthread_create(&thread, NULL, serve, "OK") != 0)
        reply("ERROR no thread", 0);
    else
        pthread_exit(NULL);
}

static void *sleep_for_ever(void *unused)
{
    pause();
    return unused;
}

static void start_threads(const char *count)
{
    pthread_attr_t small;
    pthread_t thread;
    int error = pthread_attr_init(&small);

    pthread_attr_setstacksize(&small, 65536);
    for (int i = atoi(count); i > 0 && error == 0; i--)
        error = pthread_create(&thread, &small, sleep_for_ever, NULL);
    reply(error == 0 ? "OK" : "ERROR errno %ld", error);
}

static const struct command {
    const char *name;
    void (*run)(const char *argument);
} commands[] = {
    {"many", map_many},           /* N: makes up to N more mappings */
    {"unmap", unmap},             /* LABEL */
    {"protect", protect},         /* LABEL: removes all access */
    {"shrink", shrink},           /* LABEL: unmaps its last page */
    {"grow", grow},               /* LABEL: maps the last page again after shrink */
    {"remap", remap},             /* LABEL: maps another file at the same range */
    {"lease", lease},             /* LABEL: takes a lease on its file, mapped privately */
    {"delete", delete_file},      /* LABEL: deletes its file */
    {"replace", replace_file},    /* LABEL: moves another file to its path */
    {"exec", exec_again},         /* prints EXECED, and starts again */
    {"leader-exit", leader_exit}, /* the first thread exits, another one continues */
    {"threads", start_threads},   /* N: starts N sleeping threads */
    {"segment", special_segment}, /* ID: attaches a System V segment with that ID, if possible */
    {"churn", special_churn},     /* MILLISECONDS [WAY]: threads change mappings in the background; 0: until join */
    {"join", special_join},       /* waits for the threads; returns the number of changes */
    {"random", special_random},   /* SEED COUNT: makes COUNT random changes before the reply */
};

static void run(char *line)
{
    char *const argument = strchr(line, ' ');

    if (argument != NULL)
        *argument = 0;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(commands[i].name, line) == 0) {
            commands[i].run(argument ? argument + 1 : "");
            return;
        }
    }
    reply("ERROR no such command", 0);
}

static void remove_tree(int directory_fd)
{
    DIR *const directory = fdopendir(directory_fd);
    const struct dirent *entry;

    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (unlinkat(dirfd(directory), entry->d_name, 0) != 0) {
            const int below = openat(dirfd(directory), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);

            if (below >= 0)
                remove_tree(below);
            unlinkat(dirfd(directory), entry->d_name, AT_REMOVEDIR);
        }
    }
    if (directory != NULL)
        closedir(directory);
}

static void *serve(void *greeting)
{
    static char line[4096];

    if (greeting != NULL)
        reply(greeting, 0);
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = 0;
        if (strcmp(line, "quit") == 0)
            break;
        run(line);
    }
    remove_tree(open(".", O_RDONLY | O_DIRECTORY));
    exit(0);
}

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

int main(int argc, char **argv)
{
    int next = 1;
    bool undumpable = false;

    arguments = argv;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (; next < argc && argv[next][0] == '-'; next++) {
        if (strcmp(argv[next], "--undumpable") == 0)
            undumpable = true;
        else if (strcmp(argv[next], "--uid") == 0 && next + 1 < argc) {
            const unsigned id = (unsigned)atoi(argv[++next]);

            if (setresgid(id, id, id) != 0 || setresuid(id, id, id) != 0)
                fail("setresuid");
        }
    }
    if (next >= argc || chdir(argv[next]) != 0)
        fail("usage: special_process [--uid N] [--undumpable] DIRECTORY [LABEL-PREFIX...]");
    prctl(PR_SET_DUMPABLE, !undumpable);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* cleared by setresuid */
    special_make_all(argv + next + 1);
    puts("READY");
    fflush(stdout);
    serve(NULL);
}
