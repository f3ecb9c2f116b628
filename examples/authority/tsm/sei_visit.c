/* SPDX-License-Identifier: Apache-2.0 */
#include "sei_within.h"

#include "sei_tsm.h"

/* What is done at the element when a phone relays; nothing of the store is held meanwhile. */

/* A phone that has relayed: its file, and its link. */
struct visit {
        struct sei_tsm *tsm;
        struct sei_file file;
        bool dropped; /* what was begun is not wanted any more */
        const struct mitome_link *link;
        const struct mitome_random *random;
};

static mitome_status open_by_issuer(
        struct visit *visit, enum tsm_applet applet, struct tsm_channel *ret, mitome_error *error)
{
        return tsm_open_set(ret, visit->link, &visit->file.issuer, applet, visit->random, error);
}

typedef mitome_status step(struct visit *visit, struct tsm_channel *channel, mitome_error *error);

static mitome_status in_channel(struct visit *visit, enum tsm_applet applet, step *what, mitome_error *error)
{
        struct tsm_channel channel;
        MITOME_TRY(open_by_issuer(visit, applet, &channel, error));
        mitome_status status = what(visit, &channel, error);
        tsm_close(&channel);
        return status;
}

/* ---- the provider's domain ---- */

static mitome_status make_domain(struct visit *visit, struct tsm_channel *channel, mitome_error *error)
{
        struct tsm_entry entry;
        (void)visit;
        MITOME_TRY(tsm_look_up(channel, TSM_PROVIDER, &entry, error));
        return entry.exists ? ok() : tsm_install_domain(channel, tsm_aid(TSM_PROVIDER), error);
}

/* Drawn and kept before they are put: whatever is cut off afterwards, no domain has keys that nobody has. */
static mitome_status keep_first(struct visit *visit, mitome_error *error)
{
        struct sei_tsm *tsm = visit->tsm;
        struct tsm_key_set set = { 0 };
        uint8_t buffer[SEI_KEYS_MAX];
        slice sealed;
        if (visit->file.has_first)
                return ok();
        mitome_status status = tsm_make_keys(&set, TSM_KEYS_FIRST, visit->random, error);
        if (!failed(status))
                status = sei_seal(tsm, visit->file.identity, "first", &set, buffer, &sealed, error);
        bytes_wipe(&set, sizeof set);
        MITOME_TRY(status);
        MITOME_TRY(sql_do(party_store(tsm->party),
                "UPDATE element SET first_keys = ? WHERE identity = ? AND first_keys IS NULL",
                SQL_VALUES(SQL_BYTES(sealed), SQL_STR(visit->file.text)), NULL, error));
        return sei_load_element(tsm, &visit->file, error);
}

static mitome_status put_first(struct visit *visit, struct tsm_channel *channel, mitome_error *error)
{
        return tsm_put_keys(channel, 0, &visit->file.first, error);
}

/* By the first keys, if an earlier visit has put them; else by the issuer's, which open a domain only as long
 * as it has none of its own. */
static mitome_status key_domain(struct visit *visit, mitome_error *error)
{
        struct tsm_channel channel;
        mitome_error cause = { 0 };
        mitome_status status =
                tsm_open_set(&channel, visit->link, &visit->file.first, TSM_PROVIDER, visit->random, &cause);
        if (!failed(status)) {
                tsm_close(&channel);
                return ok();
        }
        if (status.code != MITOME_E_APDU_STATUS || channel.sw != SW_NO_REFERENCE)
                return fail(error, status.code, cause.field, cause.clause);
        cause = (mitome_error){ 0 };
        status = in_channel(visit, TSM_PROVIDER, put_first, &cause);
        if (!failed(status))
                return ok();
        const bool foreign =
                status.code == MITOME_E_APDU_STATUS || status.code == MITOME_E_CHANNEL_CRYPTOGRAM;
        return foreign ? fail(error, MITOME_E_SEI_DOMAIN, "the provider's domain", NULL)
                       : fail(error, status.code, cause.field, cause.clause);
}

static mitome_status write_hand_over(struct visit *visit, writer *body, mitome_error *error)
{
        const struct directory_entry *provider =
                directory_find(party_directory(visit->tsm->party), slice_text(PARTY_SP_TSM));
        uint8_t bytes[KEY_VAULT_PLAIN_MAX + PARTY_SEAL_EXTRA];
        writer sealed = WRITER(bytes);
        slice written;
        if (!provider)
                return fail(error, MITOME_E_UNREACHABLE, PARTY_SP_TSM, NULL);
        MITOME_TRY(key_set_seal_to(provider->key, &visit->file.first, &sealed, error));
        cbor_write_map(body, 3);
        cbor_write_uint(body, 1);
        cbor_write_text(body, visit->file.identity);
        cbor_write_uint(body, 2);
        cbor_write_uint(body, visit->file.first.version);
        cbor_write_uint(body, 3);
        cbor_write_bytes(body, writer_view(&sealed));
        return writer_finish(body, "hand-over", &written, error);
}

