/* SPDX-License-Identifier: Apache-2.0 */
#include "sei_within.h"

#include <stdlib.h>

/* Where an order is. */
enum place { PLACE_OPEN, PLACE_DONE, PLACE_REPLACED };

const char sei_tsm_schema[] =
        "CREATE TABLE element (identity TEXT PRIMARY KEY, keys BLOB NOT NULL, first_keys BLOB,"
        " handed INTEGER NOT NULL DEFAULT 0, state INTEGER NOT NULL DEFAULT 0, apps BLOB NOT NULL DEFAULT x'')"
        " WITHOUT ROWID;"
        "CREATE TABLE sei_order (id INTEGER PRIMARY KEY, identity TEXT NOT NULL REFERENCES element,"
        " wanted INTEGER NOT NULL, letter BLOB NOT NULL, apps BLOB NOT NULL, place INTEGER NOT NULL,"
        " sent_at INTEGER NOT NULL, asked_at INTEGER NOT NULL, until INTEGER, done_at INTEGER);"
        /* one wish for the applet and one erasure: the erasure waits behind the wish, which takes it along */
        "CREATE UNIQUE INDEX sei_order_open ON sei_order (identity, wanted = 1) WHERE place = 0;";

mitome_status sei_tsm_open(
        struct party *party, const struct sei_tsm_config *config, struct sei_tsm **ret, mitome_error *error)
{
        struct sei_tsm *tsm = calloc(1, sizeof *tsm);
        if (!tsm)
                return fail(error, MITOME_E_NO_MEMORY, "SEI-TSM", NULL);
        tsm->party = party;
        mitome_status status = key_vault_open(config->key_file, party_random(party), &tsm->vault, error);
        if (failed(status))
                sei_tsm_close(tsm);
        else
                *ret = tsm;
        return status;
}

void sei_tsm_close(struct sei_tsm *tsm)
{
        if (tsm)
                key_vault_close(&tsm->vault);
        free(tsm);
}

/* A wish that ran out is none any more (load_order), and its row ends here, also when no other comes: after a
 * while, since a visit that began in time may be at it, and what it did is noted in that row. */
enum { VISIT_S = 120 };

static mitome_status end_wishes(struct sei_tsm *tsm, mitome_error *error)
{
        return sql_do(party_store(tsm->party),
                "UPDATE sei_order SET place = 2 WHERE place = 0 AND until <= ?",
                SQL_VALUES(SQL_INT(party_now(tsm->party) - VISIT_S)), NULL, error);
}

mitome_status sei_tsm_tick(struct sei_tsm *tsm, mitome_error *error)
{
        size_t left;
        MITOME_TRY(end_wishes(tsm, error));
        return party_flush(tsm->party, &left, error);
}

/* ---- bodies of letters: members from 1 on, one after the other ---- */

struct body {
        struct cbor_reader r;
        struct cbor_members map;
};

static mitome_status body_open(slice bytes, struct body *ret, mitome_error *error)
{
        ret->r = cbor_over(bytes, NULL, error);
        return cbor_open_map(&ret->r, "the letter's body", 8, &ret->map);
}

static mitome_status body_member(struct body *body, int64_t number, mitome_error *error)
{
        struct cbor_key key;
        bool more;
        MITOME_TRY(cbor_next_key(&body->r, &body->map, &key, &more));
        return more && !key.is_text && key.number == number
                       ? ok()
                       : fail(error, more ? MITOME_E_VALUE : MITOME_E_MISSING, "the letter's body", NULL);
}

static mitome_status body_end(struct body *body, mitome_error *error)
{
        struct cbor_key key;
        bool more;
        MITOME_TRY(cbor_next_key(&body->r, &body->map, &key, &more));
        if (more)
                return fail(error, MITOME_E_VALUE, "the letter's body", NULL);
        return cbor_end(&body->r, "the letter's body");
}

static mitome_status body_identity(struct body *body, slice *ret, mitome_error *error)
{
        MITOME_TRY(body_member(body, 1, error));
        return cbor_read_text(&body->r, "the identity", SEI_TSM_IDENTITY_MAX, ret);
}

static mitome_status read_identity(slice bytes, slice *ret, mitome_error *error)
{
        struct body body;
        MITOME_TRY(body_open(bytes, &body, error));
        MITOME_TRY(body_identity(&body, ret, error));
        return body_end(&body, error);
}

static void answer_state(writer *answer, enum sei_tsm_state state)
{
        cbor_write_map(answer, 1);
        cbor_write_uint(answer, 1);
        cbor_write_uint(answer, state);
}

/* ---- orders ---- */

/* What is asked for, and by which letter. */
struct wish {
        enum sei_wanted wanted;
        slice apps;
        uint64_t seconds; /* of WANT_INSTALLED; else 0 */
        const struct party_request *request;
};

/* Does what is open already include what is asked now? */
static bool joins(const struct sei_file *file, const struct wish *wish)
{
        if (!file->order)
                return false;
        if (wish->wanted == WANT_INSTALLED)
                return file->wanted == WANT_INSTALLED &&
                       slice_equal(slice_of(file->new_apps, file->new_apps_size), wish->apps);
        return file->wanted == wish->wanted || (file->wanted == WANT_RESET && wish->wanted == WANT_DELETED);
}

