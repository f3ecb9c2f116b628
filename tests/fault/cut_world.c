/* SPDX-License-Identifier: Apache-2.0 */
#include "cut_world.h"

#include "evidence_app.h"
#include "journal_merge.h"
#include "memory_files.h"
#include "random_system.h"
#include "verify_evidence.h"

#include <sodium.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const int64_t began = 1800000000; /* 2027-01-15 08:00:00Z */

enum { OLD, ANOTHER };

static void must(mitome_status status, const mitome_error *error, const char *what)
{
        if (!failed(status))
                return;
        (void)fprintf(stderr, "%s: E%d %s\n", what, status.code, error->field ? error->field : "");
        abort();
}

static bool complain(const struct cut_world *world, const char *what)
{
        (void)fprintf(stderr, "%s, cut at %u, way %u: %s\n", world->flow ? world->flow->name : "",
                world->cut.at, world->cut.how, what);
        return false;
}

/* ---- what can be cut ---- */

static enum post_fate letter_fate(
        void *context, const struct directory_entry *to, slice letter, unsigned number)
{
        static const enum post_fate ways[] = { POST_PASS, POST_DROP, POST_LOSE_ANSWER, POST_TWICE,
                POST_HOLD };
        struct cut_world *world = context;
        (void)to;
        (void)letter;
        (void)number;
        return ways[fork_cut_here(&world->cut, CUT_LETTER, 4)];
}

static enum phone_way_fate word_fate(void *context, const char *kind, unsigned number)
{
        static const enum phone_way_fate ways[] = { PHONE_WAY_PASS, PHONE_WAY_DROP, PHONE_WAY_LOSE_ANSWER,
                PHONE_WAY_TWICE };
        struct cut_world *world = context;
        (void)number;
        if (strcmp(kind, "relay") == 0)
                return ways[fork_cut_here(&world->cut, CUT_APDU, 2)];
        if (world->no_receipts && strcmp(kind, "reset-receipt") == 0)
                return PHONE_WAY_DROP;
        return ways[fork_cut_here(&world->cut, CUT_WORD, 3)];
}

static enum memory_write store_write(void *context, const char *path)
{
        static const enum memory_write ways[] = { MEMORY_WRITE_DONE, MEMORY_WRITE_FAILS, MEMORY_WRITE_TORN };
        struct cut_world *world = context;
        if (!world->part || !strstr(path, world->part))
                return MEMORY_WRITE_DONE;
        if (world->dead)
                return MEMORY_WRITE_FAILS;
        unsigned how = fork_cut_here(&world->cut, CUT_STORE, 2);
        world->dead = how != 0;
        return ways[how];
}

static mitome_status element_load(void *context, uint8_t **ret_image, size_t *ret_size, mitome_error *error)
{
        struct cut_element *element = context;
        return element->below.load(element->below.context, ret_image, ret_size, error);
}

/* Way 1: the old state stays; way 2: the new one is kept, and nobody is told. */
static mitome_status element_replace(void *context, mitome_slice image, mitome_error *error)
{
        struct cut_element *element = context;
        struct cut_world *world = element->world;
        if (world->dead && world->cut.what == CUT_ELEMENT)
                return fail(error, MITOME_E_FILE_WRITE, "no power", NULL);
        unsigned how = fork_cut_here(&world->cut, CUT_ELEMENT, 2);
        world->dead = world->dead || how != 0;
        if (how != 1)
                MITOME_TRY(element->below.replace(element->below.context, image, error));
        return how == 0 ? ok() : fail(error, MITOME_E_FILE_WRITE, "no power", NULL);
}

/* ---- answers that are not the ones ---- */

