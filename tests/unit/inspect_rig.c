/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect_rig.h"

#include "cose.h"
#include "evaluation_statement.h"
#include "evidence_form.h"
#include "format_rig.h"
#include "gate_message.h"
#include "json.h"

#include <mitome/record.h>

#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(bool right, const char *what)
{
        if (right)
                return;
        fprintf(stderr, "inspect rig: %s failed\n", what);
        abort();
}

/* Keeps a copy in memory of just its size, so that a sanitizer sees who reads too far. */
static slice keep(slice bytes)
{
        uint8_t *copy = malloc(bytes.size);
        must(copy && !failed(slice_copy(bytes, "sample", copy, bytes.size, NULL)), "copy");
        return slice_of(copy, bytes.size);
}

static struct inspect_sample *add(struct inspect_rig *rig, const char *kind, slice bytes)
{
        must(rig->count < INSPECT_SAMPLES_MAX, "room");
        struct inspect_sample *sample = &rig->samples[rig->count++];
        *sample = (struct inspect_sample){ .kind = kind, .bytes = keep(bytes) };
        return sample;
}

static void show(struct inspect_sample *sample, const char *const *parts)
{
        for (size_t i = 0; parts[i]; i++) {
                must(i + 1 < INSPECT_PARTS_MAX, "parts");
                sample->parts[i] = parts[i];
        }
}

#define SHOW(sample, ...) show((sample), (const char *const[]){ __VA_ARGS__, NULL })

/* ---- ceremonies ---- */

static slice registration_extensions(void)
{
        static uint8_t bytes[128];
        writer w = WRITER(bytes);
        cbor_write_map(&w, 6);
        cbor_write_string(&w, "uvm");
        cbor_write_array(&w, 1);
        cbor_write_array(&w, 3);
        cbor_write_uint(&w, 2);
        cbor_write_uint(&w, 8);
        cbor_write_uint(&w, 4);
        cbor_write_string(&w, "other");
        cbor_write_map(&w, 0);
        cbor_write_string(&w, "credBlob");
        cbor_write_bool(&w, true);
        cbor_write_string(&w, "credProtect");
        cbor_write_uint(&w, 2);
        cbor_write_string(&w, "hmac-secret");
        cbor_write_bool(&w, true);
        cbor_write_string(&w, "minPinLength");
        cbor_write_uint(&w, 4);
        return writer_view(&w);
}

/* What nobody shall see on a screen is all 5A. */
static slice login_extensions(void)
{
        static uint8_t bytes[256];
        static const uint8_t secret[32] = "ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ";
        writer w = WRITER(bytes);
        cbor_write_map(&w, 3);
        cbor_write_string(&w, "prf");
        cbor_write_bytes(&w, SLICE(secret));
        cbor_write_string(&w, "credBlob");
        cbor_write_bytes(&w, SLICE(secret));
        cbor_write_string(&w, "hmac-secret");
        cbor_write_bytes(&w, SLICE(secret));
        return writer_view(&w);
}

static const char *const format_parts[RIG_FORMATS][INSPECT_PARTS_MAX] = {
        [RIG_FORMAT_NONE] = { "format         \"none\"", "\n    empty\n", "(WebAuthn L3 8.7)" },
        [RIG_FORMAT_SELF] = { "format         \"packed\"", "alg            ES256 (-7)" },
        [RIG_FORMAT_PACKED] = { "x5c[0]         certificate, ", "id-fido-gen-ce-aaguid (WebAuthn L3 8.2.1)",
                "subject        CN=\"", "not before     ", "public key     EC P-256, 256 bits",
                "basicConstraints, critical" },
        [RIG_FORMAT_U2F] = { "format         \"fido-u2f\"", "a U2F token" },
        [RIG_FORMAT_TPM] = { "type           TPM_ALG_ECC (0x0023)", "nameAlg        TPM_ALG_SHA256 (0x000b)",
                "curveID        TPM_ECC_NIST_P256 (0x0003)", "type           TPM_ST_ATTEST_CERTIFY (0x8017)",
                "tpmManufacturer=\"id:4D544D45\"", "tcg-kp-AIKCertificate", "attributes     0x" },
        [RIG_FORMAT_ANDROID] = { "KeyDescription (WebAuthn L3 8.4.1)", "purpose        sign",
                "origin         generated (0)", "challenge      32 bytes: " },
        [RIG_FORMAT_APPLE] = { "format         \"apple\"", "nonce          " },
        [RIG_FORMAT_JPKI] = { "device         a packed statement", "alg            RS256 (-257)",
                "public key     RSA, 2048 bits, exponent 65537" },
        [RIG_FORMAT_COMPOUND] = { "statement 1\n", "statement 2\n", "x5c[0]         certificate, " },
};

