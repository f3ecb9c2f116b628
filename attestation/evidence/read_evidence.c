/* SPDX-License-Identifier: Apache-2.0 */
#include "read_evidence.h"

#include "digest.h"

static const char clause[] = "EVIDENCE.md 2";

enum { RECEIPT = 1 << EVIDENCE_RECEIPT, STATEMENT = 1 << EVIDENCE_STATEMENT, BOTH = RECEIPT | STATEMENT };
enum { NUMBER_MAX = 0xFFFFFF, CREDENTIALS_MAX = 0xFFFF };

/* ---- a person's certificate and key ---- */

static mitome_status read_kind(struct cbor_reader *r, struct evidence_person *person)
{
        const struct cbor_reader start = *r;
        uint64_t kind;
        MITOME_TRY(cbor_read_uint(r, "person.kind", EVIDENCE_USER_VERIFICATION, &kind));
        if (kind < EVIDENCE_SIGNING)
                return reader_fail(&start.bytes, MITOME_E_VALUE, "person.kind");
        person->kind = (enum evidence_person_kind)kind;
        return ok();
}

static mitome_status read_serial(struct cbor_reader *r, struct evidence_person *person)
{
        const struct cbor_reader start = *r;
        MITOME_TRY(cbor_read_bytes(r, "person.serial", EVIDENCE_SERIAL_MAX, &person->serial));
        if (person->serial.size == 0 || person->serial.data[0] == 0)
                return reader_fail(&start.bytes, MITOME_E_VALUE, "person.serial");
        return ok();
}

static mitome_status read_issuer(struct cbor_reader *r, struct evidence_person *person)
{
        return cbor_read_fixed(r, "person.issuer", SHA256_SIZE, &person->issuer);
}

static mitome_status read_certificate(struct cbor_reader *r, struct evidence_person *person)
{
        return cbor_read_fixed(r, "person.certificate", SHA256_SIZE, &person->certificate);
}

static mitome_status read_key(struct cbor_reader *r, struct evidence_person *person)
{
        return cbor_read_fixed(r, "person.key", SHA256_SIZE, &person->key);
}

static const struct {
        enum evidence_person_member member;
        mitome_status (*read)(struct cbor_reader *r, struct evidence_person *person);
} person_members[] = {
        { EVIDENCE_PERSON_KIND, read_kind },
        { EVIDENCE_PERSON_SERIAL, read_serial },
        { EVIDENCE_PERSON_ISSUER, read_issuer },
        { EVIDENCE_PERSON_CERTIFICATE, read_certificate },
        { EVIDENCE_PERSON_KEY, read_key },
};

enum { PERSON_MEMBERS = sizeof person_members / sizeof *person_members };

static mitome_status read_person_member(
        struct cbor_reader *r, const struct cbor_key *key, struct evidence_person *person)
{
        for (size_t i = 0; i < PERSON_MEMBERS; i++)
                if (!key->is_text && key->number == (int64_t)person_members[i].member)
                        return person_members[i].read(r, person);
        return reader_fail(&r->bytes, MITOME_E_VALUE, "person");
}

static mitome_status read_person(struct cbor_reader *r, struct evidence_person *ret)
{
        const struct cbor_reader start = *r;
        struct evidence_person person = { 0 };
        struct cbor_members map;
        struct cbor_key key;
        MITOME_TRY(cbor_open_map(r, "person", PERSON_MEMBERS, &map));
        for (bool more;;) {
                MITOME_TRY(cbor_next_key(r, &map, &key, &more));
                if (!more)
                        break;
                MITOME_TRY(read_person_member(r, &key, &person));
        }
        if (!person.kind || (!person.certificate.size && !person.key.size))
                return reader_fail(&start.bytes, MITOME_E_MISSING, "person");
        /* A serial number says nothing without its issuer, and neither stands in a key. */
        if (!person.serial.size != !person.issuer.size || (person.serial.size && !person.certificate.size))
                return reader_fail(&start.bytes, MITOME_E_VALUE, "person");
        *ret = person;
        return ok();
}

/* ---- members of the payload ---- */

static mitome_status read_version(struct cbor_reader *r, struct evidence *evidence)
{
        const struct cbor_reader start = *r;
        uint64_t version;
        (void)evidence;
        MITOME_TRY(cbor_read_uint(r, "payload.version", UINT32_MAX, &version));
        return version == EVIDENCE_VERSION ? ok()
                                           : reader_fail(&start.bytes, MITOME_E_VALUE, "payload.version");
}

static mitome_status read_identity(struct cbor_reader *r, struct evidence *evidence)
{
        const struct cbor_reader start = *r;
        MITOME_TRY(cbor_read_text(r, "payload.identity", EVIDENCE_IDENTITY_MAX, &evidence->identity));
        return evidence->identity.size ? ok() : reader_fail(&start.bytes, MITOME_E_VALUE, "payload.identity");
}

/* Each kind once, by rising number. */
static mitome_status read_persons(struct cbor_reader *r, struct evidence *evidence)
{
        struct cbor_members array;
        MITOME_TRY(cbor_open_array(r, "payload.persons", EVIDENCE_PERSONS, &array));
        while (cbor_next_element(r, &array)) {
                const struct cbor_reader start = *r;
                size_t i = evidence->person_count;
                MITOME_TRY(read_person(r, &evidence->persons[i]));
                if (i && evidence->persons[i].kind <= evidence->persons[i - 1].kind)
                        return reader_fail(&start.bytes, MITOME_E_VALUE, "person.kind");
                evidence->person_count++;
        }
        return ok();
}

