/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect_kinds.h"

#include "apdu.h"
#include "evaluation_statement.h"
#include "print_json.h"
#include "read_evidence.h"
#include "unlock_token.h"

#include <string.h>

static const char unverified[] =
        "Nothing was verified: no signature, certificate path, status or date. `mitome verify` does that.";
static const char unverified_blob[] =
        "Nothing was verified: neither the signature nor its path. Statuses are those of all reports, begun or not.";

static const char unverified_evidence[] =
        "Nothing was verified: neither the signature nor its path, nor that this nonce and phone are those asked for.";

static const char unverified_evaluation[] =
        "Nothing was verified: neither the signature nor its path, nor its time. `mitome statement verify` does that.";

/* ---- the printers of one line ---- */

/* A CTAP message is a byte, and a map or nothing. */
static mitome_status check_ctap(const struct print_place *place, slice bytes, uint8_t *ret_first)
{
        struct cbor_reader r = print_cbor_reader(place, bytes, "CTAP 2.1 8");
        enum cbor_kind kind;
        MITOME_TRY(read_u8(&r.bytes, "CTAP message", ret_first));
        if (r.bytes.rest.size == 0)
                return ok();
        MITOME_TRY(cbor_peek(&r, "parameters", &kind));
        if (kind != CBOR_KIND_MAP)
                return reader_fail(&r.bytes, MITOME_E_CBOR_TYPE, "parameters");
        MITOME_TRY(cbor_skip(&r, "parameters"));
        return cbor_end(&r, "CTAP message");
}

static mitome_status print_generic(const struct print_place *place, slice bytes)
{
        fprintf(place->out, "%*s", place->indent, "");
        MITOME_TRY(print_cbor(place->out, bytes, NULL, true, place->error));
        fputc('\n', place->out);
        return ok();
}

static mitome_status print_request(const struct print_place *place, slice bytes)
{
        uint8_t command;
        MITOME_TRY(check_ctap(place, bytes, &command));
        fprintf(place->out, "%*s", place->indent, "");
        print_ctap(place->out, true, command, bytes);
        return ok();
}

static mitome_status print_response(const struct print_place *place, slice bytes)
{
        uint8_t status;
        MITOME_TRY(check_ctap(place, bytes, &status));
        return print_ctap_response(place, bytes);
}

static mitome_status print_command(const struct print_place *place, slice bytes)
{
        struct apdu_command command;
        MITOME_TRY(apdu_read_command(bytes, &command, place->error));
        fprintf(place->out, "%*s", place->indent, "");
        print_apdu(place->out, true, bytes);
        return ok();
}

static mitome_status print_answer(const struct print_place *place, slice bytes)
{
        slice data;
        uint16_t sw;
        MITOME_TRY(apdu_read_response(bytes, &data, &sw, place->error));
        if (sw >> 12 != 0x6 && sw >> 12 != 0x9)
                return fail_at(place->error, MITOME_E_VALUE, bytes.size - 2, "SW1", "ISO 7816-4 5.1.3");
        fprintf(place->out, "%*s", place->indent, "");
        print_apdu(place->out, false, bytes);
        return ok();
}

/* ---- what tells a kind from the others: CBOR ---- */

static bool begins_with_key(struct cbor_reader *r, struct cbor_key *ret)
{
        struct cbor_members map;
        bool more;
        return !failed(cbor_open_map(r, NULL, CBOR_MEMBERS, &map)) &&
               !failed(cbor_next_key(r, &map, ret, &more)) && more;
}

static bool may_be_attestation_object(slice bytes)
{
        struct cbor_reader r = cbor_over(bytes, NULL, NULL);
        struct cbor_key key;
        return begins_with_key(&r, &key) && key.is_text &&
               (slice_is(key.text, "fmt") || slice_is(key.text, "attStmt") || slice_is(key.text, "authData"));
}

/* A map whose first key is 1, kty; CTAP's have a byte before it. */
static bool may_be_cose_key(slice bytes)
{
        return bytes.size > 1 && (bytes.data[0] & 0xF0) == 0xA0 && bytes.data[1] == 0x01;
}

