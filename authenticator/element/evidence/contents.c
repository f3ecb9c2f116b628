/* SPDX-License-Identifier: Apache-2.0 */
#include "contents.h"

#include "der.h"
#include "element_internal.h"

/* ---- a certificate, a key ---- */

/* Certificate ::= SEQUENCE { tbs SEQUENCE { [0] version, serialNumber, signature, issuer, ..: RFC 5280 4.1 */
static mitome_status read_certificate(slice der, struct contents_person *person)
{
        slice content, version, algorithm, name, issuer, serial;
        reader r = reader_over(der, NULL, NULL);
        MITOME_TRY(der_read(&r, NULL, DER_SEQUENCE, &content, NULL));
        r = reader_within(&r, content);
        MITOME_TRY(der_read(&r, NULL, DER_SEQUENCE, &content, NULL));
        r = reader_within(&r, content);
        MITOME_TRY(der_read(&r, NULL, DER_CONTEXT_0, &version, NULL));
        MITOME_TRY(der_read_positive(&r, NULL, &serial));
        MITOME_TRY(der_read(&r, NULL, DER_SEQUENCE, &algorithm, NULL));
        MITOME_TRY(der_read(&r, NULL, DER_SEQUENCE, &name, &issuer));
        if (serial.size > EVIDENCE_SERIAL_MAX)
                return fail(NULL, MITOME_E_TOO_LONG, NULL, NULL);
        person->serial = serial;
        sha256(&issuer, 1, person->issuer);
        person->has_issuer = true;
        return ok();
}

static void write_der(writer *w, uint8_t tag, slice content)
{
        enum { SHORT_MAX = 0x7F, ONE_BYTE = 0x81, TWO_BYTES = 0x82 };
        write_u8(w, tag);
        if (content.size > UINT8_MAX) {
                write_u8(w, TWO_BYTES);
                write_u16(w, (uint16_t)content.size);
        } else {
                if (content.size > SHORT_MAX)
                        write_u8(w, ONE_BYTE);
                write_u8(w, (uint8_t)content.size);
        }
        write_slice(w, content);
}

/* SubjectPublicKeyInfo of an RSA key (RFC 3279 2.3.1), hashed. */
static void hash_public_key(slice modulus, slice exponent, uint8_t ret[SHA256_SIZE])
{
        enum { KEY_MAX = 640 };
        static const uint8_t algorithm[] = { 0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01,
                0x01, 0x01, 0x05, 0x00 };
        uint8_t numbers_bytes[KEY_MAX], key_bytes[KEY_MAX], info_bytes[KEY_MAX], whole_bytes[KEY_MAX];
        writer numbers = WRITER(numbers_bytes), key = WRITER(key_bytes), info = WRITER(info_bytes),
               whole = WRITER(whole_bytes);
        write_slice(&numbers, modulus);
        write_slice(&numbers, exponent);
        write_u8(&key, 0); /* unused bits */
        write_der(&key, DER_SEQUENCE, writer_view(&numbers));
        write_slice(&info, SLICE(algorithm));
        write_der(&info, DER_BIT_STRING, writer_view(&key));
        write_der(&whole, DER_SEQUENCE, writer_view(&info));
        const slice part = writer_view(&whole);
        sha256(&part, 1, ret);
}

/* RSAPrivateKey ::= SEQUENCE { version, modulus, publicExponent, ..: RFC 8017 A.1.2 */
static mitome_status read_key(slice der, struct contents_person *person)
{
        enum { MODULUS_MAX = 520 };
        slice content, version, number, modulus, exponent;
        reader r = reader_over(der, NULL, NULL);
        MITOME_TRY(der_read(&r, NULL, DER_SEQUENCE, &content, NULL));
        r = reader_within(&r, content);
        MITOME_TRY(der_read(&r, NULL, DER_INTEGER, &version, NULL));
        MITOME_TRY(der_read(&r, NULL, DER_INTEGER, &number, &modulus));
        MITOME_TRY(der_read(&r, NULL, DER_INTEGER, &number, &exponent));
        if (modulus.size + exponent.size > MODULUS_MAX)
                return fail(NULL, MITOME_E_TOO_LONG, NULL, NULL);
        hash_public_key(modulus, exponent, person->key);
        person->has_key = true;
        return ok();
}

static const struct {
        enum evidence_person_kind kind;
        enum contents_scope scope;
        enum jpki_ef certificate, key;
} persons[] = {
        { EVIDENCE_SIGNING, CONTENTS_SIGNING, JPKI_SIGN_CERTIFICATE, JPKI_SIGN_KEY },
        { EVIDENCE_USER_VERIFICATION, CONTENTS_USER, JPKI_AUTH_CERTIFICATE, JPKI_AUTH_KEY },
};

enum { PERSON_COUNT = sizeof persons / sizeof *persons };

