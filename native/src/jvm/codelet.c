/* SPDX-License-Identifier: Apache-2.0 */
/* Which code of the interpreter has a frame (templateInterpreterGenerator.cpp, interp_masm_x86.cpp, interp_masm_aarch64.cpp). */
#include "jvm/target_code.h"

#include <stdbool.h>
#include <string.h>

#define AFTER_FRAME 128u /* bytes of code between the removal of a frame and the jump to the caller are fewer */

static bool begins(struct mf_codelet_name name, const char *text)
{
    const size_t length = strlen(text);

    return name.length >= length && memcmp(name.text, text, length) == 0;
}

static bool ends(struct mf_codelet_name name, const char *text)
{
    const size_t length = strlen(text);

    return name.length >= length && memcmp(name.text + name.length - length, text, length) == 0;
}

/*
 * Returns whether the code before an instruction removes the frame. Then the frame pointer is that of the caller. If that is
 * compiled code, the words of a method that has returned may still be in its frame. The interpreter removes a frame to return, to
 * throw an exception to the caller, and to continue a loop in compiled code (remove_activation(), TemplateTable::branch()).
 */
static bool may_have_removed_frame(struct mf_pages *pages, uint64_t start, uint64_t instruction)
{
    unsigned char bytes[AFTER_FRAME + 1];
    const uint64_t before = instruction - start;
    const uint32_t length = before < AFTER_FRAME ? (uint32_t)before : AFTER_FRAME;

    if (mf_pages_read(pages, instruction - length, bytes, length + 1) != 0)
        return true;
#if defined(__aarch64__)
    if (instruction % 4 != 0) /* it is no instruction */
        return true;
    for (uint32_t i = length % 4; i + 4 <= length; i += 4) /* ldp x29, x30, [sp], #16 */
        if (bytes[i] == 0xfd && bytes[i + 1] == 0x7b && bytes[i + 2] == 0xc1 && bytes[i + 3] == 0xa8)
            return true;
#else
    for (uint32_t i = 0; i < length; i++) /* leave; pop to a register, which may have a prefix */
        if (bytes[i] == 0xc9 && ((bytes[i + 1] & 0xf8) == 0x58 || (bytes[i + 1] & 0xf0) == 0x40))
            return true;
#endif
    return false;
}

int mf_codelet_has_frame(struct mf_pages *pages, struct mf_codelet_name name, uint64_t start, uint64_t address,
                         enum mf_code_address kind)
{
    if (name.length == 0 || begins(name, "Interpreter")) /* it is unknown which codelet it is */
        return 0;
    /* The code that enters a method makes the frame, and calls native methods from it. That of Math.sin() makes none. */
    if (begins(name, "method entry point") &&
        (kind == MF_CODE_RUNNING_AT ||
         !(begins(name, "method entry point (kind = native") || begins(name, "method entry point (kind = zerolocals"))))
        return 0;
    return !may_have_removed_frame(pages, start, address);
}

int mf_codelet_saves_bytecode(struct mf_codelet_name name, enum mf_code_address kind)
{
    return kind == MF_CODE_RETURNS_TO && (begins(name, "method entry point") || ends(name, "entry points"));
}
