/* SPDX-License-Identifier: Apache-2.0 */
#include "sei_orders.h"

#include "key_vault.h"
#include "sei_tsm.h"

#include <stdlib.h>

enum { HASH_SIZE = 32, HASHES_MAX = SEI_TSM_APPS_MAX * HASH_SIZE, KEYS_MAX = KEY_VAULT_SEALED_MAX };

/* What an order wants; a setting back is a deletion that takes the FIDO applet's content along. */
enum wanted { WANT_DELETED, WANT_INSTALLED, WANT_RESET };

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

struct sei_tsm {
        struct party *party;
        struct key_vault vault;
};

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

/* ---- what is known of a phone ---- */

/* A sealed set is of one phone and for one use. */
static slice use_of(slice identity, const char *what, uint8_t buffer[SEI_TSM_IDENTITY_MAX + 16])
{
        writer w = writer_over(buffer, SEI_TSM_IDENTITY_MAX + 16);
        write_slice(&w, slice_text(what));
        write_slice(&w, slice_of(" ", 1));
        write_slice(&w, identity);
        return writer_view(&w);
}

static mitome_status seal(struct sei_tsm *tsm, slice identity, const char *what,
        const struct tsm_key_set *set, uint8_t buffer[KEYS_MAX], slice *ret, mitome_error *error)
{
        uint8_t use[SEI_TSM_IDENTITY_MAX + 16];
        writer w = writer_over(buffer, KEYS_MAX);
        MITOME_TRY(key_vault_seal(&tsm->vault, use_of(identity, what, use), set, &w, error));
        return writer_finish(&w, "sealed keys", ret, error);
}

/* One phone's row, and the order that is open for it. */
struct phone_file {
        char text[SEI_TSM_IDENTITY_MAX + 1];
        slice identity; /* views text */
        struct tsm_key_set issuer, first;
        bool has_first, handed;
        enum sei_tsm_state state;
        uint8_t apps[HASHES_MAX]; /* that the rules let in now */
        size_t apps_size;

        int64_t order; /* 0: none is open */
        enum wanted wanted;
        uint8_t letter[LETTER_DIGEST_SIZE];
        uint8_t new_apps[HASHES_MAX];
        size_t new_apps_size;
};

static void file_wipe(struct phone_file *file)
{
        bytes_wipe(file, sizeof *file);
}

static mitome_status take_bytes(const struct sql_query *query, int column, uint8_t *to, size_t capacity,
        size_t *ret, mitome_error *error)
{
        slice bytes = sql_bytes(query, column);
        MITOME_TRY(slice_copy(bytes, "a row", to, capacity, error));
        *ret = bytes.size;
        return ok();
}

static mitome_status take_element(
        struct sei_tsm *tsm, const struct sql_query *row, struct phone_file *file, mitome_error *error)
{
        uint8_t use[SEI_TSM_IDENTITY_MAX + 16];
        MITOME_TRY(key_vault_unseal(
                &tsm->vault, use_of(file->identity, "issuer", use), sql_bytes(row, 0), &file->issuer, error));
        file->has_first = !sql_is_null(row, 1);
        if (file->has_first)
                MITOME_TRY(key_vault_unseal(&tsm->vault, use_of(file->identity, "first", use),
                        sql_bytes(row, 1), &file->first, error));
        file->handed = sql_integer(row, 2) != 0;
        file->state = (enum sei_tsm_state)sql_integer(row, 3);
        return take_bytes(row, 4, file->apps, sizeof file->apps, &file->apps_size, error);
}

static mitome_status load_element(struct sei_tsm *tsm, struct phone_file *file, mitome_error *error)
{
        struct sql_query row;
        mitome_status status = ok();
        bool found;
        MITOME_TRY(sql_ask(party_store(tsm->party),
                "SELECT keys, first_keys, handed, state, apps FROM element WHERE identity = ?",
                SQL_VALUES(SQL_STR(file->text)), &row, error));
        found = sql_next(&row);
        if (found)
                status = take_element(tsm, &row, file, error);
        mitome_status ended = sql_end(&row);
        MITOME_TRY(status);
        MITOME_TRY(ended);
        return found ? ok() : fail(error, MITOME_E_SEI_UNKNOWN, "the identity", NULL);
}

