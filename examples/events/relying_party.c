/* SPDX-License-Identifier: Apache-2.0 */
#include "relying_party.h"

#include "bind_passkey.h"
#include "cbor.h"
#include "digest.h"
#include "jpki_app.h"
#include "json.h"

#include <mitome/rp.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/x509.h>
#include <stdlib.h>

#define PORTAL_ID "portal.example"
#define PORTAL_ORIGIN "https://portal.example"

static const struct ca *ca_of(const struct world *world, enum register_kind kind)
{
        return kind == REGISTER_SIGNING ? world->signing : world->user_verification;
}

static X509 *parse(slice der)
{
        const unsigned char *end = der.data;
        return d2i_X509(NULL, &end, (long)der.size);
}

/* ---- what the authority publishes ---- */

static OCSP_CERTID *make_id(const X509 *issuer, slice serial)
{
        BIGNUM *number = BN_bin2bn(serial.data, (int)serial.size, NULL);
        ASN1_INTEGER *integer = number ? BN_to_ASN1_INTEGER(number, NULL) : NULL;
        OCSP_CERTID *id = issuer && integer ? OCSP_cert_id_new(EVP_sha256(), X509_get_subject_name(issuer),
                                                      X509_get0_pubkey_bitstr(issuer), integer)
                                            : NULL;
        ASN1_INTEGER_free(integer);
        BN_free(number);
        return id;
}

static mitome_status fetch_answer(struct world *world, const struct ca *ca, slice serial,
        uint8_t buffer[OCSP_RESPONSE_MAX], slice *ret, mitome_error *error)
{
        X509 *issuer = parse(ca_certificate(ca));
        OCSP_REQUEST *request = OCSP_REQUEST_new();
        OCSP_CERTID *id = make_id(issuer, serial);
        unsigned char *der = NULL;
        writer w = writer_over(buffer, OCSP_RESPONSE_MAX);
        mitome_status status = fail(error, MITOME_E_NO_MEMORY, "OCSP request", NULL);
        if (request && id && OCSP_request_add0_id(request, id)) {
                id = NULL; /* the request's */
                int size = i2d_OCSP_REQUEST(request, &der);
                if (size > 0)
                        status = publish_answer(world->publication, slice_of(der, (size_t)size), &w, error);
        }
        OPENSSL_free(der);
        OCSP_CERTID_free(id);
        OCSP_REQUEST_free(request);
        X509_free(issuer);
        *ret = writer_view(&w);
        return status;
}

/* Verified as of the world's clock, which is not this machine's. */
static bool is_authority_s(OCSP_BASICRESP *basic, X509 *issuer, int64_t now)
{
        X509_STORE *store = X509_STORE_new();
        bool right = store && X509_STORE_add_cert(store, issuer) == 1;
        if (right) {
                X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), (time_t)now);
                right = OCSP_basic_verify(basic, NULL, store, 0) == 1;
        }
        X509_STORE_free(store);
        return right;
}

static mitome_status read_answer(
        OCSP_BASICRESP *basic, const X509 *issuer, slice serial, enum ca_state *ret, mitome_error *error)
{
        OCSP_CERTID *id = make_id(issuer, serial);
        int status = -1, reason = -1;
        int found = id ? OCSP_resp_find_status(basic, id, &status, &reason, NULL, NULL, NULL) : 0;
        OCSP_CERTID_free(id);
        if (!found)
                return fail(error, MITOME_E_OCSP_STATUS, "certificate", NULL);
        *ret = status == V_OCSP_CERTSTATUS_GOOD                ? CA_GOOD
               : status != V_OCSP_CERTSTATUS_REVOKED           ? CA_UNKNOWN
               : reason == OCSP_REVOKED_STATUS_CERTIFICATEHOLD ? CA_HOLD
                                                               : CA_REVOKED;
        return ok();
}

mitome_status relying_party_fetch_answer(struct world *world, enum register_kind kind, slice serial,
        uint8_t buffer[OCSP_RESPONSE_MAX], slice *ret, mitome_error *error)
{
        return fetch_answer(world, ca_of(world, kind), serial, buffer, ret, error);
}

