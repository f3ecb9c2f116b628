/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ACCOUNT_H
#define ACCOUNT_H

/* The relying party's accounts, and how one survives a new phone.
 *
 * An account has a number of its own, a random user handle (WebAuthn L3 14.6.1), a name unlike any other,
 * which only its holder is told, and the name that its holder gave it. It has passkeys, and at most one
 * certificate of a person that is alive; a passkey may be bound to it.
 *
 * An account that was opened with a certificate is bound to (issuer, serial) of it, and to the credential
 * that was registered with it. A new phone has a new certificate and a new credential; the certificate says
 * nothing of the one before (its subject is opaque). That one followed the other only the authority knows,
 * and it says so to relying parties that are registered with it (利用者証明検証者). So the person registers
 * the new phone with the new certificate, names the account, and the authority is asked, in a signed letter:
 *
 *   successor { 1: kind, 2: SHA-256 of the issuer's name, 3: old serial, 4: new serial } -> { 1: bool }
 *
 * On "yes" the account moves, once: the old certificate and its credential open nothing any more, whatever
 * lists say, and never again; nor can the account go back to it. On anything else nothing changes.
 *
 * Who can name accounts could go through them, or have the authority asked without end: a certificate may try
 * ACCOUNT_TRIES times a day, counted before the question, and hears the same of an account that is not there
 * as of one that is not his. */

#include "party.h"

#include <mitome/rp.h>

enum {
        ACCOUNT_NAME_MAX = 64,   /* UTF-8 */
        ACCOUNT_SERIAL_MAX = 20, /* RFC 5280 4.1.2.2 */
        ACCOUNT_ISSUER_MAX = 1024,
        ACCOUNT_CREDENTIAL_MAX = 1023, /* WebAuthn L3 5.8.3 */
        ACCOUNT_KEY_MAX = 1024,
        ACCOUNT_TRIES = 5, /* moves that one certificate may try in ACCOUNT_TRIES_S */
        ACCOUNT_TRIES_S = 86400,
        ACCOUNT_HANDLE_SIZE = 32,
        ACCOUNT_AAGUID_SIZE = 16,
        ACCOUNT_FORMAT_MAX = 32,
        ACCOUNT_CREDENTIALS = 20, /* of one account */
};

/* The party's tables. */
extern const char account_schema[];
enum { ACCOUNT_SCHEMA_VERSION = 3 };

/* What was verified when a phone was registered: by mitome_verify_registration and mitome_verify_binding (or
 * the format mitome-jpki). Nothing here verifies it again. Views. */
struct account_proof {
        slice issuer, serial; /* of the certificate: DER name; magnitude, big-endian. Empty: none */
        int64_t not_after;
        slice credential_id, public_key; /* COSE */
        uint32_t sign_count;
        /* What may be left zero: */
        slice aaguid, format, name; /* 16 bytes; "packed"; what its holder calls the passkey */
        slice record;               /* mitome_record, CBOR */
        slice handle;               /* the user handle that it was made for, when that is not the account's */
        enum mitome_trust_result trust;
        unsigned flags, transports; /* enum account_flag; enum mitome_transport */
};
enum account_flag { ACCOUNT_BACKUP_ELIGIBLE = 1, ACCOUNT_BACKED_UP = 2 };

/* `binding` may be NULL: no person's certificate. */
struct account_proof account_proof_of(
        const struct mitome_verdict *registration, const struct mitome_binding *binding);

/* account_open opens an account for a user handle (ACCOUNT_HANDLE_SIZE bytes), with or without a certificate.
 * Its name is drawn: twelve digits. ACCOUNT_EXISTS, ACCOUNT_ENDED as account_create. */
struct account_opened {
        int64_t account, credential;
};
MITOME_CHECKED mitome_status account_open(struct party *portal, slice handle, slice display,
        const struct account_proof *proof, struct account_opened *ret, mitome_error *error);

/* account_add adds a passkey to an account, whose holder must have shown that he is it. A certificate must be
 * the account's, or of no account's, and the account have none. ACCOUNT_EXISTS, ACCOUNT_ENDED;
 * CREDENTIAL_LIMIT; ACCOUNT_CLOSED. */