static mitome_status note_hand_over(struct visit *visit, slice body, mitome_error *error)
{
        struct sei_tsm *tsm = visit->tsm;
        int64_t changed;
        MITOME_TRY(sql_do(party_store(tsm->party),
                "UPDATE element SET handed = 1 WHERE identity = ? AND handed = 0",
                SQL_VALUES(SQL_STR(visit->file.text)), &changed, error));
        if (changed == 0)
                return ok(); /* another visit has meanwhile */
        MITOME_TRY(party_send(tsm->party, PARTY_SP_TSM, "hand-over", body, error));
        return sei_decide(tsm, &visit->file, "hand-over-domain", "done",
                visit->file.order ? visit->file.letter : NULL, error);
}

static mitome_status hand_over(struct visit *visit, mitome_error *error)
{
        struct sql_store *store = party_store(visit->tsm->party);
        uint8_t bytes[256];
        writer body = WRITER(bytes);
        MITOME_TRY(in_channel(visit, TSM_CARD_MANAGER, make_domain, error));
        if (visit->file.handed)
                return ok();
        MITOME_TRY(keep_first(visit, error));
        MITOME_TRY(key_domain(visit, error));
        MITOME_TRY(write_hand_over(visit, &body, error));
        MITOME_TRY(sql_begin(store, error));
        return sql_settle(store, note_hand_over(visit, writer_view(&body), error), error);
}

/* ---- the applets ---- */

static mitome_status delete_jpki(struct visit *visit, struct tsm_channel *channel, mitome_error *error)
{
        struct tsm_entry entry;
        (void)visit;
        MITOME_TRY(tsm_look_up(channel, TSM_JPKI, &entry, error));
        return entry.exists ? tsm_delete(channel, TSM_JPKI, error) : ok();
}

static mitome_status install_and_give(
        struct tsm_channel *channel, enum tsm_applet applet, mitome_error *error)
{
        struct tsm_entry entry;
        MITOME_TRY(tsm_look_up(channel, applet, &entry, error));
        if (!entry.exists)
                MITOME_TRY(tsm_install_applet(channel, applet, error));
        return entry.at_provider ? ok() : tsm_extradite(channel, applet, error);
}

/* Whatever a former owner left goes with the instance; the element writes the receipt. */
static mitome_status install_clean(struct visit *visit, struct tsm_channel *channel, mitome_error *error)
{
        MITOME_TRY(delete_jpki(visit, channel, error));
        MITOME_TRY(install_and_give(channel, TSM_JPKI, error));
        MITOME_TRY(install_and_give(channel, TSM_FIDO, error));
        return tsm_lead_card(channel, error);
}

/* ---- who may use them ---- */

static mitome_status forbid_jpki(struct visit *visit, struct tsm_channel *channel, mitome_error *error)
{
        (void)visit;
        return tsm_forbid_apps(channel, TSM_JPKI, error);
}

static mitome_status forbid_former(struct visit *visit, struct tsm_channel *channel, mitome_error *error)
{
        reader former = reader_over(slice_of(visit->file.apps, visit->file.apps_size), NULL, error);
        slice hash;
        MITOME_TRY(forbid_jpki(visit, channel, error));
        while (former.rest.size) {
                MITOME_TRY(read_bytes(&former, "an app", SEI_HASH_SIZE, &hash));
                MITOME_TRY(tsm_forbid_app(channel, TSM_FIDO, hash, error));
        }
        return ok();
}

static mitome_status allow_new(struct visit *visit, struct tsm_channel *channel, mitome_error *error)
{
        reader apps = reader_over(slice_of(visit->file.new_apps, visit->file.new_apps_size), NULL, error);
        slice hash;
        while (apps.rest.size) {
                MITOME_TRY(read_bytes(&apps, "an app", SEI_HASH_SIZE, &hash));
                MITOME_TRY(tsm_allow_app(channel, TSM_JPKI, hash, error));
                MITOME_TRY(tsm_allow_app(channel, TSM_FIDO, hash, error));
        }
        return ok();
}

/* The former ones go first, and the new ones are noted before they are written: what the store knows of is
 * never less than what the element's rules say. */
static mitome_status change_apps(struct visit *visit, mitome_error *error)
{
        const struct sei_file *file = &visit->file;
        MITOME_TRY(in_channel(visit, TSM_ARA, forbid_former, error));
        MITOME_TRY(sql_do(party_store(visit->tsm->party), "UPDATE element SET apps = ? WHERE identity = ?",
                SQL_VALUES(SQL_BYTES(slice_of(file->new_apps, file->new_apps_size)), SQL_STR(file->text)),
                NULL, error));
        return in_channel(visit, TSM_ARA, allow_new, error);
}

/* ---- one order ---- */