static mitome_status load_order(struct sei_tsm *tsm, struct phone_file *file, mitome_error *error)
{
        struct sql_query row;
        mitome_status status = ok();
        size_t size;
        file->order = 0;
        MITOME_TRY(sql_ask(party_store(tsm->party),
                "SELECT id, wanted, letter, apps FROM sei_order WHERE identity = ? AND place = 0"
                " AND (until IS NULL OR until > ?) ORDER BY wanted = 1 DESC LIMIT 1",
                SQL_VALUES(SQL_STR(file->text), SQL_INT(party_now(tsm->party))), &row, error));
        if (sql_next(&row)) {
                file->order = sql_integer(&row, 0);
                file->wanted = (enum wanted)sql_integer(&row, 1);
                status = take_bytes(&row, 2, file->letter, sizeof file->letter, &size, error);
                if (!failed(status))
                        status = take_bytes(
                                &row, 3, file->new_apps, sizeof file->new_apps, &file->new_apps_size, error);
        }
        mitome_status ended = sql_end(&row);
        return failed(status) ? status : ended;
}

static mitome_status name_file(slice identity, struct phone_file *file, mitome_error *error)
{
        *file = (struct phone_file){ 0 };
        if (!phone_identity_is_plain(identity))
                return fail(error, MITOME_E_SEI_UNKNOWN, "the identity", NULL);
        MITOME_TRY(slice_copy(identity, "the identity", (uint8_t *)file->text, sizeof file->text - 1, error));
        file->identity = slice_text(file->text);
        return ok();
}

static mitome_status open_file(
        struct sei_tsm *tsm, slice identity, struct phone_file *file, mitome_error *error)
{
        MITOME_TRY(name_file(identity, file, error));
        MITOME_TRY(load_element(tsm, file, error));
        return load_order(tsm, file, error);
}

static enum sei_tsm_state state_of(const struct phone_file *file)
{
        return file->order ? SEI_TSM_ASKED : file->state;
}

mitome_status sei_tsm_look(struct sei_tsm *tsm, slice identity, enum sei_tsm_state *ret, mitome_error *error)
{
        struct phone_file file;
        mitome_status status = open_file(tsm, identity, &file, error);
        if (!failed(status))
                *ret = state_of(&file);
        file_wipe(&file);
        return status;
}

/* ---- decisions ---- */

static mitome_status decide(struct sei_tsm *tsm, const struct phone_file *file, const char *what,
        const char *outcome, const uint8_t *letter, mitome_error *error)
{
        uint8_t subject[SEI_TSM_IDENTITY_MAX + 16];
        writer w = WRITER(subject);
        struct journal_decision decision = { .what = what, .outcome = outcome };
        write_slice(&w, slice_text("device:"));
        write_slice(&w, file->identity);
        decision.subject = writer_view(&w);
        if (letter) {
                decision.evidence[0].kind = "letter";
                MITOME_TRY(slice_copy(slice_of(letter, LETTER_DIGEST_SIZE), "letter",
                        decision.evidence[0].digest, LETTER_DIGEST_SIZE, error));
                decision.evidence_count = 1;
        }
        return party_decide(tsm->party, &decision, error);
}

static const char *const names[] = {
        [WANT_DELETED] = "delete-applet", [WANT_INSTALLED] = "prepare-applet", [WANT_RESET] = "reset-element"
};

/* ---- the element's keys ---- */

static bool same_keys(const struct tsm_key_set *a, const struct tsm_key_set *b)
{
        uint8_t first[KEY_VAULT_PLAIN_MAX], second[KEY_VAULT_PLAIN_MAX];
        writer one = WRITER(first), two = WRITER(second);
        key_vault_write_set(a, &one);
        key_vault_write_set(b, &two);
        bool same = a->version == b->version && secret_equal(writer_view(&one), writer_view(&two));
        bytes_wipe(first, sizeof first);
        bytes_wipe(second, sizeof second);
        return same;
}