/* The JSON with extension results in place of none. */
static slice with_results(const struct rig_response *built)
{
        static const char none[] = "\"clientExtensionResults\":{}";
        static const char some[] =
                "\"clientExtensionResults\":{\"credProps\":{\"rk\":true},\"prf\":{\"enabled\":true,\"results\":"
                "{\"first\":\"SECRETPRF\"}},\"largeBlob\":{\"supported\":true,\"blob\":\"SECRETBLOB\"},"
                "\"hmacGetSecret\":{\"output1\":\"SECRETHMAC\"}}";
        static uint8_t text[sizeof built->json + sizeof some];
        const slice json = rig_json(built);
        const uint8_t *place = memmem(json.data, json.size, none, sizeof none - 1);
        must(place != NULL, "extension results");
        const size_t before = (size_t)(place - json.data), behind = before + sizeof none - 1;
        writer w = WRITER(text);
        write_slice(&w, slice_of(json.data, before));
        write_slice(&w, slice_text(some));
        write_slice(&w, slice_of(json.data + behind, json.size - behind));
        return writer_view(&w);
}

static void add_ceremonies(struct inspect_rig *rig, struct format_rig *formats)
{
        static struct rig_response built;
        struct rig_plan plan = rig_registration_plan();
        plan.extensions = registration_extensions();
        plan.flags |= 0x80;
        plan.outer_members = ",\"authenticatorAttachment\":\"platform\"";
        plan.inner_members = ",\"transports\":[\"usb\"]";
        for (enum rig_format format = 0; format < RIG_FORMATS; format++) {
                plan.flags = format == RIG_FORMAT_U2F ? 0x41 : rig_registration_plan().flags | 0x80;
                format_rig_build(formats, format, &plan, &built);
                show(add(rig, "attestation-object", slice_of(built.object, built.object_size)),
                        format_parts[format]);
        }
        format_rig_build(formats, RIG_FORMAT_PACKED, &plan, &built);
        SHOW(add(rig, "registration-response", with_results(&built)), "authenticatorAttachment \"platform\"",
                "attestationObject ", "RP ID          \"example.org\"", "transports     [\"usb\"]",
                "results        secret: not shown", "rk             true",
                "also           \"hmacGetSecret\", ");
        SHOW(add(rig, "client-data", slice_of(built.client_data, built.client_data_size)),
                "type           \"webauthn.create\"", "origin         \"https://example.org\"",
                "challenge      32 bytes: ");
        SHOW(add(rig, "auth-data", slice_of(built.auth_data, built.auth_data_size)),
                "\"credProtect\": 2 userVerificationOptionalWithCredentialIDList (CTAP 2.1 12.1)",
                "\"credBlob\": stored", "\"hmac-secret\": the credential has one",
                "\"minPinLength\": 4 code points", "\"other\": {}",
                "\"uvm\": by fingerprint, key in secure element, matcher in on chip");
        SHOW(add(rig, "cose-key", slice_of(built.public_key, built.public_key_size)),
                "public key     ES256 (-7), P-256");
        plan = rig_authentication_plan();
        plan.extensions = login_extensions();
        plan.flags |= 0x80;
        plan.user_handle = "\"dXNlcg\"";
        rig_build(&formats->rig, &plan, &built);
        SHOW(add(rig, "authentication-response", rig_json(&built)), "authenticatorData ", "signature      ",
                "userHandle     4 bytes: 75736572", "\"prf\": (secret: not shown)",
                "\"hmac-secret\": 32 bytes, encrypted for the platform: not shown",
                "RP ID          \"example.org\"");
}

/* ---- parts of statements ---- */

/* The byte string behind a key of attStmt. */
static slice member_of(slice statement, const char *name)
{
        struct cbor_reader r = cbor_over(statement, NULL, NULL);
        struct cbor_members map;
        struct cbor_key key;
        slice bytes;
        bool more;
        must(!failed(cbor_open_map(&r, NULL, 16, &map)), "statement");
        for (;;) {
                must(!failed(cbor_next_key(&r, &map, &key, &more)) && more, name);
                if (key.is_text && slice_is(key.text, name))
                        break;
                must(!failed(cbor_skip(&r, NULL)), "statement");
        }
        must(!failed(cbor_read_bytes(&r, NULL, SIZE_MAX, &bytes)), name);
        return bytes;
}

