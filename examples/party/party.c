/* SPDX-License-Identifier: Apache-2.0 */
#include "party_internal.h"

#include "folder_make.h"
#include "journal_entry.h"
#include "key_file.h"
#include "sign1.h"

#include <assert.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* `what` tells one letter from another of the same id. The letter itself, which the journal names by its
 * digest, is kept while it could come again, and no longer: it may speak of people (party_inbox.c). */
static const char own_schema[] =
        "CREATE TABLE inbox (sender TEXT NOT NULL, id BLOB NOT NULL, what BLOB NOT NULL,"
        " letter BLOB NOT NULL, refused INTEGER NOT NULL, answer BLOB NOT NULL, at INTEGER NOT NULL,"
        " PRIMARY KEY (sender, id)) WITHOUT ROWID;"
        "CREATE INDEX inbox_at ON inbox (at);"
        "CREATE INDEX inbox_letter ON inbox (at) WHERE letter <> x'';"
        "CREATE TABLE outbox (number INTEGER PRIMARY KEY AUTOINCREMENT, addressee TEXT NOT NULL,"
        " id BLOB NOT NULL UNIQUE, kind TEXT NOT NULL, body BLOB NOT NULL, letter BLOB NOT NULL,"
        " sealed INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, due INTEGER NOT NULL);"
        "CREATE INDEX outbox_addressee ON outbox (addressee, number);";
enum { OWN_VERSION = 1, VERSIONS_EACH = 1000 };

const char party_answer_kind[] = "answer", party_refusal_kind[] = "refused";

/* ---- opening ---- */

/* The party's own tables come with its first step. */
enum { STEPS_MAX = 64 };
static mitome_status list_steps(const struct party_config *config, struct sql_step ret[STEPS_MAX + 1],
        char **ret_first, mitome_error *error)
{
        const struct sql_step one[] = { { config->schema_version, config->schema ? config->schema : "" },
                { 0 } };
        const struct sql_step *steps = config->steps ? config->steps : one;
        size_t count = 0;
        for (; count < STEPS_MAX && steps[count].sql; count++) {
                if (steps[count].version < 0 || steps[count].version >= VERSIONS_EACH)
                        return fail(error, MITOME_E_ARGUMENT, "version", NULL);
                ret[count] = (struct sql_step){ OWN_VERSION * VERSIONS_EACH + steps[count].version,
                        steps[count].sql };
        }
        if (count == 0 || steps[count].sql)
                return fail(error, MITOME_E_ARGUMENT, "steps", NULL);
        ret[count] = (struct sql_step){ 0 };
        char *first = NULL;
        if (asprintf(&first, "%s\n%s\n%s", own_schema, journal_schema, steps[0].sql) < 0)
                return fail(error, MITOME_E_NO_MEMORY, "party", NULL);
        ret[0].sql = first;
        *ret_first = first;
        return ok();
}

static mitome_status path_in(
        const char *folder, const char *name, char ret_path[PATH_MAX], mitome_error *error)
{
        int length = snprintf(ret_path, PATH_MAX, "%s/%s", folder, name);
        return length > 0 && length < PATH_MAX ? ok() : fail(error, MITOME_E_TOO_LONG, "folder", NULL);
}

/* The key is made before the store: a store without its key is one that was lost, not a new party. */
static mitome_status read_seed(
        const struct party_config *config, uint8_t seed[crypto_sign_SEEDBYTES], mitome_error *error)
{
        char key[PATH_MAX], store[PATH_MAX];
        struct stat facts;
        if (!config->folder)
                return config->random.fill(config->random.context, seed, crypto_sign_SEEDBYTES) == 0
                               ? ok()
                               : fail(error, MITOME_E_NO_RANDOMNESS, "party.key", NULL);
        MITOME_TRY(folder_make(config->folder, 0700, "--folder", "the folder above --folder", error));
        MITOME_TRY(path_in(config->folder, "party.key", key, error));
        MITOME_TRY(path_in(config->folder, "party.db", store, error));
        if (!config->store && stat(store, &facts) == 0 && stat(key, &facts) != 0)
                return fail(error, MITOME_E_FILE_READ, "party.key", NULL);
        return key_file_keep(key, crypto_sign_SEEDBYTES, &config->random, seed, error);
}

static mitome_status make_key(struct party *party, const struct party_config *config, mitome_error *error)
{
        SECRET(seed);
        seed.size = crypto_sign_SEEDBYTES;
        MITOME_TRY(read_seed(config, seed.data, error));
        party->secret.size = LETTER_SECRET_SIZE;
        return crypto_sign_seed_keypair(party->key, party->secret.data, seed.data) == 0
                       ? ok()
                       : fail(error, MITOME_E_CRYPTO_FAILED, "party.key", NULL);
}

