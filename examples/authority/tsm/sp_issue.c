/* SPDX-License-Identifier: Apache-2.0 */

/* Certificates into a phone, and temporary secrets: step by step for each kind, from what is there now. */

#include "rsa_digest.h"
#include "sp_within.h"

#include <openssl/bn.h>
#include <openssl/x509.h>

/* One kind of an order, while its phone is here. */
struct work {
        struct sp_visit *visit;
        const struct sp_order *order;
        struct sp_part part;
};

static struct sql_store *store_of(const struct work *work)
{
        return work->visit->tsm->store;
}

static slice order_id(const struct work *work)
{
        return SLICE(work->order->id);
}

static mitome_status move(struct work *work, enum sp_step to, mitome_error *error)
{
        return sp_part_step(store_of(work), work->order, work->part.kind, work->part.step, to, error);
}

/* ---- a new key ---- */

enum { SUPERSEDED = 4 }; /* CRLReason */

/* A renewal looks first whether the certificate that it takes the place of is revoked, and has it revoked
 * where it is not (row 34). */
static mitome_status see_old_revoked(struct work *work, mitome_error *error)
{
        struct sp_tsm *tsm = work->visit->tsm;
        uint8_t digest[SP_DIGEST_SIZE];
        struct sp_held held;
        enum sp_status state;
        MITOME_TRY(sp_held_load(tsm->store, work->visit->identity, work->part.kind, &held, error));
        if (work->order->purpose != SP_RENEW || !held.there)
                return ok();
        const slice serial = sp_held_serial(&held);
        MITOME_TRY(sp_ask_status(tsm, work->part.kind, serial, &state, digest, error));
        const struct sp_evidence why = { "answer", SLICE(digest), false };
        MITOME_TRY(sql_begin(tsm->store, error));
        MITOME_TRY(sp_finish(tsm->store,
                sp_journal_serial(tsm, "check-before-renewal",
                        state == SP_REVOKED || state == SP_UNKNOWN ? "done" : "asked", serial, &why, NULL,
                        error),
                error));
        return state == SP_GOOD || state == SP_HOLD ? sp_ask_revoke(tsm, work->part.kind, serial, SUPERSEDED,
                                                              SLICE(work->order->application), error)
                                                    : ok();
}

static mitome_status ask_key(struct work *work, mitome_error *error)
{
        MITOME_TRY(see_old_revoked(work, error));
        return move(work, SP_STEP_KEY_ASKED, error);
}

/* An answer that was lost has left a key that nobody knows: another takes its place. */
static mitome_status note_key(struct work *work, const struct tsm_public_key *key, mitome_error *error)
{
        uint8_t id[LETTER_ID_SIZE], digest[SP_DIGEST_SIZE];
        rsa_digest(SLICE(key->modulus), digest);
        MITOME_TRY(party_make_id(work->visit->tsm->party, id, error));
        MITOME_TRY(sql_do(store_of(work),
                "UPDATE part SET modulus = ?, call_id = ?, key = ?, certificate = NULL, ca = NULL WHERE order_id = ? "
                "AND kind = ?",
                SQL_VALUES(SQL_BYTES(SLICE(key->modulus)), SQL_BYTES(SLICE(id)), SQL_BYTES(SLICE(digest)),
                        SQL_BYTES(order_id(work)), SQL_INT(work->part.kind)),
                NULL, error));
        MITOME_TRY(move(work, SP_STEP_KEY, error));
        const struct sp_evidence why = { "application", SLICE(work->order->application), false };
        return sp_journal_device(
                work->visit->tsm, "generate-key", "done", work->visit->identity, &why, NULL, error);
}

static mitome_status make_key(struct work *work, mitome_error *error)
{
        struct tsm_public_key key;
        MITOME_TRY(tsm_generate_key(&work->visit->channel, sp_kind(work->part.kind), &key, error));
        MITOME_TRY(sql_begin(store_of(work), error));
        return sp_finish(store_of(work), note_key(work, &key, error), error);
}

/* ---- its certificate ---- */

static mitome_status serial_of(slice der, uint8_t ret[SP_SERIAL_MAX], slice *ret_view, mitome_error *error)
{
        const unsigned char *at = der.data;
        X509 *x509 = d2i_X509(NULL, &at, (long)der.size);
        BIGNUM *number = x509 ? ASN1_INTEGER_to_BN(X509_get0_serialNumber(x509), NULL) : NULL;
        int size = number && !BN_is_negative(number) ? BN_num_bytes(number) : 0;
        bool good = size > 0 && size <= SP_SERIAL_MAX && BN_bn2bin(number, ret) == size;
        BN_free(number);
        X509_free(x509);
        if (!good)
                return fail(error, MITOME_E_DER, "certificate", NULL);
        *ret_view = slice_of(ret, (size_t)size);
        return ok();
}

