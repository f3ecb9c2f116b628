/* SPDX-License-Identifier: Apache-2.0 */
#include "ocsp_responder.h"

#include "ca_internal.h"
#include "ca_profile.h"
#include "der.h"
#include "der_write.h"
#include "hex_text.h"
#include "x509_build.h"

#include <openssl/evp.h>
#include <sodium.h>
#include <stdlib.h>

enum {
        DAY = 86400,
        SKEW = 3600, /* how far a relying party's clock may be behind when the key is new */
        CERTIFICATE_HOLD = 6,
        ANSWERS_MAX = 4096, /* bytes of all single answers */
        DER_SHA1_SIZE = 20,
        DER_SHA256_SIZE = 32,
        DER_GENERALIZED_TIME = 0x18,
        DER_CONTEXT_2 = 0xA2,
};

/* OCSPResponseStatus, RFC 6960 4.2.1. */
enum outcome { SUCCESSFUL = 0, MALFORMED_REQUEST = 1, INTERNAL_ERROR = 2, TRY_LATER = 3, UNAUTHORIZED = 6 };

/* How a CA is named in requests, by digest, and who answers for it. */
struct delegate {
        uint8_t name_hash[2][DER_SHA256_SIZE], key_hash[2][DER_SHA256_SIZE];
        EVP_PKEY *key;
        struct authority_der certificate;
        uint8_t id[DER_SHA1_SIZE]; /* of its key */
        int64_t since, renew;
};

struct ocsp_responder {
        struct ocsp_responder_config config;
        struct delegate delegates[2];
};

static mitome_status crypto_failed(mitome_error *error)
{
        return fail(error, MITOME_E_CRYPTO_FAILED, "OCSP response", NULL);
}

/* ---- who answers ---- */

static bool name_ca(const X509 *certificate, struct delegate *delegate)
{
        const EVP_MD *const digests[] = { [OCSP_SHA1] = EVP_sha1(), [OCSP_SHA256] = EVP_sha256() };
        bool named = true;
        for (int i = OCSP_SHA1; i <= OCSP_SHA256; i++)
                named = named &&
                        X509_NAME_digest(X509_get_subject_name(certificate), digests[i],
                                delegate->name_hash[i], NULL) == 1 &&
                        X509_pubkey_digest(certificate, digests[i], delegate->key_hash[i], NULL) == 1;
        return named;
}

static int64_t earlier(int64_t a, int64_t b)
{
        return a < b ? a : b;
}

static mitome_status certify(const struct ca *ca, EVP_PKEY *key, const struct mitome_random *random,
        int64_t now, X509 **ret, mitome_error *error)
{
        uint8_t serial[AUTHORITY_SERIAL_SIZE];
        MITOME_TRY(ca_draw_serial(random, serial, error));
        X509_NAME *name = ca_responder_name(ca->kind);
        if (!name)
                return fail(error, MITOME_E_NO_MEMORY, "OCSP responder", NULL);
        const struct x509_plan plan = {
                .subject = name,
                .key = key,
                .issuer = ca->certificate,
                .issuer_key = ca->key,
                .serial = SLICE(serial),
                .not_before = now - SKEW,
                .not_after = earlier(now + OCSP_RESPONDER_DAYS * DAY, ca->not_after),
                .extensions = ca_responder_extensions,
        };
        mitome_status status = x509_build(&plan, ret, error);
        X509_NAME_free(name);
        return status;
}

/* A new key for a CA's answers; the former one stays when it fails. */
static mitome_status appoint(
        struct ocsp_responder *responder, enum authority_kind kind, int64_t now, mitome_error *error)
{
        struct delegate *delegate = &responder->delegates[kind];
        struct authority_der der;
        X509 *certificate = NULL;
        EVP_PKEY *key = EVP_EC_gen("P-256");
        mitome_status status = key ? certify(responder->config.cas[kind], key, &responder->config.random, now,
                                             &certificate, error)
                                   : crypto_failed(error);
        if (!failed(status))
                status = x509_der(certificate, &der, error);
        if (!failed(status) && X509_pubkey_digest(certificate, EVP_sha1(), delegate->id, NULL) != 1)
                status = crypto_failed(error);
        X509_free(certificate);
        if (failed(status)) {
                EVP_PKEY_free(key);
                return status;
        }
        EVP_PKEY_free(delegate->key);
        delegate->key = key;
        delegate->certificate = der;
        delegate->since = now - SKEW;
        delegate->renew = now + OCSP_RESPONDER_DAYS * DAY / 2;
        return ok();
}

