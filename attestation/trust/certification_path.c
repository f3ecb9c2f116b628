/* SPDX-License-Identifier: Apache-2.0 */

/* Attestation paths. OpenSSL judges a path to the anchor that may end it, and each of its signatures once;
 * only what OpenSSL has not looked at is checked here link by link. */

#include "trust_internal.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

static const char clause[] = "WebAuthn L3 7.1 #24";

enum { RSA_BITS_MAX = 8192, RSA_EXPONENT_BITS_MAX = 64 };

/* ---- single certificates ---- */

mitome_status certificate_parse(slice der, const char *field, X509 **ret, mitome_error *error)
{
        if (der.size == 0 || der.size > INT32_MAX)
                return fail(error, MITOME_E_DER, field, "RFC 5280 4.1");
        const unsigned char *end = der.data;
        (void)ERR_set_mark(); /* OpenSSL's error queue is the caller's */
        X509 *certificate = d2i_X509(NULL, &end, (long)der.size);
        (void)ERR_pop_to_mark();
        if (!certificate)
                return fail(error, MITOME_E_DER, field, "RFC 5280 4.1");
        if ((size_t)(end - der.data) != der.size) {
                X509_free(certificate);
                return fail(error, MITOME_E_TRAILING_BYTES, field, "RFC 5280 4.1");
        }
        *ret = certificate;
        return ok();
}

/* X509_cmp_time answers 0 for a time that it cannot read: that is neither before nor after. */
static bool has_begun(const ASN1_TIME *time, int64_t now)
{
        time_t at = (time_t)now;
        return time && X509_cmp_time(time, &at) < 0;
}

static bool is_to_come(const ASN1_TIME *time, int64_t now)
{
        time_t at = (time_t)now;
        return time && X509_cmp_time(time, &at) > 0;
}

bool time_is_within(const ASN1_TIME *begin, const ASN1_TIME *end, int64_t now)
{
        return has_begun(begin, now) && is_to_come(end, now);
}

mitome_status certificate_check_time(
        const X509 *certificate, int64_t now, const char *field, mitome_error *error)
{
        if (!has_begun(X509_get0_notBefore(certificate), now))
                return fail(error, MITOME_E_CERTIFICATE_NOT_YET_VALID, field, "RFC 5280 4.1.2.5");
        if (!is_to_come(X509_get0_notAfter(certificate), now))
                return fail(error, MITOME_E_CERTIFICATE_EXPIRED, field, "RFC 5280 4.1.2.5");
        return ok();
}

bool digest_is_weak(int signature_nid)
{
        int digest = NID_undef;
        return OBJ_find_sigid_algs(signature_nid, &digest, NULL) != 1 || digest == NID_md5 ||
               digest == NID_md4 || digest == NID_md2 || digest == NID_sha1;
}

/* RFC 5280 6.1.4 (k): a certificate of version 3 must say that it is a CA. Version 1 could not: such a root
 * is let through where it signs itself. */
static bool is_ca(X509 *certificate)
{
        int kind = X509_check_ca(certificate);
        return kind == 1 || kind == 3;
}

/* Anybody may send a chain of eight: an exponent as long as the modulus makes each of its signatures two
 * hundred times as dear, and no CA has one. (The same limit as for a credential's key.) */
static bool is_quick_to_ask(const EVP_PKEY *key)
{
        BIGNUM *exponent = NULL;
        if (!EVP_PKEY_is_a(key, "RSA"))
                return true;
        bool quick = EVP_PKEY_get_bits(key) <= RSA_BITS_MAX &&
                     EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1 &&
                     BN_num_bits(exponent) <= RSA_EXPONENT_BITS_MAX;
        BN_free(exponent);
        return quick;
}

bool certificate_issued(X509 *issuer, X509 *subject)
{
        (void)ERR_set_mark();
        EVP_PKEY *key = X509_get0_pubkey(issuer);
        bool issued = key && is_ca(issuer) && is_quick_to_ask(key) &&
                      X509_check_issued(issuer, subject) == X509_V_OK && X509_verify(subject, key) == 1;
        (void)ERR_pop_to_mark();
        return issued;
}

