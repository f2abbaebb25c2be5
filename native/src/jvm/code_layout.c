/* SPDX-License-Identifier: Apache-2.0 */
/* HotSpot's fields that describe code, by their names in vmStructs.cpp. */
#include "jvm/code_layout.h"

#include "jvm/vm_structs.h"

#include <string.h>

struct name {
    const char *type, *field;
    const char *other_type; /* type that has the field in some releases; NULL: none */
};

/* In the order of enum mf_code_field. */
static const struct name names[MF_CODE_FIELDS] = {
    [MF_CACHE_LOW] = {"CodeCache", "_low_bound", NULL},
    [MF_CACHE_HIGH] = {"CodeCache", "_high_bound", NULL},
    [MF_CODE_HEAPS] = {"CodeCache", "_heaps", NULL},
    [MF_LIST_LENGTH] = {"GrowableArrayBase", "_len", NULL},
    [MF_LIST_DATA] = {"GrowableArray<int>", "_data", NULL},
    [MF_HEAP_MEMORY] = {"CodeHeap", "_memory", NULL},
    [MF_HEAP_SEGMAP] = {"CodeHeap", "_segmap", NULL},
    [MF_HEAP_SHIFT] = {"CodeHeap", "_log2_segment_size", NULL},
    [MF_SPACE_LOW] = {"VirtualSpace", "_low", NULL},
    [MF_SPACE_HIGH] = {"VirtualSpace", "_high", NULL},
    [MF_BLOCK_USED] = {"HeapBlock::Header", "_used", NULL},
    [MF_BLOB_NAME] = {"CodeBlob", "_name", NULL},
    [MF_BLOB_SIZE] = {"CodeBlob", "_size", NULL},
    [MF_CODE_BEGIN] = {"CodeBlob", "_code_begin", NULL},
    [MF_CODE_END] = {"CodeBlob", "_code_end", NULL},
    [MF_CODE_OFFSET] = {"CodeBlob", "_code_offset", NULL},
    [MF_DATA_OFFSET] = {"CodeBlob", "_data_offset", NULL},
    [MF_MUTABLE_DATA] = {"CodeBlob", "_mutable_data", NULL},
    [MF_MUTABLE_SIZE] = {"CodeBlob", "_mutable_data_size", NULL},
    [MF_RELOCATION_SIZE] = {"CodeBlob", "_relocation_size", NULL},
    [MF_NMETHOD_METHOD] = {"nmethod", "_method", "CompiledMethod"},
    [MF_ENTRY_BCI] = {"nmethod", "_entry_bci", NULL},
    [MF_COMPILE_ID] = {"nmethod", "_compile_id", NULL},
    [MF_COMP_LEVEL] = {"nmethod", "_comp_level", NULL},
    [MF_METADATA_OFFSET] = {"nmethod", "_metadata_offset", NULL},
    [MF_SCOPES_PCS_OFFSET] = {"nmethod", "_scopes_pcs_offset", NULL},
    [MF_SCOPES_DATA_OFFSET] = {"nmethod", "_scopes_data_offset", NULL},
    [MF_SCOPES_DATA_BEGIN] = {"nmethod", "_scopes_data_begin", "CompiledMethod"},
    [MF_DEPENDENCIES_OFFSET] = {"nmethod", "_dependencies_offset", NULL},
    [MF_IMMUTABLE_DATA] = {"nmethod", "_immutable_data", NULL},
    [MF_IMMUTABLE_SIZE] = {"nmethod", "_immutable_data_size", NULL},
    [MF_PC_OFFSET] = {"PcDesc", "_pc_offset", NULL},
    [MF_PC_SCOPE] = {"PcDesc", "_scope_decode_offset", NULL},
    [MF_METHOD_CONST] = {"Method", "_constMethod", NULL},
    [MF_CONST_POOL] = {"ConstMethod", "_constants", NULL},
    [MF_CONST_NAME] = {"ConstMethod", "_name_index", NULL},
    [MF_CONST_SIGNATURE] = {"ConstMethod", "_signature_index", NULL},
    [MF_CONST_CODE_SIZE] = {"ConstMethod", "_code_size", NULL},
    [MF_CONST_ID] = {"ConstMethod", "_method_idnum", NULL},
    [MF_POOL_LENGTH] = {"ConstantPool", "_length", NULL},
    [MF_POOL_HOLDER] = {"ConstantPool", "_pool_holder", NULL},
    [MF_POOL_CACHE] = {"ConstantPool", "_cache", NULL},
    [MF_KLASS_NAME] = {"Klass", "_name", NULL},
    [MF_KLASS_METHODS] = {"InstanceKlass", "_methods", NULL},
    [MF_ARRAY_LENGTH] = {"Array<int>", "_length", NULL},
    [MF_SYMBOL_LENGTH] = {"Symbol", "_length", NULL},
    [MF_SYMBOL_BODY] = {"Symbol", "_body[0]", NULL},
    [MF_INTERPRETER_CODE] = {"AbstractInterpreter", "_code", NULL},
    [MF_QUEUE_BUFFER] = {"StubQueue", "_stub_buffer", NULL},
    [MF_QUEUE_LIMIT] = {"StubQueue", "_buffer_limit", NULL},
    [MF_CODELET_SIZE] = {"InterpreterCodelet", "_size", NULL},
    [MF_CODELET_TEXT] = {"InterpreterCodelet", "_description", NULL},
    [MF_MAJOR_VERSION] = {"Abstract_VM_Version", "_vm_major_version", NULL},
};