mitome_status ocsp_responder_new(const struct ocsp_responder_config *config, int64_t now,
        struct ocsp_responder **ret, mitome_error *error)
{
        struct ocsp_responder *responder = calloc(1, sizeof *responder);
        if (!responder)
                return fail(error, MITOME_E_NO_MEMORY, "OCSP responder", NULL);
        responder->config = *config;
        mitome_status status = ok();
        for (int kind = 0; !failed(status) && kind < 2; kind++)
                status = name_ca(config->cas[kind]->certificate, &responder->delegates[kind])
                                 ? appoint(responder, (enum authority_kind)kind, now, error)
                                 : crypto_failed(error);
        if (failed(status))
                ocsp_responder_free(responder);
        else
                *ret = responder;
        return status;
}

void ocsp_responder_free(struct ocsp_responder *responder)
{
        if (!responder)
                return;
        for (size_t i = 0; i < sizeof responder->delegates / sizeof responder->delegates[0]; i++)
                EVP_PKEY_free(responder->delegates[i].key);
        free(responder);
}

/* ---- about whom ---- */

static bool is_of(const struct delegate *delegate, const struct ocsp_id *id)
{
        return id->digest != OCSP_OTHER_DIGEST &&
               slice_equal(id->name_hash, slice_of(delegate->name_hash[id->digest], id->name_hash.size)) &&
               slice_equal(id->key_hash, slice_of(delegate->key_hash[id->digest], id->key_hash.size));
}

/* The one CA that all of a request is about. */
static bool find_kind(
        const struct ocsp_responder *responder, const struct ocsp_request *request, enum authority_kind *ret)
{
        for (int kind = 0; kind < 2; kind++) {
                size_t count = 0;
                for (size_t i = 0; i < request->count; i++)
                        count += is_of(&responder->delegates[kind], &request->ids[i]);
                if (count == request->count) {
                        *ret = (enum authority_kind)kind;
                        return true;
                }
        }
        return false;
}

/* ---- what of it ---- */

/* RevokedInfo ::= SEQUENCE { revocationTime, [0] EXPLICIT CRLReason OPTIONAL }, [1] IMPLICIT. */
static void put_revoked(writer *w, const struct ca_status *status)
{
        uint8_t content[32];
        writer inner = WRITER(content);
        int reason = status->state == CA_HOLD ? CERTIFICATE_HOLD : status->reason;
        der_put_time(&inner, DER_GENERALIZED_TIME, status->at);
        if (reason) {
                const uint8_t value[] = { DER_ENUMERATED, 1, (uint8_t)reason };
                der_put(&inner, DER_CONTEXT_0, SLICE(value));
        }
        w->overflowed = w->overflowed || inner.overflowed;
        der_put(w, DER_CONTEXT_1, writer_view(&inner));
}

static void put_status(writer *w, const struct ca_status *status)
{
        enum { GOOD = 0x80, UNKNOWN = 0x82 };
        if (status->state == CA_HOLD || status->state == CA_REVOKED)
                put_revoked(w, status);
        else
                der_put(w, status->state == CA_GOOD ? GOOD : UNKNOWN, (slice){ 0 });
}

/* SingleResponse ::= SEQUENCE { certID, certStatus, thisUpdate, [0] EXPLICIT nextUpdate } */
static void put_single(writer *w, slice id, const struct ca_status *status, int64_t now, int64_t next)
{
        uint8_t content[OCSP_REQUEST_MAX + 128], time[20];
        writer inner = WRITER(content), wrapped = WRITER(time);
        write_slice(&inner, id);
        put_status(&inner, status);
        der_put_time(&inner, DER_GENERALIZED_TIME, now);
        der_put_time(&wrapped, DER_GENERALIZED_TIME, next);
        der_put(&inner, DER_CONTEXT_0, writer_view(&wrapped));
        w->overflowed = w->overflowed || inner.overflowed || wrapped.overflowed;
        der_put(w, DER_SEQUENCE, writer_view(&inner));
}

static mitome_status put_answers(const struct ocsp_responder *responder, enum authority_kind kind,
        const struct ocsp_request *request, int64_t now, writer *w, mitome_error *error)
{
        const struct ca_source *source = &responder->config.source;
        int64_t next = now + (responder->config.seconds ? responder->config.seconds : 60);
        for (size_t i = 0; i < request->count; i++) {
                struct ca_status status = { .state = CA_UNKNOWN };
                const struct ocsp_id *id = &request->ids[i];
                if (id->serial.size)
                        MITOME_TRY(source->status(source->context, kind, id->serial, &status, error));
                put_single(w, id->whole, &status, now, next);
        }
        return ok();
}

/* ---- the answer ---- */