static struct sql_value until_of(const struct sei_tsm *tsm, const struct wish *wish)
{
        return wish->seconds ? SQL_INT(party_now(tsm->party) + (int64_t)wish->seconds) : SQL_NONE;
}

static mitome_status prolong(
        struct sei_tsm *tsm, const struct sei_file *file, const struct wish *wish, mitome_error *error)
{
        return sql_do(party_store(tsm->party), "UPDATE sei_order SET until = max(until, ?) WHERE id = ?",
                SQL_VALUES(until_of(tsm, wish), SQL_INT(file->order)), NULL, error);
}

/* The latest wish counts. One to have the applet leaves an erasure standing, which it takes along when it is
 * done; an erasure ends the wish before it, unless it was written earlier and comes late (both times are of
 * the sender's clock); and a setting back that was asked for is not forgotten over a deletion. */
static mitome_status put_order(
        struct sei_tsm *tsm, const struct sei_file *file, const struct wish *wish, mitome_error *error)
{
        struct sql_store *store = party_store(tsm->party);
        const bool deletes = wish->wanted == WANT_DELETED, installs = wish->wanted == WANT_INSTALLED;
        MITOME_TRY(sql_do(store,
                "UPDATE sei_order SET place = 2 WHERE identity = ? AND place = 0"
                " AND ((wanted = 1 AND sent_at < ?) OR wanted = ?)",
                SQL_VALUES(SQL_STR(file->text), SQL_INT(deletes ? wish->request->at : INT64_MAX),
                        SQL_INT(installs ? WANT_INSTALLED : WANT_DELETED)),
                NULL, error));
        return sql_do(store,
                "INSERT INTO sei_order (identity, wanted, letter, apps, place, sent_at, asked_at, until)"
                " SELECT ?1, ?2, ?3, ?4, 0, ?5, ?6, ?7 WHERE NOT EXISTS"
                " (SELECT 1 FROM sei_order WHERE identity = ?1 AND place = 0 AND (wanted = 1) = (?2 = 1))",
                SQL_VALUES(SQL_STR(file->text), SQL_INT(wish->wanted),
                        SQL_BYTES(SLICE(wish->request->digest)), SQL_BYTES(wish->apps),
                        SQL_INT(wish->request->at), SQL_INT(party_now(tsm->party)), until_of(tsm, wish)),
                NULL, error);
}

/* A letter that waited in the outbox may come after one that was written later: the applet that somebody has
 * applied for meanwhile, and that is there, is not deleted by what was wished before. */
static mitome_status is_outdated(struct sei_tsm *tsm, const struct sei_file *file, const struct wish *wish,
        bool *ret, mitome_error *error)
{
        struct sql_query row;
        *ret = false;
        if (wish->wanted != WANT_DELETED)
                return ok();
        MITOME_TRY(sql_ask(party_store(tsm->party),
                "SELECT 1 FROM sei_order WHERE identity = ? AND wanted = 1 AND place = 1 AND sent_at >= ?",
                SQL_VALUES(SQL_STR(file->text), SQL_INT(wish->request->at)), &row, error));
        *ret = sql_next(&row);
        return sql_end(&row);
}

/* Is the applet known to be gone? Only if that was the last thing that was done, or nothing ever was: an
 * order to install it that came to no end may have left one. */
static mitome_status is_gone(struct sei_tsm *tsm, const struct sei_file *file, bool *ret, mitome_error *error)
{
        struct sql_query row;
        *ret = file->state == SEI_TSM_ABSENT;
        MITOME_TRY(sql_ask(party_store(tsm->party),
                "SELECT place = 1 AND wanted <> 1 FROM sei_order WHERE identity = ? ORDER BY id DESC LIMIT 1",
                SQL_VALUES(SQL_STR(file->text)), &row, error));
        if (sql_next(&row))
                *ret = *ret && sql_integer(&row, 0) != 0;
        return sql_end(&row);
}

static mitome_status weigh_order(struct sei_tsm *tsm, const struct sei_file *file, const struct wish *wish,
        enum sei_tsm_state *ret_state, mitome_error *error)
{
        bool outdated, gone;
        const uint8_t *letter = wish->request->digest;
        *ret_state = SEI_TSM_ASKED;
        MITOME_TRY(is_gone(tsm, file, &gone, error));
        if (gone && wish->wanted == WANT_DELETED) {
                *ret_state = SEI_TSM_ABSENT;
                return sei_decide(tsm, file, sei_order_names[wish->wanted], "done", letter, error);
        }
        MITOME_TRY(is_outdated(tsm, file, wish, &outdated, error));
        if (outdated) {
                *ret_state = sei_state_of(file);
                return sei_decide(tsm, file, sei_order_names[wish->wanted], "refused", letter, error);
        }
        if (!joins(file, wish))
                MITOME_TRY(put_order(tsm, file, wish, error));
        else if (wish->wanted == WANT_INSTALLED)
                MITOME_TRY(prolong(tsm, file, wish, error));
        return sei_decide(tsm, file, sei_order_names[wish->wanted], "asked", letter, error);
}

