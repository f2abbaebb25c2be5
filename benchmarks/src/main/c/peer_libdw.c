/* SPDX-License-Identifier: Apache-2.0 */
/*
 * elfutils: reads the modules of a process (dwfl_linux_proc_report). It merges the mappings of each executable file and opens
 * no file.
 */
#include "timing.h"

#include <elfutils/libdwfl.h>

static double report(int pid)
{
    static const Dwfl_Callbacks callbacks = {
        .find_elf = dwfl_linux_proc_find_elf,
        .find_debuginfo = dwfl_standard_find_debuginfo,
    };
    const double begin = now_ns();
    Dwfl *const dwfl = dwfl_begin(&callbacks);
    double spent;

    if (dwfl == NULL || dwfl_linux_proc_report(dwfl, pid) != 0 || dwfl_report_end(dwfl, NULL, NULL) != 0)
        return -1;
    spent = now_ns() - begin;
    dwfl_end(dwfl);
    return spent;
}

int main(void)
{
    return serve_rounds(report);
}
