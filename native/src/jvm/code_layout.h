/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_CODE_LAYOUT_H
#define MF_CODE_LAYOUT_H

#include "jvm/vm_tables.h"

/*
 * Where a JVM keeps what describes its code: offsets and addresses from its exported tables, resolved once by name. HotSpot
 * moves, renames and resizes these fields from release to release, so each is optional: reading one that is not there is
 * -ENOENT, and what depends on it is unknown.
 *
 * Read-only once it is made, for any number of threads.
 */
enum mf_code_field {
    /* codeCache.hpp, growableArray.hpp, heap.hpp, virtualspace.hpp */
    MF_CODE_HEAPS, MF_LIST_LENGTH, MF_LIST_DATA, MF_HEAP_MEMORY, MF_HEAP_SEGMAP, MF_HEAP_SHIFT, MF_SPACE_LOW, MF_SPACE_HIGH,
    MF_BLOCK_USED,
    /* codeBlob.hpp: code is described by two addresses until JDK 22, and by offsets since 23 */
    MF_BLOB_NAME, MF_BLOB_SIZE, MF_CODE_BEGIN, MF_CODE_END, MF_CODE_OFFSET, MF_DATA_OFFSET, MF_MUTABLE_DATA, MF_MUTABLE_SIZE,
    MF_RELOCATION_SIZE,
    /* compiledMethod.hpp until JDK 22, nmethod.hpp */
    MF_NMETHOD_METHOD, MF_ENTRY_BCI, MF_COMPILE_ID, MF_COMP_LEVEL, MF_METADATA_OFFSET, MF_SCOPES_PCS_OFFSET, MF_SCOPES_DATA_OFFSET,
    MF_SCOPES_DATA_BEGIN, MF_DEPENDENCIES_OFFSET, MF_IMMUTABLE_DATA, MF_IMMUTABLE_SIZE,
    /* pcDesc.hpp */
    MF_PC_OFFSET, MF_PC_SCOPE,
    /* method.hpp, constMethod.hpp, constantPool.hpp, klass.hpp, symbol.hpp */
    MF_METHOD_CONST, MF_CONST_POOL, MF_CONST_NAME, MF_CONST_SIGNATURE, MF_POOL_LENGTH, MF_POOL_HOLDER, MF_KLASS_NAME,
    MF_SYMBOL_LENGTH, MF_SYMBOL_BODY,
    /* abstractInterpreter.hpp, stubs.hpp, interpreter.hpp */
    MF_INTERPRETER_CODE, MF_QUEUE_BUFFER, MF_QUEUE_LIMIT, MF_CODELET_SIZE, MF_CODELET_TEXT,
    /* vm_version.hpp */
    MF_MAJOR_VERSION,
    MF_CODE_FIELDS
};

struct mf_code_place {
    uint64_t at;   /* bytes from the object's beginning; of a static field its address */
    int32_t bytes; /* 1, 2, 4 or 8, negative where the value is signed; 0: this JVM has no such field, or one of another type */
    uint32_t is_static;
};

struct mf_code_layout {
    struct mf_code_place fields[MF_CODE_FIELDS];
    uint64_t block_bytes; /* sizeof(HeapBlock), which a blob follows; 0: unknown */
    uint64_t pool_bytes;  /* sizeof(ConstantPool), which its entries follow; 0: unknown */
    uint64_t pc_bytes;    /* sizeof(PcDesc); 0: unknown */
};

/* Resolves all of it. */
void mf_code_layout_read(const struct mf_vm_tables *tables, struct mf_code_layout *out);

/* Whether this JVM has a field. */
static inline int mf_code_layout_has(const struct mf_code_layout *layout, enum mf_code_field field)
{
    return layout->fields[field].bytes != 0;
}

/*
 * Reads a field.
 *
 * @param object  the object's address in the target; of a static field it does not count.
 *
 * Returns 0; -ENOENT: this JVM has no such field; -EFAULT, -ESRCH as mf_pages_read().
 */
int mf_field_read(struct mf_pages *pages, const struct mf_code_layout *layout, uint64_t object, enum mf_code_field field, uint64_t *out);

/* The value of a field whose bytes have been read. */
uint64_t mf_field_value(const struct mf_code_place *place, const void *bytes);

/* Bytes of a field; 0: this JVM has no such field. */
static inline uint32_t mf_field_width(const struct mf_code_place *place)
{
    return (uint32_t)(place->bytes < 0 ? -place->bytes : place->bytes);
}

/* The same as mf_field_read() for a signed field of up to 32 bits. */
int mf_field_read_int(struct mf_pages *pages, const struct mf_code_layout *layout, uint64_t object, enum mf_code_field field,
                     int32_t *out);

#endif