static mitome_status take_order(
        struct sei_tsm *tsm, slice identity, const struct wish *wish, writer *answer, mitome_error *error)
{
        struct sei_file file;
        enum sei_tsm_state state;
        mitome_status status = sei_open_file(tsm, identity, &file, error);
        if (!failed(status))
                status = weigh_order(tsm, &file, wish, &state, error);
        sei_file_wipe(&file);
        if (!failed(status))
                answer_state(answer, state);
        return status;
}

static mitome_status read_apps(struct body *body, writer *apps, mitome_error *error)
{
        struct cbor_members list;
        slice hash, whole;
        MITOME_TRY(body_member(body, 3, error));
        MITOME_TRY(cbor_open_array(&body->r, "the apps", SEI_TSM_APPS_MAX, &list));
        while (cbor_next_element(&body->r, &list)) {
                MITOME_TRY(cbor_read_fixed(&body->r, "an app", SEI_HASH_SIZE, &hash));
                write_slice(apps, hash);
        }
        return writer_finish(apps, "the apps", &whole, error);
}

/* What cleans a phone does not stand for ever: it is said with it how long. */
static mitome_status read_seconds(struct body *body, struct wish *wish, mitome_error *error)
{
        if (wish->wanted != WANT_INSTALLED)
                return ok();
        MITOME_TRY(body_member(body, 4, error));
        MITOME_TRY(cbor_read_uint(&body->r, "how long it stands", SEI_TSM_WISH_S, &wish->seconds));
        return wish->seconds ? ok() : fail(error, MITOME_E_VALUE, "how long it stands", NULL);
}

static mitome_status take_prepare(
        void *context, const struct party_request *request, writer *answer, mitome_error *error)
{
        uint8_t bytes[SEI_HASHES_MAX];
        writer apps = WRITER(bytes);
        struct body body;
        struct wish wish = { .request = request };
        slice identity;
        uint64_t wanted;
        MITOME_TRY(body_open(request->body, &body, error));
        MITOME_TRY(body_identity(&body, &identity, error));
        MITOME_TRY(body_member(&body, 2, error));
        MITOME_TRY(cbor_read_uint(&body.r, "what is wanted", WANT_INSTALLED, &wanted));
        wish.wanted = (enum sei_wanted)wanted;
        MITOME_TRY(read_apps(&body, &apps, error));
        wish.apps = writer_view(&apps);
        MITOME_TRY(read_seconds(&body, &wish, error));
        MITOME_TRY(body_end(&body, error));
        return take_order(context, identity, &wish, answer, error);
}

static mitome_status take_reset(
        void *context, const struct party_request *request, writer *answer, mitome_error *error)
{
        const struct wish wish = { .wanted = WANT_RESET, .request = request };
        slice identity;
        MITOME_TRY(read_identity(request->body, &identity, error));
        return take_order(context, identity, &wish, answer, error);
}

static mitome_status take_applet_state(
        void *context, const struct party_request *request, writer *answer, mitome_error *error)
{
        slice identity;
        enum sei_tsm_state state;
        MITOME_TRY(read_identity(request->body, &identity, error));
        MITOME_TRY(sei_tsm_look(context, identity, &state, error));
        answer_state(answer, state);
        return ok();
}

static mitome_status take_register(
        void *context, const struct party_request *request, writer *answer, mitome_error *error)
{
        struct sei_tsm *tsm = context;
        uint8_t plain[KEY_VAULT_PLAIN_MAX + PARTY_SEAL_EXTRA];
        struct tsm_key_set set = { 0 };
        struct body body;
        slice identity, sealed, keys = { 0 };
        uint64_t version;
        (void)answer;
        MITOME_TRY(body_open(request->body, &body, error));
        MITOME_TRY(body_identity(&body, &identity, error));
        MITOME_TRY(body_member(&body, 2, error));
        MITOME_TRY(cbor_read_uint(&body.r, "the version", 0x7F, &version));
        MITOME_TRY(body_member(&body, 3, error));
        MITOME_TRY(cbor_read_bytes(&body.r, "the keys", sizeof plain, &sealed));
        MITOME_TRY(body_end(&body, error));
        mitome_status status = party_unseal(tsm->party, sealed, plain, sizeof plain, &keys, error);
        if (!failed(status))
                status = key_vault_read_set(version, keys, &set, error);
        if (!failed(status))
                status = sei_register_in(tsm, identity, &set, request->digest, error);
        bytes_wipe(plain, sizeof plain);
        bytes_wipe(&set, sizeof set);
        return status;
}

static const char *const from_provider[] = { PARTY_SP_TSM, NULL };
static const char *const from_maker[] = { PARTY_MAKER, NULL };

const struct party_desk sei_tsm_desks[] = {
        { "prepare", from_provider, take_prepare },
        { "applet-state", from_provider, take_applet_state },
        { "reset", from_maker, take_reset },
        { "register-element", from_maker, take_register },
};
const size_t sei_tsm_desk_count = sizeof sei_tsm_desks / sizeof sei_tsm_desks[0];