static mitome_status see_that_it_is_empty(
        struct visit *visit, struct tsm_channel *channel, mitome_error *error)
{
        uint8_t left;
        (void)visit;
        MITOME_TRY(tsm_what_is_left(channel, &left, error));
        return left ? fail(error, MITOME_E_SEI_NOT_RESET, "the FIDO applet", NULL) : ok();
}

/* The applet is the provider's by now, so that the command goes in the open, and whoever relays may say that
 * it was done: the element itself is asked, by the issuer's keys. */
static mitome_status reset_fido(struct visit *visit, mitome_error *error)
{
        MITOME_TRY(tsm_reset_fido(visit->link, error));
        return in_channel(visit, TSM_CARD_MANAGER, see_that_it_is_empty, error);
}

/* The relay takes as long as the phone likes: what it began with may have run out, or been taken back. */
static mitome_status look_again(struct visit *visit, mitome_error *error)
{
        const int64_t begun = visit->file.order;
        MITOME_TRY(sei_load_order(visit->tsm, &visit->file, error));
        visit->dropped = visit->file.order != begun;
        return ok();
}

static mitome_status do_install(struct visit *visit, mitome_error *error)
{
        MITOME_TRY(hand_over(visit, error));
        MITOME_TRY(look_again(visit, error));
        if (visit->dropped)
                return ok();
        MITOME_TRY(in_channel(visit, TSM_CARD_MANAGER, install_clean, error));
        MITOME_TRY(reset_fido(visit, error));
        return change_apps(visit, error);
}

/* The holder's app keeps its way to the FIDO applet: the receipt of what was deleted is there. */
static mitome_status do_delete(struct visit *visit, mitome_error *error)
{
        MITOME_TRY(in_channel(visit, TSM_CARD_MANAGER, delete_jpki, error));
        return in_channel(visit, TSM_ARA, forbid_jpki, error);
}

static mitome_status do_reset(struct visit *visit, mitome_error *error)
{
        MITOME_TRY(in_channel(visit, TSM_CARD_MANAGER, delete_jpki, error));
        MITOME_TRY(reset_fido(visit, error));
        return in_channel(visit, TSM_ARA, forbid_former, error);
}

static mitome_status (*const doings[])(struct visit *, mitome_error *) = {
        [WANT_DELETED] = do_delete, [WANT_INSTALLED] = do_install, [WANT_RESET] = do_reset
};

/* It is done only if it is still what is wanted: another wish may have come while the phone relayed. */
static mitome_status note_done(struct visit *visit, mitome_error *error)
{
        struct sql_store *store = party_store(visit->tsm->party);
        const struct sei_file *file = &visit->file;
        const bool installed = file->wanted == WANT_INSTALLED;
        const slice apps = file->wanted == WANT_DELETED ? slice_of(file->apps, file->apps_size)
                                                        : slice_of(file->new_apps, file->new_apps_size);
        int64_t changed;
        MITOME_TRY(sql_do(store, "UPDATE sei_order SET place = 1, done_at = ? WHERE id = ? AND place = 0",
                SQL_VALUES(SQL_INT(party_now(visit->tsm->party)), SQL_INT(file->order)), &changed, error));
        if (changed == 0)
                return ok();
        if (installed) /* the erasure behind it went along */
                MITOME_TRY(sql_do(store, "UPDATE sei_order SET place = 2 WHERE identity = ? AND place = 0",
                        SQL_VALUES(SQL_STR(file->text)), NULL, error));
        MITOME_TRY(sql_do(store, "UPDATE element SET state = ?, apps = ? WHERE identity = ?",
                SQL_VALUES(SQL_INT(installed ? SEI_TSM_INSTALLED : SEI_TSM_ABSENT), SQL_BYTES(apps),
                        SQL_STR(file->text)),
                NULL, error));
        return sei_decide(visit->tsm, file, sei_order_names[file->wanted], "done", file->letter, error);
}

static mitome_status do_order(struct visit *visit, mitome_error *error)
{
        struct sql_store *store = party_store(visit->tsm->party);
        visit->dropped = false;
        MITOME_TRY(doings[visit->file.wanted](visit, error));
        if (visit->dropped)
                return ok();
        MITOME_TRY(sql_begin(store, error));
        return sql_settle(store, note_done(visit, error), error);
}

mitome_status sei_tsm_serve(
        struct sei_tsm *tsm, slice identity, const struct mitome_link *link, mitome_error *error)
{
        enum { ROUNDS = 3 }; /* a wish that is replaced again and again waits for the next visit */
        struct visit visit = { .tsm = tsm, .link = link, .random = party_random(tsm->party) };
        mitome_status status = sei_open_file(tsm, identity, &visit.file, error);
        for (int i = 0; i < ROUNDS && !failed(status) && visit.file.order; i++) {
                status = do_order(&visit, error);
                if (!failed(status))
                        status = sei_open_file(tsm, identity, &visit.file, error);
        }
        sei_file_wipe(&visit.file);
        return status;
}
