/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MITOME_ERROR_H
#define MITOME_ERROR_H

/* What every call of Mitome answers with, and how to say it to a person.
 *
 * The numbers live in <mitome/errors.def>; a number is never given a second meaning. docs/errors.md is
 * generated from the same list. */

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif
#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

typedef enum mitome_code {
        MITOME_OK = 0,
#define MITOME_ERROR(number, name, message, remedy) MITOME_E_##name = (number),
#include <mitome/errors.def>
#undef MITOME_ERROR
} mitome_code;

/* mitome_status is what a function returns. It is a structure so that it cannot be mistaken for a count, a
 * boolean or a file descriptor: test `.code` against MITOME_OK. */
typedef struct mitome_status {
        mitome_code code;
} mitome_status;

/* MITOME_CHECKED marks a function whose answer must be looked at. */
#if defined(__GNUC__)
#define MITOME_CHECKED __attribute__((warn_unused_result))
#else
#define MITOME_CHECKED
#endif

/* MITOME_NOWHERE is the offset of an error that has no place in the input. */
#define MITOME_NOWHERE ((size_t)-1)

/* mitome_error says what went wrong, where, and which clause of which specification was broken.
 *
 * The caller owns it and hands it in zeroed ({0}), or hands in NULL when only the code matters. All strings
 * are static: an error never carries bytes of the input or of a secret. The first cause wins: once `code` is
 * set, later failures on the way out leave the record alone. */
typedef struct mitome_error {
        mitome_code code;
        size_t at;          /* byte offset in the outermost input, or MITOME_NOWHERE */
        const char *field;  /* "attStmt.x5c", or NULL */
        const char *clause; /* "WebAuthn L3 7.1 #20", or NULL */
} mitome_error;

/* mitome_explain writes one line for a person into `text` (always terminated, cut when `size` is short):
 * code, what, where, clause and, where there is one, what to do. Returns the length the whole line has,
 * without its terminator, as snprintf does. `size` may be 0 and `text` then NULL. */
size_t mitome_explain(const mitome_error *error, char *text, size_t size);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