mitome_status relying_party_ask(
        struct world *world, enum register_kind kind, slice serial, enum ca_state *ret, mitome_error *error)
{
        uint8_t bytes[OCSP_RESPONSE_MAX];
        slice der;
        MITOME_TRY(fetch_answer(world, ca_of(world, kind), serial, bytes, &der, error));
        const unsigned char *end = der.data;
        X509 *issuer = parse(ca_certificate(ca_of(world, kind)));
        OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &end, (long)der.size);
        OCSP_BASICRESP *basic = response ? OCSP_response_get1_basic(response) : NULL;
        mitome_status status = !issuer || !basic ? fail(error, MITOME_E_OCSP_STATUS, "response", NULL)
                               : is_authority_s(basic, issuer, world->now)
                                       ? read_answer(basic, issuer, serial, ret, error)
                                       : fail(error, MITOME_E_OCSP_SIGNATURE, "response", NULL);
        OCSP_BASICRESP_free(basic);
        OCSP_RESPONSE_free(response);
        X509_free(issuer);
        return status;
}

mitome_status relying_party_fetch_list(
        struct world *world, uint8_t buffer[RELYING_PARTY_LIST_MAX], slice *ret, mitome_error *error)
{
        slice list;
        MITOME_TRY(publish_list(world->publication, slice_text("user-verification.crl"), &list, error));
        MITOME_TRY(slice_copy(list, "list", buffer, RELYING_PARTY_LIST_MAX, error));
        *ret = slice_of(buffer, list.size);
        return ok();
}

static mitome_status serial_of(
        slice der, uint8_t ret[REGISTER_SERIAL_MAX], size_t *ret_size, mitome_error *error)
{
        X509 *certificate = parse(der);
        const ASN1_INTEGER *number = certificate ? X509_get0_serialNumber(certificate) : NULL;
        mitome_status status = fail(error, MITOME_E_DER, "certificate", NULL);
        if (number) {
                const slice view =
                        slice_of(ASN1_STRING_get0_data(number), (size_t)ASN1_STRING_length(number));
                status = slice_copy(view, "serial", ret, REGISTER_SERIAL_MAX, error);
                *ret_size = view.size;
        }
        X509_free(certificate);
        return status;
}

/* ---- the passkey of who has the phone ---- */

enum { CREDENTIAL_SIZE = 16, CHALLENGE_SIZE = 32, POINT_SIZE = 65, COORDINATE = 32 };

/* What his browser sends: a passkey in software, for the portal asks no attestation. */
struct passkey {
        uint8_t challenge[CHALLENGE_SIZE]; /* the portal's */
        uint8_t id[CREDENTIAL_SIZE], point[POINT_SIZE];
        uint8_t client_data[256], auth_data[256], object[512];
        slice client_data_view, auth_data_view, object_view;
};

static mitome_status draw_point(uint8_t ret[POINT_SIZE], mitome_error *error)
{
        EVP_PKEY *key = EVP_EC_gen("P-256");
        size_t size = 0;
        int got = key ? EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, ret, POINT_SIZE, &size)
                      : 0;
        EVP_PKEY_free(key);
        return got == 1 && size == POINT_SIZE ? ok() : fail(error, MITOME_E_NO_MEMORY, "passkey", NULL);
}

static void write_key(writer *w, const uint8_t point[POINT_SIZE])
{
        const slice x = slice_of(&point[1], COORDINATE), y = slice_of(&point[1 + COORDINATE], COORDINATE);
        cbor_write_map(w, 5);
        cbor_write_int(w, 1); /* kty: EC2 */
        cbor_write_int(w, 2);
        cbor_write_int(w, 3); /* alg: ES256 */
        cbor_write_int(w, -7);
        cbor_write_int(w, -1); /* crv: P-256 */
        cbor_write_int(w, 1);
        cbor_write_int(w, -2);
        cbor_write_bytes(w, x);
        cbor_write_int(w, -3);
        cbor_write_bytes(w, y);
}

static void write_auth_data(writer *w, const struct passkey *passkey)
{
        static const uint8_t none[16]; /* no model */
        uint8_t hash[SHA256_SIZE];
        const slice id = slice_text(PORTAL_ID);
        sha256(&id, 1, hash);
        write_slice(w, SLICE(hash));
        write_u8(w, 0x45); /* present, verified, attested data */
        write_u32(w, 0);
        write_slice(w, SLICE(none));
        write_u16(w, CREDENTIAL_SIZE);
        write_slice(w, SLICE(passkey->id));
        write_key(w, passkey->point);
}

static void write_client_data(writer *w, const struct passkey *passkey)
{
        struct json_writer json = json_into(w);
        json_write_open_object(&json, NULL);
        json_write_string(&json, "type", "webauthn.create");
        json_write_base64url(&json, "challenge", SLICE(passkey->challenge));
        json_write_string(&json, "origin", PORTAL_ORIGIN);
        json_write_bool(&json, "crossOrigin", false);
        json_write_close_object(&json);
}

