/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MF_CODE_LAYOUT_H
#define MF_CODE_LAYOUT_H

#include "jvm/vm_tables.h"

/*
 * Offsets and addresses of the fields that describe the code of a JVM, found once by name in its exported tables. HotSpot
 * moves, renames and resizes these fields from release to release. So each is optional: reading a missing field returns
 * -ENOENT, and a value that depends on it is unknown.
 *
 * Read-only once it is made, for any number of threads.
 */
enum mf_code_field {
    /* codeCache.hpp, growableArray.hpp, heap.hpp, virtualspace.hpp */
    MF_CACHE_LOW,
    MF_CACHE_HIGH,
    MF_CODE_HEAPS,
    MF_LIST_LENGTH,
    MF_LIST_DATA,
    MF_HEAP_MEMORY,
    MF_HEAP_SEGMAP,
    MF_HEAP_SHIFT,
    MF_SPACE_LOW,
    MF_SPACE_HIGH,
    MF_BLOCK_USED,
    /* codeBlob.hpp: code is described by two addresses until JDK 22, and by offsets since 23 */
    MF_BLOB_NAME,
    MF_BLOB_SIZE,
    MF_CODE_BEGIN,
    MF_CODE_END,
    MF_CODE_OFFSET,
    MF_DATA_OFFSET,
    MF_MUTABLE_DATA,
    MF_MUTABLE_SIZE,
    MF_RELOCATION_SIZE,
    /* compiledMethod.hpp until JDK 22, nmethod.hpp */
    MF_NMETHOD_METHOD,
    MF_ENTRY_BCI,
    MF_COMPILE_ID,
    MF_COMP_LEVEL,
    MF_METADATA_OFFSET,
    MF_SCOPES_PCS_OFFSET,
    MF_SCOPES_DATA_OFFSET,
    MF_SCOPES_DATA_BEGIN,
    MF_DEPENDENCIES_OFFSET,
    MF_IMMUTABLE_DATA,
    MF_IMMUTABLE_SIZE,
    /* pcDesc.hpp */
    MF_PC_OFFSET,
    MF_PC_SCOPE,
    /* method.hpp, constMethod.hpp, constantPool.hpp, klass.hpp, instanceKlass.hpp, array.hpp, symbol.hpp */
    MF_METHOD_CONST,
    MF_CONST_POOL,
    MF_CONST_NAME,
    MF_CONST_SIGNATURE,
    MF_CONST_CODE_SIZE,
    MF_CONST_ID,
    MF_POOL_LENGTH,
    MF_POOL_HOLDER,
    MF_POOL_CACHE,
    MF_KLASS_NAME,
    MF_KLASS_METHODS,
    MF_ARRAY_LENGTH,
    MF_SYMBOL_LENGTH,
    MF_SYMBOL_BODY,
    /* abstractInterpreter.hpp, stubs.hpp, interpreter.hpp */
    MF_INTERPRETER_CODE,
    MF_QUEUE_BUFFER,
    MF_QUEUE_LIMIT,
    MF_CODELET_SIZE,
    MF_CODELET_TEXT,
    /* vm_version.hpp */
    MF_MAJOR_VERSION,
    MF_CODE_FIELDS
};

struct mf_field_layout {
    uint64_t offset; /* from the start of the object, in bytes; of a static field its address */
    int32_t bytes;   /* 1, 2, 4 or 8, negative if the value is signed; 0: this JVM has no such field, or its type is unknown */
    uint32_t is_static;
};

struct mf_code_layout {
    struct mf_field_layout fields[MF_CODE_FIELDS];
    uint64_t block_bytes;        /* sizeof(HeapBlock), which is followed by a blob; 0: unknown */
    uint64_t pool_bytes;         /* sizeof(ConstantPool), which is followed by its entries; 0: unknown */
    uint64_t pc_bytes;           /* sizeof(PcDesc); 0: unknown */
    uint64_t const_method_bytes; /* sizeof(ConstMethod), which is followed by its bytecodes; 0: unknown */
};

/*
 * Finds all fields.
 *
 * @param tables  of a target; NULL: of the JVM that this library is loaded into (mf_vm_structs_open()).
 */
void mf_code_layout_read(const struct mf_vm_tables *tables, struct mf_code_layout *out);

/* Returns whether this JVM has a field. */
static inline int mf_code_layout_has(const struct mf_code_layout *layout, enum mf_code_field field)
{
    return layout->fields[field].bytes != 0;
}

/*
 * Reads a field in the memory of a target.
 *
 * @param object  address of the object in the target; ignored for a static field.
 *
 * Returns 0; -ENOENT: this JVM has no such field; -EFAULT, -ESRCH as mf_pages_read().
 */
int mf_field_read(struct mf_pages *pages, const struct mf_code_layout *layout, uint64_t object, enum mf_code_field field,
                  uint64_t *out);

/* Returns the value of a field whose bytes are in memory of the caller. */
uint64_t mf_field_value(const struct mf_field_layout *place, const void *bytes);

/* Returns the size of a field, in bytes; 0: this JVM has no such field. */
static inline uint32_t mf_field_width(const struct mf_field_layout *place)
{
    return (uint32_t)(place->bytes < 0 ? -place->bytes : place->bytes);
}

/* Calls mf_field_read() for a signed field of up to 32 bits. */
int mf_field_read_int(struct mf_pages *pages, const struct mf_code_layout *layout, uint64_t object, enum mf_code_field field,
                      int32_t *out);

#endif