/* {1: version, 2: number, ..}: a COSE key has its algorithm at 3, and bytes at 2. */
static bool begins_as_version(slice bytes, uint64_t *ret_second, struct cbor_reader *ret_rest)
{
        struct cbor_reader r = cbor_over(bytes, NULL, NULL);
        struct cbor_members map;
        struct cbor_key key;
        uint64_t version;
        bool more;
        if (failed(cbor_open_map(&r, NULL, CBOR_MEMBERS, &map)) ||
                failed(cbor_next_key(&r, &map, &key, &more)) || !more || key.is_text || key.number != 1 ||
                failed(cbor_read_uint(&r, NULL, UINT32_MAX, &version)) ||
                failed(cbor_next_key(&r, &map, &key, &more)) || !more || key.is_text || key.number != 2 ||
                failed(cbor_read_uint(&r, NULL, UINT32_MAX, ret_second)))
                return false;
        *ret_rest = r;
        return true;
}

/* Behind version and minor comes the credential ID, 3: a record has more members than a gate's message. */
static bool may_be_record_cbor(slice bytes)
{
        struct cbor_reader r;
        enum cbor_kind kind;
        uint64_t minor;
        slice key;
        return begins_as_version(bytes, &minor, &r) && !failed(read_bytes(&r.bytes, NULL, 1, &key)) &&
               key.data[0] == 3 && !failed(cbor_peek(&r, NULL, &kind)) && kind == CBOR_KIND_BYTES;
}

static bool may_be_gate_message(slice bytes)
{
        struct cbor_reader r;
        uint64_t kind;
        return begins_as_version(bytes, &kind, &r);
}

static bool may_be_receipt(slice bytes)
{
        enum evidence_kind kind;
        return evidence_recognise(bytes, &kind) && kind == EVIDENCE_RECEIPT;
}

static bool may_be_element_statement(slice bytes)
{
        enum evidence_kind kind;
        return evidence_recognise(bytes, &kind) && kind == EVIDENCE_STATEMENT;
}

static bool may_be_cbor(slice bytes)
{
        uint8_t type = bytes.size ? bytes.data[0] >> 5 : 0;
        return bytes.size && (type == 4 || type == 5);
}

/* ---- CTAP and APDU ---- */

static bool may_be_request(slice bytes)
{
        return bytes.size && print_ctap_knows(true, bytes.data[0]) &&
               (bytes.size == 1 || (bytes.data[1] & 0xE0) == 0xA0);
}

static bool may_be_response(slice bytes)
{
        return bytes.size && print_ctap_knows(false, bytes.data[0]) &&
               (bytes.size == 1 || (bytes.data[1] & 0xE0) == 0xA0);
}

static bool may_be_command(slice bytes)
{
        return bytes.size >= 4 && print_apdu_knows(true, bytes);
}

static bool may_be_answer(slice bytes)
{
        return bytes.size >= 2 && print_apdu_knows(false, bytes);
}

/* ---- DER: SEQUENCE of two or more bytes of length ---- */

/* Takes a SEQUENCE's tag and length. */
static bool enter_sequence(reader *r)
{
        uint8_t tag, length;
        slice more;
        return !failed(read_u8(r, NULL, &tag)) && tag == 0x30 && !failed(read_u8(r, NULL, &length)) &&
               length != 0x80 && length <= 0x84 &&
               (length < 0x80 || !failed(read_bytes(r, NULL, length & 0x7F, &more)));
}

static bool enter_sequences(reader *r, unsigned depth)
{
        for (; depth; depth--)
                if (!enter_sequence(r))
                        return false;
        return true;
}

/* version [0] EXPLICIT INTEGER: of an older certificate, which has none, nobody makes a credential. */
static bool may_be_certificate(slice bytes)
{
        static const uint8_t version[] = { 0xA0, 0x03, 0x02, 0x01 };
        reader r = reader_over(bytes, NULL, NULL);
        return enter_sequences(&r, 2) && slice_begins_with(r.rest, SLICE(version));
}