static mitome_status note_certificate(
        struct work *work, const struct sp_issued *issued, slice serial, mitome_error *error)
{
        struct sp_tsm *tsm = work->visit->tsm;
        const slice identity = work->visit->identity;
        MITOME_TRY(move(work, SP_STEP_CERTIFIED, error));
        MITOME_TRY(sql_do(tsm->store,
                "UPDATE part SET certificate = ?, ca = ?, serial = ? WHERE order_id = ? AND kind = ?",
                SQL_VALUES(SQL_BYTES(issued->certificate), SQL_BYTES(issued->ca), SQL_BYTES(serial),
                        SQL_BYTES(order_id(work)), SQL_INT(work->part.kind)),
                NULL, error));
        MITOME_TRY(sql_do(tsm->store,
                "INSERT OR REPLACE INTO held (identity, kind, person, serial, lives) VALUES (?, ?, ?, ?, 1)",
                SQL_VALUES(SQL_TEXT_OF(identity), SQL_INT(work->part.kind),
                        SQL_BYTES(SLICE(work->order->person)), SQL_BYTES(serial)),
                NULL, error));
        const struct sp_evidence why = { "application", SLICE(work->order->application), true };
        return sp_journal_serial(tsm, "obtain-certificate", "done", serial, &why, NULL, error);
}

static mitome_status certify(struct work *work, mitome_error *error)
{
        struct sp_issued issued;
        uint8_t bytes[SP_SERIAL_MAX];
        slice serial;
        mitome_error cause = { 0 };
        mitome_status status = sp_ask_issue(work->visit->tsm, work->order, &work->part, &issued, &cause);
        if (sp_was_refused(status))
                return ok(); /* the order has ended with that */
        if (failed(status))
                return sp_again(status, &cause, error);
        MITOME_TRY(serial_of(issued.certificate, bytes, &serial, error));
        MITOME_TRY(sql_begin(store_of(work), error));
        return sp_finish(store_of(work), note_certificate(work, &issued, serial, error), error);
}

struct stored {
        uint8_t certificate[SP_CERTIFICATE_MAX], ca[SP_CERTIFICATE_MAX];
        size_t certificate_size, ca_size;
};

static mitome_status load_certificates(struct work *work, struct stored *ret, mitome_error *error)
{
        struct sql_query query;
        mitome_status status;
        MITOME_TRY(sql_ask(store_of(work), "SELECT certificate, ca FROM part WHERE order_id = ? AND kind = ?",
                SQL_VALUES(SQL_BYTES(order_id(work)), SQL_INT(work->part.kind)), &query, error));
        if (sql_next(&query)) {
                slice certificate = sql_bytes(&query, 0), ca = sql_bytes(&query, 1);
                ret->certificate_size = certificate.size;
                ret->ca_size = ca.size;
                status = slice_copy(
                        certificate, "certificate", ret->certificate, sizeof ret->certificate, error);
                if (!failed(status))
                        status = slice_copy(ca, "CA certificate", ret->ca, sizeof ret->ca, error);
        } else {
                status = fail(error, MITOME_E_ORDER_UNKNOWN, "order", NULL);
        }
        mitome_status ended = sql_end(&query);
        return failed(status) ? status : ended;
}

/* The key beside it is not the one that was certified: the element was reset meanwhile. From the beginning;
 * the authority revokes the certificate when it issues the next. */
static mitome_status begin_again(struct work *work, mitome_error *error)
{
        struct sp_tsm *tsm = work->visit->tsm;
        bool done;
        if (work->part.tries + 1 >= SP_TRIES_MAX)
                return sp_give_up(tsm, work->order, MITOME_E_ORDER_TRIES, error);
        MITOME_TRY(move(work, SP_STEP_KEY_ASKED, error));
        return sp_change(tsm->store, "UPDATE part SET tries = tries + 1 WHERE order_id = ? AND kind = ?",
                SQL_VALUES(SQL_BYTES(order_id(work)), SQL_INT(work->part.kind)), &done, error);
}

static mitome_status note_written(struct work *work, mitome_error *error)
{
        MITOME_TRY(move(work, SP_STEP_WRITTEN, error));
        const struct sp_evidence why = { "application", SLICE(work->order->application), false };
        return sp_journal_serial(
                work->visit->tsm, "write-certificate", "done", work->part.serial, &why, NULL, error);
}

