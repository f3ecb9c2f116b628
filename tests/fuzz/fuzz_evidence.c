/* SPDX-License-Identifier: Apache-2.0 */

/* A receipt or a statement of an element: what is read lies in the input, within its bounds, and what the
 * form promises holds. */

#include "read_evidence.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_inside(slice input, slice part)
{
        if (part.size && !slice_contains(input, part))
                abort();
}

static void check_person(slice input, const struct evidence_person *person)
{
        check_inside(input, person->serial);
        check_inside(input, person->issuer);
        check_inside(input, person->certificate);
        check_inside(input, person->key);
        if ((person->kind != EVIDENCE_SIGNING && person->kind != EVIDENCE_USER_VERIFICATION) ||
                (!person->certificate.size && !person->key.size) ||
                !person->serial.size != !person->issuer.size)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const slice input = slice_of(data, size);
        struct evidence evidence;
        enum evidence_kind kind;
        mitome_error error = { 0 };
        if (evidence_read(input, &evidence, &error).code != MITOME_OK) {
                if (!error.field || !error.clause || error.at > size)
                        abort();
                return 0;
        }
        if (!evidence_recognise(input, &kind) || kind != evidence.kind || !evidence.sign1.chain_count ||
                evidence.sign1.chain_count > COSE_SIGN1_CHAIN_MAX ||
                evidence.person_count > EVIDENCE_PERSONS ||
                (kind == EVIDENCE_STATEMENT && !evidence.nonce.size))
                abort();
        check_inside(input, evidence.sign1.payload);
        check_inside(input, evidence.nonce);
        check_inside(input, evidence.identity);
        for (size_t i = 0; i < evidence.sign1.chain_count; i++) {
                check_inside(input, evidence.sign1.chain[i]);
                if (evidence.sign1.chain_at[i] + evidence.sign1.chain[i].size > size)
                        abort();
        }
        for (size_t i = 0; i < evidence.person_count; i++)
                check_person(input, &evidence.persons[i]);
        return 0;
}