static void add_tpm(struct inspect_rig *rig, struct format_rig *formats)
{
        static struct rig_response built;
        struct rig_plan plan = rig_registration_plan();
        format_rig_build(formats, RIG_FORMAT_TPM, &plan, &built);
        SHOW(add(rig, "tpm-public", member_of(rig_statement(&built), "pubArea")),
                "type           TPM_ALG_ECC", "unique x       ");
        SHOW(add(rig, "tpm-attest", member_of(rig_statement(&built), "certInfo")),
                "magic          TPM_GENERATED_VALUE (0xff544347)", "extraData      ", "clock          ");
}

/* KeyDescription 4: of a trusted environment; what it says is not for this one to judge. */
static void add_key_description(struct inspect_rig *rig)
{
        static const uint8_t description[] = { 0x30, 0x2A, 0x02, 0x01, 0x04, 0x0A, 0x01, 0x01, 0x02, 0x01,
                0x29, 0x0A, 0x01, 0x02, 0x04, 0x02, 0xAB, 0xCD, 0x04, 0x00, 0x30, 0x06, 0xBF, 0x84, 0x58,
                0x02, 0x05, 0x00, 0x30, 0x0E, 0xA1, 0x05, 0x31, 0x03, 0x02, 0x01, 0x07, 0xBF, 0x85, 0x3E,
                0x03, 0x02, 0x01, 0x02 };
        SHOW(add(rig, "key-description", SLICE(description)), "version        4, made in trusted environment",
                "keystore       version 41, keys in StrongBox", "challenge      2 bytes: abcd",
                "application    all of them: bound to none", "purpose        attest",
                "origin         imported (2)");
}

/* ---- certificates, lists and responses ---- */

static struct inspect_sample *add_encoded(
        struct inspect_rig *rig, const char *kind, unsigned char **der, int size)
{
        must(size > 0, kind);
        struct inspect_sample *sample = add(rig, kind, slice_of(*der, (size_t)size));
        OPENSSL_free(*der);
        return sample;
}

static void extend(X509 *certificate, int nid, const char *value)
{
        X509V3_CTX context;
        X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
        X509V3_set_ctx_nodb(&context);
        X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
        must(extension && X509_add_ext(certificate, extension, -1) == 1, value);
        X509_EXTENSION_free(extension);
}

static void extend_raw(X509 *certificate, const char *oid, slice value)
{
        ASN1_OBJECT *type = OBJ_txt2obj(oid, 1);
        ASN1_OCTET_STRING *content = ASN1_OCTET_STRING_new();
        must(ASN1_OCTET_STRING_set(content, value.data, (int)value.size) == 1, oid);
        X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, type, 0, content);
        must(extension && X509_add_ext(certificate, extension, -1) == 1, oid);
        X509_EXTENSION_free(extension);
        ASN1_OCTET_STRING_free(content);
        ASN1_OBJECT_free(type);
}

/* One that has every extension, and in its subject what would steer a terminal. */
static void add_certificate(struct inspect_rig *rig, const struct rig *ca)
{
        static const uint8_t transports[] = { 0x03, 0x02, 0x04, 0x30 }, serial[] = { 0x04, 0x02, 0x12, 0x34 };
        static const uint8_t marker[] = { 0x05, 0x00 };
        static const uint8_t policies[] = { 0x30, 0x0F, 0x30, 0x0D, 0x06, 0x0B, 0x2A, 0x83, 0x08, 0x8C, 0x9B,
                0x55, 0x08, 0x05, 0x01, 0x03, 0x1E };
        X509 *certificate = X509_dup(ca->ca);
        X509_NAME *name = X509_NAME_new();
        unsigned char *der = NULL;
        must(certificate && name &&
                        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                (const unsigned char *)"a\x1B[2J\xE8\xAA\x8D", -1, -1, 0) == 1 &&
                        X509_set_subject_name(certificate, name) == 1,
                "subject");
        extend(certificate, NID_subject_alt_name,
                "DNS:a.example.org,IP:192.0.2.1,URI:https://example.org/,RID:1.2.3.4");
        extend(certificate, NID_ext_key_usage, "clientAuth,1.2.3.4");
        extend(certificate, NID_key_usage, "digitalSignature,keyCertSign");
        extend_raw(certificate, "2.5.29.32", SLICE(policies));
        extend(certificate, NID_crl_distribution_points, "URI:http://example.org/crl");
        extend(certificate, NID_info_access, "OCSP;URI:http://example.org/ocsp");
        extend_raw(certificate, "1.3.6.1.4.1.45724.2.1.1", SLICE(transports));
        extend_raw(certificate, "1.3.6.1.4.1.45724.1.1.2", SLICE(serial));
        extend_raw(certificate, "1.3.6.1.4.1.99999.1.1", SLICE(marker));
        must(X509_sign(certificate, ca->ca_key, EVP_sha256()) > 0, "certificate");
        SHOW(add_encoded(rig, "certificate", &der, i2d_X509(certificate, &der)),
                "CN=\"a\\x1b[2J\xE8\xAA\x8D\"", "DNS \"a.example.org\"", "IP 192.0.2.1",
                "TLS Web Client Authentication", "JPKI user verification", "by             USB, NFC",
                "device         2 bytes: 1234");
        X509_NAME_free(name);
        X509_free(certificate);
}