static slice file(const struct mitome_element *element, enum jpki_ef ef)
{
        return element_object(element, OBJECT_JPKI_FILE + (uint32_t)ef);
}

void contents_read_person(
        const struct mitome_element *element, enum evidence_person_kind kind, struct contents_person *ret)
{
        *ret = (struct contents_person){ 0 };
        for (size_t i = 0; i < PERSON_COUNT; i++) {
                if (persons[i].kind != kind)
                        continue;
                const slice certificate = file(element, persons[i].certificate);
                ret->has_certificate = certificate.size > 0;
                if (ret->has_certificate)
                        sha256(&certificate, 1, ret->certificate);
                /* What is not understood is not listed: a certificate that is none has a digest only. */
                (void)failed(read_certificate(certificate, ret));
                (void)failed(read_key(file(element, persons[i].key), ret));
        }
}

/* ---- the members ---- */

static void write_member(writer *w, bool present, enum evidence_person_member member, slice value)
{
        if (!present)
                return;
        cbor_write_int(w, member);
        cbor_write_bytes(w, value);
}

static void write_person(writer *w, enum evidence_person_kind kind, const struct contents_person *person)
{
        bool serial = person->serial.size > 0;
        cbor_write_map(w, 1 + (size_t)serial + (size_t)person->has_issuer + (size_t)person->has_certificate +
                                  (size_t)person->has_key);
        cbor_write_int(w, EVIDENCE_PERSON_KIND);
        cbor_write_int(w, kind);
        write_member(w, serial, EVIDENCE_PERSON_SERIAL, person->serial);
        write_member(w, person->has_issuer, EVIDENCE_PERSON_ISSUER, SLICE(person->issuer));
        write_member(w, person->has_certificate, EVIDENCE_PERSON_CERTIFICATE, SLICE(person->certificate));
        write_member(w, person->has_key, EVIDENCE_PERSON_KEY, SLICE(person->key));
}

static size_t write_persons(const struct mitome_element *element, unsigned scopes, writer *w)
{
        struct contents_person found[PERSON_COUNT];
        bool listed[PERSON_COUNT] = { false };
        size_t count = 0;
        for (size_t i = 0; i < PERSON_COUNT; i++) {
                if (!(scopes & persons[i].scope))
                        continue;
                contents_read_person(element, persons[i].kind, &found[i]);
                listed[i] = found[i].has_certificate || found[i].has_key;
                count += listed[i];
        }
        cbor_write_int(w, EVIDENCE_AT_PERSONS);
        cbor_write_array(w, count);
        for (size_t i = 0; i < PERSON_COUNT; i++)
                if (listed[i])
                        write_person(w, persons[i].kind, &found[i]);
        return count;
}

static unsigned find_other(const struct mitome_element *element)
{
        static const struct {
                uint32_t object;
                enum evidence_other other;
        } others[] = {
                { OBJECT_PIN, EVIDENCE_PIN },
                { OBJECT_PASSWORD, EVIDENCE_PASSWORD },
                { OBJECT_PAIRING_KEY, EVIDENCE_PAIRING },
                { OBJECT_ENROLMENT_SET, EVIDENCE_FINGER },
                { OBJECT_BATCH_KEY, EVIDENCE_BATCH_KEY },
        };
        unsigned found = 0;
        for (size_t i = 0; i < sizeof others / sizeof *others; i++)
                if (element_has(element, others[i].object))
                        found |= (unsigned)others[i].other;
        return found;
}

uint8_t contents_of_holder(const struct mitome_element *element)
{
        enum { CREDENTIALS = 0x80, HIS = EVIDENCE_PIN | EVIDENCE_PAIRING | EVIDENCE_FINGER };
        return (uint8_t)((find_other(element) & HIS) | (fido_count(element) ? CREDENTIALS : 0));
}

struct contents_found contents_write(
        const struct mitome_element *element, unsigned scopes, unsigned other, writer *w)
{
        /* Credentials of the certificate end with it. */
        bool user = scopes & (CONTENTS_USER | CONTENTS_CREDENTIALS);
        size_t certificate = user ? fido_count_certificate(element) : 0;
        size_t derived = scopes & CONTENTS_CREDENTIALS ? fido_count(element) - certificate : 0;
        other &= find_other(element);
        size_t count = write_persons(element, scopes, w);
        cbor_write_int(w, EVIDENCE_AT_DERIVED);
        cbor_write_uint(w, derived);
        cbor_write_int(w, EVIDENCE_AT_CERTIFICATE_CREDENTIALS);
        cbor_write_uint(w, certificate);
        cbor_write_int(w, EVIDENCE_AT_OTHER);
        cbor_write_uint(w, other);
        return (struct contents_found){ .persons = count > 0,
                .anything = count || derived || certificate || other };
}