static mitome_status write_both(struct work *work, mitome_error *error)
{
        struct stored stored;
        struct tsm_channel *channel = &work->visit->channel;
        const enum authority_kind kind = sp_kind(work->part.kind);
        mitome_error cause = { 0 };
        MITOME_TRY(load_certificates(work, &stored, error));
        mitome_status status = tsm_write_certificate(
                channel, kind, slice_of(stored.certificate, stored.certificate_size), &cause);
        bool other_key = status.code == MITOME_E_APDU_STATUS &&
                         (channel->sw == SW_WRONG_DATA || channel->sw == SW_NO_REFERENCE);
        if (!failed(status))
                status = tsm_write_ca_certificate(channel, kind, slice_of(stored.ca, stored.ca_size), &cause);
        if (failed(status) && !other_key)
                return sp_again(status, &cause, error);
        MITOME_TRY(sql_begin(store_of(work), error));
        return sp_finish(
                store_of(work), other_key ? begin_again(work, error) : note_written(work, error), error);
}

/* Does the certificate still stand in the phone, by the element's own authenticated word? A factory reset may
 * have come between: an issue then begins again, and a reset has nothing to reset. */
static mitome_status see_certificate(struct work *work, bool *ret, unsigned *ret_there, mitome_error *error)
{
        const unsigned bit =
                work->part.kind == SP_USER_VERIFICATION ? TSM_USER_CERTIFICATE : TSM_SIGNING_CERTIFICATE;
        struct sp_tsm *tsm = work->visit->tsm;
        MITOME_TRY(tsm_look(&work->visit->channel, ret_there, error));
        *ret = *ret_there & bit;
        if (*ret)
                return ok();
        MITOME_TRY(sql_begin(tsm->store, error));
        return sp_finish(tsm->store,
                work->order->purpose <= SP_RENEW ? begin_again(work, error)
                                                 : sp_give_up(tsm, work->order, MITOME_E_ORDER_HELD, error),
                error);
}

static mitome_status see_end(struct work *work, mitome_error *error)
{
        unsigned there;
        bool stands;
        return see_certificate(work, &stands, &there, error);
}

/* ---- the temporary secret ---- */

enum { PASSWORD_SIZE = 12, PIN_SIZE = 4 };

/* One of `count` characters, all as likely. */
static mitome_status draw(
        const struct mitome_random *random, slice characters, uint8_t *ret, mitome_error *error)
{
        uint8_t byte;
        const unsigned limit = 256 - 256 % (unsigned)characters.size;
        do {
                if (random->fill(random->context, &byte, 1) != 0)
                        return fail(error, MITOME_E_NO_RANDOMNESS, NULL, NULL);
        } while (byte >= limit);
        *ret = characters.data[byte % characters.size];
        return ok();
}

/* A PIN of four digits; a password of letters and digits, both of them there. */
static mitome_status draw_secret(struct work *work, struct secret *ret, mitome_error *error)
{
        static const char letters[] = "ABCDEFGHJKLMNPQRSTUVWXYZ", digits[] = "0123456789",
                          both[] = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
        const struct mitome_random *random = party_random(work->visit->tsm->party);
        const bool pin = work->part.kind == SP_USER_VERIFICATION;
        const size_t size = pin ? PIN_SIZE : PASSWORD_SIZE;
        for (size_t i = 0; i < size; i++) {
                const char *from = pin || i == 1 ? digits : i == 0 ? letters : both;
                MITOME_TRY(draw(random, slice_text(from), &ret->data[i], error));
        }
        ret->size = size;
        return ok();
}

slice sp_secret_name(writer *w, slice order, unsigned kind)
{
        write_slice(w, slice_text("secret:"));
        write_u8(w, (uint8_t)kind);
        write_slice(w, order);
        return writer_view(w);
}

static mitome_status keep_secret(struct work *work, const struct secret *secret, mitome_error *error)
{
        uint8_t name[SP_ID_SIZE + 16], sealed[SP_SEALED_MAX];
        writer n = WRITER(name), w = WRITER(sealed);
        MITOME_TRY(sp_seal(work->visit->tsm, sp_secret_name(&n, order_id(work), work->part.kind),
                secret_view(secret), &w, error));
        return sql_do(store_of(work), "UPDATE part SET secret = ? WHERE order_id = ? AND kind = ?",
                SQL_VALUES(SQL_BYTES(writer_view(&w)), SQL_BYTES(order_id(work)), SQL_INT(work->part.kind)),
                NULL, error);
}

/* Kept before it is set: what was set and not kept, nobody could ever tell the holder. */
static mitome_status set_secret(struct work *work, mitome_error *error)
{
        SECRET(secret);
        struct sp_tsm *tsm = work->visit->tsm;
        unsigned there;
        bool stands;
        MITOME_TRY(see_certificate(work, &stands, &there, error));
        if (!stands)
                return ok();
        MITOME_TRY(draw_secret(work, &secret, error));
        MITOME_TRY(keep_secret(work, &secret, error));
        MITOME_TRY(tsm_set_temporary(
                &work->visit->channel, sp_kind(work->part.kind), secret_view(&secret), error));
        MITOME_TRY(sql_begin(tsm->store, error));
        mitome_status status = move(work, SP_STEP_TEMPORARY, error);
        if (!failed(status))
                status = sp_journal_order(tsm, "set-temporary-secret", "done", work->order, NULL, error);
        return sp_finish(tsm->store, status, error);
}

