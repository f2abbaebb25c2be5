/* SPDX-License-Identifier: Apache-2.0 */
/* From an instruction of a compiled method to the methods inlined there: a PcDesc, then scopes (pcDesc.hpp, scopeDesc.cpp). */
#include "jvm/target_code.h"

#define MAX_RECORDS (1u << 24) /* of one method; its code has no more instructions */
#define MAX_SCOPES  (1u << 30) /* bytes */

/* unsigned5.hpp: a byte of 192 or more is followed by another one, up to five. Each byte has six bits of the value. */
#define FIRST_HIGH 192u
#define BITS       6u
#define MAX_BYTES  5u

/* Since JDK 20 no byte is zero: each byte is one more than before. */
#define WITHOUT_ZEROS 20

/* The parts of the debug information of a compiled method, each with its end. */
struct debug {
    uint64_t pcs, pcs_end;
    uint64_t scopes, scopes_end;
    uint64_t metadata, metadata_end; /* pointers; scopes contain their numbers, from 1 */
    uint32_t excluded;               /* 1: no byte is zero, else 0 */
};

/* Since JDK 23 debug information is immutable data. Since JDK 25 the metadata are in mutable data. */
static int find_in_immutable(struct mf_pages *pages, const struct mf_code_layout *layout, const struct mf_target_code *code,
                             struct debug *out)
{
    uint64_t data, mutable_data;
    int32_t pcs, scopes, size, relocation, mutable_size, metadata;
    int rc = mf_field_read(pages, layout, code->blob, MF_IMMUTABLE_DATA, &data);

    if (rc == 0)
        rc = mf_field_read_int(pages, layout, code->blob, MF_SCOPES_PCS_OFFSET, &pcs);
    if (rc == 0)
        rc = mf_field_read_int(pages, layout, code->blob, MF_SCOPES_DATA_OFFSET, &scopes);
    if (rc == 0)
        rc = mf_field_read_int(pages, layout, code->blob, MF_IMMUTABLE_SIZE, &size);
    if (rc != 0)
        return rc;
    if (pcs < 0 || scopes < pcs || size < scopes)
        return -EINVAL;
    out->pcs = data + (uint64_t)pcs;
    out->pcs_end = out->scopes = data + (uint64_t)scopes;
    out->scopes_end = data + (uint64_t)size;
    if (!mf_code_layout_has(layout, MF_MUTABLE_DATA)) { /* JDK 23 and 24: in the data of the blob, after the oops */
        rc = mf_field_read_int(pages, layout, code->blob, MF_METADATA_OFFSET, &metadata);
        out->metadata = code->end + (uint64_t)(int64_t)metadata;
        out->metadata_end = code->blob_end;
        return rc;
    }
    rc = mf_field_read(pages, layout, code->blob, MF_MUTABLE_DATA, &mutable_data);
    if (rc == 0)
        rc = mf_field_read_int(pages, layout, code->blob, MF_RELOCATION_SIZE, &relocation);
    if (rc == 0)
        rc = mf_field_read_int(pages, layout, code->blob, MF_MUTABLE_SIZE, &mutable_size);
    if (rc == 0 && (relocation < 0 || mutable_size < relocation))
        rc = -EINVAL;
    if (rc == 0) {
        out->metadata = mutable_data + (uint64_t)relocation;
        out->metadata_end = mutable_data + (uint64_t)mutable_size;
    }
    return rc;
}

/* Until JDK 22 all of it is in the blob: metadata, scopes, PcDescs, dependencies. */
static int find_in_blob(struct mf_pages *pages, const struct mf_code_layout *layout, const struct mf_target_code *code,
                        struct debug *out)
{
    int32_t metadata, pcs, dependencies;
    int rc = mf_field_read_int(pages, layout, code->blob, MF_METADATA_OFFSET, &metadata);

    if (rc == 0)
        rc = mf_field_read(pages, layout, code->blob, MF_SCOPES_DATA_BEGIN, &out->scopes);
    if (rc == 0)
        rc = mf_field_read_int(pages, layout, code->blob, MF_SCOPES_PCS_OFFSET, &pcs);
    if (rc == 0)
        rc = mf_field_read_int(pages, layout, code->blob, MF_DEPENDENCIES_OFFSET, &dependencies);
    if (rc != 0)
        return rc;
    out->metadata = code->blob + (uint64_t)(int64_t)metadata;
    out->metadata_end = out->scopes;
    out->pcs = out->scopes_end = code->blob + (uint64_t)(int64_t)pcs;
    out->pcs_end = code->blob + (uint64_t)(int64_t)dependencies;
    return 0;
}