/* The same answer, by a key that is not the addressee's. */
static size_t answer_by_stranger(struct cut_world *world, const struct directory_entry *to, uint8_t *answer,
        size_t size, size_t capacity)
{
        static const uint8_t seed[crypto_sign_SEEDBYTES] = { 0x5A };
        static uint8_t copy[LETTER_MAX];
        uint8_t key[LETTER_KEY_SIZE], secret[LETTER_SECRET_SIZE];
        struct letter letter;
        writer w = writer_over(answer, capacity);
        (void)world;
        memcpy(copy, answer, size);
        if (crypto_sign_seed_keypair(key, secret, seed) != 0 ||
                failed(letter_open(slice_of(copy, size), to->key, &letter, NULL)) ||
                failed(letter_seal(&letter, secret, &w, NULL)))
                abort();
        return writer_view(&w).size;
}

/* What this party answered to an earlier letter. */
static size_t answer_of_before(struct cut_world *world, const struct directory_entry *to, uint8_t *answer,
        size_t size, size_t capacity)
{
        const struct cut_answer *before = &world->answers[to - world->play.world.network.directory.entries];
        if (!before->size || before->size > capacity)
                return size;
        memcpy(answer, before->bytes, before->size);
        return before->size;
}

/* One byte of it is another. */
static size_t answer_changed(struct cut_world *world, const struct directory_entry *to, uint8_t *answer,
        size_t size, size_t capacity)
{
        (void)world;
        (void)to;
        (void)capacity;
        answer[size / 2] ^= 1;
        return size;
}

static size_t (*const other_answers[])(struct cut_world *, const struct directory_entry *, uint8_t *, size_t,
        size_t) = { answer_by_stranger, answer_of_before, answer_changed };

static void keep_answer(struct cut_answer *kept, const uint8_t *answer, size_t size)
{
        kept->size = size <= sizeof kept->bytes ? size : 0;
        memcpy(kept->bytes, answer, kept->size);
}

/* The addressee's clock may go otherwise than the sender's, and the answer be another one. */
static mitome_status deliver_askew(void *context, const struct directory_entry *to, slice letter,
        uint8_t *answer, size_t capacity, size_t *ret_size, mitome_error *error)
{
        struct cut_world *world = context;
        const struct directory *directory = &world->play.world.network.directory;
        const struct post post = post_local(&world->play.world.network);
        world->play.world.now += world->skew;
        mitome_status status = post.deliver(post.context, to, letter, answer, capacity, ret_size, error);
        world->play.world.now -= world->skew;
        MITOME_TRY(status);
        const size_t size = *ret_size;
        unsigned how = fork_cut_here(&world->cut, CUT_ANSWER, sizeof other_answers / sizeof *other_answers);
        const struct directory_entry *known = directory_find(directory, slice_text(to->name));
        if (how)
                *ret_size = other_answers[how - 1](world, known, answer, size, capacity);
        else if (known)
                keep_answer(&world->answers[known - directory->entries], answer, size);
        return ok();
}

static struct post post_askew(void *context, enum world_party who)
{
        (void)who;
        return (struct post){ .context = context, .deliver = deliver_askew };
}

/* ---- the world ---- */

bool cut_world_phone(struct cut_world *world, unsigned number, struct world_phone **ret)
{
        mitome_error error = { 0 };
        struct cut_element *element = &world->elements[number];
        if (failed(world_phone_make(&world->play.world, number, ret, &error)))
                return complain(world, "no phone could be made");
        struct mitome_storage *storage = &(*ret)->element.config.storage;
        *element = (struct cut_element){ .world = world, .below = *storage };
        *storage = (struct mitome_storage){
                .context = element, .load = element_load, .replace = element_replace
        };
        return !failed(world_phone_restart(*ret, &error));
}

void cut_world_open(struct cut_world *world)
{
        mitome_error error = { 0 };
        *world = (struct cut_world){ 0 };
        snprintf(world->folder, sizeof world->folder, "/tmp/mitome-world-XXXXXX");
        if (!mkdtemp(world->folder))
                abort();
        memory_files_begin(store_write, world);
        const struct world_config config = { .folder = world->folder,
                .random = random_system(),
                .now = began,
                .phone_release = REGISTER_RELEASE,
                .fate = word_fate,
                .fate_context = world,
                .post = post_askew,
                .post_context = world };
        struct play *play = &world->play;
        must(world_open(&play->world, &config, &error), &error, "world");
        play->world.network.fate = letter_fate;
        play->world.network.fate_context = world;
        must(world_person_make(&play->world, 0, &play->person, &error), &error, "person");
        if (!cut_world_phone(world, OLD, &play->old) || !cut_world_phone(world, ANOTHER, &play->another))
                abort();
}