static mitome_status open_store(struct party *party, const struct party_config *config, mitome_error *error)
{
        char path[PATH_MAX], *first = NULL;
        struct sql_step steps[STEPS_MAX + 1];
        const char *address = config->store;
        if (!address && config->folder) {
                MITOME_TRY(path_in(config->folder, "party.db", path, error));
                address = path;
        }
        MITOME_TRY(list_steps(config, steps, &first, error));
        mitome_status status = sql_open(address, steps, &party->store, error);
        free(first);
        return status;
}

/* A store that is not beside its key may be another's: then what would be written would not go with what is
 * there. */
static mitome_status check_owner(struct party *party, mitome_error *error)
{
        struct sql_query query;
        struct journal_entry entry;
        size_t size = 0;
        mitome_status status = ok();
        MITOME_TRY(sql_ask(party->store, "SELECT entry FROM journal ORDER BY number DESC LIMIT 1", NULL, 0,
                &query, error));
        if (sql_next(&query)) {
                status = journal_entry_read(sql_bytes(&query, 0), &entry, &size, error);
                if (!failed(status) && failed(journal_entry_verify(&entry, party->key, NULL)))
                        status = fail(error, MITOME_E_STORE_SEAL, "party.key", NULL);
        }
        MITOME_TRY(sql_end(&query));
        return status;
}

mitome_status party_open(const struct party_config *config, struct party **ret, mitome_error *error)
{
        if (!sign1_is_name(slice_text(config->name), LETTER_NAME_MAX))
                return fail(error, MITOME_E_ARGUMENT, "name", NULL);
        if (sodium_init() < 0)
                return fail(error, MITOME_E_CRYPTO_FAILED, "party", NULL);
        struct party *party = calloc(1, sizeof *party);
        if (!party)
                return fail(error, MITOME_E_NO_MEMORY, "party", NULL);
        snprintf(party->name, sizeof party->name, "%s", config->name);
        party->directory = config->directory;
        party->post = config->post;
        party->clock = config->clock;
        party->random = config->random;
        mitome_status status = make_key(party, config, error);
        if (!failed(status))
                status = open_store(party, config, error);
        if (!failed(status) && config->store && config->folder)
                status = check_owner(party, error);
        if (failed(status)) {
                party_close(party);
                return status;
        }
        *ret = party;
        return ok();
}

void party_close(struct party *party)
{
        if (!party)
                return;
        sql_close(party->store);
        secret_wipe(&party->secret);
        free(party);
}

/* ---- what it is ---- */

const char *party_name(const struct party *party)
{
        return party->name;
}

void party_key(const struct party *party, uint8_t ret_key[LETTER_KEY_SIZE])
{
        writer w = writer_over(ret_key, LETTER_KEY_SIZE);
        write_slice(&w, SLICE(party->key));
}

int64_t party_now(const struct party *party)
{
        return party->clock.now(party->clock.context);
}

const struct mitome_random *party_random(const struct party *party)
{
        return &party->random;
}

const struct directory *party_directory(const struct party *party)
{
        return party->directory;
}

struct sql_store *party_store(struct party *party)
{
        return party->store;
}

mitome_status party_make_id(struct party *party, uint8_t ret_id[LETTER_ID_SIZE], mitome_error *error)
{
        return party->random.fill(party->random.context, ret_id, LETTER_ID_SIZE) == 0
                       ? ok()
                       : fail(error, MITOME_E_NO_RANDOMNESS, "id", NULL);
}

/* ---- the journal ---- */

void party_saw(struct party *party, slice from, const struct letter_head *head)
{
        size_t kept = 0;
        for (size_t i = 0; i < party->sight_count; i++)
                if (!slice_is(from, party->sights[i].name))
                        party->sights[kept++] = party->sights[i];
        party->sight_count = kept;
        if (kept == DIRECTORY_MAX)
                return;
        struct party_sight *sight = &party->sights[party->sight_count++];
        *sight = (struct party_sight){ .head = *head };
        writer name = writer_over((uint8_t *)sight->name, LETTER_NAME_MAX);
        write_slice(&name, from);
}

/* The newest sight goes first: of whoever has just asked, or answered. */
mitome_status party_decide(struct party *party, const struct journal_decision *decision, mitome_error *error)
{
        struct journal_witness witness, *seen = NULL;
        if (party->sight_count > 0) {
                const struct party_sight *sight = &party->sights[party->sight_count - 1];
                witness = (struct journal_witness){ slice_text(sight->name), sight->head };
                seen = &witness;
        }
        MITOME_TRY(journal_append(party->store, slice_text(party->name), party->secret.data, party_now(party),
                decision, seen, error));
        if (seen)
                party->sight_count--;
        party->decisions++;
        return ok();
}