static mitome_status make_passkey(const struct world *world, struct passkey *ret, mitome_error *error)
{
        const struct mitome_random *random = &world->config.random;
        writer client_data = WRITER(ret->client_data), auth_data = WRITER(ret->auth_data),
               object = WRITER(ret->object);
        if (random->fill(random->context, ret->challenge, sizeof ret->challenge) != 0 ||
                random->fill(random->context, ret->id, sizeof ret->id) != 0)
                return fail(error, MITOME_E_NO_RANDOMNESS, "passkey", NULL);
        MITOME_TRY(draw_point(ret->point, error));
        write_client_data(&client_data, ret);
        MITOME_TRY(writer_finish(&client_data, "client data", &ret->client_data_view, error));
        write_auth_data(&auth_data, ret);
        MITOME_TRY(writer_finish(&auth_data, "authData", &ret->auth_data_view, error));
        cbor_write_map(&object, 3);
        cbor_write_string(&object, "fmt");
        cbor_write_string(&object, "none");
        cbor_write_string(&object, "attStmt");
        cbor_write_map(&object, 0);
        cbor_write_string(&object, "authData");
        cbor_write_bytes(&object, ret->auth_data_view);
        return writer_finish(&object, "attestation object", &ret->object_view, error);
}

/* ---- the portal ---- */

/* What it was told of this certificate, which need not be true: what cannot even be read is as good as a
 * refusal. */
static mitome_status take_news(
        struct mitome_trust *trust, const struct relying_party_news *news, mitome_error *error)
{
        if (news->list.size)
                MITOME_TRY(mitome_trust_add_crl(trust, news->list, error));
        return news->answer.size ? mitome_trust_add_ocsp(trust, news->answer, error) : ok();
}

/* Whom it believes. */
static mitome_status make_trust(struct world *world, struct mitome_trust **ret, mitome_error *error)
{
        MITOME_TRY(mitome_trust_new(ret, error));
        return mitome_trust_add_jpki_anchor(*ret, ca_certificate(world->user_verification), error);
}

static mitome_status verify(const struct world *world, const struct mitome_trust *trust,
        const struct passkey *passkey, slice certificate, slice signature, uint8_t *buffer,
        mitome_error *error)
{
        const struct mitome_policy policy = { .require_user_verification = true };
        const slice origin = slice_text(PORTAL_ORIGIN);
        const struct mitome_expectation expected = {
                .rp_id = slice_text(PORTAL_ID),
                .origins = &origin,
                .origin_count = 1,
                .challenge = SLICE(passkey->challenge),
        };
        const struct mitome_response response = {
                .credential_id = SLICE(passkey->id),
                .client_data = passkey->client_data_view,
                .attestation_object = passkey->object_view,
        };
        struct mitome_verdict verdict = { 0 };
        struct mitome_binding binding = { 0 };
        MITOME_TRY(mitome_verify_registration_bytes(NULL, &policy, &expected, &response, trust, world->now,
                buffer, MITOME_RP_BUFFER_MAX, &verdict, error));
        return mitome_verify_binding(&verdict, certificate, signature, trust, world->now, &binding, error);
}

/* His certificate and his signature reach the portal, which says what it thinks of them. */
static mitome_status hand_in(struct world *world, const struct passkey *passkey, slice certificate,
        slice signature, const struct relying_party_news *news, struct visit *visit, mitome_error *error)
{
        struct mitome_trust *trust = NULL;
        uint8_t *buffer = malloc(MITOME_RP_BUFFER_MAX);
        mitome_error refusal = { 0 };
        mitome_status status =
                buffer ? make_trust(world, &trust, error) : fail(error, MITOME_E_NO_MEMORY, "portal", NULL);
        if (!failed(status)) {
                visit->answer = take_news(trust, news, &refusal).code;
                if (visit->answer == MITOME_OK)
                        visit->answer =
                                verify(world, trust, passkey, certificate, signature, buffer, &refusal).code;
        }
        mitome_trust_free(trust);
        free(buffer);
        return status;
}