static ASN1_INTEGER *number(long value)
{
        ASN1_INTEGER *integer = ASN1_INTEGER_new();
        must(integer && ASN1_INTEGER_set(integer, value) == 1, "number");
        return integer;
}

static void revoke(X509_CRL *list, long serial, int reason, const ASN1_TIME *at)
{
        X509_REVOKED *entry = X509_REVOKED_new();
        ASN1_INTEGER *integer = number(serial);
        ASN1_ENUMERATED *why = ASN1_ENUMERATED_new();
        must(entry && why && X509_REVOKED_set_serialNumber(entry, integer) == 1 &&
                        X509_REVOKED_set_revocationDate(entry, (ASN1_TIME *)(uintptr_t)at) == 1 &&
                        ASN1_ENUMERATED_set(why, reason) == 1 &&
                        X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, why, 0, 0) == 1 &&
                        X509_CRL_add0_revoked(list, entry) == 1,
                "entry");
        ASN1_ENUMERATED_free(why);
        ASN1_INTEGER_free(integer);
}

static void add_list(struct inspect_rig *rig, const struct rig *ca)
{
        X509_CRL *list = X509_CRL_new();
        ASN1_TIME *at = ASN1_TIME_set(NULL, RIG_NOW), *next = ASN1_TIME_set(NULL, RIG_NOW + 86400);
        ASN1_INTEGER *integer = number(7);
        unsigned char *der = NULL;
        must(list && at && next && X509_CRL_set_version(list, X509_CRL_VERSION_2) == 1 &&
                        X509_CRL_set_issuer_name(list, X509_get_subject_name(ca->ca)) == 1 &&
                        X509_CRL_set1_lastUpdate(list, at) == 1 &&
                        X509_CRL_set1_nextUpdate(list, next) == 1 &&
                        X509_CRL_add1_ext_i2d(list, NID_crl_number, integer, 0, 0) == 1,
                "list");
        revoke(list, 0x1234, CRL_REASON_KEY_COMPROMISE, at);
        for (long serial = 1; serial <= 12; serial++)
                revoke(list, serial, CRL_REASON_CERTIFICATE_HOLD, at);
        must(X509_CRL_sign(list, ca->ca_key, EVP_sha256()) > 0, "list");
        SHOW(add_encoded(rig, "crl", &der, i2d_X509_CRL(list, &der)),
                "thisUpdate     2030-01-01 00:00:00 UTC", "nextUpdate     2030-01-02 00:00:00 UTC",
                "cRLNumber      07", "entries        13", "serial         1234", "key compromise 2030-01-01",
                "3 more");
        ASN1_INTEGER_free(integer);
        ASN1_TIME_free(at);
        ASN1_TIME_free(next);
        X509_CRL_free(list);
}

