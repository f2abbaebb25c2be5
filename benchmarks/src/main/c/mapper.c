/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A target that maps and unmaps files. It prints "ready". Then each line of stdin is a number N, and it prints the nanoseconds
 * of one round, as the mean of N: it maps 16 pages of a file, reads four of them and unmaps them. While it waits for a line, it
 * maps or unmaps one more page every 2 ms.
 */
#include "timing.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096

static int file;

static double rounds(int count)
{
    const double begin = now_ns();

    for (int i = 0; i < count; i++) {
        volatile char *const at = mmap(NULL, 16 * PAGE, PROT_READ, MAP_PRIVATE, file, 0);

        for (int page = 0; page < 4; page++)
            (void)at[page * PAGE];
        munmap((void *)at, 16 * PAGE);
    }
    return (now_ns() - begin) / count;
}

int main(void)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    void *more = NULL;
    char line[32];

    setvbuf(stdin, NULL, _IONBF, 0); /* poll(2) does not report buffered input */
    file = open("/proc/self/exe", O_RDONLY);
    if (file < 0)
        return 1;
    puts("ready");
    fflush(stdout);
    for (;;) {
        if (poll(&input, 1, 2) > 0) {
            if (fgets(line, sizeof line, stdin) == NULL)
                return 0;
            print_result(rounds(atoi(line)));
        } else if (more == NULL) {
            more = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, file, 0);
        } else {
            munmap(more, PAGE);
            more = NULL;
        }
    }
}
