/* SPDX-License-Identifier: Apache-2.0 */
#include "sign_evaluation.h"

#include "cose.h"
#include "digest.h"
#include "hex_text.h"
#include "leaf_certificate.h"
#include "report_parts.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>
#include <time.h>

enum { AAGUID_SIZE = EVALUATION_AAGUID_SIZE, DIGESTS = MITOME_EVALUATION_POLICIES_MAX };

/* What is said, and the bytes that it views. */
struct said {
        struct mitome_evaluation evaluation;
        struct level_facts facts;
        uint8_t report[SHA256_SIZE], aaguid[AAGUID_SIZE], policies[DIGESTS][SHA256_SIZE];
};

/* ---- the report as a statement says it ---- */

static slice bytes_of(struct report_text *out, const char *hex, const char *name, uint8_t *bytes, size_t size)
{
        slice decoded;
        if (failed(hex_text_decode(slice_text(hex), name, bytes, size, &decoded, NULL)) ||
                decoded.size != size) {
                report_unlike(out, name);
                return (slice){ 0 };
        }
        return decoded;
}

bool evaluation_aaguid(const char *text, uint8_t ret[EVALUATION_AAGUID_SIZE])
{
        enum { DIGITS = 2 * AAGUID_SIZE, GROUPED = DIGITS + 4 };
        char digits[DIGITS + 1];
        size_t size = strlen(text), count = 0;
        slice decoded;
        if (size != DIGITS && size != GROUPED)
                return false;
        for (size_t i = 0; i < size; i++) {
                bool dash = size == GROUPED && (i == 8 || i == 13 || i == 18 || i == 23);
                if (dash != (text[i] == '-') || (!dash && hex_text_value((uint8_t)text[i]) < 0))
                        return false;
                if (!dash)
                        digits[count++] = text[i];
        }
        digits[count] = 0;
        return !failed(hex_text_decode(slice_text(digits), "aaguid", ret, AAGUID_SIZE, &decoded, NULL));
}

static enum level_obtained obtained_of(struct report_text *out, const json_t *fact)
{
        static const struct {
                const char *word;
                enum level_obtained obtained;
        } words[] = {
                { "declared", LEVEL_DECLARED },
                { "attested", LEVEL_ATTESTED },
                { "measured", LEVEL_ATTESTED },
                { "observed", LEVEL_ATTESTED },
                { "unusable", LEVEL_UNUSABLE },
        };
        const char *word = report_string(out, fact, "obtained");
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
                if (strcmp(words[i].word, word) == 0)
                        return words[i].obtained;
        report_unlike(out, "obtained");
        return LEVEL_UNUSABLE;
}

static void take_value(
        struct report_text *out, const json_t *fact, enum level_fact_id id, struct level_fact *ret)
{
        switch (level_fact_kind(id)->type) {
        case LEVEL_BOOL:
                ret->yes = report_flag(out, fact, "value");
                return;
        case LEVEL_COUNT:
                ret->count = (uint64_t)report_count(out, fact, "value");
                return;
        case LEVEL_WORD:
                ret->word = slice_text(report_string(out, fact, "value"));
                return;
        case LEVEL_RATE: {
                const json_t *rate = report_object(out, fact, "value");
                ret->rate.errors = (uint64_t)report_count(out, rate, "errors");
                ret->rate.trials = (uint64_t)report_count(out, rate, "trials");
                return;
        }
        }
}

/* Each fact stands there once: of two that contradict, who signs would not see which was said. */
static void take_facts(struct report_text *out, const json_t *report, struct level_facts *facts)
{
        bool seen[LEVEL_FACTS + 1] = { false };
        const json_t *list = report_array(out, report, "facts");
        for (size_t i = 0; i < json_array_size(list); i++) {
                const json_t *fact = json_array_get(list, i);
                const char *name = report_string(out, fact, "name");
                enum level_fact_id id = level_fact_find(slice_text(name));
                struct level_fact taken = { .obtained = obtained_of(out, fact),
                        .partial = report_flag(out, fact, "partial") };
                if (id == LEVEL_FACTS || seen[id])
                        report_unlike(out, "facts");
                seen[id] = true;
                if (id == LEVEL_FACTS || taken.obtained == LEVEL_UNUSABLE)
                        continue;
                take_value(out, fact, id, &taken);
                facts->facts[id] = taken;
        }
}

static void take_policies(struct report_text *out, const json_t *report, struct said *said)
{
        const json_t *list = report_array(out, report, "policies");
        if (json_array_size(list) > DIGESTS)
                report_unlike(out, "policies");
        for (size_t i = 0; i < json_array_size(list) && i < DIGESTS; i++) {
                const json_t *policy = json_array_get(list, i);
                const char *level = report_string_if(out, policy, "level");
                said->evaluation.policies[i] = (struct mitome_evaluation_policy){
                        .id = slice_text(report_string(out, policy, "id")),
                        .sha256 = bytes_of(out, report_string(out, policy, "sha256"), "sha256",
                                said->policies[i], SHA256_SIZE),
                        .level = slice_text(level ? level : ""),
                };
                said->evaluation.policy_count++;
        }
}