/* The element says, under its MAC, whether the holder has set his own. */
static mitome_status see_holder(struct work *work, mitome_error *error)
{
        const bool pin = work->part.kind == SP_USER_VERIFICATION;
        unsigned there;
        bool stands;
        MITOME_TRY(see_certificate(work, &stands, &there, error));
        if (!stands)
                return ok();
        if (!(there & (pin ? TSM_PIN_SET : TSM_PASSWORD_SET)))
                return move(work, SP_STEP_WRITTEN, error);
        if (there & (pin ? TSM_PIN_TEMPORARY : TSM_PASSWORD_TEMPORARY))
                return ok();
        return move(work, SP_STEP_HOLDERS, error);
}

/* ---- one kind, and all of them ---- */

static mitome_status (*const steps[])(struct work *work, mitome_error *error) = {
        [SP_STEP_NOTHING] = ask_key,
        [SP_STEP_KEY_ASKED] = make_key,
        [SP_STEP_KEY] = certify,
        [SP_STEP_CERTIFIED] = write_both,
        [SP_STEP_WRITTEN] = set_secret,
        [SP_STEP_TEMPORARY] = see_holder,
        [SP_STEP_HOLDERS] = see_end,
};

static mitome_status is_open(struct work *work, bool *ret, mitome_error *error)
{
        struct sp_order now;
        MITOME_TRY(sp_order_load(store_of(work), order_id(work), &now, error));
        *ret = now.state == SP_ORDER_OPEN || now.state == SP_ORDER_HOLDER;
        return ok();
}

/* Goes on until a step leads no further: the holder's turn, or done. */
static mitome_status do_kind(struct sp_visit *visit, const struct sp_order *order, unsigned kind,
        bool *ret_open, mitome_error *error)
{
        enum { STEPS_MAX = 24 };
        struct work work = { .visit = visit, .order = order };
        for (unsigned i = 0; i < STEPS_MAX; i++) {
                enum sp_step before = work.part.step;
                bool there;
                MITOME_TRY(is_open(&work, ret_open, error));
                if (!*ret_open)
                        return ok();
                MITOME_TRY(sp_part_load(visit->tsm->store, order, kind, &work.part, &there, error));
                if (!there || work.part.step >= sizeof steps / sizeof *steps ||
                        (i > 0 && before == work.part.step))
                        return ok();
                MITOME_TRY(steps[work.part.step](&work, error));
        }
        return ok();
}

static mitome_status settle(struct sp_visit *visit, const struct sp_order *order, mitome_error *error)
{
        bool all;
        MITOME_TRY(sp_all_at(visit->tsm->store, order, SP_STEP_HOLDERS, &all, error));
        return sp_order_move(visit->tsm, order, all ? SP_ORDER_DONE : SP_ORDER_HOLDER, error);
}

/* Also where keys and certificates stand already: what is set in an applet in use can only be tightened, and
 * this is. */
mitome_status sp_tighten(struct sp_visit *visit, mitome_error *error)
{
        enum tsm_personality now;
        MITOME_TRY(tsm_plays(&visit->channel, &now, error));
        return now == TSM_AUTHENTICATOR ? ok()
                                        : tsm_personalise(&visit->channel, TSM_AUTHENTICATOR, "", error);
}

mitome_status sp_do_issue(struct sp_visit *visit, const struct sp_order *order, mitome_error *error)
{
        struct sql_store *store = visit->tsm->store;
        mitome_error cause = { 0 };
        bool open = true;
        if (order->until <= party_now(visit->tsm->party)) {
                MITOME_TRY(sql_begin(store, error));
                return sp_finish(
                        store, sp_give_up(visit->tsm, order, MITOME_E_ORDER_OUT_OF_TIME, error), error);
        }
        if (order->prepared != SP_PREPARED && order->purpose <= SP_RENEW)
                return ok();
        mitome_status status = sp_visit_open(visit, TSM_JPKI, &cause);
        if (sp_visit_absent(visit, status)) /* asked of the SEI-TSM the next time */
                return sql_do(store,
                        "UPDATE order_ SET prepared = 1, state = 1 WHERE id = ? AND prepared = 2 AND state <= 2",
                        SQL_VALUES(SQL_BYTES(SLICE(order->id))), NULL, error);
        if (failed(status))
                return sp_again(status, &cause, error);
        MITOME_TRY(sp_tighten(visit, error));
        for (unsigned kind = SP_LAST_KIND; open && kind >= SP_FIRST_KIND; kind--)
                MITOME_TRY(do_kind(visit, order, kind, &open, error));
        if (!open)
                return ok();
        MITOME_TRY(sql_begin(store, error));
        return sp_finish(store, settle(visit, order, error), error);
}