/* version INTEGER 1, and SEQUENCE of the algorithm. */
static bool may_be_revocation_list(slice bytes)
{
        static const uint8_t version[] = { 0x02, 0x01, 0x01, 0x30 };
        reader r = reader_over(bytes, NULL, NULL);
        return enter_sequences(&r, 2) && slice_begins_with(r.rest, SLICE(version));
}

/* responseStatus ENUMERATED. */
static bool may_be_ocsp_response(slice bytes)
{
        static const uint8_t status[] = { 0x0A, 0x01 };
        reader r = reader_over(bytes, NULL, NULL);
        return enter_sequences(&r, 1) && slice_begins_with(r.rest, SLICE(status));
}

/* attestationVersion INTEGER, attestationSecurityLevel ENUMERATED. */
static bool may_be_key_description(slice bytes)
{
        static const uint8_t level[] = { 0x0A, 0x01 };
        reader r = reader_over(bytes, NULL, NULL);
        uint8_t tag, size;
        slice version;
        return enter_sequences(&r, 1) && !failed(read_u8(&r, NULL, &tag)) && tag == 0x02 &&
               !failed(read_u8(&r, NULL, &size)) && size <= 5 &&
               !failed(read_bytes(&r, NULL, size, &version)) && slice_begins_with(r.rest, SLICE(level));
}

/* ---- other bytes ---- */

/* magic TPM_GENERATED_VALUE */
static bool may_be_tpm_attest(slice bytes)
{
        static const uint8_t magic[] = { 0xFF, 'T', 'C', 'G' };
        reader r = reader_over(bytes, NULL, NULL);
        return slice_begins_with(r.rest, SLICE(magic));
}

/* Bytes that a TPM's key begins with: type and nameAlg; objectAttributes then have zeros. */
static bool may_be_tpm_public(slice bytes)
{
        reader r = reader_over(bytes, NULL, NULL);
        uint16_t type, digest;
        return !failed(read_u16(&r, NULL, &type)) && (type == 0x0001 || type == 0x0023) &&
               !failed(read_u16(&r, NULL, &digest)) &&
               (digest == 0x0004 || (digest >= 0x000B && digest <= 0x000D));
}

static bool may_be_unlock_token(slice bytes)
{
        return bytes.size == UNLOCK_TOKEN_SIZE && bytes.data[0] == UNLOCK_VERSION && bytes.data[1] &&
               bytes.data[1] <= UNLOCK_REMOVED && bytes.data[2] && bytes.data[2] <= UNLOCK_IRIS &&
               bytes.data[3] == 0;
}

/* It begins with a hash, which may be anything; but who hands in a certificate, or JSON that nobody above
 * knows, should not be told of flags. */
static bool may_be_authdata(slice bytes)
{
        reader r = reader_over(bytes, NULL, NULL);
        uint16_t sequence, length;
        bool certificate = !failed(read_u16(&r, "tag", &sequence)) && sequence == 0x3082 &&
                           !failed(read_u16(&r, "length", &length)) && length == r.rest.size;
        return bytes.size >= 37 && !certificate && !slice_begins_with(bytes, slice_text("{\""));
}

/* ---- JSON and text ---- */

static bool is_object(slice bytes)
{
        slice object = print_json_object(bytes);
        return object.size && object.data[0] == '{';
}

static bool has_member(slice json, const char *name)
{
        slice value;
        return is_object(json) && print_json_find(json, name, &value);
}

static bool responds_with(slice json, const char *name)
{
        slice response;
        return is_object(json) && print_json_find(json, "response", &response) && has_member(response, name);
}

static bool may_be_registration(slice json)
{
        return responds_with(json, "attestationObject");
}

static bool may_be_authentication(slice json)
{
        return responds_with(json, "authenticatorData") || responds_with(json, "signature");
}

static bool may_be_client_data(slice json)
{
        return has_member(json, "type") && has_member(json, "challenge");
}

static bool may_be_record_json(slice json)
{
        return has_member(json, "version") && has_member(json, "credential_id_b64url");
}