/* ---- what is asked ---- */

struct request {
        const struct mitome_trust *trust; /* for lists and responses; may be NULL */
        struct path_memory *memory;       /* may be NULL */
        const slice *der;                 /* as given, leaf first */
        STACK_OF(X509) * chain;           /* the same, read */
        STACK_OF(X509) * above;           /* the leaf's issuer and its path to an anchor, if remembered */
        int64_t now;
};

/* Who is believed, in whatever form. */
struct anchors {
        STACK_OF(X509) * parsed;
        const slice *der;
        size_t der_count;
};

/* A path that has been found, leaf first; the certificates belong to `verified`. */
struct path {
        STACK_OF(X509) * verified; /* its last is an anchor; NULL: none was found */
        bool remembered;           /* what was given has been looked at before, but for times and the leaf */
};

/* ---- by hand ---- */

/* Each certificate from `first` on in its time and understood, and issued by the next from `link` on:
 * whatever anchors there are, a chain that contradicts itself is refused. */
static mitome_status check_rest(const struct request *request, int first, int link, mitome_error *error)
{
        int count = sk_X509_num(request->chain);
        for (int i = 0; i < count; i++) {
                X509 *certificate = sk_X509_value(request->chain, i);
                if (i >= first)
                        MITOME_TRY(certificate_check_time(certificate, request->now, "x5c", error));
                if (i >= first && X509_get_extension_flags(certificate) & EXFLAG_CRITICAL)
                        return fail(error, MITOME_E_CERTIFICATE_CRITICAL, "x5c", "RFC 5280 4.2");
                if (i >= link && i + 1 < count &&
                        !certificate_issued(sk_X509_value(request->chain, i + 1), certificate))
                        return fail(error, MITOME_E_CERTIFICATE_PATH, "x5c", clause);
        }
        return ok();
}

/* OpenSSL takes the given certificates in any order, and stops at the anchor. What it has verified is the
 * given chain as far as both agree; the links and certificates after that are still to be looked at. */
static mitome_status check_beyond(
        const struct request *request, STACK_OF(X509) * verified, mitome_error *error)
{
        int same = 0;
        while (same < sk_X509_num(verified) && same < sk_X509_num(request->chain) &&
                X509_cmp(sk_X509_value(verified, same), sk_X509_value(request->chain, same)) == 0)
                same++;
        return check_rest(request, same, same - 1, error);
}

/* ---- by OpenSSL ---- */

/* WebAuthn's attestation certificates say nothing of their purpose that OpenSSL knows, so none is asked. */
static bool set_up(X509_STORE_CTX *context, STACK_OF(X509) * believed, int64_t now)
{
        X509_VERIFY_PARAM *parameters = X509_STORE_CTX_get0_param(context);
        X509_STORE_CTX_set0_trusted_stack(context, believed);
        X509_VERIFY_PARAM_set_time(parameters, (time_t)now);
        X509_VERIFY_PARAM_set_auth_level(parameters, TRUST_SECURITY_LEVEL);
        /* An anchor need not be self-signed: a metadata statement may name an intermediate. */
        return X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN) == 1;
}

/* The path from the leaf to the one anchor that is believed here, or NULL. */
static STACK_OF(X509) * find_path(X509 *leaf, STACK_OF(X509) * others, X509 *anchor, int64_t now)
{
        X509_STORE_CTX *context = X509_STORE_CTX_new();
        STACK_OF(X509) *believed = sk_X509_new_null();
        STACK_OF(X509) *path = NULL;
        if (context && believed && sk_X509_push(believed, anchor) > 0 &&
                X509_STORE_CTX_init(context, NULL, leaf, others) == 1 && set_up(context, believed, now) &&
                X509_verify_cert(context) == 1)
                path = X509_STORE_CTX_get1_chain(context);
        X509_STORE_CTX_free(context);
        sk_X509_free(believed);
        return path;
}