void cut_world_settle_in(struct cut_world *world)
{
        struct play *play = &world->play;
        struct life_state state = { 0 };
        struct cut_content content = { 0 };
        mitome_error error = { 0 };
        must(world_apply(&play->world, play->old, play->person, LIFE_ISSUE, LIFE_BOTH, &state, &error),
                &error, "application");
        if (state.order != LIFE_ORDER_DONE || !cut_world_content(world, play->old, &content))
                abort();
        for (unsigned kind = 1; kind <= REGISTER_KINDS; kind++) {
                play->serials[kind].size = content.at[kind].size;
                memcpy(play->serials[kind].bytes, content.at[kind].serial, content.at[kind].size);
        }
        if (!cut_world_is_sound(world, true))
                abort();
}

static int drop(const char *path, const struct stat *facts, int kind, struct FTW *where)
{
        (void)facts;
        (void)kind;
        (void)where;
        return remove(path);
}

/* The stores are in memory; keys, and empty files in the stores' places, are in the folder. */
void cut_world_close(struct cut_world *world)
{
        enum { OPEN_AT_ONCE = 8 };
        world_close(&world->play.world);
        if (nftw(world->folder, drop, OPEN_AT_ONCE, FTW_DEPTH | FTW_PHYS) != 0)
                abort();
}

/* ---- how it stands ---- */

int64_t cut_world_number(struct cut_world *world, enum world_party who, const char *sql)
{
        struct sql_query query = { 0 };
        struct party *party = world->play.world.parties[who];
        if (!party || failed(sql_ask(party_store(party), sql, NULL, 0, &query, NULL)))
                return -1;
        int64_t number = sql_next(&query) ? sql_integer(&query, 0) : -1;
        return failed(sql_end(&query)) ? -1 : number;
}

static bool read_content(
        struct cut_world *world, struct world_phone *phone, slice cose, slice nonce, struct cut_content *ret)
{
        struct evidence evidence;
        const struct evidence_expected expected = { EVIDENCE_STATEMENT, nonce, slice_text(phone->identity) };
        if (failed(evidence_verify(cose, &expected, world->play.world.devices, world->play.world.now, NULL,
                    &evidence, NULL)))
                return complain(world, "a statement that is not true");
        *ret = (struct cut_content){ 0 };
        for (size_t i = 0; i < evidence.person_count; i++) {
                const struct evidence_person *person = &evidence.persons[i];
                ret->kinds |= 1U << (person->kind - 1);
                if (person->certificate.size == 0)
                        continue;
                ret->at[person->kind].size = person->serial.size;
                memcpy(ret->at[person->kind].serial, person->serial.data, person->serial.size);
        }
        return true;
}

bool cut_world_content(struct cut_world *world, struct world_phone *phone, struct cut_content *ret)
{
        static const uint8_t fido[] = { 0xF0, 0x4D, 0x49, 0x54, 0x4F, 0x4D, 0x45, 0x01 };
        static struct evidence_answer answer;
        const slice nonce = slice_text("what does the element say is in it");
        struct mitome_enforcer *enforcer;
        uint16_t sw = 0;
        if (failed(mitome_enforcer_new(&phone->element.link, &world->play.world.platform, &enforcer, NULL)))
                return complain(world, "no way into the element");
        bool good = !failed(mitome_enforcer_select(enforcer, SLICE(fido), NULL)) &&
                    !failed(evidence_fetch(enforcer, EVIDENCE_STATEMENT, nonce, &answer, &sw, NULL));
        mitome_enforcer_free(enforcer);
        return good ? read_content(world, phone, answer.evidence, nonce, ret)
                    : complain(world, "the element makes no statement");
}