static void add_answer(struct inspect_rig *rig, const struct rig *ca)
{
        OCSP_BASICRESP *answer = OCSP_BASICRESP_new();
        ASN1_INTEGER *serial = number(0x1234);
        ASN1_TIME *at = ASN1_GENERALIZEDTIME_set(NULL, RIG_NOW);
        OCSP_CERTID *id = OCSP_cert_id_new(
                EVP_sha1(), X509_get_subject_name(ca->ca), X509_get0_pubkey_bitstr(ca->ca), serial);
        unsigned char *der = NULL;
        must(answer && id && at &&
                        OCSP_basic_add1_status(answer, id, V_OCSP_CERTSTATUS_REVOKED,
                                OCSP_REVOKED_STATUS_SUPERSEDED, at, at, NULL) &&
                        OCSP_basic_sign(answer, ca->ca, ca->ca_key, EVP_sha256(), NULL, 0) == 1,
                "answer");
        OCSP_RESPONSE *response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, answer);
        SHOW(add_encoded(rig, "ocsp-response", &der, i2d_OCSP_RESPONSE(response, &der)),
                "response       successful (0)", "status         revoked", "reason         superseded",
                "serial         1234", "thisUpdate     2030-01-01 00:00:00 UTC", "nextUpdate     none");
        OCSP_RESPONSE_free(response);
        OCSP_BASICRESP_free(answer);
        response = OCSP_response_create(OCSP_RESPONSE_STATUS_TRYLATER, NULL);
        der = NULL;
        SHOW(add_encoded(rig, "ocsp-response", &der, i2d_OCSP_RESPONSE(response, &der)), "trylater (3)");
        OCSP_RESPONSE_free(response);
        OCSP_CERTID_free(id);
        ASN1_TIME_free(at);
        ASN1_INTEGER_free(serial);
}

/* ---- metadata ---- */

static void write_base64url(writer *w, slice bytes)
{
        uint8_t quoted[8192];
        writer text = WRITER(quoted);
        struct json_writer json = json_into(&text);
        json_write_base64url(&json, NULL, bytes);
        slice whole = writer_view(&text);
        write_slice(w, slice_of(whole.data + 1, whole.size - 2));
}

static void add_blob(struct inspect_rig *rig, const struct rig *ca)
{
        static const char payload[] =
                "{\"no\":7,\"nextUpdate\":\"2030-01-15\",\"entries\":["
                "{\"aaguid\":\"6d69746f-6d65-4001-8000-000000000001\",\"metadataStatement\":{\"description\":"
                "\"\\u8a8d\\u3081 \\u001b[2J\"},\"statusReports\":[{\"status\":\"FIDO_CERTIFIED_L2\"}]},"
                "{\"attestationCertificateKeyIdentifiers\":[\"00112233445566778899aabbccddeeff00112233\"],"
                "\"metadataStatement\":{\"description\":\"U2F\"},\"statusReports\":[{\"status\":\"REVOKED\"}]}]}";
        static const uint8_t signature[64] = { 1 };
        static uint8_t blob[16384];
        static char header[8192], encoded[4096];
        EVP_EncodeBlock((unsigned char *)encoded, ca->ca_der, (int)ca->ca_der_size);
        int size = snprintf(
                header, sizeof header, "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"x5c\":[\"%s\"]}", encoded);
        writer w = WRITER(blob);
        write_base64url(&w, slice_of(header, (size_t)size));
        write_u8(&w, '.');
        write_base64url(&w, slice_text(payload));
        write_u8(&w, '.');
        write_base64url(&w, SLICE(signature));
        must(!w.overflowed, "BLOB");
        SHOW(add(rig, "metadata-blob", writer_view(&w)), "alg            \"ES256\"", "no             7",
                "nextUpdate     2030-01-15", "entries        2",
                "6d69746f-6d65-4001-8000-000000000001 \"\xE8\xAA\x8D\xE3\x82\x81 \\x1b[2J\", FIDO_CERTIFIED_L2, L2\n",
                "00112233445566778899aabbccddeeff00112233 \"U2F\", REVOKED, no level, COMPROMISED\n",
                "Nothing was verified");
}

/* ---- records ---- */

