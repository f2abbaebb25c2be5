/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers in text, for paths and files of /proc. stdio is not async-signal-safe. */
#ifndef MF_DIGITS_H
#define MF_DIGITS_H

#include <stdint.h>

/* Writes a decimal number without leading zeros: at most 20 bytes. Returns the end of the digits. */
static inline char *mf_put_decimal(char *to, uint64_t value)
{
    char digits[20];
    unsigned count = 0;

    do
        digits[count++] = (char)('0' + value % 10);
    while ((value /= 10) != 0);
    while (count > 0)
        *to++ = digits[--count];
    return to;
}

/* Writes a hexadecimal number without leading zeros: at most 16 bytes. Returns the end of the digits. */
static inline char *mf_put_hex(char *to, uint64_t value)
{
    unsigned shift = value == 0 ? 0 : (63u - (unsigned)__builtin_clzll(value)) & ~3u;

    for (;; shift -= 4) {
        *to++ = "0123456789abcdef"[value >> shift & 15];
        if (shift == 0)
            return to;
    }
}

/*
 * Returns the decimal number at the start of a text, or -1 if there is none or it is above the maximum.
 *
 * @param maximum  below 2^59.
 */
static inline int64_t mf_get_decimal(const char *digits, int64_t maximum)
{
    int64_t value = 0;

    if (*digits < '0' || *digits > '9')
        return -1;
    for (; *digits >= '0' && *digits <= '9' && value <= maximum; digits++)
        value = value * 10 + (*digits - '0');
    return value <= maximum ? value : -1;
}

/* Returns the decimal number at the start of a text, or -1 if there is none or it does not fit into 31 bits. */
static inline int32_t mf_get_number(const char *digits)
{
    return (int32_t)mf_get_decimal(digits, INT32_MAX);
}

/* Size of the path of a descriptor, in bytes. */
#define MF_FD_PATH 48

/* Writes the path of a descriptor of the caller. /proc/self/fd is empty if the first thread of the process has ended. */
static inline void mf_put_fd_path(char *to, int fd)
{
    static const char directory[] = "/proc/thread-self/fd/";

    for (const char *from = directory; *from != 0; from++)
        *to++ = *from;
    *mf_put_decimal(to, (uint64_t)fd) = 0;
}

#endif