static int64_t number_of(struct cut_world *world, enum world_party who, const char *sql,
        const struct sql_value *values, size_t count)
{
        struct sql_query query = { 0 };
        struct party *party = world->play.world.parties[who];
        if (!party || failed(sql_ask(party_store(party), sql, values, count, &query, NULL)))
                return -1;
        int64_t number = sql_next(&query) ? sql_integer(&query, 0) : -1;
        return failed(sql_end(&query)) ? -1 : number;
}

/* Never two live certificates of a kind for a person. */
static bool one_live(struct cut_world *world)
{
        return cut_world_number(world, WORLD_AUTHORITY,
                       "SELECT count(*) FROM (SELECT 1 FROM certificate WHERE status < 2 "
                       "GROUP BY person, kind, place HAVING count(*) > 1)") == 0 ||
               complain(world, "two live certificates of one kind for a person");
}

/* ---- receipts ---- */

/* Whether the receipt itself, as the element signed it, says that this was erased. */
static bool receipt_names(
        struct cut_world *world, slice identity, slice cose, unsigned kind, slice serial, slice key)
{
        struct evidence evidence;
        const struct evidence_expected expected = { .kind = EVIDENCE_RECEIPT, .identity = identity };
        if (failed(evidence_verify(cose, &expected, world->play.world.devices, world->play.world.now, NULL,
                    &evidence, NULL)))
                return false;
        for (size_t i = 0; i < evidence.person_count; i++) {
                const struct evidence_person *person = &evidence.persons[i];
                if (person->kind == kind && slice_equal(person->serial, serial) &&
                        slice_equal(person->key, key))
                        return true;
        }
        return false;
}

/* What the SP-TSM calls erased, a receipt that the authority has says. */
static bool erased_is_true(struct cut_world *world, const struct sql_query *row)
{
        const slice identity = sql_bytes(row, 0), cose = sql_bytes(row, 5);
        const struct sql_value values[] = {
                { .type = SQL_TEXT, .bytes = identity },
                SQL_INT(sql_integer(row, 1)),
        };
        return !sql_is_null(row, 5) &&
               receipt_names(world, identity, cose, (unsigned)sql_integer(row, 2), sql_bytes(row, 3),
                       sql_bytes(row, 4)) &&
               number_of(world, WORLD_AUTHORITY,
                       "SELECT count(*) FROM receipt WHERE identity = ? AND number = ?", values, 2) == 1;
}

/* Never done without the receipt of each certificate and key that was to be erased (of one that has both, or
 * that got neither, a later receipt of that kind), and never a receipt that the authority does not have. */
static bool receipts_are_true(struct cut_world *world)
{
        struct sql_query query = { 0 };
        bool good = true;
        if (cut_world_number(world, WORLD_SP_TSM,
                    "SELECT count(*) FROM order_ o JOIN part p ON p.order_id = o.id WHERE o.purpose = 6 AND "
                    "o.state = 4 AND NOT EXISTS (SELECT 1 FROM erased x JOIN receipt r USING (identity, "
                    "number) WHERE x.identity = o.identity AND x.kind = p.kind AND r.taken_at IS NOT NULL AND "
                    "(x.serial = p.serial OR x.key = p.key OR (x.number > p.tries AND (x.serial IS NULL OR "
                    "p.serial IS NULL))))") != 0)
                return complain(world, "an erasure that is called done, and no receipt of it was taken");
        if (failed(sql_ask(party_store(world->play.world.parties[WORLD_SP_TSM]),
                    "SELECT identity, number, kind, serial, key, cose FROM erased LEFT JOIN (SELECT * "
                    "FROM receipt WHERE taken_at IS NOT NULL) USING (identity, number)",
                    NULL, 0, &query, NULL)))
                return complain(world, "the SP-TSM's receipts cannot be read");
        while (good && sql_next(&query))
                good = erased_is_true(world, &query);
        good = !failed(sql_end(&query)) && good;
        return good || complain(world, "erased, and no receipt says so that the authority has");
}

/* ---- keys ---- */

