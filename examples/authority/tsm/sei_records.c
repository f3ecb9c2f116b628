/* SPDX-License-Identifier: Apache-2.0 */
#include "sei_within.h"

/* What the SEI-TSM knows of a phone: its rows, the element's keys, and what the journal says of it. */

/* A sealed set is of one phone and for one use. */
static slice use_of(slice identity, const char *what, uint8_t buffer[SEI_TSM_IDENTITY_MAX + 16])
{
        writer w = writer_over(buffer, SEI_TSM_IDENTITY_MAX + 16);
        write_slice(&w, slice_text(what));
        write_slice(&w, slice_of(" ", 1));
        write_slice(&w, identity);
        return writer_view(&w);
}

mitome_status sei_seal(struct sei_tsm *tsm, slice identity, const char *what, const struct tsm_key_set *set,
        uint8_t buffer[SEI_KEYS_MAX], slice *ret, mitome_error *error)
{
        uint8_t use[SEI_TSM_IDENTITY_MAX + 16];
        writer w = writer_over(buffer, SEI_KEYS_MAX);
        MITOME_TRY(key_vault_seal(&tsm->vault, use_of(identity, what, use), set, &w, error));
        return writer_finish(&w, "sealed keys", ret, error);
}

void sei_file_wipe(struct sei_file *file)
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
        struct sei_tsm *tsm, const struct sql_query *row, struct sei_file *file, mitome_error *error)
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

mitome_status sei_load_element(struct sei_tsm *tsm, struct sei_file *file, mitome_error *error)
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

mitome_status sei_load_order(struct sei_tsm *tsm, struct sei_file *file, mitome_error *error)
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
                file->wanted = (enum sei_wanted)sql_integer(&row, 1);
                status = take_bytes(&row, 2, file->letter, sizeof file->letter, &size, error);
                if (!failed(status))
                        status = take_bytes(
                                &row, 3, file->new_apps, sizeof file->new_apps, &file->new_apps_size, error);
        }
        mitome_status ended = sql_end(&row);
        return failed(status) ? status : ended;
}

static mitome_status name_file(slice identity, struct sei_file *file, mitome_error *error)
{
        *file = (struct sei_file){ 0 };
        if (!phone_identity_is_plain(identity))
                return fail(error, MITOME_E_SEI_UNKNOWN, "the identity", NULL);
        MITOME_TRY(slice_copy(identity, "the identity", (uint8_t *)file->text, sizeof file->text - 1, error));
        file->identity = slice_text(file->text);
        return ok();
}

mitome_status sei_open_file(struct sei_tsm *tsm, slice identity, struct sei_file *file, mitome_error *error)
{
        MITOME_TRY(name_file(identity, file, error));
        MITOME_TRY(sei_load_element(tsm, file, error));
        return sei_load_order(tsm, file, error);
}

enum sei_tsm_state sei_state_of(const struct sei_file *file)
{
        return file->order ? SEI_TSM_ASKED : file->state;
}

mitome_status sei_tsm_look(struct sei_tsm *tsm, slice identity, enum sei_tsm_state *ret, mitome_error *error)
{
        struct sei_file file;
        mitome_status status = sei_open_file(tsm, identity, &file, error);
        if (!failed(status))
                *ret = sei_state_of(&file);
        sei_file_wipe(&file);
        return status;
}

/* ---- decisions ---- */

mitome_status sei_decide(struct sei_tsm *tsm, const struct sei_file *file, const char *what,
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

const char *const sei_order_names[] = {
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

static mitome_status put_element(struct sei_tsm *tsm, const struct sei_file *file,
        const struct tsm_key_set *issuer, const uint8_t *letter, mitome_error *error)
{
        uint8_t buffer[SEI_KEYS_MAX];
        slice sealed;
        MITOME_TRY(sei_seal(tsm, file->identity, "issuer", issuer, buffer, &sealed, error));
        MITOME_TRY(sql_do(party_store(tsm->party), "INSERT INTO element (identity, keys) VALUES (?, ?)",
                SQL_VALUES(SQL_STR(file->text), SQL_BYTES(sealed)), NULL, error));
        return sei_decide(tsm, file, "register-element", "done", letter, error);
}

mitome_status sei_register_in(struct sei_tsm *tsm, slice identity, const struct tsm_key_set *issuer,
        const uint8_t *letter, mitome_error *error)
{
        struct sei_file file;
        mitome_error unknown = { 0 };
        MITOME_TRY(name_file(identity, &file, error));
        mitome_status status = sei_load_element(tsm, &file, &unknown);
        if (status.code == MITOME_E_SEI_UNKNOWN)
                status = put_element(tsm, &file, issuer, letter, error);
        else if (failed(status))
                status = fail(error, status.code, unknown.field, unknown.clause);
        else if (!same_keys(&file.issuer, issuer))
                status = fail(error, MITOME_E_SEI_KNOWN, "the identity", NULL);
        sei_file_wipe(&file);
        return status;
}

mitome_status sei_tsm_register(
        struct sei_tsm *tsm, slice identity, const struct tsm_key_set *issuer, mitome_error *error)
{
        MITOME_TRY(sql_begin(party_store(tsm->party), error));
        mitome_status status = sei_register_in(tsm, identity, issuer, NULL, error);
        return sql_settle(party_store(tsm->party), status, error);
}