/* [1] EXPLICIT Extensions: the nonce. */
static void put_nonce(writer *w, slice nonce)
{
        static const uint8_t oid[] = { 0x06, 0x09, 0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x02 };
        uint8_t value[OCSP_NONCE_MAX + 2], extension[64], list[72], wrapped[80];
        writer v = WRITER(value), e = WRITER(extension), l = WRITER(list), o = WRITER(wrapped);
        if (nonce.size == 0)
                return;
        der_put(&v, DER_OCTET_STRING, nonce);
        write_slice(&e, SLICE(oid));
        der_put(&e, DER_OCTET_STRING, writer_view(&v));
        der_put(&l, DER_SEQUENCE, writer_view(&e));
        der_put(&o, DER_SEQUENCE, writer_view(&l));
        der_put(w, DER_CONTEXT_1, writer_view(&o));
}

/* ResponseData ::= SEQUENCE { [2] EXPLICIT KeyHash, producedAt, responses, [1] EXPLICIT Extensions OPTIONAL }
 */
static void put_data(writer *w, const struct delegate *delegate, slice answers, slice nonce, int64_t now)
{
        uint8_t content[ANSWERS_MAX + 256], id[DER_SHA1_SIZE + 2];
        writer inner = WRITER(content), key = WRITER(id);
        der_put(&key, DER_OCTET_STRING, SLICE(delegate->id));
        der_put(&inner, DER_CONTEXT_2, writer_view(&key));
        der_put_time(&inner, DER_GENERALIZED_TIME, now);
        der_put(&inner, DER_SEQUENCE, answers);
        put_nonce(&inner, nonce);
        w->overflowed = w->overflowed || inner.overflowed;
        der_put(w, DER_SEQUENCE, writer_view(&inner));
}

static mitome_status sign(EVP_PKEY *key, slice data, uint8_t *signature, size_t *size, mitome_error *error)
{
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        bool done = context && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
                    EVP_DigestSign(context, signature, size, data.data, data.size) == 1;
        EVP_MD_CTX_free(context);
        return done ? ok() : crypto_failed(error);
}

/* BasicOCSPResponse ::= SEQUENCE { data, algorithm, signature, [0] EXPLICIT SEQUENCE OF Certificate } */
static mitome_status put_basic(const struct delegate *delegate, slice data, writer *w, mitome_error *error)
{
        static const uint8_t ecdsa_sha256[] = { 0x30, 0x0A, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04,
                0x03, 0x02 };
        uint8_t signature[1 + 80] = { 0 }, list[AUTHORITY_DER_MAX], inner[OCSP_RESPONSE_MAX];
        size_t size = sizeof signature - 1;
        writer certificates = WRITER(list), content = WRITER(inner);
        MITOME_TRY(sign(delegate->key, data, signature + 1, &size, error));
        write_slice(&content, data);
        write_slice(&content, SLICE(ecdsa_sha256));
        der_put(&content, DER_BIT_STRING, slice_of(signature, 1 + size)); /* no unused bits */
        der_put(&certificates, DER_SEQUENCE,
                slice_of(delegate->certificate.bytes, delegate->certificate.size));
        der_put(&content, DER_CONTEXT_0, writer_view(&certificates));
        w->overflowed = w->overflowed || content.overflowed || certificates.overflowed;
        der_put(w, DER_SEQUENCE, writer_view(&content));
        return ok();
}

/* OCSPResponse ::= SEQUENCE { status, [0] EXPLICIT SEQUENCE { id-pkix-ocsp-basic, OCTET STRING } } */
static mitome_status put_response(slice basic, writer *out, mitome_error *error)
{
        static const uint8_t oid_basic[] = { 0x06, 0x09, 0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01,
                0x01 };
        static const uint8_t successful[] = { DER_ENUMERATED, 1, SUCCESSFUL };
        uint8_t parts[OCSP_RESPONSE_MAX], list[OCSP_RESPONSE_MAX], inner[OCSP_RESPONSE_MAX];
        writer p = WRITER(parts), l = WRITER(list), content = WRITER(inner);
        slice written;
        write_slice(&p, SLICE(oid_basic));
        der_put(&p, DER_OCTET_STRING, basic);
        der_put(&l, DER_SEQUENCE, writer_view(&p));
        write_slice(&content, SLICE(successful));
        der_put(&content, DER_CONTEXT_0, writer_view(&l));
        der_put(out, DER_SEQUENCE, writer_view(&content));
        out->overflowed = out->overflowed || p.overflowed || l.overflowed || content.overflowed;
        return writer_finish(out, "OCSP response", &written, error);
}

static mitome_status answer_signed(const struct ocsp_responder *responder, enum authority_kind kind,
        slice answers, slice nonce, int64_t now, writer *out, mitome_error *error)
{
        const struct delegate *delegate = &responder->delegates[kind];
        uint8_t tbs[ANSWERS_MAX + 512], whole[OCSP_RESPONSE_MAX];
        writer data = WRITER(tbs), basic = WRITER(whole);
        slice view;
        put_data(&data, delegate, answers, nonce, now);
        MITOME_TRY(writer_finish(&data, "OCSP response", &view, error));
        MITOME_TRY(put_basic(delegate, view, &basic, error));
        MITOME_TRY(writer_finish(&basic, "OCSP response", &view, error));
        return put_response(view, out, error);
}