static bool awaits_applet(struct cut_world *world, const struct world_phone *phone)
{
        enum sei_tsm_state state = SEI_TSM_ABSENT;
        return !failed(sei_tsm_look(world->play.world.sei_tsm, slice_text(phone->identity), &state, NULL)) &&
               state == SEI_TSM_ASKED;
}

bool cut_world_awaits_applet(struct cut_world *world)
{
        for (size_t i = 0; i < WORLD_PHONES; i++)
                if (world->play.world.phones[i].exists && awaits_applet(world, &world->play.world.phones[i]))
                        return true;
        return false;
}

/* Whether somebody still has something to do about this phone. */
static bool is_under_way(struct cut_world *world, struct world_phone *phone)
{
        const struct sql_value identity[] = { SQL_STR(phone->identity) };
        return awaits_applet(world, phone) ||
               number_of(world, WORLD_SP_TSM, "SELECT count(*) FROM order_ WHERE identity = ? AND state <= 3",
                       identity, 1) > 0 ||
               cut_world_number(world, WORLD_AUTHORITY, "SELECT count(*) FROM outbox") > 0 ||
               cut_world_number(world, WORLD_SP_TSM, "SELECT count(*) FROM outbox") > 0;
}

static bool key_is_owned(
        struct cut_world *world, struct world_phone *phone, const struct cut_content *content, unsigned kind)
{
        const struct sql_value values[] = {
                SQL_INT((int64_t)kind),
                SQL_BYTES(slice_of(content->at[kind].serial, content->at[kind].size)),
                SQL_STR(phone->identity),
        };
        return content->at[kind].size > 0 &&
               number_of(world, WORLD_AUTHORITY,
                       "SELECT count(*) FROM certificate WHERE kind = ? AND serial = ? AND device = ? AND "
                       "place = 2 AND status < 2",
                       values, 3) == 1;
}

/* Never a key without an owner: a certificate that lives, or an order about it that is open. */
static bool keys_are_owned(struct cut_world *world, bool quiet)
{
        for (size_t i = 0; i < WORLD_PHONES; i++) {
                struct world_phone *phone = &world->play.world.phones[i];
                struct cut_content content = { 0 };
                if (!phone->exists)
                        continue;
                if (!cut_world_content(world, phone, &content))
                        return false;
                for (unsigned kind = 1; kind <= REGISTER_KINDS; kind++)
                        if ((content.kinds & 1U << (kind - 1)) &&
                                !key_is_owned(world, phone, &content, kind) &&
                                (quiet || !is_under_way(world, phone)))
                                return complain(world, "a key without an owner");
        }
        return true;
}

/* Nothing open any more, and the SP-TSM thinks of the phones what the authority does. */
static bool all_is_quiet(struct cut_world *world)
{
        if (cut_world_number(world, WORLD_SP_TSM, "SELECT count(*) FROM order_ WHERE state <= 3") != 0)
                return complain(world, "an order that stays open");
        if (cut_world_awaits_applet(world))
                return complain(world, "an applet that was to come or to go, and did not");
        if (cut_world_number(world, WORLD_SP_TSM, "SELECT count(*) FROM leaving") != 0)
                return complain(world, "a phone that was to be forgotten, and is not");
        if (cut_world_number(world, WORLD_SP_TSM, "SELECT count(*) FROM held WHERE lives = 1") !=
                cut_world_number(world, WORLD_AUTHORITY,
                        "SELECT count(*) FROM certificate WHERE place = 2 AND status < 2"))
                return complain(world, "SP-TSM and authority do not know of the same certificates");
        return true;
}

/* An account is open to one certificate: never to none, never to two. */
static bool accounts_are_owned(struct cut_world *world)
{
        return cut_world_number(world, WORLD_PORTAL,
                       "SELECT count(*) FROM account a WHERE (SELECT count(*) FROM account_certificate c WHERE "
                       "c.account = a.id AND c.ended_at IS NULL) <> 1") == 0 ||
               complain(world, "an account that two certificates open, or none");
}

/* ---- journals ---- */

struct pages {
        uint8_t *bytes;
        size_t size, taken;
};

