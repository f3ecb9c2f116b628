/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COSE_TABLE_H
#define COSE_TABLE_H

/* What is known of each algorithm and each form of key: for cose.c, which reads keys, and cose_verify.c,
 * which uses them. */

#include "cose.h"

enum cose_kind { COSE_KIND_EC, COSE_KIND_OKP, COSE_KIND_RSA, COSE_KIND_AKP };

struct cose_form_info {
        enum cose_kind kind;
        const char *name; /* OpenSSL's, of the group or the algorithm */
        int nid;          /* OpenSSL's, of the group */
        int64_t key_type; /* COSE kty */
        int64_t curve;    /* COSE crv; 0: none */
        size_t size;      /* of a coordinate, or of the key in one piece */
        size_t signature; /* its one size; 0: other rules */
};

enum cose_digest { COSE_SHA1, COSE_SHA256, COSE_SHA384, COSE_SHA512, COSE_DIGESTS, COSE_NO_DIGEST };

struct cose_algorithm_info {
        int64_t id;
        const char *name;
        enum cose_form form;
        enum cose_digest digest;
        bool pss; /* RSA: PSS padding, else PKCS#1 v1.5 */
};

const struct cose_form_info *cose_form_find(enum cose_form form);
const struct cose_algorithm_info *cose_algorithm_find(int64_t id);

/* cose_digest_name is OpenSSL's name of a digest. */
const char *cose_digest_name(enum cose_digest digest);

/* cose_point writes 04 || X || Y (SEC 1, 2.3.3); nothing else of a curve is ever given to OpenSSL, so that
 * neither a compressed point nor the one at infinity has a form to come in. */
/* cose_judge_sizes tells whether a key has the sizes of its form; for RSA, the strength. */
mitome_code cose_judge_sizes(const struct cose_form_info *form, const struct cose_key *key);

/* cose_is_on_curve tells whether the coordinates are those of a point; `form` is that of a curve. */
bool cose_is_on_curve(struct cose_verifier *verifier, enum cose_form form, const struct cose_key *key);

enum { COSE_POINT_MAX = 1 + 2 * 66 };
slice cose_point(const struct cose_key *key, uint8_t buffer[COSE_POINT_MAX]);

/* cose_is_ed448_point tells of a key of Ed448's 57 bytes whether it is a point, and none of small order: with
 * such a one OpenSSL would take anybody's signature over anything. */
bool cose_is_ed448_point(slice key);

#endif
