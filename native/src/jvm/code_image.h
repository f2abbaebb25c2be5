/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the JVM told of its compiled code, as one relocatable block that grows at its end:
 *
 *   | head | table: a place for each segment of the code cache | buckets of names | log: records and names, appended |
 *
 * A *place* counts 8 bytes from the image's start; 0 is none. A segment's place is that of the record that came to it last,
 * and this record knows what was there before it, for each of its segments. So the code that is at an address now, and all
 * that was there earlier, newest first, is one chain that begins one load behind the address.
 *
 * One writer at a time; any number of readers, which take no lock: nothing that a reader can reach is written to again, but
 * the time a record's code went, which is one store. Chains lead to smaller places alone, so that a search ends
 * even in an image that is being overwritten; who searches there looks afterwards whether it was (codes.h).
 */
#ifndef MF_CODE_IMAGE_H
#define MF_CODE_IMAGE_H

#include "mapfiles_jvm.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MF_SEGMENT_SHIFT 7u /* HotSpot's CodeCacheSegmentSize is 64 or 128: two methods seldom meet in a segment */
#define MF_NAME_BUCKETS 16384u

typedef uint32_t mf_place;

struct mf_code_image {
    uint64_t bytes;     /* of all of it */
    uint64_t low;       /* first address of the table's first segment */
    uint64_t forgotten; /* code that went before this time is no longer known */
    uint32_t segments;
    mf_place buckets;
    mf_place log;
    _Atomic mf_place used; /* behind the last entry */
    uint32_t live;         /* records whose code is there */
    uint32_t gone;         /* records whose code is not */
    uint32_t names;
    mf_place gone_units; /* what those take */
    _Atomic mf_place table[];
};

/* What an entry of the log begins with. */
struct mf_code_entry {
    uint32_t units; /* of 8 bytes, this one included */
    uint32_t kind;  /* enum mf_code_kind; MF_CODE_NAME */
};
#define MF_CODE_NAME 0u

/* A method, or a stub's name alone. The texts stand behind, without an end mark: class, name, signature. */
struct mf_code_name {
    struct mf_code_entry entry;
    uint64_t key; /* the jmethodID; 0: a stub */
    mf_place next;
    uint16_t class_length;
    uint16_t name_length;
    uint16_t signature_length;
    uint16_t unused[3];
    char text[];
};

/* Code from here on, up to and with offset, was made of this scope: debug information is at the end of what it tells of. */
struct mf_code_pc {
    uint32_t offset; /* from the code's start */
    uint32_t scope;
};

/* A method at a bytecode, inlined into its caller's scope. */
struct mf_code_scope {
    mf_place name;
    int32_t bci;
    uint32_t caller; /* MF_NO_SCOPE: none, it is the method compiled */
};
#define MF_NO_SCOPE UINT32_MAX

/* Behind it: mf_place below[segments], then mf_code_pc[pcs], then mf_code_scope[scopes]. */
struct mf_code_record {
    struct mf_code_entry entry;
    uint64_t start;
    uint64_t end;
    uint64_t loaded;
    _Atomic uint64_t unloaded; /* 0: it lives */
    mf_place name;
    uint32_t first_segment;
    uint32_t segments;
    uint32_t pcs;
    uint32_t scopes;
    int32_t tier;
    int32_t compile_id;
    int32_t entry_bci;
    uint32_t flags; /* MF_CODE_BEFORE_START */
    uint32_t told;  /* the writer's: in which round the JVM told of it last */
};

/** Bytes of an image whose log has room for @p log bytes, over a code cache of @p cache bytes. */
uint64_t mf_code_image_bytes(uint64_t cache, uint64_t log);

/** Makes an empty image; the memory is all zero. */
void mf_code_image_init(struct mf_code_image *image, uint64_t bytes, uint64_t low, uint64_t cache);

static inline void *mf_code_at(struct mf_code_image *image, mf_place place)
{
    return (char *)image + (uint64_t)place * 8;
}

static inline const void *mf_code_read(const struct mf_code_image *image, mf_place place)
{
    return (const char *)image + (uint64_t)place * 8;
}

/* What stands behind a record, in its order. */
static inline mf_place *mf_code_below(const struct mf_code_record *record)
{
    return (mf_place *)(record + 1);
}

static inline struct mf_code_pc *mf_code_pcs(const struct mf_code_record *record)
{
    return (struct mf_code_pc *)(mf_code_below(record) + record->segments);
}

static inline struct mf_code_scope *mf_code_scopes(const struct mf_code_record *record)
{
    return (struct mf_code_scope *)(mf_code_pcs(record) + record->pcs);
}

/** A name that is there, or is added: its place; 0: the image is full. A method is known again by its key, a stub by its text. */
mf_place mf_code_name_add(struct mf_code_image *image, uint64_t key, const char *const text[3]);

/** The place of a method's name by its key; 0: it is not there. */
mf_place mf_code_name_find(const struct mf_code_image *image, uint64_t key);

/** The name that another image has, in this one. */
mf_place mf_code_name_copy(struct mf_code_image *to, const struct mf_code_image *from, mf_place name);

/**
 * Begins a record at the log's end; what is not set yet is 0. Nobody sees it before mf_code_commit().
 *
 * @return NULL: the image is full. The code cache has the range: mf_code_covers().
 */
struct mf_code_record *mf_code_begin(struct mf_code_image *image, enum mf_code_kind kind, uint64_t start, uint64_t end,
                                     uint32_t pcs);

/** Adds a scope to the record begun: its number; MF_NO_SCOPE: the image is full. */
uint32_t mf_code_scope_add(struct mf_code_image *image, struct mf_code_record *record, struct mf_code_scope scope);

/** Shows the record begun to readers. Code that was still there is taken for gone: the JVM made this in its place. */
void mf_code_commit(struct mf_code_image *image, struct mf_code_record *record);

/** Exactly this code, if it is known and there: the JVM tells again of what there is when it is asked to. Else NULL. */
struct mf_code_record *mf_code_known(const struct mf_code_image *image, uint64_t start, uint64_t end, mf_place name);

/**
 * The stub that is there in exactly this range, if its name is this or begins with it: asked what there is, the JVM tells of the
 * same stubs with less. Else NULL.
 */
struct mf_code_record *mf_code_known_stub(const struct mf_code_image *image, uint64_t start, uint64_t end, const char *name);

/** Notes at a time that code told of last in an earlier round went. */
void mf_code_remove_untold(struct mf_code_image *image, uint32_t round, uint64_t time);

/** Whether the code cache that the image is of has this range. */
bool mf_code_covers(const struct mf_code_image *image, uint64_t start, uint64_t end);

/** Notes that the method at this address went. Whether one was known there. */
bool mf_code_remove(struct mf_code_image *image, uint64_t start, uint64_t time);

/** Whether so many bytes from a place on are in the image. */
static inline bool mf_code_is_within(const struct mf_code_image *image, mf_place place, uint64_t bytes)
{
    return place != 0 && (uint64_t)place * 8 + bytes <= image->bytes;
}

/** As mf_code_find(), in one image. @return the record's place; 0: none; and MF_CODE_RECORDED_LATER or 0. */
mf_place mf_code_search(const struct mf_code_image *image, uint64_t address, uint64_t time, uint32_t *flags);

#endif
