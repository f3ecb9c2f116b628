/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STATUS_H
#define STATUS_H

#include <mitome/error.h>

#include <stdbool.h>

/* MITOME_TRY leaves the calling function with the failure of `expression`, if it fails. */
#define MITOME_TRY(expression)                        \
        do {                                          \
                mitome_status status_ = (expression); \
                if (status_.code != MITOME_OK)        \
                        return status_;               \
        } while (0)

/* ok is the status of a call that did what it was asked. */
static inline mitome_status ok(void)
{
        return (mitome_status){ MITOME_OK };
}

static inline bool failed(mitome_status status)
{
        return status.code != MITOME_OK;
}

/* error_record keeps the cause in `error` (which may be NULL; the first cause wins). */
void error_record(mitome_error *error, mitome_code code, size_t at, const char *field, const char *clause);

/* fail_at records the cause in `error` (which may be NULL; the first cause wins) and returns its status.
 * `field` and `clause` are static strings or NULL. Inline, so that a compiler sees that it is no success. */
MITOME_CHECKED static inline mitome_status fail_at(
        mitome_error *error, mitome_code code, size_t at, const char *field, const char *clause)
{
        error_record(error, code, at, field, clause);
        return (mitome_status){ code };
}

/* fail is fail_at for a cause that has no byte offset. */
MITOME_CHECKED static inline mitome_status fail(
        mitome_error *error, mitome_code code, const char *field, const char *clause)
{
        return fail_at(error, code, MITOME_NOWHERE, field, clause);
}

#endif