MITOME_CHECKED mitome_status account_add(struct party *portal, int64_t account,
        const struct account_proof *proof, int64_t *ret_credential, mitome_error *error);

/* account_close lets nobody in any more. ACCOUNT_UNKNOWN. */
MITOME_CHECKED mitome_status account_close(struct party *portal, int64_t account, mitome_error *error);

/* account_create opens an account. ACCOUNT_EXISTS when the name is taken; ACCOUNT_EXISTS or ACCOUNT_ENDED
 * when the certificate opens, or opened, an account; VALUE, TOO_LONG. */
MITOME_CHECKED mitome_status account_create(
        struct party *portal, slice name, const struct account_proof *proof, mitome_error *error);

/* What an assertion is verified against. */
struct account_login {
        int64_t account, number, epoch; /* rows; sessions of another epoch are over */
        bool closed;
        unsigned flags; /* enum account_flag */
        enum mitome_trust_result trust;
        uint8_t handle[ACCOUNT_HANDLE_SIZE], aaguid[ACCOUNT_AAGUID_SIZE];
        char name[ACCOUNT_NAME_MAX + 1];
        uint8_t credential_id[ACCOUNT_CREDENTIAL_MAX], public_key[ACCOUNT_KEY_MAX];
        uint8_t issuer[ACCOUNT_ISSUER_MAX], serial[ACCOUNT_SERIAL_MAX], format_name[ACCOUNT_FORMAT_MAX];
        struct mitome_credential credential; /* views of the above */
        slice format;                        /* .. of the attestation */
};

/* account_find finds the account that a credential opens: ACCOUNT_UNKNOWN, or ACCOUNT_ENDED when its
 * certificate was followed by another one. *ret must not be moved. */
MITOME_CHECKED mitome_status account_find(
        struct party *portal, slice credential_id, struct account_login *ret, mitome_error *error);

/* account_logged_in keeps the signature counter of a login that was verified against `login`, unless it is a
 * lower one (whether that is let in is the portal's policy: the verdict's clone_suspected). ACCOUNT_CHANGED
 * when the account has moved, or another login was faster. */
MITOME_CHECKED mitome_status account_logged_in(
        struct party *portal, const struct account_login *login, uint32_t sign_count, mitome_error *error);

/* account_used is the same, and notes when, and whether the passkey is backed up now. */
MITOME_CHECKED mitome_status account_used(struct party *portal, const struct account_login *login,
        uint32_t sign_count, bool backed_up, mitome_error *error);

/* account_move takes the account over to the certificate of `proof`, if the authority says that this one
 * followed the account's. Outside a transaction. ACCOUNT_NOT_SUCCESSOR: it does not, or there is no such
 * account; ACCOUNT_EXISTS: this certificate opens an account already (after an answer that was lost: log in);
 * ACCOUNT_ENDED: it did once; ACCOUNT_TRIES_SPENT; ACCOUNT_CHANGED: try again; REFUSED: the authority does
 * not tell us; UNREACHABLE: nothing has changed, try again. What was decided is in the journal. */
MITOME_CHECKED mitome_status account_move(
        struct party *portal, slice name, const struct account_proof *proof, mitome_error *error);

/* ---- private IDs (民間ID) ---- */

/* account_subject is what a portal that is an identity provider to others calls the account towards one of
 * them (`client`, by the name that it is registered under): drawn at random when it is first asked for, the
 * same over a new phone, another one for each client, so that two of them learn nothing by comparing.
 * `login` is of account_find, and verified; ACCOUNT_UNKNOWN, ACCOUNT_ENDED as there. */
enum { ACCOUNT_SUBJECT_SIZE = 16, ACCOUNT_CLIENT_MAX = 128 };
MITOME_CHECKED mitome_status account_subject(struct party *portal, const struct account_login *login,
        slice client, uint8_t ret[ACCOUNT_SUBJECT_SIZE], mitome_error *error);

/* account_subject_of is the same for an account by its row, whose holder has a session. */
MITOME_CHECKED mitome_status account_subject_of(struct party *portal, int64_t account, slice client,
        uint8_t ret[ACCOUNT_SUBJECT_SIZE], mitome_error *error);

#endif