static ptrdiff_t read_pages(void *context, uint8_t *bytes, size_t size)
{
        struct pages *pages = context;
        size_t left = pages->size - pages->taken;
        if (size > left)
                size = left;
        if (size > 0)
                memcpy(bytes, pages->bytes + pages->taken, size);
        pages->taken += size;
        return (ptrdiff_t)size;
}

static bool copy_journal(struct party *party, struct pages *ret)
{
        struct sql_query query = { 0 };
        if (failed(sql_ask(
                    party_store(party), "SELECT entry FROM journal ORDER BY number", NULL, 0, &query, NULL)))
                return false;
        while (sql_next(&query)) {
                slice entry = sql_bytes(&query, 0);
                uint8_t *bytes = realloc(ret->bytes, ret->size + entry.size + 1);
                if (!bytes)
                        abort();
                memcpy(bytes + ret->size, entry.data, entry.size);
                ret->bytes = bytes;
                ret->size += entry.size;
        }
        return !failed(sql_end(&query));
}

static bool journals_verify(struct cut_world *world)
{
        struct world *all = &world->play.world;
        const struct journal_merge_config config = { .directory = &all->network.directory };
        struct journal_merge *merge;
        struct pages pages[WORLD_PARTIES] = { 0 };
        if (failed(journal_merge_new(&config, &merge, NULL)))
                return complain(world, "journals cannot be merged");
        bool good = true;
        for (unsigned who = 0; good && who < WORLD_PARTIES; who++) {
                good = copy_journal(all->parties[who], &pages[who]);
                if (good && pages[who].size > 0) /* who has decided nothing yet has no journal to show */
                        good = !failed(journal_merge_add(merge, party_name(all->parties[who]),
                                (struct journal_source){ &pages[who], read_pages }, NULL));
        }
        good = good && !failed(journal_merge_finish(merge, NULL)) && journal_merge_is_sound(merge);
        for (size_t i = 0; !good && i < journal_merge_findings(merge); i++) {
                const struct journal_finding *finding = journal_merge_finding(merge, i);
                (void)fprintf(stderr, "E%d %s %u seen by %s\n", finding->code, finding->party,
                        (unsigned)finding->number, finding->seen_by);
        }
        journal_merge_free(merge);
        for (unsigned who = 0; who < WORLD_PARTIES; who++)
                free(pages[who].bytes);
        return good || complain(world, "the journals do not verify");
}

bool cut_world_is_sound(struct cut_world *world, bool quiet)
{
        return one_live(world) && receipts_are_true(world) && accounts_are_owned(world) &&
               keys_are_owned(world, quiet) && (!quiet || all_is_quiet(world)) &&
               (!quiet || journals_verify(world));
}

/* ---- a flow, cut, and what comes after ---- */

/* Whose store this part of a path is, begun again. */
static bool restart_owner(struct cut_world *world)
{
        struct world *all = &world->play.world;
        mitome_error error = { 0 };
        for (unsigned who = 0; who < WORLD_PARTIES; who++) {
                if (!strstr(world->part, party_name(all->parties[who])))
                        continue;
                world_stop(all, who);
                return !failed(world_start(all, who, &error)) ||
                       complain(world, "the party does not open its store again");
        }
        return true;
}

static bool switch_on(struct cut_world *world)
{
        struct world *all = &world->play.world;
        world->dead = false;
        if (world->part && !restart_owner(world))
                return false;
        /* A word or a relay that broke off: every other time its phone simply stays on. */
        if ((world->cut.what == CUT_WORD || world->cut.what == CUT_APDU) && world->cut.at % 2)
                return true;
        for (size_t i = 0; i < WORLD_PHONES; i++)
                if (all->phones[i].exists && failed(world_phone_restart(&all->phones[i], NULL)))
                        return complain(world, "a phone does not go on");
        return true;
}