static bool has_subject(const X509 *anchor, const X509_NAME *name)
{
        return X509_NAME_cmp(X509_get_subject_name(anchor), name) == 0;
}

/* Whether the anchor is one of the chain, or by names, key identifiers and key usage may have issued one. */
static bool may_end(X509 *anchor, STACK_OF(X509) * chain)
{
        for (int i = 0; i < sk_X509_num(chain); i++) {
                X509 *certificate = sk_X509_value(chain, i);
                if (has_subject(anchor, X509_get_issuer_name(certificate)) &&
                        X509_check_issued(anchor, certificate) == X509_V_OK)
                        return true;
                if (has_subject(anchor, X509_get_subject_name(certificate)) &&
                        X509_cmp(anchor, certificate) == 0)
                        return true;
        }
        return false;
}

/* One anchor at a time: among several of one name OpenSSL would look at the first only. A wrong one of the
 * name fails at the first signature. */
static void try_anchor(const struct request *request, X509 *anchor, struct path *path)
{
        X509 *leaf = sk_X509_value(request->chain, 0);
        if (path->verified || !may_end(anchor, request->chain))
                return;
        bool itself = X509_cmp(anchor, leaf) == 0;
        path->verified = find_path(leaf, itself ? NULL : request->chain, anchor, request->now);
}

/* An anchor that does not parse vouches for nothing. */
static X509 *read_anchor(const struct request *request, slice der)
{
        STACK_OF(X509) *read = NULL;
        X509 *anchor = NULL;
        if (path_memory_recall(request->memory, SHELF_ANCHORS, &der, 1, &read, NULL)) {
                anchor = sk_X509_pop(read);
        } else if (!failed(certificate_parse(der, "anchor", &anchor, NULL))) {
                (void)X509_check_ca(anchor); /* reads the extensions before threads share it */
                read = sk_X509_new_null();
                if (read && sk_X509_push(read, anchor) > 0)
                        path_memory_keep(request->memory, SHELF_ANCHORS, &der, 1, read, NULL);
        }
        sk_X509_free(read);
        return anchor;
}

/* ---- by memory ---- */

static bool is_believed(const struct request *request, const struct anchors *anchors, X509 *certificate)
{
        bool believed = false;
        for (int i = 0; !believed && i < sk_X509_num(anchors->parsed); i++)
                believed = X509_cmp(sk_X509_value(anchors->parsed, i), certificate) == 0;
        for (size_t i = 0; !believed && i < anchors->der_count; i++) {
                X509 *anchor = read_anchor(request, anchors->der[i]);
                believed = anchor && X509_cmp(anchor, certificate) == 0;
                X509_free(anchor);
        }
        return believed;
}

static bool are_timely(STACK_OF(X509) * certificates, int64_t now)
{
        for (int i = 0; i < sk_X509_num(certificates); i++)
                if (failed(certificate_check_time(sk_X509_value(certificates, i), now, "x5c", NULL)))
                        return false;
        return true;
}

/* The issuer's own path is known: it is asked to vouch for the leaf as an anchor would be. Whatever does not
 * fit is looked at from the start, for the right reason to be told. */
static void follow_memory(const struct request *request, const struct anchors *anchors, struct path *path)
{
        STACK_OF(X509) *above = request->above;
        int count = sk_X509_num(above);
        if (count <= 0 || !are_timely(request->chain, request->now) || !are_timely(above, request->now) ||
                !is_believed(request, anchors, sk_X509_value(above, count - 1)))
                return;
        X509 *issuer = sk_X509_value(above, 0);
        STACK_OF(X509) *found = find_path(sk_X509_value(request->chain, 0), NULL, issuer, request->now);
        bool whole = sk_X509_num(found) == 2; /* not 1: a leaf that is its own issuer */
        for (int i = 1; whole && i < count; i++) {
                X509 *certificate = sk_X509_value(above, i);
                whole = sk_X509_push(found, certificate) > 0;
                if (whole)
                        X509_up_ref(certificate);
        }
        if (whole)
                *path = (struct path){ .verified = found, .remembered = true };
        else
                sk_X509_pop_free(found, X509_free);
}

