/* SPDX-License-Identifier: Apache-2.0 */
/* The names in an image: one of each method and of each text of a stub. */
#include "jvm/code_image.h"

#include <string.h>

static size_t capped(const char *text)
{
    const size_t length = strlen(text);

    return length > UINT16_MAX ? UINT16_MAX : length; /* the JVM has no longer ones (JVMS 4.4.7) */
}

static uint32_t bucket_of(uint64_t key, const char *text, size_t length)
{
    uint64_t hash = key;

    if (key == 0)
        for (size_t i = 0; i < length; i++)
            hash = hash * 31 + (unsigned char)text[i];
    return (uint32_t)(hash * 0x9E3779B97F4A7C15u >> 50); /* 14 bits: MF_NAME_BUCKETS */
}
_Static_assert(MF_NAME_BUCKETS == 1u << 14, "the hash has 14 bits");

static mf_code_unit *bucket(const struct mf_code_image *image, uint32_t number)
{
    return (mf_code_unit *)mf_code_read(image, image->buckets) + number;
}

static mf_code_unit find_name(const struct mf_code_image *image, uint64_t key, const char *text, size_t length)
{
    mf_code_unit unit = *bucket(image, bucket_of(key, text, length));

    while (unit != 0) {
        const struct mf_code_name *const name = mf_code_read(image, unit);

        if (name->key == key &&
            (key != 0 || (name->name_length == length && memcmp(name->text + name->class_length, text, length) == 0)))
            return unit;
        unit = name->next;
    }
    return 0;
}

mf_code_unit mf_code_name_find(const struct mf_code_image *image, uint64_t key)
{
    return find_name(image, key, "", 0);
}

static mf_code_unit append(struct mf_code_image *image, uint64_t key, const char *const text[3], const size_t length[3])
{
    const mf_code_unit unit = image->used;
    const uint64_t bytes = sizeof(struct mf_code_name) + length[0] + length[1] + length[2];
    const uint32_t units = (uint32_t)((bytes + 7) / 8);
    struct mf_code_name *const name = mf_code_at(image, unit);
    mf_code_unit *const head = bucket(image, bucket_of(key, text[1], length[1]));

    if (((uint64_t)unit + units) * 8 > image->bytes)
        return 0;
    *name = (struct mf_code_name){
        .entry = {units, MF_CODE_NAME},
        .key = key,
        .next = *head,
        .class_length = (uint16_t)length[0],
        .name_length = (uint16_t)length[1],
        .signature_length = (uint16_t)length[2],
    };
    memcpy(name->text, text[0], length[0]);
    memcpy(name->text + length[0], text[1], length[1]);
    memcpy(name->text + length[0] + length[1], text[2], length[2]);
    *head = unit;
    image->used = unit + units;
    image->names++;
    return unit;
}

mf_code_unit mf_code_name_add(struct mf_code_image *image, uint64_t key, const char *const text[3])
{
    const size_t length[] = {capped(text[0]), capped(text[1]), capped(text[2])};
    const mf_code_unit present = find_name(image, key, text[1], length[1]);

    return present != 0 ? present : append(image, key, text, length);
}

mf_code_unit mf_code_name_copy(struct mf_code_image *to, const struct mf_code_image *from, mf_code_unit unit)
{
    const struct mf_code_name *const name = mf_code_read(from, unit);
    const size_t length[] = {name->class_length, name->name_length, name->signature_length};
    const char *const text[] = {name->text, name->text + length[0], name->text + length[0] + length[1]};
    const mf_code_unit present = find_name(to, name->key, text[1], length[1]);

    return present != 0 ? present : append(to, name->key, text, length);
}