static void add_records(struct inspect_rig *rig, struct format_rig *formats)
{
        static struct rig_response built;
        static uint8_t text[MITOME_RECORD_MAX];
        static const uint8_t id[] = { 1, 2, 3, 4 },
                             issuer[] = { 0x30, 0x0B, 0x31, 0x09, 0x30, 0x07, 0x06, 0x03, 0x55, 0x04, 0x03,
                                     0x0C, 0x00 },
                             serial[] = { 0x12 }, aaguid[16] = { 0x6D }, hash[32] = { 1 };
        struct rig_plan plan = rig_registration_plan();
        format_rig_build(formats, RIG_FORMAT_PACKED, &plan, &built);
        struct mitome_record record = {
                .credential_id = SLICE(id),
                .public_key = slice_of(built.public_key, built.public_key_size),
                .rp_id = slice_text("example.org"),
                .sign_count = 9,
                .transports = MITOME_TRANSPORT_USB | MITOME_TRANSPORT_NFC,
                .backup_eligible = MITOME_ANSWER_NO,
                .aaguid = SLICE(aaguid),
                .format = slice_text("packed"),
                .attestation_object = slice_of(built.object, built.object_size),
                .client_data_hash = SLICE(hash),
                .attestation_issuer = SLICE(issuer),
                .attestation_serial = SLICE(serial),
                .trust = MITOME_TRUST_VERIFIED,
                .created = RIG_NOW,
                .standing = MITOME_STANDING_ATTENTION,
                .standing_code = MITOME_E_MODEL_UNKNOWN,
                .judged = RIG_NOW,
        };
        static const char *const parts[] = { "rp_id          \"example.org\"",
                "public key     ES256 (-7), P-256", "transports     usb, nfc",
                "created        2030-01-01 00:00:00 UTC", "E955 ", "trust          verified",
                "x5c[0]         certificate", NULL };
        slice written;
        must(!failed(mitome_record_write_json(&record, text, sizeof text, &written, NULL)), "record");
        show(add(rig, "record-json", written), parts);
        must(!failed(mitome_record_write_cbor(&record, text, sizeof text, &written, NULL)), "record");
        show(add(rig, "record-cbor", written), parts);
}

/* ---- evidence ---- */

static void write_person(writer *w, enum evidence_person_kind kind)
{
        static const uint8_t serial[] = { 0x51, 0x01 }, digest[32] = { 0xD1 };
        cbor_write_map(w, EVIDENCE_PERSON_KEY);
        for (int member = EVIDENCE_PERSON_KIND; member <= EVIDENCE_PERSON_KEY; member++) {
                cbor_write_int(w, member);
                if (member == EVIDENCE_PERSON_KIND)
                        cbor_write_uint(w, kind);
                else
                        cbor_write_bytes(w, member == EVIDENCE_PERSON_SERIAL ? SLICE(serial) : SLICE(digest));
        }
}

static bool stands_in(enum evidence_kind kind, int member)
{
        return kind == EVIDENCE_RECEIPT ? member <= EVIDENCE_AT_NONCE : member != EVIDENCE_AT_REASON;
}

static void write_evidence_payload(writer *w, enum evidence_kind kind)
{
        static const uint8_t nonce[16] = { 0x9A };
        static const unsigned numbers[EVIDENCE_MEMBERS] = { [EVIDENCE_AT_VERSION] = EVIDENCE_VERSION,
                [EVIDENCE_AT_SEQUENCE] = 7,
                [EVIDENCE_AT_REASON] = 5,
                [EVIDENCE_AT_DERIVED] = 3,
                [EVIDENCE_AT_OTHER] = EVIDENCE_PIN | EVIDENCE_BATCH_KEY,
                [EVIDENCE_AT_PENDING] = 2,
                [EVIDENCE_AT_LEASE] = 40,
                [EVIDENCE_AT_LIFE_CYCLE] = 0x0F };
        cbor_write_map(w, kind == EVIDENCE_RECEIPT ? 10 : 12);
        for (int member = EVIDENCE_AT_VERSION; member < EVIDENCE_MEMBERS; member++) {
                if (!stands_in(kind, member))
                        continue;
                cbor_write_int(w, member);
                if (member == EVIDENCE_AT_IDENTITY) {
                        cbor_write_string(w, "MT-1 0001");
                } else if (member == EVIDENCE_AT_NONCE) {
                        cbor_write_bytes(w, SLICE(nonce));
                } else if (member == EVIDENCE_AT_PERSONS) {
                        cbor_write_array(w, 2);
                        write_person(w, EVIDENCE_SIGNING);
                        write_person(w, EVIDENCE_USER_VERIFICATION);
                } else {
                        cbor_write_uint(w, numbers[member]);
                }
        }
}

static slice evidence_sample(enum evidence_kind kind, const struct rig *ca)
{
        static uint8_t bytes[EVIDENCE_MAX];
        static const uint8_t signature[COSE_SIGN1_SIGNATURE_SIZE] = { 1 };
        uint8_t payload_bytes[EVIDENCE_PAYLOAD_MAX];
        writer w = WRITER(bytes), payload = WRITER(payload_bytes);
        const slice certificate = slice_of(ca->ca_der, ca->ca_der_size);
        write_evidence_payload(&payload, kind);
        cose_sign1_write(&w, &evidence_kinds[kind], (slice){ 0 }, &certificate, 1, writer_view(&payload),
                SLICE(signature));
        must(!w.overflowed, "evidence");
        return writer_view(&w);
}