static mitome_status answer_about(struct ocsp_responder *responder, enum authority_kind kind,
        const struct ocsp_request *request, int64_t now, writer *out, enum outcome *outcome,
        mitome_error *error)
{
        const struct delegate *delegate = &responder->delegates[kind];
        uint8_t answers[ANSWERS_MAX];
        writer w = WRITER(answers);
        slice view;
        *outcome = INTERNAL_ERROR;
        if (now < delegate->since || now >= delegate->renew)
                MITOME_TRY(appoint(responder, kind, now, error));
        *outcome = TRY_LATER;
        MITOME_TRY(put_answers(responder, kind, request, now, &w, error));
        *outcome = INTERNAL_ERROR;
        MITOME_TRY(writer_finish(&w, "OCSP response", &view, error));
        return answer_signed(responder, kind, view, request->nonce, now, out, error);
}

static mitome_status answer(struct ocsp_responder *responder, slice der, int64_t now, writer *out,
        enum outcome *outcome, mitome_error *error)
{
        struct ocsp_request request;
        enum authority_kind kind;
        *outcome = MALFORMED_REQUEST;
        if (der.size > OCSP_REQUEST_MAX)
                return fail(error, MITOME_E_TOO_LONG, "OCSP request", NULL);
        MITOME_TRY(ocsp_request_read(der, &request, error));
        *outcome = UNAUTHORIZED;
        if (!find_kind(responder, &request, &kind))
                return fail(error, MITOME_E_OCSP_ISSUER, "OCSP request", "RFC 6960 2.3");
        return answer_about(responder, kind, &request, now, out, outcome, error);
}

mitome_status ocsp_responder_answer(
        struct ocsp_responder *responder, slice request, int64_t now, writer *out, mitome_error *error)
{
        uint8_t bytes[OCSP_RESPONSE_MAX];
        enum outcome outcome;
        writer response = WRITER(bytes);
        mitome_status status = answer(responder, request, now, &response, &outcome, error);
        const uint8_t nothing[] = { DER_SEQUENCE, 3, DER_ENUMERATED, 1, (uint8_t)outcome };
        write_slice(out, failed(status) ? SLICE(nothing) : writer_view(&response));
        return failed(status) || !out->overflowed ? status
                                                  : fail(error, MITOME_E_BUFFER_FULL, "OCSP response", NULL);
}

/* ---- a request in a path ---- */

static mitome_status undo_percent(slice path, writer *out, mitome_error *error)
{
        reader r = reader_over(path, "RFC 6960 A.1", error);
        while (r.rest.size) {
                uint8_t c, high, low;
                MITOME_TRY(read_u8(&r, "path", &c));
                if (c == '%') {
                        MITOME_TRY(read_u8(&r, "path", &high));
                        MITOME_TRY(read_u8(&r, "path", &low));
                        const int first = hex_text_value(high), second = hex_text_value(low);
                        if (first < 0 || second < 0)
                                return fail(error, MITOME_E_VALUE, "path", "RFC 3986 2.1");
                        c = (uint8_t)(first << 4 | second);
                }
                write_u8(out, c);
        }
        return ok();
}

static mitome_status read_path(
        slice path, uint8_t der[OCSP_REQUEST_MAX], size_t *ret_size, mitome_error *error)
{
        uint8_t text[OCSP_REQUEST_MAX * 2];
        writer w = WRITER(text);
        slice base64;
        MITOME_TRY(undo_percent(path, &w, error));
        MITOME_TRY(writer_finish(&w, "path", &base64, error));
        if (sodium_base642bin(der, OCSP_REQUEST_MAX, (const char *)base64.data, base64.size, NULL, ret_size,
                    NULL, sodium_base64_VARIANT_ORIGINAL) != 0)
                return fail(error, MITOME_E_VALUE, "path", "RFC 4648 4");
        return ok();
}

mitome_status ocsp_responder_get(
        struct ocsp_responder *responder, slice path, int64_t now, writer *out, mitome_error *error)
{
        static const uint8_t malformed[] = { DER_SEQUENCE, 3, DER_ENUMERATED, 1, MALFORMED_REQUEST };
        uint8_t der[OCSP_REQUEST_MAX];
        size_t size = 0;
        mitome_status status = read_path(path, der, &size, error);
        if (!failed(status))
                return ocsp_responder_answer(responder, slice_of(der, size), now, out, error);
        write_slice(out, SLICE(malformed));
        return status;
}