/* Name constraints of those above bind each leaf anew (RFC 5280 4.2.1.10), and their resources are looked at
 * for a leaf only that has some (RFC 3779 2.3): such paths are not remembered. */
static bool constrains_leaves(STACK_OF(X509) * certificates)
{
        for (int i = 0; i < sk_X509_num(certificates); i++) {
                X509 *certificate = sk_X509_value(certificates, i);
                if (X509_get_ext_by_NID(certificate, NID_name_constraints, -1) >= 0 ||
                        certificate_has_resources(certificate))
                        return true;
        }
        return false;
}

static void remember_issuers(const struct request *request, STACK_OF(X509) * verified)
{
        STACK_OF(X509) *issuers = sk_X509_dup(request->chain), *above = sk_X509_dup(verified);
        if (issuers && above) {
                (void)sk_X509_shift(issuers);
                (void)sk_X509_shift(above);
                /* Where the anchor stands in for the issuer that was given, that one is looked at each time.
                 */
                if (sk_X509_num(issuers) > 0 && sk_X509_num(above) > 0 &&
                        X509_cmp(sk_X509_value(issuers, 0), sk_X509_value(above, 0)) == 0 &&
                        !constrains_leaves(above))
                        path_memory_keep(request->memory, SHELF_ISSUERS, request->der + 1,
                                (size_t)sk_X509_num(issuers), issuers, above);
        }
        sk_X509_free(issuers);
        sk_X509_free(above);
}

/* Only what leads to an anchor: strangers cannot make the rest be forgotten. */
static void remember(const struct request *request, const struct path *path)
{
        STACK_OF(X509) *leaf = sk_X509_new_null();
        if (leaf && sk_X509_push(leaf, sk_X509_value(request->chain, 0)) > 0)
                path_memory_keep(request->memory, SHELF_LEAVES, request->der, 1, leaf, NULL);
        sk_X509_free(leaf);
        if (!path->remembered)
                remember_issuers(request, path->verified);
}

/* ---- the whole ---- */

static mitome_status check_revocation(
        const struct request *request, STACK_OF(X509) * path, bool anchored, mitome_error *error)
{
        X509 *certificates[TRUST_CHAIN_MAX + 1];
        int count = sk_X509_num(path);
        if (!request->trust)
                return ok();
        if (count > TRUST_CHAIN_MAX + 1)
                return fail(error, MITOME_E_TOO_MANY, "x5c", clause);
        for (int i = 0; i < count; i++)
                certificates[i] = sk_X509_value(path, i);
        return revocation_check_path(
                request->trust, certificates, (size_t)count, anchored, request->now, error);
}

static mitome_status judge(
        const struct request *request, const struct path *path, bool *ret_anchored, mitome_error *error)
{
        bool anchored = path->verified != NULL;
        if (!anchored)
                MITOME_TRY(check_rest(request, 0, 0, error));
        else if (!path->remembered)
                MITOME_TRY(check_beyond(request, path->verified, error));
        MITOME_TRY(check_revocation(request, anchored ? path->verified : request->chain, anchored, error));
        *ret_anchored = anchored;
        return ok();
}

static mitome_status read_certificate(slice der, STACK_OF(X509) * chain, mitome_error *error)
{
        X509 *certificate;
        MITOME_TRY(certificate_parse(der, "x5c", &certificate, error));
        (void)X509_check_ca(
                certificate); /* reads the extensions, and the fingerprint that X509_cmp compares */
        if (sk_X509_push(chain, certificate) <= 0) {
                X509_free(certificate);
                return fail(error, MITOME_E_NO_MEMORY, "x5c", NULL);
        }
        return ok();
}

/* Recalls these certificates to the end of the chain. */
static bool recall_chain(struct request *request, enum path_shelf shelf, const slice *der, size_t count)
{
        STACK_OF(X509) *known = NULL;
        if (!path_memory_recall(request->memory, shelf, der, count, &known, &request->above))
                return false;
        bool added = X509_add_certs(request->chain, known, X509_ADD_FLAG_UP_REF) == 1;
        sk_X509_pop_free(known, X509_free);
        return added;
}