static mitome_status put_element(struct sei_tsm *tsm, const struct phone_file *file,
        const struct tsm_key_set *issuer, const uint8_t *letter, mitome_error *error)
{
        uint8_t buffer[KEYS_MAX];
        slice sealed;
        MITOME_TRY(seal(tsm, file->identity, "issuer", issuer, buffer, &sealed, error));
        MITOME_TRY(sql_do(party_store(tsm->party), "INSERT INTO element (identity, keys) VALUES (?, ?)",
                SQL_VALUES(SQL_STR(file->text), SQL_BYTES(sealed)), NULL, error));
        return decide(tsm, file, "register-element", "done", letter, error);
}

static mitome_status register_in(struct sei_tsm *tsm, slice identity, const struct tsm_key_set *issuer,
        const uint8_t *letter, mitome_error *error)
{
        struct phone_file file;
        mitome_error unknown = { 0 };
        MITOME_TRY(name_file(identity, &file, error));
        mitome_status status = load_element(tsm, &file, &unknown);
        if (status.code == MITOME_E_SEI_UNKNOWN)
                status = put_element(tsm, &file, issuer, letter, error);
        else if (failed(status))
                status = fail(error, status.code, unknown.field, unknown.clause);
        else if (!same_keys(&file.issuer, issuer))
                status = fail(error, MITOME_E_SEI_KNOWN, "the identity", NULL);
        file_wipe(&file);
        return status;
}

mitome_status sei_tsm_register(
        struct sei_tsm *tsm, slice identity, const struct tsm_key_set *issuer, mitome_error *error)
{
        MITOME_TRY(sql_begin(party_store(tsm->party), error));
        mitome_status status = register_in(tsm, identity, issuer, NULL, error);
        return sql_settle(party_store(tsm->party), status, error);
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
        enum wanted wanted;
        slice apps;
        uint64_t seconds; /* of WANT_INSTALLED; else 0 */
        const struct party_request *request;
};

/* Does what is open already include what is asked now? */
static bool joins(const struct phone_file *file, const struct wish *wish)
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
        struct sei_tsm *tsm, const struct phone_file *file, const struct wish *wish, mitome_error *error)
{
        return sql_do(party_store(tsm->party), "UPDATE sei_order SET until = max(until, ?) WHERE id = ?",
                SQL_VALUES(until_of(tsm, wish), SQL_INT(file->order)), NULL, error);
}

/* The latest wish counts. One to have the applet leaves an erasure standing, which it takes along when it is
 * done; an erasure ends the wish before it, unless it was written earlier and comes late (both times are of
 * the sender's clock); and a setting back that was asked for is not forgotten over a deletion. */