static int64_t seconds_of(struct report_text *out, const json_t *report)
{
        struct tm parts = { 0 };
        const char *at = report_time(out, report);
        const char *end = out->code == MITOME_OK ? strptime(at, "%Y-%m-%dT%H:%M:%SZ", &parts) : NULL;
        time_t seconds = end && !*end ? timegm(&parts) : -1;
        if (seconds < 0)
                report_unlike(out, "at");
        return (int64_t)seconds;
}

static void take_report(struct report_text *out, const json_t *report, struct said *said)
{
        const json_t *target = report_object(out, report, "target");
        if (report_count(out, report, "mitome_report") != 1)
                report_unlike(out, "mitome_report");
        if (!evaluation_aaguid(report_string(out, target, "aaguid"), said->aaguid))
                report_unlike(out, "aaguid");
        said->evaluation.aaguid = SLICE(said->aaguid);
        said->evaluation.simulated = report_flag(out, target, "simulated");
        said->evaluation.at = seconds_of(out, report);
        take_policies(out, report, said);
        take_facts(out, report, &said->facts);
}

/* ---- key and certificates ---- */

static int no_password(char *buffer, int size, int writing, void *context)
{
        (void)buffer, (void)size, (void)writing, (void)context;
        return -1;
}

static mitome_status read_key(slice pem, EVP_PKEY **ret, int64_t *ret_algorithm, mitome_error *error)
{
        BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.size);
        EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;
        BIO_free(bio);
        if (!key)
                return fail(error, MITOME_E_VALUE, "the evaluator's key", NULL);
        char group[32] = "";
        if (EVP_PKEY_is_a(key, "ED25519"))
                *ret_algorithm = COSE_EDDSA;
        else if (EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1 &&
                 strcmp(group, "prime256v1") == 0)
                *ret_algorithm = COSE_ES256;
        else {
                EVP_PKEY_free(key);
                return fail(error, MITOME_E_KEY_TYPE, "the evaluator's key", NULL);
        }
        *ret = key;
        return ok();
}

/* The certificates' DER, one behind the other. */
struct chain {
        uint8_t bytes[COSE_SIGN1_CHAIN_MAX * EVALUATION_CERTIFICATE_MAX];
        slice certificates[COSE_SIGN1_CHAIN_MAX];
        size_t count;
};

static mitome_status keep_certificate(writer *w, struct chain *chain, const X509 *x509, mitome_error *error)
{
        unsigned char *der = NULL;
        int size = i2d_X509(x509, &der);
        size_t before = w->used;
        if (size > 0 && size <= EVALUATION_CERTIFICATE_MAX && chain->count < COSE_SIGN1_CHAIN_MAX)
                write_slice(w, slice_of(der, (size_t)size));
        OPENSSL_free(der);
        if (size <= 0)
                return fail(error, MITOME_E_DER, "the evaluator's certificate", NULL);
        if (w->used == before)
                return fail(error, MITOME_E_TOO_LONG, "the evaluator's certificates", NULL);
        chain->certificates[chain->count++] = slice_of(chain->bytes + before, (size_t)size);
        return ok();
}

/* What nobody would believe is not signed with. */
static mitome_status check_evaluator(const X509 *x509, mitome_error *error)
{
        static const char clause[] = "EVALUATION-STATEMENT.md 4";
        MITOME_TRY(leaf_check_not_ca(x509, clause, error));
        return leaf_check_signs_documents(x509, clause, error);
}

static mitome_status read_certificates(
        slice pem, const EVP_PKEY *key, struct chain *chain, mitome_error *error)
{
        BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.size);
        writer w = WRITER(chain->bytes);
        mitome_status status = ok();
        X509 *x509;
        while (!failed(status) && bio && (x509 = PEM_read_bio_X509(bio, NULL, no_password, NULL))) {
                if (chain->count == 0 && X509_check_private_key(x509, key) != 1)
                        status = fail(error, MITOME_E_KEY_MISMATCH, "the evaluator's certificate", NULL);
                else if (chain->count == 0)
                        status = check_evaluator(x509, error);
                if (!failed(status))
                        status = keep_certificate(&w, chain, x509, error);
                X509_free(x509);
        }
        BIO_free(bio);
        MITOME_TRY(status);
        return chain->count ? ok() : fail(error, MITOME_E_MISSING, "the evaluator's certificate", NULL);
}

/* ---- signing ---- */