/* "eyJ" is {" in base64url, as JWS headers begin; then comes a dot. */
static bool may_be_metadata_blob(slice bytes)
{
        reader r = reader_over(bytes, NULL, NULL);
        return slice_begins_with(r.rest, slice_text("eyJ")) && memchr(bytes.data, '.', bytes.size);
}

/* ---- the kinds, in the order in which they are tried ---- */

static const struct inspect_kind kinds[] = {
        { "attestation-object", "attestation object (WebAuthn L3 6.5.4)", may_be_attestation_object,
                print_attestation_object, true, unverified },
        { "receipt", "receipt of an erasure (EVIDENCE.md)", may_be_receipt, print_receipt, true,
                unverified_evidence },
        { "element-statement", "statement of a secure element (EVIDENCE.md)", may_be_element_statement,
                print_element_statement, true, unverified_evidence },
        { "evaluation-statement", "evaluation statement (EVALUATION-STATEMENT.md)",
                evaluation_statement_recognise, print_evaluation_statement, true, unverified_evaluation },
        { "certificate", "X.509 certificate (RFC 5280 4)", may_be_certificate, print_certificate, true,
                unverified },
        { "crl", "certificate revocation list (RFC 5280 5)", may_be_revocation_list, print_revocation_list,
                true, unverified },
        { "ocsp-response", "OCSP response (RFC 6960 4.2)", may_be_ocsp_response, print_ocsp_response, true,
                unverified },
        { "key-description", "KeyDescription of an Android keystore (WebAuthn L3 8.4.1)",
                may_be_key_description, print_key_description, true },
        { "registration-response", "RegistrationResponseJSON (WebAuthn L3 5.1.8)", may_be_registration,
                print_registration, true, unverified },
        { "authentication-response", "AuthenticationResponseJSON (WebAuthn L3 5.1.8)", may_be_authentication,
                print_authentication, true, unverified },
        { "record-json", "credential record, JSON (docs/record.md)", may_be_record_json, print_record_json,
                true },
        { "client-data", "clientDataJSON (WebAuthn L3 5.8.1)", may_be_client_data, print_client_data, true },
        { "metadata-blob", "metadata BLOB (FIDO Metadata Service 3)", may_be_metadata_blob,
                print_metadata_blob, true, unverified_blob },
        { "record-cbor", "credential record, CBOR (docs/record.md)", may_be_record_cbor, print_record_cbor,
                true },
        { "gate-request", "request to the biometric gate (gate_message.h)", may_be_gate_message,
                print_gate_request },
        { "gate-report", "report of the biometric gate (gate_message.h)", may_be_gate_message,
                print_gate_report },
        { "cose-key", "COSE key (WebAuthn L3 6.5.1.1)", may_be_cose_key, print_cose_key },
        { "unlock-token", "unlock token (unlock_token.h)", may_be_unlock_token, print_unlock_token },
        { "tpm-attest", "TPMS_ATTEST (WebAuthn L3 8.3)", may_be_tpm_attest, print_tpm_attest, true },
        { "tpm-public", "TPMT_PUBLIC (WebAuthn L3 8.3)", may_be_tpm_public, print_tpm_public },
        { "ctap-request", "CTAP request", may_be_request, print_request },
        { "ctap-response", "CTAP response", may_be_response, print_response },
        { "apdu-command", "command APDU (ISO 7816-4)", may_be_command, print_command },
        { "cbor", "CTAP2 canonical CBOR", may_be_cbor, print_generic },
        { "auth-data", "authenticator data (WebAuthn L3 6.1)", may_be_authdata, print_authdata },
        { "apdu-response", "response APDU (ISO 7816-4)", may_be_answer, print_answer },
};

const struct inspect_kind *inspect_kind_at(size_t index)
{
        return index < sizeof kinds / sizeof kinds[0] ? &kinds[index] : NULL;
}

const struct inspect_kind *inspect_kind_named(const char *name)
{
        for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
                if (strcmp(kinds[i].name, name) == 0)
                        return &kinds[i];
        return NULL;
}