const char *party_code_name(mitome_code code)
{
        static const struct {
                mitome_code code;
                const char *name;
        } names[] = {
#define MITOME_ERROR(number, name, message, remedy) { MITOME_E_##name, #name },
#include <mitome/errors.def>
#undef MITOME_ERROR
        };
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
                if (names[i].code == code)
                        return names[i].name;
        return code == MITOME_OK ? "OK" : "of no name";
}

mitome_status party_note(struct party *party, const struct party_notice *notice, mitome_error *error)
{
        char what[LETTER_KIND_MAX + 8], subject[JOURNAL_SUBJECT_MAX], id[2 * LETTER_ID_SIZE + 1],
                reason[JOURNAL_TEXT_MAX];
        snprintf(what, sizeof what, "%s-%.*s", notice->verb, (int)notice->kind.size,
                (const char *)notice->kind.data);
        snprintf(subject, sizeof subject, "letter:%s",
                sodium_bin2hex(id, sizeof id, notice->id, LETTER_ID_SIZE));
        snprintf(reason, sizeof reason, "E%d %s", (int)notice->refusal, party_code_name(notice->refusal));
        struct journal_decision decision = { .what = what,
                .outcome = notice->outcome,
                .subject = slice_text(subject),
                .evidence_count = notice->answer ? 2 : 1,
                .reason = notice->refusal == MITOME_OK ? NULL : reason };
        decision.evidence[0].kind = "letter";
        MITOME_TRY(slice_copy(slice_of(notice->letter, LETTER_DIGEST_SIZE), "letter",
                decision.evidence[0].digest, LETTER_DIGEST_SIZE, error));
        if (notice->answer) {
                decision.evidence[1].kind = "answer";
                MITOME_TRY(slice_copy(slice_of(notice->answer, LETTER_DIGEST_SIZE), "answer",
                        decision.evidence[1].digest, LETTER_DIGEST_SIZE, error));
        }
        return party_decide(party, &decision, error);
}

mitome_status party_seal_letter(struct party *party, struct letter *letter, writer *out, mitome_error *error)
{
        letter->from = slice_text(party->name);
        letter->at = party_now(party);
        MITOME_TRY(journal_head(party->store, &letter->head, error));
        return letter_seal(letter, party->secret.data, out, error);
}

/* ---- what is sealed to it ---- */

mitome_status party_seal(const uint8_t key[LETTER_KEY_SIZE], slice bytes, writer *sealed, mitome_error *error)
{
        static_assert(PARTY_SEAL_EXTRA == crypto_box_SEALBYTES, "as libsodium has it");
        uint8_t point[crypto_box_PUBLICKEYBYTES];
        if (crypto_sign_ed25519_pk_to_curve25519(point, key) != 0)
                return fail(error, MITOME_E_KEY_POINT, "key", NULL);
        uint8_t *space = write_space(sealed, bytes.size + PARTY_SEAL_EXTRA);
        if (!space)
                return fail(error, MITOME_E_BUFFER_FULL, "sealed", NULL);
        return crypto_box_seal(space, bytes.data, bytes.size, point) == 0
                       ? ok()
                       : fail(error, MITOME_E_CRYPTO_FAILED, "sealed", NULL);
}

mitome_status party_unseal(const struct party *party, slice sealed, uint8_t *buffer, size_t capacity,
        slice *ret, mitome_error *error)
{
        SECRET(scalar);
        uint8_t point[crypto_box_PUBLICKEYBYTES];
        scalar.size = crypto_box_SECRETKEYBYTES;
        if (crypto_sign_ed25519_sk_to_curve25519(scalar.data, party->secret.data) != 0 ||
                crypto_sign_ed25519_pk_to_curve25519(point, party->key) != 0)
                return fail(error, MITOME_E_CRYPTO_FAILED, "sealed", NULL);
        if (sealed.size < PARTY_SEAL_EXTRA)
                return fail(error, MITOME_E_SIGNATURE_INVALID, "sealed", NULL);
        if (sealed.size - PARTY_SEAL_EXTRA > capacity)
                return fail(error, MITOME_E_BUFFER_FULL, "sealed", NULL);
        if (crypto_box_seal_open(buffer, sealed.data, sealed.size, point, scalar.data) != 0)
                return fail(error, MITOME_E_SIGNATURE_INVALID, "sealed", NULL);
        *ret = slice_of(buffer, sealed.size - PARTY_SEAL_EXTRA);
        return ok();
}
