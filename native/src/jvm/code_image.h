/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recorded code, as one relocatable block that grows at its end:
 *
 *   | head | table: a unit for each segment of the code cache | buckets of names | log: records and names, appended |
 *
 * A *unit* is an offset from the start of the image, in steps of 8 bytes; 0 is none. The table holds for each segment the unit
 * of the record that was appended last. A record holds for each of its segments the unit of the record before it. So the code
 * at an address, from newest to oldest, is one chain.
 *
 * There is one writer at a time. Readers take no lock: nothing that a reader can reach is written again, except a record's
 * unload time, which is one store. Each step of a chain leads to a smaller unit, so a search ends even in an image that is
 * being overwritten. After a search the reader checks whether that happened (code_store.h).
 */
#ifndef MF_CODE_IMAGE_H
#define MF_CODE_IMAGE_H

#include "mapfiles_jvm.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MF_SEGMENT_SHIFT 7u /* HotSpot's CodeCacheSegmentSize is 64 or 128: two methods seldom share a segment */
#define MF_NAME_BUCKETS  16384u

typedef uint32_t mf_code_unit;

struct mf_code_image {
    uint64_t bytes;          /* size of the image */
    uint64_t low;            /* first address of the first segment of the table */
    uint64_t evicted_before; /* code that was unloaded before this time may be evicted; 0: none is */
    uint32_t segments;
    mf_code_unit buckets;
    mf_code_unit log;
    _Atomic mf_code_unit used; /* end of the last entry */
    uint32_t live;             /* records of live code */
    uint32_t unloaded;         /* records of unloaded code */
    uint32_t names;
    mf_code_unit unloaded_units; /* size of the records of unloaded code */
    mf_code_unit detail_units;   /* size of the debug information of all records */
    _Atomic mf_code_unit table[];
};

/* The head of an entry of the log. */
struct mf_code_entry {
    uint32_t units; /* size, in steps of 8 bytes, with this head */
    uint32_t kind;  /* a value of enum mf_code_kind, or MF_CODE_NAME */
};
#define MF_CODE_NAME 0u

/* The name of a method, or of a stub. It is followed by its texts, not terminated: class, name, signature. */
struct mf_code_name {
    struct mf_code_entry entry;
    uint64_t key; /* the jmethodID; 0: a stub */
    mf_code_unit next;
    uint16_t class_length;
    uint16_t name_length;
    uint16_t signature_length;
    uint16_t unused[3];
    char text[];
};

/* Debug information: the scope of the code that ends at an offset (inclusive), and begins after the one before. */
struct mf_code_pc {
    uint32_t offset; /* from the start of the code */
    uint32_t scope;
};

/* A method at a bytecode, inlined into the scope of its caller. */
struct mf_code_scope {
    mf_code_unit name;
    int32_t bci;
    uint32_t caller; /* MF_NO_SCOPE: none; this is the compiled method */
};
#define MF_NO_SCOPE UINT32_MAX

/* Followed by mf_code_unit below[segments], mf_code_pc[pcs] and mf_code_scope[scopes]. */
struct mf_code_record {
    struct mf_code_entry entry;
    uint64_t start;
    uint64_t end;
    uint64_t loaded;
    _Atomic uint64_t unloaded; /* 0: live */
    int32_t compile_id;
    uint32_t head;      /* of a method: bytes from its nmethod to its start; 0: unknown */
    int32_t blob_bytes; /* CodeBlob::_size of the nmethod. A search reads the fields up to here: most often one cache line */
    mf_code_unit name;
    uint32_t first_segment;
    uint32_t segments;
    uint32_t pcs;
    uint32_t scopes;
    int32_t tier;
    int32_t entry_bci;
    uint32_t flags; /* MF_CODE_BEFORE_START, MF_CODE_NO_DETAILS */
    uint32_t round; /* of the writer: the last round in which the JVM reported this code */
};

/* Returns the size of an image whose log has @p log bytes, for a code cache of @p cache bytes. */
uint64_t mf_code_image_bytes(uint64_t cache, uint64_t log);

/* Makes an empty image in memory that is all zero. */
void mf_code_image_init(struct mf_code_image *image, uint64_t bytes, uint64_t low, uint64_t cache);

static inline void *mf_code_at(struct mf_code_image *image, mf_code_unit unit)
{
    return (char *)image + (uint64_t)unit * 8;
}

static inline const void *mf_code_read(const struct mf_code_image *image, mf_code_unit unit)
{
    return (const char *)image + (uint64_t)unit * 8;
}

/* Returns whether the image has this many bytes from a unit on. */
static inline bool mf_code_is_within(const struct mf_code_image *image, mf_code_unit unit, uint64_t bytes)
{
    return unit != 0 && (uint64_t)unit * 8 + bytes <= image->bytes;
}