/* Types that these fields have or had, and their sizes in bytes; negative: signed. */
static const struct {
    const char *type;
    int32_t bytes;
} widths[] = {
    /* clang-format off */
    {"int", -4}, {"jint", -4}, {"int32_t", -4}, {"uint", 4}, {"unsigned int", 4}, {"uint32_t", 4}, {"u4", 4},
    {"short", -2}, {"int16_t", -2}, {"u2", 2}, {"jushort", 2}, {"uint16_t", 2},
    {"u1", 1}, {"bool", 1}, {"uint8_t", 1}, {"size_t", 8}, {"address", 8},
    {"VirtualSpace", 8}, /* part of an object: only its offset is used */
    /* clang-format on */
};

/* Both kinds of tables: of a target, or of this JVM. */
static bool find_in_tables(const struct mf_vm_tables *tables, const char *type, const char *field, struct mf_vm_field *out)
{
    const struct mf_vm_entry *entry;

    if (tables == NULL)
        return mf_vm_field(type, field, out) == 0;
    entry = mf_vm_tables_find(tables, type, field, MF_VM_OFFSET);
    if (entry == NULL)
        return false;
    *out = (struct mf_vm_field){mf_vm_entry_type(tables, entry), entry->value, entry->kind == MF_VM_STATIC};
    return true;
}

/* The size of a type; 0: unknown. */
static uint64_t size_of(const struct mf_vm_tables *tables, const char *type)
{
    const struct mf_vm_entry *entry;
    uint64_t size;

    if (tables == NULL)
        return mf_vm_type_size(type, &size) == 0 ? size : 0;
    entry = mf_vm_tables_find(tables, type, NULL, MF_VM_SIZE);
    return entry == NULL ? 0 : entry->value;
}

/* 0: unknown. A type that is not in the list, such as CompLevel, is an enumeration: the tables have its size. */
static int32_t width_of(const struct mf_vm_tables *tables, const char *type)
{
    const size_t length = strlen(type);
    uint64_t size;

    if (length > 0 && type[length - 1] == '*')
        return sizeof(uint64_t);
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
        if (strcmp(widths[i].type, type) == 0)
            return widths[i].bytes;
    size = size_of(tables, type);
    return size == 1 || size == 2 || size == 4 ? -(int32_t)size : 0;
}

static void find_field(const struct mf_vm_tables *tables, const struct name *name, struct mf_field_layout *out)
{
    struct mf_vm_field found;

    if (find_in_tables(tables, name->type, name->field, &found) ||
        (name->other_type != NULL && find_in_tables(tables, name->other_type, name->field, &found))) {
        out->offset = found.where;
        out->is_static = found.is_static;
        out->bytes = width_of(tables, found.type_string);
    }
}

/* The size of a type that is not larger than a page; 0: unknown. */
static uint64_t plausible_size(const struct mf_vm_tables *tables, const char *type)
{
    const uint64_t size = size_of(tables, type);

    return size > MF_PAGE ? 0 : size;
}

void mf_code_layout_read(const struct mf_vm_tables *tables, struct mf_code_layout *out)
{
    memset(out, 0, sizeof *out);
    for (uint32_t i = 0; i < MF_CODE_FIELDS; i++)
        find_field(tables, &names[i], &out->fields[i]);
    out->block_bytes = plausible_size(tables, "HeapBlock");
    out->pool_bytes = plausible_size(tables, "ConstantPool");
    out->pc_bytes = plausible_size(tables, "PcDesc");
    out->const_method_bytes = plausible_size(tables, "ConstMethod");
}

uint64_t mf_field_value(const struct mf_field_layout *place, const void *bytes)
{
    uint8_t one;
    uint16_t two;
    uint32_t four;
    uint64_t eight;

    switch (mf_field_width(place)) {
    case sizeof one:
        memcpy(&one, bytes, sizeof one);
        return place->bytes < 0 ? (uint64_t)(int64_t)(int8_t)one : one;
    case sizeof two:
        memcpy(&two, bytes, sizeof two);
        return place->bytes < 0 ? (uint64_t)(int64_t)(int16_t)two : two;
    case sizeof four:
        memcpy(&four, bytes, sizeof four);
        return place->bytes < 0 ? (uint64_t)(int64_t)(int32_t)four : four;
    default:
        memcpy(&eight, bytes, sizeof eight);
        return eight;
    }
}

int mf_field_read(struct mf_pages *pages, const struct mf_code_layout *layout, uint64_t object, enum mf_code_field field,
                  uint64_t *out)
{
    const struct mf_field_layout *const place = &layout->fields[field];
    uint64_t raw = 0;
    int rc;

    if (place->bytes == 0)
        return -ENOENT;
    rc = mf_pages_read(pages, place->is_static ? place->offset : object + place->offset, &raw, mf_field_width(place));
    if (rc == 0)
        *out = mf_field_value(place, &raw);
    return rc;
}

int mf_field_read_int(struct mf_pages *pages, const struct mf_code_layout *layout, uint64_t object, enum mf_code_field field,
                      int32_t *out)
{
    uint64_t value;
    const int rc = mf_field_read(pages, layout, object, field, &value);

    if (rc == 0)
        *out = (int32_t)value;
    return rc;
}
