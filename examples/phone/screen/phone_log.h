/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PHONE_LOG_H
#define PHONE_LOG_H

/* What goes by between hosts, authenticator and element, decoded, for a developer to read: the last lines of
 * it. No PIN, no password and no key is in it (print.h). Any thread may read. */

#include "bytes.h"

#include <jansson.h>

enum { PHONE_LOG_LINES = 2048, PHONE_LOG_LINE_MAX = 4096 };

struct phone_log;

MITOME_CHECKED mitome_status phone_log_open(struct phone_log **ret, mitome_error *error);
void phone_log_close(struct phone_log *log);

/* phone_log_ctap and phone_log_apdu take one message; they have the form of struct mitome_trace's. */
void phone_log_ctap(void *context, bool request, slice message);
void phone_log_apdu(void *context, bool command, slice apdu);

/* phone_log_read gives [{"number", "way", "text"}] of what came after line `after`, oldest first. NULL: no
 * memory. */
json_t *phone_log_read(struct phone_log *log, uint64_t after);

#endif