/* Reads these certificates to the end of the chain. */
static mitome_status read_chain(struct request *request, const slice *der, size_t count, mitome_error *error)
{
        for (size_t i = 0; i < count; i++)
                MITOME_TRY(read_certificate(der[i], request->chain, error));
        return ok();
}

/* ---- a leaf that was never seen, under an issuer that was ---- */

/* The leaf without its key, read or recalled. */
static X509 *read_keyless(const struct request *request)
{
        STACK_OF(X509) *known = NULL;
        X509 *leaf = NULL;
        if (path_memory_recall(request->memory, SHELF_KEYLESS, request->der, 1, &known, NULL))
                leaf = sk_X509_pop(known);
        else
                leaf = quick_link_decode(path_memory_quick(request->memory), request->der[0]);
        sk_X509_free(known);
        return leaf;
}

/* The path is the leaf and `above`: its issuer, and the known path from there. */
static bool link_quickly(const struct request *request, X509 *leaf, STACK_OF(X509) * above, struct path *path)
{
        if (!quick_link_holds(path_memory_quick(request->memory), leaf, request->der[0],
                    sk_X509_value(above, 0), request->now))
                return false;
        STACK_OF(X509) *verified = sk_X509_new_null();
        if (!verified || X509_add_cert(verified, leaf, X509_ADD_FLAG_UP_REF) != 1 ||
                X509_add_certs(verified, above, X509_ADD_FLAG_UP_REF) != 1) {
                sk_X509_pop_free(verified, X509_free);
                return false;
        }
        path->verified = verified;
        return true;
}

static bool link_to_anchor(const struct request *request, X509 *leaf, X509 *anchor, struct path *path)
{
        STACK_OF(X509) *above = sk_X509_new_null();
        bool linked = above && sk_X509_push(above, anchor) > 0 && link_quickly(request, leaf, above, path);
        sk_X509_free(above);
        return linked;
}

static bool link_to_anchors(
        const struct request *request, const struct anchors *anchors, X509 *leaf, struct path *path)
{
        for (int i = 0; i < sk_X509_num(anchors->parsed); i++)
                if (link_to_anchor(request, leaf, sk_X509_value(anchors->parsed, i), path))
                        return true;
        bool linked = false;
        for (size_t i = 0; !linked && i < anchors->der_count; i++) {
                X509 *anchor = read_anchor(request, anchors->der[i]);
                linked = anchor && link_to_anchor(request, leaf, anchor, path);
                X509_free(anchor);
        }
        return linked;
}

static bool follow_quickly(
        const struct request *request, const struct anchors *anchors, X509 *leaf, struct path *path)
{
        STACK_OF(X509) *above = request->above;
        return sk_X509_num(above) > 0 && are_timely(request->chain, request->now) &&
               are_timely(above, request->now) &&
               is_believed(request, anchors, sk_X509_value(above, sk_X509_num(above) - 1)) &&
               link_quickly(request, leaf, above, path);
}

/* `count` certificates were given; those behind the leaf are in the chain already. Under one that was never
 * seen there is nothing quick. */
static bool go_quickly(
        const struct request *request, const struct anchors *anchors, size_t count, struct path *path)
{
        X509 *leaf = read_keyless(request);
        STACK_OF(X509) *kept = sk_X509_new_null();
        bool linked = leaf && kept && sk_X509_push(kept, leaf) > 0 &&
                      (count == 1 ? link_to_anchors(request, anchors, leaf, path)
                                  : follow_quickly(request, anchors, leaf, path));
        if (linked)
                path_memory_keep(request->memory, SHELF_KEYLESS, request->der, 1, kept, NULL);
        sk_X509_free(kept);
        X509_free(leaf);
        return linked;
}