/* r || s of an ECDSA-Sig-Value. */
static bool write_raw(writer *w, slice der)
{
        const unsigned char *at = der.data;
        ECDSA_SIG *numbers = d2i_ECDSA_SIG(NULL, &at, (long)der.size);
        uint8_t *r = numbers ? write_space(w, COSE_SIGN1_SIGNATURE_SIZE / 2) : NULL;
        uint8_t *s = r ? write_space(w, COSE_SIGN1_SIGNATURE_SIZE / 2) : NULL;
        bool done = s && BN_bn2binpad(ECDSA_SIG_get0_r(numbers), r, COSE_SIGN1_SIGNATURE_SIZE / 2) > 0 &&
                    BN_bn2binpad(ECDSA_SIG_get0_s(numbers), s, COSE_SIGN1_SIGNATURE_SIZE / 2) > 0;
        ECDSA_SIG_free(numbers);
        return done;
}

static mitome_status sign(
        EVP_PKEY *key, int64_t algorithm, slice payload, writer *ret_signature, mitome_error *error)
{
        uint8_t to_sign[EVALUATION_PAYLOAD_MAX + 256], made[128];
        size_t size = sizeof made;
        writer w = WRITER(to_sign);
        slice message;
        evaluation_statement_to_sign(&w, algorithm, payload);
        MITOME_TRY(writer_finish(&w, "payload", &message, error));
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        const EVP_MD *digest = algorithm == COSE_ES256 ? EVP_sha256() : NULL;
        bool done = context && EVP_DigestSignInit(context, NULL, digest, NULL, key) == 1 &&
                    EVP_DigestSign(context, made, &size, message.data, message.size) == 1;
        EVP_MD_CTX_free(context);
        if (done && algorithm == COSE_ES256)
                done = write_raw(ret_signature, slice_of(made, size));
        else if (done)
                write_slice(ret_signature, slice_of(made, size));
        return done ? ok() : fail(error, MITOME_E_NO_MEMORY, "signature", NULL);
}

static mitome_status sign_payload(
        const struct evaluation_order *order, slice payload, writer *w, mitome_error *error)
{
        uint8_t bytes[COSE_SIGN1_SIGNATURE_SIZE];
        writer signature = WRITER(bytes);
        struct chain chain = { .count = 0 };
        EVP_PKEY *key;
        int64_t algorithm;
        MITOME_TRY(read_key(order->key, &key, &algorithm, error));
        mitome_status status = read_certificates(order->certificates, key, &chain, error);
        if (!failed(status))
                status = sign(key, algorithm, payload, &signature, error);
        EVP_PKEY_free(key);
        MITOME_TRY(status);
        evaluation_statement_write(
                w, algorithm, chain.certificates, chain.count, payload, writer_view(&signature));
        return ok();
}

static mitome_status check_order(const struct evaluation_order *order, mitome_error *error)
{
        const slice build = slice_text(order->build);
        if (build.size == 0 || build.size > EVALUATION_BUILD_MAX || !slice_is_utf8(build))
                return fail(error, MITOME_E_VALUE, "the build", NULL);
        if (order->valid_days == 0 || order->valid_days > EVALUATION_SECONDS_MAX / 86400)
                return fail(error, MITOME_E_VALUE, "the number of days", NULL);
        return ok();
}

mitome_status evaluation_sign(const struct evaluation_order *order, uint8_t buffer[MITOME_EVALUATION_MAX],
        slice *ret, mitome_error *error)
{
        REPORT_TEXT(out);
        struct said said = { .evaluation = { .report = { 0 } } };
        uint8_t payload[EVALUATION_PAYLOAD_MAX];
        writer p = WRITER(payload), w = writer_over(buffer, MITOME_EVALUATION_MAX);
        struct evaluation_statement check;
        slice unused, written, payload_view;
        MITOME_TRY(check_order(order, error));
        json_t *report = json_loadb(
                (const char *)order->report.data, order->report.size, JSON_REJECT_DUPLICATES, NULL);
        take_report(&out, report, &said);
        sha256(&order->report, 1, said.report);
        said.evaluation.report = SLICE(said.report);
        said.evaluation.build = slice_text(order->build);
        said.evaluation.expires = said.evaluation.at + (int64_t)order->valid_days * 86400;
        mitome_status status = report_text_finish(&out, &unused, error);
        if (!failed(status)) {
                evaluation_payload_write(&p, &said.evaluation, &said.facts); /* words view the report */
                status = writer_finish(&p, "payload", &payload_view, error);
        }
        json_decref(report);
        MITOME_TRY(status);
        MITOME_TRY(sign_payload(order, payload_view, &w, error));
        MITOME_TRY(writer_finish(&w, "statement", &written, error));
        /* What no reader would take, this one does not, either. */
        MITOME_TRY(evaluation_statement_read(written, &check, error));
        *ret = written;
        return ok();
}