/* What the phone does with it, once its app has the PIN. */
static mitome_status show(struct world *world, struct world_phone *phone, const char *pin,
        const struct passkey *passkey, uint8_t certificate[JPKI_CERTIFICATE_MAX], slice *ret_certificate,
        uint8_t signature[JPKI_SIGNATURE_SIZE], bool *ret_shown, mitome_error *error)
{
        struct mitome_enforcer *enforcer;
        const struct passkey_made made = { PORTAL_ID, passkey->auth_data_view, passkey->client_data_view };
        uint8_t buffer[BINDING_MESSAGE_MAX];
        slice message;
        uint16_t sw;
        MITOME_TRY(binding_compose(&made, buffer, &message, error));
        MITOME_TRY(mitome_enforcer_new(&phone->element.link, &world->app, &enforcer, error));
        const struct mitome_link link = mitome_enforcer_link(enforcer);
        *ret_shown = !failed(jpki_app_select(enforcer, NULL)) &&
                     !failed(jpki_app_verify(&link, &jpki_user_verification, pin, &sw, NULL)) &&
                     !failed(jpki_app_read_certificate(&link, &jpki_user_verification, certificate,
                             JPKI_CERTIFICATE_MAX, ret_certificate, &sw, NULL)) &&
                     !failed(jpki_app_sign_message(&link, message, signature, &sw, NULL));
        mitome_enforcer_free(enforcer);
        return ok();
}

mitome_status relying_party_visit_told(struct world *world, struct world_phone *phone, const char *pin,
        const struct relying_party_news *news, struct visit *ret, mitome_error *error)
{
        struct passkey passkey = { 0 };
        struct visit visit = { .answer = MITOME_E_CARD_SIGNATURE };
        uint8_t certificate[JPKI_CERTIFICATE_MAX], signature[JPKI_SIGNATURE_SIZE], bytes[OCSP_RESPONSE_MAX];
        struct relying_party_news told = *news;
        slice der = { 0 };
        MITOME_TRY(make_passkey(world, &passkey, error));
        MITOME_TRY(show(world, phone, pin, &passkey, certificate, &der, signature, &visit.answered, error));
        if (visit.answered) {
                MITOME_TRY(serial_of(der, visit.serial, &visit.serial_size, error));
                if (!told.list.size && !told.answer.size)
                        MITOME_TRY(fetch_answer(world, world->user_verification,
                                slice_of(visit.serial, visit.serial_size), bytes, &told.answer, error));
                MITOME_TRY(hand_in(world, &passkey, der, SLICE(signature), &told, &visit, error));
        }
        *ret = visit;
        return ok();
}

mitome_status relying_party_visit(struct world *world, struct world_phone *phone, const char *pin, slice list,
        struct visit *ret, mitome_error *error)
{
        const struct relying_party_news news = { .list = list };
        return relying_party_visit_told(world, phone, pin, &news, ret, error);
}

/* ---- the contract ---- */

static bool is_signed(const struct world *world, slice der, slice document, slice signature)
{
        X509 *certificate = parse(der), *issuer = parse(ca_certificate(world->signing));
        EVP_PKEY *key = issuer ? X509_get0_pubkey(issuer) : NULL;
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        bool right =
                certificate && key && context && X509_verify(certificate, key) == 1 &&
                EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, X509_get0_pubkey(certificate)) == 1 &&
                EVP_DigestVerify(context, signature.data, signature.size, document.data, document.size) == 1;
        EVP_MD_CTX_free(context);
        X509_free(issuer);
        X509_free(certificate);
        return right;
}

mitome_status relying_party_contract(struct world *world, struct world_phone *phone, const char *password,
        struct contract *ret, mitome_error *error)
{
        struct mitome_enforcer *enforcer;
        struct contract contract = { .status = CA_UNKNOWN };
        uint8_t certificate[JPKI_CERTIFICATE_MAX], signature[JPKI_SIGNATURE_SIZE];
        const slice document = slice_text("a contract");
        slice der = { 0 };
        uint16_t sw;
        bool is_done = false;
        MITOME_TRY(mitome_enforcer_new(&phone->element.link, &world->app, &enforcer, error));
        const struct mitome_link link = mitome_enforcer_link(enforcer);
        if (!failed(jpki_app_select(enforcer, NULL)) &&
                !failed(jpki_app_verify(&link, &jpki_signing, password, &sw, NULL))) {
                contract.readable = !failed(jpki_app_read_certificate(
                        &link, &jpki_signing, certificate, sizeof certificate, &der, &sw, NULL));
                is_done = !failed(jpki_app_sign(&link, &jpki_signing, &document, 1, signature, &sw, NULL));
        }
        mitome_enforcer_free(enforcer);
        if (contract.readable && is_done) {
                contract.valid = is_signed(world, der, document, SLICE(signature));
                MITOME_TRY(serial_of(der, contract.serial, &contract.serial_size, error));
                MITOME_TRY(relying_party_ask(world, REGISTER_SIGNING,
                        slice_of(contract.serial, contract.serial_size), &contract.status, error));
        }
        *ret = contract;
        return ok();
}