static mitome_status read_nonce(struct cbor_reader *r, struct evidence *evidence)
{
        const struct cbor_reader start = *r;
        MITOME_TRY(cbor_read_bytes(r, "payload.nonce", EVIDENCE_NONCE_MAX, &evidence->nonce));
        return evidence->nonce.size >= EVIDENCE_NONCE_MIN
                       ? ok()
                       : reader_fail(&start.bytes, MITOME_E_VALUE, "payload.nonce");
}

static const struct member {
        const char *field;
        int required, optional; /* of which kinds */
        uint32_t max;           /* of a number, which has no `read` */
        mitome_status (*read)(struct cbor_reader *r, struct evidence *evidence);
} members[EVIDENCE_MEMBERS] = {
        [EVIDENCE_AT_VERSION] = { "payload.version", BOTH, 0, 0, read_version },
        [EVIDENCE_AT_SEQUENCE] = { "payload.sequence", BOTH, 0, NUMBER_MAX, NULL },
        [EVIDENCE_AT_REASON] = { "payload.reason", RECEIPT, 0, UINT8_MAX, NULL },
        [EVIDENCE_AT_IDENTITY] = { "payload.identity", BOTH, 0, 0, read_identity },
        [EVIDENCE_AT_PERSONS] = { "payload.persons", BOTH, 0, 0, read_persons },
        [EVIDENCE_AT_DERIVED] = { "payload.derived", BOTH, 0, CREDENTIALS_MAX, NULL },
        [EVIDENCE_AT_CERTIFICATE_CREDENTIALS] = { "payload.certificateCredentials", BOTH, 0, CREDENTIALS_MAX,
                NULL },
        [EVIDENCE_AT_OTHER] = { "payload.other", BOTH, 0, UINT16_MAX, NULL },
        [EVIDENCE_AT_DROPPED] = { "payload.dropped", BOTH, 0, NUMBER_MAX, NULL },
        [EVIDENCE_AT_NONCE] = { "payload.nonce", STATEMENT, RECEIPT, 0, read_nonce },
        [EVIDENCE_AT_PENDING] = { "payload.pending", STATEMENT, 0, UINT8_MAX, NULL },
        [EVIDENCE_AT_LEASE] = { "payload.lease", STATEMENT, 0, UINT16_MAX, NULL },
        [EVIDENCE_AT_LIFE_CYCLE] = { "payload.lifeCycle", STATEMENT, 0, UINT8_MAX, NULL },
};

static mitome_status read_member(struct cbor_reader *r, const struct cbor_key *key, struct evidence *evidence)
{
        bool known = !key->is_text && key->number > 0 && key->number < EVIDENCE_MEMBERS;
        const struct member *member = known ? &members[key->number] : NULL;
        if (!member || !((member->required | member->optional) & 1 << evidence->kind))
                return reader_fail(&r->bytes, MITOME_E_VALUE, "payload");
        if (member->read)
                return member->read(r, evidence);
        uint64_t number;
        MITOME_TRY(cbor_read_uint(r, member->field, member->max, &number));
        evidence->numbers[key->number] = (uint32_t)number;
        return ok();
}

static mitome_status read_payload(struct cbor_reader *r, struct evidence *evidence)
{
        const struct cbor_reader start = *r;
        struct cbor_members map;
        struct cbor_key key;
        unsigned seen = 0;
        MITOME_TRY(cbor_open_map(r, "payload", EVIDENCE_MEMBERS, &map));
        for (bool more;;) {
                MITOME_TRY(cbor_next_key(r, &map, &key, &more));
                if (!more)
                        break;
                MITOME_TRY(read_member(r, &key, evidence));
                seen |= 1u << key.number;
        }
        MITOME_TRY(cbor_end(r, "payload"));
        for (size_t i = 0; i < EVIDENCE_MEMBERS; i++)
                if (members[i].required & 1 << evidence->kind && !(seen & 1u << i))
                        return reader_fail(&start.bytes, MITOME_E_MISSING, members[i].field);
        return ok();
}

/* ---- the whole ---- */

static const struct cose_sign1_form form = { evidence_kinds, EVIDENCE_KINDS, MITOME_E_EVIDENCE_FORM,
        MITOME_E_VALUE, 0, EVIDENCE_CERTIFICATES_MAX, EVIDENCE_PAYLOAD_MAX };

mitome_status evidence_read(slice cose, struct evidence *ret, mitome_error *error)
{
        struct evidence evidence = { 0 };
        struct cbor_reader r = cbor_over(cose, clause, error);
        MITOME_TRY(cose_sign1_read(&r, &form, &evidence.sign1));
        MITOME_TRY(cbor_end(&r, "COSE_Sign1"));
        evidence.kind = (enum evidence_kind)evidence.sign1.kind;
        struct cbor_reader payload = cbor_over(evidence.sign1.payload, clause, error);
        payload.bytes = reader_within(&r.bytes, evidence.sign1.payload);
        MITOME_TRY(read_payload(&payload, &evidence));
        *ret = evidence;
        return ok();
}

bool evidence_recognise(slice cose, enum evidence_kind *ret)
{
        size_t kind;
        if (!cose_sign1_recognise(cose, &form, &kind))
                return false;
        *ret = (enum evidence_kind)kind;
        return true;
}

const char *evidence_reason_name(uint32_t reason)
{
        static const char *const names[] = { NULL, "reset by the holder", "reset by the holder, of all",
                "user-verification key erased by the authority", "signing key erased by the authority",
                "both keys erased by the authority", "JPKI applet deleted", "FIDO applet deleted" };
        return reason < sizeof names / sizeof *names ? names[reason] : NULL;
}
