/* SPDX-License-Identifier: Apache-2.0 */
/* Receipts and statements of secure elements, attestation/evidence/EVIDENCE.md. */
#include "print_place.h"
#include "read_evidence.h"

static void print_digest_if(const struct print_place *place, const char *name, slice digest)
{
        if (digest.size)
                print_hex_line(place, name, digest);
}

static void print_person(const struct print_place *place, const struct evidence_person *person)
{
        const struct print_place within = { place->out, place->indent + 2, place->at, place->error };
        print_line(place, "certificate",
                person->kind == EVIDENCE_SIGNING ? "for signatures (\xE7\xBD\xB2\xE5\x90\x8D\xE7\x94\xA8)"
                                                 : "for user verification "
                                                   "(\xE5\x88\xA9\xE7\x94\xA8\xE8\x80\x85\xE8\xA8\xBC\xE6\x98"
                                                   "\x8E\xE7\x94\xA8)");
        print_digest_if(&within, "serial", person->serial);
        print_digest_if(&within, "issuer's name", person->issuer);
        print_digest_if(&within, "certificate", person->certificate);
        print_digest_if(&within, "key", person->key);
}

static void print_other(const struct print_place *place, uint32_t bits)
{
        static const char *const names[] = { "PIN", "password", "pairing with a matcher", "confirmed fingers",
                "batch key" };
        const char *between = "";
        print_name(place, "also");
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
                if (!(bits & 1u << i))
                        continue;
                fprintf(place->out, "%s%s", between, names[i]);
                between = ", ";
        }
        if (bits & ~(uint32_t)EVIDENCE_OTHERS)
                fprintf(place->out, "%sbits %#x", between, bits & ~(uint32_t)EVIDENCE_OTHERS);
        else if (!*between)
                fputs("nothing", place->out);
        fputc('\n', place->out);
}

/* GlobalPlatform Card Specification 2.3.1, table 11-6. */
static const char *life_cycle_name(uint32_t life_cycle)
{
        static const struct {
                uint32_t life_cycle;
                const char *name;
        } names[] = { { 0x01, "OP_READY" }, { 0x07, "INITIALIZED" }, { 0x0F, "SECURED" },
                { 0x7F, "CARD_LOCKED" }, { 0xFF, "TERMINATED" } };
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
                if (names[i].life_cycle == life_cycle)
                        return names[i].name;
        return "not known";
}

static void print_state(const struct print_place *place, const uint32_t *numbers)
{
        print_line(place, "receipts", "%u so far, %u not acknowledged, %u dropped",
                (unsigned)numbers[EVIDENCE_AT_SEQUENCE], (unsigned)numbers[EVIDENCE_AT_PENDING],
                (unsigned)numbers[EVIDENCE_AT_DROPPED]);
        print_line(place, "lease", "%u signatures", (unsigned)numbers[EVIDENCE_AT_LEASE]);
        print_line(place, "life cycle", "%s (%02X)", life_cycle_name(numbers[EVIDENCE_AT_LIFE_CYCLE]),
                (unsigned)numbers[EVIDENCE_AT_LIFE_CYCLE]);
}

static void print_erasure(const struct print_place *place, const uint32_t *numbers)
{
        const char *reason = evidence_reason_name(numbers[EVIDENCE_AT_REASON]);
        print_line(place, "number", "%u", (unsigned)numbers[EVIDENCE_AT_SEQUENCE]);
        print_line(place, "dropped", "%u", (unsigned)numbers[EVIDENCE_AT_DROPPED]);
        print_line(place, "reason", "%s (%u)", reason ? reason : "not known",
                (unsigned)numbers[EVIDENCE_AT_REASON]);
}

static void print_evidence(const struct print_place *place, const struct evidence *evidence)
{
        const uint32_t *numbers = evidence->numbers;
        print_text_line(place, "device", evidence->identity);
        (evidence->kind == EVIDENCE_RECEIPT ? print_erasure : print_state)(place, numbers);
        for (size_t i = 0; i < evidence->person_count; i++)
                print_person(place, &evidence->persons[i]);
        print_line(place, "credentials", "%u derived, %u of the certificate",
                (unsigned)numbers[EVIDENCE_AT_DERIVED],
                (unsigned)numbers[EVIDENCE_AT_CERTIFICATE_CREDENTIALS]);
        print_other(place, numbers[EVIDENCE_AT_OTHER]);
        print_bytes_line(place, "nonce", evidence->nonce);
        print_line(place, "signature", "ES256, %zu bytes, not checked", evidence->sign1.signature.size);
        for (size_t i = 0; i < evidence->sign1.chain_count; i++) {
                fprintf(place->out, "%*sx5chain[%zu]\n", place->indent, "", i);
                print_part(place, print_certificate, evidence->sign1.chain[i],
                        place->at + evidence->sign1.chain_at[i]);
        }
}

static mitome_status print_kind(const struct print_place *place, slice cose, enum evidence_kind kind)
{
        struct evidence evidence;
        mitome_error inner = { 0 };
        MITOME_TRY(print_relay(place, evidence_read(cose, &evidence, &inner), &inner));
        if (evidence.kind != kind)
                return fail_at(place->error, MITOME_E_EVIDENCE_KIND, place->at, "protected", "EVIDENCE.md 2");
        print_evidence(place, &evidence);
        return ok();
}

mitome_status print_receipt(const struct print_place *place, slice cose)
{
        return print_kind(place, cose, EVIDENCE_RECEIPT);
}

mitome_status print_element_statement(const struct print_place *place, slice cose)
{
        return print_kind(place, cose, EVIDENCE_STATEMENT);
}
