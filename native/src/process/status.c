/* SPDX-License-Identifier: Apache-2.0 */
#include "process/status.h"

#include "os/system_calls.h"

#include <string.h>

struct request {
    const struct mf_status_field *fields;
    size_t count;
};

/* Reads numbers that follow tabs. */
static void read_numbers(const char *at, unsigned base, uint64_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t value = 0;

        while (*at == '\t')
            at++;
        for (;; at++) {
            const unsigned digit = *at >= 'a' ? (unsigned)(*at - 'a') + 10 : (unsigned)(*at - '0');

            if (digit >= base)
                break;
            value = value * base + digit;
        }
        values[i] = value;
    }
}

static void take_line(const char *line, void *to)
{
    const struct request *const request = to;

    for (size_t i = 0; i < request->count; i++) {
        const struct mf_status_field *const field = &request->fields[i];
        const size_t length = strlen(field->name);

        if (strncmp(line, field->name, length) == 0)
            read_numbers(line + length, field->base, field->values, field->count);
    }
}

int mf_status_read(int directory, const char *path, const struct mf_status_field *fields, size_t count)
{
    struct request request = {fields, count};

    return mf_sys_read_lines(directory, path, take_line, &request);
}
