/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PORTAL_TRUST_H
#define PORTAL_TRUST_H

/* Whom the portal believes, read from a folder of files that somebody else keeps fresh:
 *
 *      attestation/ *.der      CAs of the makers of authenticators
 *      jpki/ *.der             CAs of user-verification certificates (利用者証明用)
 *      jpki-signing/ *.der     CAs of signing certificates (署名用)
 *      crl/ *.crl              revocation lists of any of them
 *      metadata/ *.json        metadata statements: names and icons of models
 *      evaluators/ *.der       evaluators of models, or who certifies them (portal_evaluation.h)
 *      evaluations/ *.statement  what they found
 *
 * (without the blank). What is read becomes one snapshot, which is never changed: when a file has changed,
 * a new one takes its place whole, and who still reads the old one keeps it until he lets it go. A folder
 * that cannot be read whole leaves the old snapshot in its place. That is safe, because a list that nobody
 * renews any more becomes stale, and then the persons' certificates are refused (CRL_STALE). */

#include "bytes.h"
#include "metadata_statement.h"

#include <mitome/trust.h>

enum {
        PORTAL_TRUST_FILES = 64,            /* of one kind */
        PORTAL_TRUST_FILE_MAX = 32 << 20,   /* bytes; a list of a million certificates */
        PORTAL_MODEL_ICON_MAX = 32 * 1024,  /* a data: URL */
        PORTAL_MODEL_DESCRIPTION_MAX = 200, /* characters, FIDO Metadata Statements 3.0 */
        PORTAL_TRUST_PATH_MAX = 512,
};

/* A model of authenticator, as its metadata statement describes it. Views are the snapshot's. */
struct portal_model {
        slice aaguid;      /* 16 bytes */
        slice description; /* UTF-8, escapes undone */
        slice icon;        /* "data:image/png;base64,..", checked to be just that; empty: none */
        struct metadata_statement statement;
};

struct portal_snapshot {
        struct mitome_trust
                *trust; /* attestation, user-verification certificates, lists: for mitome_verify_.. */
        struct mitome_trust *signing; /* CAs of signing certificates (as its JPKI anchors), lists */
        const slice *signing_anchors; /* the same CAs, DER */
        size_t signing_count;
        const struct portal_model *models;
        size_t model_count;
        struct mitome_trust *evaluators; /* and lists of theirs; they vouch for nothing else */
        const slice *evaluations;        /* statements as they came: believed or not when one is asked for */
        size_t evaluation_count;
};

/* portal_model_find: NULL when the snapshot has no statement of the model (16 bytes). */
const struct portal_model *portal_model_find(const struct portal_snapshot *snapshot, slice aaguid);

struct portal_trust;

/* portal_trust_open reads a folder. A folder inside it may be missing (then there are none of its kind), the
 * folder itself may not. FILE_READ; TOO_MANY, TOO_LONG; VALUE for a file that is not of its kind, and what
 * mitome_trust_add_.. and metadata_statement_read refuse: error->field tells the kind. */
MITOME_CHECKED mitome_status portal_trust_open(
        const char *folder, struct portal_trust **ret, mitome_error *error);
void portal_trust_close(struct portal_trust *trust); /* every snapshot must have been released before */

/* portal_trust_again looks whether the folder has changed (names, sizes, times, inodes), and reads it if so;
 * from a clock, or from a thread of its own, as often as one likes. *ret_changed (may be NULL) says whether
 * there is a new snapshot. When it fails the old one stays, and the next call tries again. Nothing happens
 * to one that was opened without a folder. */
MITOME_CHECKED mitome_status portal_trust_again(
        struct portal_trust *trust, bool *ret_changed, mitome_error *error);

/* The same without a folder: for a story or a test, which has the bytes in its hands. */
struct portal_trust_parts {
        const slice *attestation, *jpki, *signing, *lists, *statements, *evaluators, *evaluations;
        size_t attestation_count, jpki_count, signing_count, list_count, statement_count, evaluator_count,
                evaluation_count;
};
MITOME_CHECKED mitome_status portal_trust_of(
        const struct portal_trust_parts *parts, struct portal_trust **ret, mitome_error *error);
MITOME_CHECKED mitome_status portal_trust_replace(
        struct portal_trust *trust, const struct portal_trust_parts *parts, mitome_error *error);

/* portal_trust_take gives the snapshot to use now; it is good until it is given back. Any thread. */
const struct portal_snapshot *portal_trust_take(const struct portal_trust *trust);
void portal_trust_give_back(const struct portal_trust *trust, const struct portal_snapshot *snapshot);

#endif