/* Time goes by: at first a moment, then sessions run out, then letters that wait are sent again. */
static void let_pass(struct cut_world *world, unsigned round)
{
        static const int64_t pauses[] = { 1, 10, 660, 1800, 4000 };
        enum { PAUSES = sizeof pauses / sizeof *pauses, SETTLE = 4 };
        world->play.world.now += pauses[round < PAUSES ? round : PAUSES - 1];
        (void)failed(world_settle(&world->play.world, SETTLE, NULL));
        if (round == 1)
                post_local_release(&world->play.world.network);
}

/* Where everything stands, for whoever has to find out why. */
static void print_state(struct cut_world *world)
{
        static const char *const counts[] = {
                "SELECT count(*) FROM certificate WHERE place = 2 AND status < 2",
                "SELECT count(*) FROM receipt",
        };
        (void)fprintf(stderr, "  authority: %d live, %d receipts\n",
                (int)cut_world_number(world, WORLD_AUTHORITY, counts[0]),
                (int)cut_world_number(world, WORLD_AUTHORITY, counts[1]));
        struct sql_query query = { 0 };
        struct party *tsm = world->play.world.parties[WORLD_SP_TSM];
        if (!failed(sql_ask(party_store(tsm), "SELECT identity, purpose, kinds, state, code FROM order_",
                    NULL, 0, &query, NULL)))
                while (sql_next(&query))
                        (void)fprintf(stderr, "  order: %.*s purpose %d kinds %d state %d E%d\n",
                                (int)sql_bytes(&query, 0).size, (const char *)sql_bytes(&query, 0).data,
                                (int)sql_integer(&query, 1), (int)sql_integer(&query, 2),
                                (int)sql_integer(&query, 3), (int)sql_integer(&query, 4));
        (void)failed(sql_end(&query));
        for (size_t i = 0; i < WORLD_PHONES; i++) {
                struct world_phone *phone = &world->play.world.phones[i];
                struct life_state state = { 0 };
                struct cut_content content = { 0 };
                if (phone->exists && !failed(life_cycle_look(phone->app, &state, NULL)) &&
                        cut_world_content(world, phone, &content))
                        (void)fprintf(stderr,
                                "  %s: purpose %d order %d E%d trouble E%d present %u to choose %u keys %u\n",
                                phone->identity, (int)state.purpose, (int)state.order, (int)state.code,
                                (int)state.trouble, state.present, state.to_choose, content.kinds);
        }
}

static bool recover(struct cut_world *world)
{
        enum { ROUNDS = 8, LATE = 2 };
        if (!switch_on(world) || !cut_world_is_sound(world, false))
                return false;
        for (unsigned round = 0; round < ROUNDS; round++) {
                let_pass(world, round);
                world->flow->drive(world);
                if (!cut_world_is_sound(world, false))
                        return false;
                /* what was held has arrived by then */
                if (round >= LATE - (world->play.world.network.held_count == 0) &&
                        world->flow->reached(world))
                        return cut_world_is_sound(world, true);
        }
        print_state(world);
        return complain(world, "what was asked for does not come to be");
}

/* In a process of its own. */
static bool run_flow(struct cut_world *world)
{
        world->flow->drive(world);
        if (world->cut.child)
                return recover(world);
        world->cut.armed = false;
        for (unsigned i = 0; i < 2 && !world->flow->reached(world); i++) {
                let_pass(world, 0);
                world->flow->drive(world);
        }
        if (world->flow->reached(world))
                return cut_world_is_sound(world, true);
        print_state(world);
        return complain(world, "uncut, it does not come to be");
}

bool cut_world_sweep(struct cut_world *world, const struct cut_flow *flow, enum cut_what what,
        const char *part, unsigned stride, struct fork_cut_count *ret)
{
        world->flow = flow;
        world->part = part;
        if (fork_cut_begin(&world->cut, what, fork_cut_stride(stride))) {
                world->cut.armed = false;
                bool ready = !flow->prepare || flow->prepare(world) || complain(world, "not prepared");
                world->cut.armed = true;
                bool good = ready && run_flow(world);
                fork_cut_end(&world->cut, good);
        }
        *ret = *world->cut.count;
        return ret->failures == 0;
}
