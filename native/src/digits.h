/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers to digits, for paths below /proc: stdio is not async-signal-safe. */
#ifndef MF_DIGITS_H
#define MF_DIGITS_H

#include <stdint.h>

/* Writes a number without leading zeros; the byte behind the last digit. At most 20 bytes. */
static inline char *mf_put_number(char *to, uint64_t value, unsigned base)
{
    char digits[20];
    unsigned count = 0;

    do
        digits[count++] = "0123456789abcdef"[value % base];
    while ((value /= base) != 0);
    while (count > 0)
        *to++ = digits[--count];
    return to;
}

#endif
