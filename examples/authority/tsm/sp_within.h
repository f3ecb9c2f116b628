/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SP_WITHIN_H
#define SP_WITHIN_H

/* What the files of the SP-TSM's orders share; sp_orders.h is what others see of it. */

#include "sp_orders.h"
#include "sp_tsm.h"
#include "verify_evidence.h"

#include "read_evidence.h"

enum {
        SP_PERSON_SIZE = 16,
        SP_DIGEST_SIZE = 32,
        SP_SERIAL_MAX = 20,
        SP_MODULUS_SIZE = 256,
        SP_CERTIFICATE_MAX = 4096,
        SP_CALL_MAX = 8192, /* of a body that it writes */
        SP_REVOKED_MAX = 16,
        SP_SERVED_MAX = 64, /* phones at a time */
        SP_TRIES_MAX = 3,   /* of a key whose certificate the element does not take */
        SP_FIRST_KIND = SP_SIGNING,
        SP_LAST_KIND = SP_USER_VERIFICATION,
};

struct sp_tsm {
        struct party *party;
        struct sql_store *store;
        struct sp_tsm_config config;
        char served[SP_SERVED_MAX][SP_IDENTITY_MAX + 1]; /* "": free */
};

/* What has been done for one kind of certificate. An order of issue goes through all of them, a reset begins
 * at WRITTEN, a revocation and an erasure have their own. Each is written down when it stands. */
enum sp_step {
        SP_STEP_NOTHING = 0,
        SP_STEP_KEY_ASKED = 1, /* before GENERATE: from here on there may be a key without an owner */
        SP_STEP_KEY = 2,
        SP_STEP_CERTIFIED = 3,
        SP_STEP_WRITTEN = 4,
        SP_STEP_TEMPORARY = 5,
        SP_STEP_HOLDERS = 6, /* the holder has set his own */

        SP_STEP_REVOKED = 10, /* of a revocation: the authority has said so */

        SP_STEP_SENT = 20, /* of an erasure: before ERASE */
        SP_STEP_GONE = 21, /* the element has answered */
        SP_STEP_CONFIRMED = 22,
};

struct sp_order {
        uint8_t id[SP_ID_SIZE];
        char identity[SP_IDENTITY_MAX + 1];
        enum sp_purpose purpose;
        unsigned kinds; /* bits 1 << kind */
        uint8_t person[SP_PERSON_SIZE];
        uint8_t application[SP_DIGEST_SIZE];
        uint8_t session[SP_ID_SIZE];
        bool from_holder; /* person, application and session are there */
        int prepared;     /* enum sp_prepared */
        enum sp_order_state state;
        int64_t until;
};

/* Whether the SEI-TSM has the applet in the phone: `prepare` is asked once, since it cleans. */
enum sp_prepared { SP_NOT_PREPARED, SP_PREPARE_ASKED, SP_PREPARED };

struct sp_part {
        unsigned kind;
        enum sp_step step;
        int64_t tries; /* of an erasure: the last receipt's number when it was asked for */
        uint8_t modulus[SP_MODULUS_SIZE], call_id[LETTER_ID_SIZE];
        uint8_t serial_bytes[SP_SERIAL_MAX], key_bytes[SP_DIGEST_SIZE];
        slice serial; /* views serial_bytes; empty: none */
        slice key;    /* SHA-256 of the key's SubjectPublicKeyInfo, as receipts have it; empty: not known */
};

static inline slice sp_identity(const struct sp_order *order)
{
        return slice_text(order->identity);
}

/* sp_again passes a failure on whose cause was looked at: as it was, whether or not somebody recorded it. */
MITOME_CHECKED static inline mitome_status sp_again(
        mitome_status status, const mitome_error *cause, mitome_error *error)
{
        error_record(error, status.code, cause->at, cause->field, cause->clause);
        return status;
}

/* ---- records (sp_records.c) ---- */

/* sp_change runs a statement that must change exactly one row; *ret is whether it did. */
MITOME_CHECKED mitome_status sp_change(struct sql_store *store, const char *sql,
        const struct sql_value *values, size_t count, bool *ret, mitome_error *error);

/* sp_finish ends a transaction that sp_begin began as `status` says, and gives that. */
MITOME_CHECKED mitome_status sp_finish(struct sql_store *store, mitome_status status, mitome_error *error);

