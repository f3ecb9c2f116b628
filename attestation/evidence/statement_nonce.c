/* SPDX-License-Identifier: Apache-2.0 */
#include "statement_nonce.h"

/* With their zero bytes. */
static const char for_counter[] = "mitome counter 1", for_application[] = "mitome application 1",
                  for_revocation[] = "mitome revocation 1", for_reset[] = "mitome reset 1";

static void label_and(slice label, slice question, slice rest, uint8_t ret[STATEMENT_NONCE_SIZE])
{
        const slice parts[] = { label, question, rest };
        sha256(parts, 3, ret);
}

void counter_nonce(slice question, uint8_t ret[STATEMENT_NONCE_SIZE])
{
        label_and(slice_of(for_counter, sizeof for_counter), question, (slice){ 0 }, ret);
}

void application_nonce(slice session, slice cms, uint8_t ret[STATEMENT_NONCE_SIZE])
{
        uint8_t digest[SHA256_SIZE];
        sha256(&cms, 1, digest);
        label_and(slice_of(for_application, sizeof for_application), session, SLICE(digest), ret);
}

void revocation_nonce(slice session, uint8_t ret[STATEMENT_NONCE_SIZE])
{
        label_and(slice_of(for_revocation, sizeof for_revocation), session, (slice){ 0 }, ret);
}

void reset_nonce(slice session, uint8_t ret[STATEMENT_NONCE_SIZE])
{
        label_and(slice_of(for_reset, sizeof for_reset), session, (slice){ 0 }, ret);
}