static mitome_status put_order(
        struct sei_tsm *tsm, const struct phone_file *file, const struct wish *wish, mitome_error *error)
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
static mitome_status is_outdated(struct sei_tsm *tsm, const struct phone_file *file, const struct wish *wish,
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
static mitome_status is_gone(
        struct sei_tsm *tsm, const struct phone_file *file, bool *ret, mitome_error *error)
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

static mitome_status weigh_order(struct sei_tsm *tsm, const struct phone_file *file, const struct wish *wish,
        enum sei_tsm_state *ret_state, mitome_error *error)
{
        bool outdated, gone;
        const uint8_t *letter = wish->request->digest;
        *ret_state = SEI_TSM_ASKED;
        MITOME_TRY(is_gone(tsm, file, &gone, error));
        if (gone && wish->wanted == WANT_DELETED) {
                *ret_state = SEI_TSM_ABSENT;
                return decide(tsm, file, names[wish->wanted], "done", letter, error);
        }
        MITOME_TRY(is_outdated(tsm, file, wish, &outdated, error));
        if (outdated) {
                *ret_state = state_of(file);
                return decide(tsm, file, names[wish->wanted], "refused", letter, error);
        }
        if (!joins(file, wish))
                MITOME_TRY(put_order(tsm, file, wish, error));
        else if (wish->wanted == WANT_INSTALLED)
                MITOME_TRY(prolong(tsm, file, wish, error));
        return decide(tsm, file, names[wish->wanted], "asked", letter, error);
}

static mitome_status take_order(
        struct sei_tsm *tsm, slice identity, const struct wish *wish, writer *answer, mitome_error *error)
{
        struct phone_file file;
        enum sei_tsm_state state;
        mitome_status status = open_file(tsm, identity, &file, error);
        if (!failed(status))
                status = weigh_order(tsm, &file, wish, &state, error);
        file_wipe(&file);
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
                MITOME_TRY(cbor_read_fixed(&body->r, "an app", HASH_SIZE, &hash));
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
        uint8_t bytes[HASHES_MAX];
        writer apps = WRITER(bytes);
        struct body body;
        struct wish wish = { .request = request };
        slice identity;
        uint64_t wanted;
        MITOME_TRY(body_open(request->body, &body, error));
        MITOME_TRY(body_identity(&body, &identity, error));
        MITOME_TRY(body_member(&body, 2, error));
        MITOME_TRY(cbor_read_uint(&body.r, "what is wanted", WANT_INSTALLED, &wanted));
        wish.wanted = (enum wanted)wanted;
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
                status = register_in(tsm, identity, &set, request->digest, error);
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

/* ---- what is done at the element; nothing of the store is held meanwhile ---- */

/* A phone that has relayed: its file, and its link. */
struct visit {
        struct sei_tsm *tsm;
        struct phone_file file;
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
        uint8_t buffer[KEYS_MAX];
        slice sealed;
        if (visit->file.has_first)
                return ok();
        mitome_status status = tsm_make_keys(&set, TSM_KEYS_FIRST, visit->random, error);
        if (!failed(status))
                status = seal(tsm, visit->file.identity, "first", &set, buffer, &sealed, error);
        bytes_wipe(&set, sizeof set);
        MITOME_TRY(status);
        MITOME_TRY(sql_do(party_store(tsm->party),
                "UPDATE element SET first_keys = ? WHERE identity = ? AND first_keys IS NULL",
                SQL_VALUES(SQL_BYTES(sealed), SQL_STR(visit->file.text)), NULL, error));
        return load_element(tsm, &visit->file, error);
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
        return decide(tsm, &visit->file, "hand-over-domain", "done",
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
                MITOME_TRY(read_bytes(&former, "an app", HASH_SIZE, &hash));
                MITOME_TRY(tsm_forbid_app(channel, TSM_FIDO, hash, error));
        }
        return ok();
}

static mitome_status allow_new(struct visit *visit, struct tsm_channel *channel, mitome_error *error)
{
        reader apps = reader_over(slice_of(visit->file.new_apps, visit->file.new_apps_size), NULL, error);
        slice hash;
        while (apps.rest.size) {
                MITOME_TRY(read_bytes(&apps, "an app", HASH_SIZE, &hash));
                MITOME_TRY(tsm_allow_app(channel, TSM_JPKI, hash, error));
                MITOME_TRY(tsm_allow_app(channel, TSM_FIDO, hash, error));
        }
        return ok();
}

/* The former ones go first, and the new ones are noted before they are written: what the store knows of is
 * never less than what the element's rules say. */
static mitome_status change_apps(struct visit *visit, mitome_error *error)
{
        const struct phone_file *file = &visit->file;
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
        MITOME_TRY(load_order(visit->tsm, &visit->file, error));
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
        const struct phone_file *file = &visit->file;
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
        return decide(visit->tsm, file, names[file->wanted], "done", file->letter, error);
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
        mitome_status status = open_file(tsm, identity, &visit.file, error);
        for (int i = 0; i < ROUNDS && !failed(status) && visit.file.order; i++) {
                status = do_order(&visit, error);
                if (!failed(status))
                        status = open_file(tsm, identity, &visit.file, error);
        }
        file_wipe(&visit.file);
        return status;
}