static int find_debug(struct mf_pages *pages, const struct mf_code_layout *layout, struct mf_target_constants *constants,
                      const struct mf_target_code *code, struct debug *out)
{
    int rc = constants->version != 0 ? 0 : mf_field_read_int(pages, layout, 0, MF_MAJOR_VERSION, &constants->version);

    if (rc == 0)
        rc = mf_code_layout_has(layout, MF_IMMUTABLE_DATA) ? find_in_immutable(pages, layout, code, out)
                                                           : find_in_blob(pages, layout, code, out);
    if (rc != 0)
        return rc;
    out->excluded = constants->version >= WITHOUT_ZEROS;
    if (layout->pc_bytes == 0)
        return -ENOENT;
    if (out->pcs > out->pcs_end || out->scopes > out->scopes_end || out->metadata > out->metadata_end)
        return -EINVAL;
    if ((out->pcs_end - out->pcs) / layout->pc_bytes > MAX_RECORDS || out->scopes_end - out->scopes > MAX_SCOPES)
        return -EINVAL;
    return 0;
}

/* The scope of the first PcDesc above an instruction, as an offset in the scopes; 0: there is none. */
static int find_scope(struct mf_pages *pages, const struct mf_code_layout *layout, const struct debug *debug,
                      uint64_t instruction, int32_t *scope)
{
    uint64_t low = 0, high = (debug->pcs_end - debug->pcs) / layout->pc_bytes;
    const uint64_t count = high;

    *scope = 0;
    while (low < high) { /* they are sorted; the first and the last one have no scope */
        const uint64_t middle = low + (high - low) / 2;
        int32_t offset;
        const int rc = mf_field_read_int(pages, layout, debug->pcs + middle * layout->pc_bytes, MF_PC_OFFSET, &offset);

        if (rc != 0)
            return rc;
        if (offset < 0 || (uint64_t)offset <= instruction)
            low = middle + 1;
        else
            high = middle;
    }
    return low == count ? 0 : mf_field_read_int(pages, layout, debug->pcs + low * layout->pc_bytes, MF_PC_SCOPE, scope);
}

/* Reads one number of the scopes at *at, and moves *at to its end. */
static int read_number(struct mf_pages *pages, const struct debug *debug, uint64_t *at, uint32_t *out)
{
    uint32_t sum = 0;

    for (uint32_t i = 0; i < MAX_BYTES; i++) {
        uint8_t byte;
        int rc = *at < debug->scopes_end ? mf_pages_read(pages, *at, &byte, sizeof byte) : -EINVAL;

        if (rc == 0 && byte < debug->excluded)
            rc = -EINVAL;
        if (rc != 0)
            return rc;
        (*at)++;
        sum += (byte - debug->excluded) << (BITS * i);
        if (byte < FIRST_HIGH)
            break;
    }
    *out = sum;
    return 0;
}

/* Reads the scope at an offset, and the offset of the scope of its caller; 0: it is the outermost scope. */
static int read_scope(struct mf_pages *pages, const struct debug *debug, uint32_t offset, uint32_t *caller,
                      struct mf_target_frame *out)
{
    uint64_t at = debug->scopes + offset;
    uint32_t method, bci;
    int rc = read_number(pages, debug, &at, caller);

    if (rc == 0)
        rc = read_number(pages, debug, &at, &method);
    if (rc == 0)
        rc = read_number(pages, debug, &at, &bci);
    if (rc != 0)
        return rc;
    /* A caller's scope has a smaller offset. Numbers of metadata begin at 1, and of bytecodes at InvocationEntryBci, -1. */
    if (*caller >= offset || method == 0 || method > (debug->metadata_end - debug->metadata) / sizeof out->method ||
        bci > UINT16_MAX + 1u)
        return -EINVAL;
    *out = (struct mf_target_frame){.bci = (int32_t)bci - 1};
    return mf_pages_read(pages, debug->metadata + (method - 1) * sizeof out->method, &out->method, sizeof out->method);
}

int mf_target_code_frames(struct mf_pages *pages, const struct mf_code_layout *layout, struct mf_target_constants *constants,
                          const struct mf_target_code *code, uint64_t address, enum mf_code_address kind,
                          struct mf_target_frame *out)
{
    struct debug debug;
    int32_t first;
    uint32_t count = 0;
    int rc;

    if (code->kind != MF_TARGET_METHOD)
        return 0;
    rc = find_debug(pages, layout, constants, code, &debug);
    if (rc == 0)
        rc = find_scope(pages, layout, &debug, address - (kind == MF_CODE_RETURNS_TO) - code->start, &first);
    if (rc != 0)
        return rc;
    for (uint32_t scope = (uint32_t)first; scope != 0; count++) {
        if (count == MF_TARGET_MAX_FRAMES)
            return -EINVAL;
        rc = read_scope(pages, &debug, scope, &scope, &out[count]);
        if (rc != 0)
            return rc;
    }
    /* Each chain ends with the compiled method. If not, it was misread. */
    return count > 0 && out[count - 1].method != code->method ? -EINVAL : (int)count;
}