static void add_evidence(struct inspect_rig *rig, const struct rig *ca)
{
        SHOW(add(rig, "receipt", evidence_sample(EVIDENCE_RECEIPT, ca)), "device         \"MT-1 0001\"",
                "reason         both keys erased by the authority (5)", "  serial         5101",
                "credentials    3 derived, 0 of the certificate", "also           PIN, batch key",
                "ES256, 64 bytes, not checked", "Nothing was verified");
        SHOW(add(rig, "element-statement", evidence_sample(EVIDENCE_STATEMENT, ca)),
                "receipts       7 so far, 2 not acknowledged, 0 dropped", "lease          40 signatures",
                "life cycle     SECURED (0F)", "nonce          16 bytes: 9a", "x5chain[0]",
                "certificate    for user verification", "Nothing was verified");
}

/* A fact of each type. */
static void add_evaluation(struct inspect_rig *rig, const struct rig *ca)
{
        static uint8_t bytes[8192];
        static const uint8_t filler[64] = { 0xE7 };
        uint8_t payload[1024];
        writer p = WRITER(payload), w = WRITER(bytes);
        const slice certificate = slice_of(ca->ca_der, ca->ca_der_size);
        struct level_facts facts = { 0 };
        const struct mitome_evaluation said = { .report = slice_of(filler, 32),
                .aaguid = slice_of(filler, 16),
                .build = slice_text("element 1.2"),
                .at = 1795341600,
                .expires = 1795428000,
                .simulated = true,
                .policies = { { slice_text("policy"), slice_of(filler, 32), slice_text("AAL2") },
                        { slice_text("other"), slice_of(filler + 1, 32), slice_text("") } },
                .policy_count = 2 };
        facts.facts[LEVEL_KEY_EXPORTABLE] = (struct level_fact){ .obtained = LEVEL_ATTESTED };
        facts.facts[LEVEL_PIN_TRIES] = (struct level_fact){ .obtained = LEVEL_ATTESTED, .count = 3 };
        facts.facts[LEVEL_UV_MODALITY] =
                (struct level_fact){ .obtained = LEVEL_DECLARED, .word = slice_text("finger") };
        facts.facts[LEVEL_UV_FMR] = (struct level_fact){
                .obtained = LEVEL_ATTESTED, .partial = true, .rate = { .errors = 1, .trials = 50000 }
        };
        evaluation_payload_write(&p, &said, &facts);
        evaluation_statement_write(&w, COSE_ES256, &certificate, 1, writer_view(&p), SLICE(filler));
        must(!p.overflowed && !w.overflowed, "evaluation");
        SHOW(add(rig, "evaluation-statement", writer_view(&w)), "build          \"element 1.2\"",
                "element        simulated, in software",
                "policy         \"policy\" reaches \"AAL2\", SHA-256 e7", "fact           pin.tries: 3\n",
                "fact           uv.fmr: 1 in 50000, in part\n",
                "uv.modality: \"finger\", as declared to the evaluator", "ES256, 64 bytes, not checked",
                "Nothing was verified");
}

/* ---- the authenticator's half ---- */