/* The three arrays that follow a record. */
static inline mf_code_unit *mf_code_below(const struct mf_code_record *record)
{
    return (mf_code_unit *)(record + 1);
}

static inline struct mf_code_pc *mf_code_pcs(const struct mf_code_record *record)
{
    return (struct mf_code_pc *)(mf_code_below(record) + record->segments);
}

static inline struct mf_code_scope *mf_code_scopes(const struct mf_code_record *record)
{
    return (struct mf_code_scope *)(mf_code_pcs(record) + record->pcs);
}

/* ---- For the writer ---------------------------------------------------------------------------------------------- */

/*
 * Returns the unit of a name, which is added if it is new; 0: the image is full. A method has a key; a stub has only its text.
 */
mf_code_unit mf_code_name_add(struct mf_code_image *image, uint64_t key, const char *const text[3]);

/* Returns the unit of the name of a method; 0: it is not in the image. */
mf_code_unit mf_code_name_find(const struct mf_code_image *image, uint64_t key);

/* Adds a name of another image to this one, as mf_code_name_add(). */
mf_code_unit mf_code_name_copy(struct mf_code_image *to, const struct mf_code_image *from, mf_code_unit name);

/* Returns whether a range is in the code cache of the image. */
bool mf_code_covers(const struct mf_code_image *image, uint64_t start, uint64_t end);

/*
 * Begins a record at the end of the log, with fields of 0. Readers cannot reach it before mf_code_commit(). The range is in the
 * code cache: mf_code_covers().
 *
 * Returns NULL if the image is full.
 */
struct mf_code_record *mf_code_begin(struct mf_code_image *image, enum mf_code_kind kind, uint64_t start, uint64_t end,
                                     uint32_t pcs);

/* Adds a scope to the record that was begun. Returns its number; MF_NO_SCOPE: the image is full. */
uint32_t mf_code_scope_add(struct mf_code_image *image, struct mf_code_record *record, struct mf_code_scope scope);

/* Publishes the record that was begun. Live code in its range is marked unloaded: the JVM has placed this code there. */
void mf_code_commit(struct mf_code_image *image, struct mf_code_record *record);

/* Returns the live record of exactly this code, or NULL. The JVM reports existing code again on request. */
struct mf_code_record *mf_code_find_live(const struct mf_code_image *image, uint64_t start, uint64_t end, mf_code_unit name);

/*
 * Returns the live record of a stub with exactly this range, whose name is or begins with this text; or NULL. On a request for
 * existing code the JVM reports the same stubs with shorter names.
 */
struct mf_code_record *mf_code_find_live_stub(const struct mf_code_image *image, uint64_t start, uint64_t end,
                                              const char *name);

/*
 * Marks the live method that starts at an address as unloaded. Returns whether there was one.
 *
 * @param key  of its name; 0: any. The JVM may report the end of a method after another one was recorded in its place.
 */
bool mf_code_remove(struct mf_code_image *image, uint64_t start, uint64_t key, uint64_t time);

/* Marks live code in a range as unloaded: the JVM has placed code there that is not recorded. */
void mf_code_replace(struct mf_code_image *image, uint64_t start, uint64_t end, uint64_t time);

/* Marks live code as unloaded if the JVM did not report it in this round. */
void mf_code_remove_unreported(struct mf_code_image *image, uint32_t round, uint64_t time);

/* ---- For readers, also of an image that is being overwritten ------------------------------------------------------ */

struct mf_code_match {
    mf_code_unit record;  /* 0: none */
    uint32_t flags;       /* MF_CODE_RECORDED_LATER or 0 */
    uint64_t next_loaded; /* when the next code at the address was loaded, after the requested time; 0: none was */
};

/* Implements mf_code_find(). */
struct mf_code_match mf_code_search(const struct mf_code_image *image, uint64_t address, uint64_t time);

/*
 * Implements mf_code_frames() for a method.
 *
 * @param instruction  any byte of the instruction.
 *
 * Returns -ESTALE if the image is being overwritten.
 */
int mf_code_read_frames(const struct mf_code_image *image, mf_code_unit record, uint64_t instruction, struct mf_code_frame *out,
                        uint32_t capacity);

/* Implements mf_code_text(). Returns -ESTALE if the image is being overwritten, or the kind is invalid. */
int mf_code_read_text(const struct mf_code_image *image, mf_code_unit name, enum mf_code_text_kind kind, char *out,
                      uint32_t capacity);

/* ---- For compaction ---------------------------------------------------------------------------------------------- */

/*
 * Copies live code, and the code that was unloaded last, up to @p history units of unloaded code, to an empty image. Code that
 * was unloaded earlier is evicted. Returns false if the target image is full.
 *
 * @param with_details  false: debug information is not copied, and the records are marked MF_CODE_NO_DETAILS.
 */
bool mf_code_image_copy(struct mf_code_image *to, const struct mf_code_image *from, uint64_t history, bool with_details);

#endif