MITOME_CHECKED mitome_status sp_order_load(
        struct sql_store *store, slice id, struct sp_order *ret, mitome_error *error);

/* sp_order_next gives the first order of a phone, in the order in which they are carried out, behind the one
 * with place *place (0: from the beginning). */
MITOME_CHECKED mitome_status sp_order_next(struct sql_store *store, slice identity, int64_t *place,
        struct sp_order *ret, bool *ret_there, mitome_error *error);

/* sp_part_load: *ret_there is false when the order has no such part. Do not copy a part: serial and key view
 * it.
 */
MITOME_CHECKED mitome_status sp_part_load(struct sql_store *store, const struct sp_order *order,
        unsigned kind, struct sp_part *ret, bool *ret_there, mitome_error *error);

/* sp_part_step moves a part from one step to another; ORDER_UNKNOWN when it is not there any more (another
 * call has moved it, or ended the order). */
MITOME_CHECKED mitome_status sp_part_step(struct sql_store *store, const struct sp_order *order,
        unsigned kind, enum sp_step from, enum sp_step to, mitome_error *error);

/* sp_all_at tells whether all parts of an order have come to `step`. */
MITOME_CHECKED mitome_status sp_all_at(struct sql_store *store, const struct sp_order *order,
        enum sp_step step, bool *ret, mitome_error *error);

struct sp_held {
        bool there, lives;
        uint8_t person[SP_PERSON_SIZE];
        uint8_t serial_bytes[SP_SERIAL_MAX];
        size_t serial_size;
};
MITOME_CHECKED mitome_status sp_held_load(
        struct sql_store *store, slice identity, unsigned kind, struct sp_held *ret, mitome_error *error);
slice sp_held_serial(const struct sp_held *held);

/* sp_journal writes a decision about a phone; `evidence` may be NULL. `reason` too. */
struct sp_evidence {
        const char *kind; /* NULL: nothing but the call */
        slice digest;     /* 32 bytes */
        bool call;        /* and the letter and answer of the last party_call, which it follows from */
};
MITOME_CHECKED mitome_status sp_journal_device(struct sp_tsm *tsm, const char *what, const char *outcome,
        slice identity, const struct sp_evidence *evidence, const char *reason, mitome_error *error);
MITOME_CHECKED mitome_status sp_journal_serial(struct sp_tsm *tsm, const char *what, const char *outcome,
        slice serial, const struct sp_evidence *evidence, const char *reason, mitome_error *error);
MITOME_CHECKED mitome_status sp_journal_order(struct sp_tsm *tsm, const char *what, const char *outcome,
        const struct sp_order *order, const char *reason, mitome_error *error);

/* ---- the life of orders (sp_life.c); all in the open transaction ---- */

struct sp_new_order {
        enum sp_purpose purpose;
        slice identity;
        unsigned kinds;
        slice person, application, session; /* empty: nobody has applied for it */
        int prepared;
};
MITOME_CHECKED mitome_status sp_order_make(struct sp_tsm *tsm, const struct sp_new_order *order,
        uint8_t ret_id[SP_ID_SIZE], mitome_error *error);

/* sp_order_move changes its state; nothing when it is there or has ended. */
MITOME_CHECKED mitome_status sp_order_move(
        struct sp_tsm *tsm, const struct sp_order *order, enum sp_order_state state, mitome_error *error);

/* sp_give_up ends an order with a code; what it had put into the element is revoked and erased. */
MITOME_CHECKED mitome_status sp_give_up(
        struct sp_tsm *tsm, const struct sp_order *order, mitome_code code, mitome_error *error);

/* sp_erase_later makes sure that an order stands that erases this kind in this phone; `serial` (may be empty:
 * a key without a certificate) or `key` (may be empty: nobody knows it) is what its receipt has to name. */
MITOME_CHECKED mitome_status sp_erase_later(
        struct sp_tsm *tsm, slice identity, unsigned kind, slice serial, slice key, mitome_error *error);

/* sp_take_revoked does what follows from certificates having been revoked, whoever caused it; `why` is who
 * says so. */
struct sp_revoked {
        unsigned kind;
        slice serial;
};
MITOME_CHECKED mitome_status sp_take_revoked(struct sp_tsm *tsm, const struct sp_revoked *revoked,
        size_t count, const struct sp_evidence *why, mitome_error *error);