static void add_gate(struct inspect_rig *rig)
{
        static const uint8_t key[32] = { 9 }, challenge[32] = { 7 }, hash[32] = { 8 };
        uint8_t bytes[GATE_MESSAGE_MAX], sealed[UNLOCK_TOKEN_SIZE], entry[UNLOCK_ENTRY_SIZE];
        const struct unlock_token token = { .purpose = UNLOCK_VERIFIED, .modality = UNLOCK_FINGER };
        unlock_token_seal(&token, SLICE(key), sealed);
        SHOW(add(rig, "unlock-token", SLICE(sealed)), "purpose        verified", "modality       finger",
                "MAC            32 bytes, not checked");
        writer w = WRITER(bytes);
        unlock_entry_seal(&(struct unlock_entry){ .entered = 7, .number = 9 }, UNLOCK_VERIFIED,
                SLICE(challenge), SLICE(key), entry);
        gate_request_write(&w, &(struct gate_request){ .kind = GATE_REQUEST_VERIFY,
                                       .command = 2,
                                       .rp_id = slice_text("example.org"),
                                       .client_data_hash = SLICE(hash),
                                       .challenge = SLICE(challenge),
                                       .timeout_ms = 5000,
                                       .entry = SLICE(entry) });
        SHOW(add(rig, "gate-request", writer_view(&w)), "kind           VERIFY",
                "command        authenticatorGetAssertion (0x02)", "time limit     5000 ms",
                "RP ID          \"example.org\"",
                "PIN entered    7 times, by the element's word (not checked)", "its challenge  number 9");
        w = WRITER(bytes);
        gate_request_write(
                &w, &(struct gate_request){ .kind = GATE_REQUEST_CERTIFY, .certificate = SLICE(hash) });
        SHOW(add(rig, "gate-request", writer_view(&w)), "kind           CERTIFY", "certificate    32 bytes");
        w = WRITER(bytes);
        gate_report_write(
                &w, &(struct gate_report){ .kind = MITOME_GATE_EVIDENCE, .evidence = SLICE(sealed) });
        SHOW(add(rig, "gate-report", writer_view(&w)), "kind           evidence", "purpose        verified");
        w = WRITER(bytes);
        gate_report_write(
                &w, &(struct gate_report){ .kind = GATE_REPORT_REFUSED, .code = MITOME_E_GATE_BUSY });
        SHOW(add(rig, "gate-report", writer_view(&w)), "reason         E703 ");
        w = WRITER(bytes);
        gate_report_write(&w, &(struct gate_report){ .kind = GATE_REPORT_STATUS,
                                      .set = slice_of(hash, UNLOCK_SET_SIZE),
                                      .sensor = slice_text("a scripted sensor"),
                                      .class = MATCHER_SCRIPTED,
                                      .modality = UNLOCK_FACE });
        SHOW(add(rig, "gate-report", writer_view(&w)), "sensor         \"a scripted sensor\"",
                "class          scripted, by its own word", "modality       face");
        w = WRITER(bytes);
        gate_report_write(
                &w, &(struct gate_report){ .kind = MITOME_GATE_NO_MATCH, .hint = MITOME_GATE_HINT_SAME });
        SHOW(add(rig, "gate-report", writer_view(&w)), "kind           no match",
                "hint           as good as one seen before");
}

static void add_messages(struct inspect_rig *rig)
{
        static const uint8_t request[] = { 0x06, 0xA2, 0x01, 0x02, 0x02, 0x01 },
                             response[] = { 0x00, 0xA2, 0x03, 0x40, 0x05, 0x41, 0x5A },
                             command[] = { 0x00, 0xA4, 0x04, 0x0C, 0x02, 0x01, 0x02 },
                             answer[] = { 0x63, 0xC2 }, item[] = { 0xA1, 0x61, 'a', 0x63, 'b', 'c', 'd' };
        SHOW(add(rig, "ctap-request", SLICE(request)), "authenticatorClientPIN");
        SHOW(add(rig, "ctap-response", SLICE(response)), "CTAP2_OK");
        SHOW(add(rig, "apdu-command", SLICE(command)), "SELECT");
        SHOW(add(rig, "apdu-response", SLICE(answer)), "tries left");
        SHOW(add(rig, "cbor", SLICE(item)), "{\"a\": \"bcd\"}");
}

void inspect_rig_open(struct inspect_rig *rig)
{
        static struct format_rig formats;
        *rig = (struct inspect_rig){ 0 };
        format_rig_open(&formats);
        add_ceremonies(rig, &formats);
        add_tpm(rig, &formats);
        add_key_description(rig);
        add_certificate(rig, &formats.rig);
        add_list(rig, &formats.rig);
        add_answer(rig, &formats.rig);
        add_blob(rig, &formats.rig);
        add_records(rig, &formats);
        add_evidence(rig, &formats.rig);
        add_evaluation(rig, &formats.rig);
        add_gate(rig);
        add_messages(rig);
        format_rig_close(&formats);
}

void inspect_rig_close(struct inspect_rig *rig)
{
        for (size_t i = 0; i < rig->count; i++)
                free((void *)(uintptr_t)rig->samples[i].bytes.data);
}

const struct inspect_sample *inspect_rig_find(
        const struct inspect_rig *rig, const char *kind, const char *part)
{
        for (size_t i = 0; i < rig->count; i++) {
                const struct inspect_sample *sample = &rig->samples[i];
                if (strcmp(sample->kind, kind) != 0)
                        continue;
                for (size_t p = 0; p < INSPECT_PARTS_MAX && (!part || sample->parts[p]); p++)
                        if (!part || strcmp(sample->parts[p], part) == 0)
                                return sample;
        }
        must(false, kind);
        return NULL;
}
