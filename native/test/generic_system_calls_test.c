/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls through syscall(2), for architectures without own assembly: equal results, and errno is preserved. CMake puts
 * os/arch/generic first on the include path of this test.
 */
#include "os/system_calls.h"

#include "check.h"

int main(void)
{
    char byte = 0;
    int ends[2];

    CHECK_IS(pipe(ends), 0, "pipe");
    errno = 77;
    CHECK_IS(MF_SYS(SYS_close, -1), -EBADF, "a failure is a negative errno");
    CHECK_IS(errno, 77, "errno after a failure");
    CHECK_IS(MF_SYS(SYS_write, ends[1], "x", 1), 1, "a result");
    CHECK_IS(MF_SYS(SYS_read, ends[0], &byte, 1), 1, "another");
    CHECK_IS(byte, 'x', "with its arguments");
    CHECK_IS(MF_SYS(SYS_pread64, ends[0], &byte, 1, 0), -ESPIPE, "four arguments");
    CHECK_IS(errno, 77, "errno in the end");
    return check_result();
}