/* sp_settle_revocation ends an order of revocation whose erasures have come to an end; sp_settle_revocations
 * does so for all that an erasure in this phone belongs to. */
MITOME_CHECKED mitome_status sp_settle_revocation(
        struct sp_tsm *tsm, const struct sp_order *order, mitome_error *error);
MITOME_CHECKED mitome_status sp_settle_revocations(struct sp_tsm *tsm, slice identity, mitome_error *error);

/* ---- receipts (sp_receipts.c) ---- */

/* sp_receipt_keep writes a receipt down that the element itself has given, before anybody is asked about it:
 * it is of this phone (VALUE). */
MITOME_CHECKED mitome_status sp_receipt_keep(
        struct sp_tsm *tsm, slice identity, slice cose, int64_t *ret_number, mitome_error *error);

/* sp_receipt_show shows a receipt to the authority and, when that has taken it, does what follows: outside a
 * transaction. */
struct sp_taken {
        int64_t number;
        uint8_t digest[SP_DIGEST_SIZE];
};
MITOME_CHECKED mitome_status sp_receipt_show(
        struct sp_tsm *tsm, slice cose, struct sp_taken *ret, mitome_error *error);
MITOME_CHECKED mitome_status sp_receipt_taken(
        struct sp_tsm *tsm, slice identity, int64_t number, bool *ret, mitome_error *error);
/* sp_confirm ends what this phone's receipts confirm, in the open transaction. */
MITOME_CHECKED mitome_status sp_confirm(struct sp_tsm *tsm, slice identity, mitome_error *error);

/* ---- the device list (sp_model.c) ---- */

/* sp_check_model refuses (DEVICE_MODEL) to put a certificate into a phone of a model that is not on the list,
 * which says so; sp_check_device does by what the maker says in the certificate of the device's key, behind a
 * statement that was verified. Other purposes are nobody's to refuse: a phone that is no longer supported can
 * still be cleaned. */
MITOME_CHECKED mitome_status sp_check_model(
        struct sp_tsm *tsm, enum sp_purpose purpose, slice model, mitome_error *error);
MITOME_CHECKED mitome_status sp_check_device(
        struct sp_tsm *tsm, enum sp_purpose purpose, const struct evidence *evidence, mitome_error *error);

/* ---- an applet that is left empty (sp_leave.c) ---- */

/* sp_leave, in the open transaction: where nobody has anything in this phone and nobody waits for it, its
 * applet is to be deleted, and the phone stays one that is woken until it is. */
MITOME_CHECKED mitome_status sp_leave(struct sp_tsm *tsm, slice identity, mitome_error *error);

/* sp_ask_gone asks the SEI-TSM for it, or how it stands, where it is to be deleted; outside a transaction.
 * sp_leave_round does so for phones that did not come. */
enum { SP_LEAVE_AT_ONCE = 16 };
MITOME_CHECKED mitome_status sp_ask_gone(struct sp_tsm *tsm, slice identity, mitome_error *error);
MITOME_CHECKED mitome_status sp_leave_round(struct sp_tsm *tsm, mitome_error *error);

/* ---- keys (sp_keys.c) ---- */

struct sp_device {
        bool there, own_stands, has_first, has_own;
        struct tsm_key_set first, own; /* wipe */
};
MITOME_CHECKED mitome_status sp_device_load(
        struct sp_tsm *tsm, slice identity, struct sp_device *ret, mitome_error *error);
MITOME_CHECKED mitome_status sp_device_knows(
        struct sp_tsm *tsm, slice identity, bool *ret, mitome_error *error);
/* sp_device_first keeps the first keys that the SEI-TSM has handed over. SEI_KNOWN for a phone whose domain
 * has taken keys of this TSM's own: nobody opens it by others. */
MITOME_CHECKED mitome_status sp_device_first(
        struct sp_tsm *tsm, slice identity, const struct tsm_key_set *first, mitome_error *error);
/* sp_take_over has the element's provider domain take keys of its own, drawn and kept before. */
MITOME_CHECKED mitome_status sp_take_over(struct sp_tsm *tsm, slice identity, const struct mitome_link *link,
        struct sp_device *device, mitome_error *error);

