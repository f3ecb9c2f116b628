/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DER_WRITE_H
#define DER_WRITE_H

/* DER (X.690) into a writer: elements of at most 65535 bytes, inside out. */

#include "bytes.h"

void der_put_head(writer *w, uint8_t tag, size_t length);
void der_put(writer *w, uint8_t tag, slice content);

/* der_put_time writes a GeneralizedTime as RFC 5280 has it: in seconds, UTC. */
void der_put_time(writer *w, uint8_t tag, int64_t time);

#endif