static mitome_status go_slowly(struct request *request, const struct anchors *anchors, struct path *path,
        bool *ret_anchored, mitome_error *error)
{
        follow_memory(request, anchors, path);
        for (int i = 0; i < sk_X509_num(anchors->parsed); i++)
                try_anchor(request, sk_X509_value(anchors->parsed, i), path);
        for (size_t i = 0; !path->verified && i < anchors->der_count; i++) {
                X509 *anchor = read_anchor(request, anchors->der[i]);
                if (anchor)
                        try_anchor(request, anchor, path);
                X509_free(anchor);
        }
        MITOME_TRY(judge(request, path, ret_anchored, error));
        if (path->verified)
                remember(request, path);
        return ok();
}

static mitome_status verify(struct request *request, const struct anchors *anchors, size_t count,
        struct path *path, bool *ret_anchored, mitome_error *error)
{
        const slice *others = request->der + 1;
        bool leaf_known = recall_chain(request, SHELF_LEAVES, request->der, 1);
        if (!leaf_known) {
                bool others_known = count > 1 && recall_chain(request, SHELF_ISSUERS, others, count - 1);
                if ((others_known || count == 1) && go_quickly(request, anchors, count, path)) {
                        MITOME_TRY(check_revocation(request, path->verified, true, error));
                        *ret_anchored = true;
                        return ok();
                }
                /* from the start: the leaf comes first */
                while (sk_X509_num(request->chain) > 0)
                        X509_free(sk_X509_pop(request->chain));
                sk_X509_pop_free(request->above, X509_free);
                request->above = NULL;
                MITOME_TRY(read_chain(request, request->der, 1, error));
        }
        if (count > 1 && !recall_chain(request, SHELF_ISSUERS, others, count - 1))
                MITOME_TRY(read_chain(request, others, count - 1, error));
        return go_slowly(request, anchors, path, ret_anchored, error);
}

static mitome_status verify_to(const struct mitome_trust *trust, const struct anchors *anchors,
        const slice *chain, size_t count, int64_t now, bool *ret_anchored, mitome_error *error)
{
        if (count == 0 || count > TRUST_CHAIN_MAX)
                return fail(error, MITOME_E_TOO_MANY, "x5c", clause);
        struct request request = { .trust = trust,
                .memory = trust ? trust->memory : NULL,
                .der = chain,
                .chain = sk_X509_new_null(),
                .now = now };
        struct path path = { 0 };
        if (!request.chain)
                return fail(error, MITOME_E_NO_MEMORY, "x5c", NULL);
        (void)ERR_set_mark(); /* OpenSSL's error queue is the caller's */
        mitome_status status = verify(&request, anchors, count, &path, ret_anchored, error);
        (void)ERR_pop_to_mark();
        sk_X509_pop_free(path.verified, X509_free);
        sk_X509_pop_free(request.above, X509_free);
        sk_X509_pop_free(request.chain, X509_free);
        return status;
}

mitome_status trust_verify_attestation(const struct mitome_trust *trust, const slice *chain, size_t count,
        int64_t now, bool *ret_anchored, mitome_error *error)
{
        const struct anchors anchors = { .parsed = trust->anchors };
        return verify_to(trust, &anchors, chain, count, now, ret_anchored, error);
}

mitome_status trust_verify_attestation_to(const struct mitome_trust *trust, const slice *anchors,
        size_t anchor_count, const slice *chain, size_t count, int64_t now, bool *ret_anchored,
        mitome_error *error)
{
        const struct anchors given = { .der = anchors, .der_count = anchor_count };
        return verify_to(trust, &given, chain, count, now, ret_anchored, error);
}

mitome_status trust_verify_attestation_any(const struct mitome_trust *trust, const slice *anchors,
        size_t anchor_count, const slice *chain, size_t count, int64_t now, bool *ret_anchored,
        mitome_error *error)
{
        const struct anchors all = {
                .parsed = trust ? trust->anchors : NULL, .der = anchors, .der_count = anchor_count
        };
        return verify_to(trust, &all, chain, count, now, ret_anchored, error);
}