/* sp_seal and sp_unseal: under the wrapping key, for a name that the sealed bytes are bound to (WRAPPING). */
enum { SP_SEAL_EXTRA = 40, SP_SEALED_MAX = 160 };
MITOME_CHECKED mitome_status sp_seal(
        struct sp_tsm *tsm, slice name, slice bytes, writer *out, mitome_error *error);
MITOME_CHECKED mitome_status sp_unseal(struct sp_tsm *tsm, slice name, slice sealed, uint8_t *buffer,
        size_t capacity, size_t *ret_size, mitome_error *error);

/* sp_secret_name is the name that an order's temporary secret is bound to. */
slice sp_secret_name(writer *w, slice order, unsigned kind);

/* ---- whether the phone is there (sp_presence.c) ---- */

/* What a statement shows that was believed; it views the statement. */
struct sp_presence {
        struct evidence statement;
        uint8_t key[SP_DIGEST_SIZE]; /* SHA-256 of the device key's SubjectPublicKeyInfo */
};

/* sp_see_applicant believes a statement by this phone for this application in this session: ORDER_PRESENCE
 * without one, EVIDENCE_*, CERTIFICATE_* and more for one that is another's, or for something else;
 * ORDER_DEVICE when another device key has spoken under this identity before. sp_see_revoker likewise, for
 * the revocation of what is in the phone. */
MITOME_CHECKED mitome_status sp_see_applicant(struct sp_tsm *tsm, slice statement, slice identity,
        slice session, slice cms, struct sp_presence *ret, mitome_error *error);
MITOME_CHECKED mitome_status sp_see_revoker(struct sp_tsm *tsm, slice statement, slice identity,
        slice session, struct sp_presence *ret, mitome_error *error);

/* sp_pin_device, in the open transaction that accepts what was asked: from here on this identity is this
 * key's. ORDER_DEVICE. */
MITOME_CHECKED mitome_status sp_pin_device(
        struct sp_tsm *tsm, slice identity, const struct sp_presence *presence, mitome_error *error);

/* sp_check_speaker: evidence that was verified is by the key that its identity is known by, if it is. A maker
 * vouches for his keys, and none for which phone they are in. ORDER_DEVICE. */
MITOME_CHECKED mitome_status sp_check_speaker(
        struct sp_tsm *tsm, const struct evidence *evidence, mitome_error *error);

/* ---- what others are asked (sp_ask.c); all outside a transaction ---- */

struct sp_checked {
        uint8_t person[SP_PERSON_SIZE], digest[SP_DIGEST_SIZE];
        unsigned kinds;
        size_t live_count;
        struct {
                unsigned kind;
                uint8_t serial[SP_SERIAL_MAX];
                size_t serial_size;
        } live[SP_KINDS];
};
MITOME_CHECKED mitome_status sp_ask_check(struct sp_tsm *tsm, slice cms, slice nonce, const char *purpose,
        slice identity, struct sp_checked *ret, mitome_error *error);

struct sp_issued {
        uint8_t buffer[LETTER_MAX];
        slice certificate, ca; /* view it */
};
MITOME_CHECKED mitome_status sp_ask_issue(struct sp_tsm *tsm, const struct sp_order *order,
        const struct sp_part *part, struct sp_issued *ret, mitome_error *error);

/* sp_ask_revoke also does what follows (sp_take_revoked). */
MITOME_CHECKED mitome_status sp_ask_revoke(struct sp_tsm *tsm, unsigned kind, slice serial, unsigned reason,
        slice application, mitome_error *error);
MITOME_CHECKED mitome_status sp_write_revoke(
        writer *w, unsigned kind, slice serial, unsigned reason, slice application);

/* sp_ask_status: *ret_digest is the answer's, as evidence. */
enum sp_status { SP_GOOD, SP_HOLD, SP_REVOKED, SP_UNKNOWN };
MITOME_CHECKED mitome_status sp_ask_status(struct sp_tsm *tsm, unsigned kind, slice serial,
        enum sp_status *ret, uint8_t ret_digest[SP_DIGEST_SIZE], mitome_error *error);

/* sp_ask_prepared asks the SEI-TSM for the applet: `prepare` with the order's id the first time, where the
 * order is not prepared, then `applet-state`. *ret: it is there. An order that has no time left is given up.
 */
MITOME_CHECKED mitome_status sp_ask_prepared(
        struct sp_tsm *tsm, struct sp_order *order, bool *ret, mitome_error *error);

/* How it stands with the applet, by the SEI-TSM's word; sp_ask_deleted asks for its deletion, with this id.
 */
enum sp_applet { SP_APPLET_ABSENT, SP_APPLET_INSTALLED, SP_APPLET_ASKED };
MITOME_CHECKED mitome_status sp_ask_applet(
        struct sp_tsm *tsm, slice identity, enum sp_applet *ret, mitome_error *error);
MITOME_CHECKED mitome_status sp_ask_deleted(struct sp_tsm *tsm, slice identity,
        const uint8_t id[LETTER_ID_SIZE], enum sp_applet *ret, mitome_error *error);

MITOME_CHECKED mitome_status sp_read_revoked(
        struct cbor_reader *r, struct sp_revoked ret[SP_REVOKED_MAX], size_t *ret_count);

/* sp_was_refused tells a party's refusal, which ends what was asked, from its silence. */
bool sp_was_refused(mitome_status status);

/* ---- a phone's visit (sp_visit.c) ---- */

struct sp_visit {
        struct sp_tsm *tsm;
        slice identity;
        const struct mitome_link *link;
        struct sp_device device;
        struct tsm_channel channel;
        enum tsm_applet open; /* TSM_CARD_MANAGER: none */
};

/* sp_visit_open gives the channel to an applet; one at a time. */
MITOME_CHECKED mitome_status sp_visit_open(
        struct sp_visit *visit, enum tsm_applet applet, mitome_error *error);
void sp_visit_close(struct sp_visit *visit);

/* sp_visit_absent tells of a failed sp_visit_open that there is no such applet. */
bool sp_visit_absent(const struct sp_visit *visit, mitome_status status);

/* sp_collect_receipts takes the receipts that wait in the element to the authority; *ret_all: none is left.
 */
MITOME_CHECKED mitome_status sp_collect_receipts(struct sp_visit *visit, bool *ret_all, mitome_error *error);

/* sp_tighten sees to it that the open JPKI applet is a phone's whose user-verification key signs no hash of a
 * host's, nor a message that does not name its use (PROTOCOL.md, SIGN). */
MITOME_CHECKED mitome_status sp_tighten(struct sp_visit *visit, mitome_error *error); /* sp_issue.c */
MITOME_CHECKED mitome_status sp_do_issue(
        struct sp_visit *visit, const struct sp_order *order, mitome_error *error); /* sp_issue.c */
MITOME_CHECKED mitome_status sp_do_erase(
        struct sp_visit *visit, const struct sp_order *order, mitome_error *error);       /* sp_erase.c */
MITOME_CHECKED mitome_status sp_renew_lease(struct sp_visit *visit, mitome_error *error); /* sp_lease.c */
MITOME_CHECKED mitome_status sp_do_revoke(
        struct sp_tsm *tsm, const struct sp_order *order, mitome_error *error); /* sp_revoke.c */

/* kinds as the channel's functions name them */
static inline enum authority_kind sp_kind(unsigned kind)
{
        return kind == SP_SIGNING ? AUTHORITY_SIGNING : AUTHORITY_USER_VERIFICATION;
}

extern const char *const sp_purposes[]; /* by enum sp_purpose: "issue" .. */

/* sp_forget_sessions deletes those that are over: at each begin, and at the tick. */
mitome_status sp_forget_sessions(struct sp_tsm *tsm, mitome_error *error);

/* The desks of phones (sp_phone.c) and of parties (sp_letters.c). */
mitome_status sp_phone_begin(void *context, slice body, writer *answer, mitome_error *error);
mitome_status sp_phone_apply(void *context, slice body, writer *answer, mitome_error *error);
mitome_status sp_phone_secret(void *context, slice body, writer *answer, mitome_error *error);
mitome_status sp_phone_state(void *context, slice body, writer *answer, mitome_error *error);
mitome_status sp_phone_receipt(void *context, slice body, writer *answer, mitome_error *error);
mitome_status sp_phone_revoke_here(void *context, slice body, writer *answer, mitome_error *error);
mitome_status sp_take_hand_over(
        void *context, const struct party_request *request, writer *answer, mitome_error *error);
mitome_status sp_hear_revoked(
        void *context, const struct party_request *request, writer *answer, mitome_error *error);
mitome_status sp_hear_receipt(
        void *context, const struct party_request *request, writer *answer, mitome_error *error);

#endif
