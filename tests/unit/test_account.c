/* SPDX-License-Identifier: Apache-2.0 */

/* An account that survives a new phone, and everybody who would like to have it. The authority here is a
 * party with a list of its own of what followed what; the parties, letters and stores are the real ones. */

#include "account.h"
#include "cbor.h"
#include "digest.h"
#include "post_local.h"
#include "sql_cut.h"
#include "store_rig.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { NOW = 1763700000, LINKS = 8 };

/* ---- parties ---- */

struct authority_double {
        struct {
                uint8_t from, to; /* serials */
        } links[LINKS];
        size_t count, asked;
        bool garbage; /* answers what is no answer */
};

/* A network that can hand out the answer to an earlier letter once more. */
struct tape {
        struct post inner;
        uint8_t kept[LETTER_MAX];
        size_t size;
        bool replay;
        void (*meanwhile)(void *context);
        void *meanwhile_context;
};

struct rig {
        struct post_local network;
        struct tape tape;
        struct party *authority, *portal, *other;
        struct authority_double book;
        struct party_desks desks;
        uint8_t next;
        int64_t now;
};

static void must(mitome_status status)
{
        assert_int_equal(status.code, MITOME_OK);
}

static int64_t rig_now(void *context)
{
        const struct rig *rig = context;
        return rig->now;
}

static int count_up(void *context, uint8_t *bytes, size_t size)
{
        struct rig *rig = context;
        rig->next++;
        for (size_t i = 0; i < size; i++)
                bytes[i] = (uint8_t)(rig->next + i);
        return 0;
}

static mitome_status tape_deliver(void *context, const struct directory_entry *to, slice letter,
        uint8_t *answer, size_t capacity, size_t *ret_size, mitome_error *error)
{
        struct tape *tape = context;
        if (tape->replay)
                return slice_copy(slice_of(tape->kept, tape->size), "answer", answer, capacity, error).code ==
                                       MITOME_OK
                               ? (*ret_size = tape->size, ok())
                               : (mitome_status){ MITOME_E_BUFFER_FULL };
        MITOME_TRY(tape->inner.deliver(tape->inner.context, to, letter, answer, capacity, ret_size, error));
        memcpy(tape->kept, answer, *ret_size);
        tape->size = *ret_size;
        if (tape->meanwhile)
                tape->meanwhile(tape->meanwhile_context);
        return ok();
}

static const char issuer_name[] = "0x the DER of an invented issuer";

static mitome_status answer_successor(
        void *context, const struct party_request *request, writer *answer, mitome_error *error)
{
        struct authority_double *book = context;
        struct cbor_reader r = cbor_over(request->body, NULL, error);
        struct cbor_members map;
        struct cbor_key key;
        bool more = false, yes = false;
        uint64_t kind;
        uint8_t issuer[SHA256_SIZE];
        slice hash, old, new_serial;
        const slice name = slice_text(issuer_name);
        sha256(&name, 1, issuer);
        MITOME_TRY(cbor_open_map(&r, "successor", 4, &map));
        MITOME_TRY(cbor_next_key(&r, &map, &key, &more));
        MITOME_TRY(cbor_read_uint(&r, "1", 2, &kind));
        MITOME_TRY(cbor_next_key(&r, &map, &key, &more));
        MITOME_TRY(cbor_read_fixed(&r, "2", SHA256_SIZE, &hash));
        MITOME_TRY(cbor_next_key(&r, &map, &key, &more));
        MITOME_TRY(cbor_read_bytes(&r, "3", 20, &old));
        MITOME_TRY(cbor_next_key(&r, &map, &key, &more));
        MITOME_TRY(cbor_read_bytes(&r, "4", 20, &new_serial));
        MITOME_TRY(cbor_next_key(&r, &map, &key, &more));
        MITOME_TRY(cbor_end(&r, "successor"));
        assert_int_equal(kind, 2);
        book->asked++;
        for (size_t i = 0; i < book->count; i++)
                yes = yes ||
                      (slice_equal(hash, SLICE(issuer)) && old.size == 1 && new_serial.size == 1 &&
                              old.data[0] == book->links[i].from && new_serial.data[0] == book->links[i].to);
        if (book->garbage) {
                cbor_write_uint(answer, 1);
                return ok();
        }
        cbor_write_map(answer, 1);
        cbor_write_uint(answer, 1);
        cbor_write_bool(answer, yes);
        return ok();
}

static const char *const verifiers[] = { PARTY_PORTAL, NULL };
static const struct party_desk desks[] = { { "successor", verifiers, answer_successor } };

static struct party *open_party(struct rig *rig, const char *name, const char *folder, const char *schema)
{
        const struct party_config config = { .name = name,
                .folder = folder,
                /* What is cut or killed here is a file; an authority outlives it. */
                .store = folder || strcmp(name, PARTY_AUTHORITY) == 0 ? NULL : store_rig_fresh(),
                .schema = schema,
                .schema_version = ACCOUNT_SCHEMA_VERSION,
                .directory = &rig->network.directory,
                .post = { .context = &rig->tape, .deliver = tape_deliver },
                .clock = { .context = rig, .now = rig_now },
                .random = { .context = rig, .fill = count_up } };
        struct party *party = NULL;
        must(party_open(&config, &party, NULL));
        return party;
}

static int set_up(void **state)
{
        struct rig *rig = calloc(1, sizeof *rig);
        assert_non_null(rig);
        rig->now = NOW;
        rig->tape.inner = post_local(&rig->network);
        rig->authority = open_party(rig, PARTY_AUTHORITY, NULL, "");
        rig->portal = open_party(rig, PARTY_PORTAL, NULL, account_schema);
        rig->other = open_party(rig, "another-portal", NULL, account_schema);
        rig->desks = (struct party_desks){ .context = &rig->book, .desks = desks, .count = 1 };
        must(post_local_join(&rig->network, rig->authority, &rig->desks, NULL));
        must(post_local_join(&rig->network, rig->portal, NULL, NULL));
        must(post_local_join(&rig->network, rig->other, NULL, NULL));
        *state = rig;
        return 0;
}

static int tear_down(void **state)
{
        struct rig *rig = *state;
        party_close(rig->portal);
        party_close(rig->other);
        party_close(rig->authority);
        post_local_free(&rig->network);
        free(rig);
        return 0;
}

/* ---- phones: a letter is the serial, and the credential that goes with it ---- */

static const char serials[] = "ABCDEFGHXYZ";

static slice one(char letter)
{
        return slice_of(serials + (strchr(serials, letter) - serials), 1);
}

static struct account_proof phone(char letter)
{
        return (struct account_proof){ .issuer = slice_text(issuer_name),
                .serial = one(letter),
                .not_after = NOW + 86400 * 365,
                .credential_id = one(letter),
                .public_key = one(letter),
                .sign_count = 10 };
}

static void link_serials(struct rig *rig, char from, char to)
{
        assert_true(rig->book.count < LINKS);
        rig->book.links[rig->book.count].from = (uint8_t)from;
        rig->book.links[rig->book.count++].to = (uint8_t)to;
}

static void create(struct rig *rig, const char *name, char letter)
{
        const struct account_proof proof = phone(letter);
        must(account_create(rig->portal, slice_text(name), &proof, NULL));
}

static mitome_code move(struct rig *rig, const char *name, char letter)
{
        const struct account_proof proof = phone(letter);
        return account_move(rig->portal, slice_text(name), &proof, NULL).code;
}

/* Who logs in with this phone: the account's name, or the refusal. */
static mitome_code login(struct rig *rig, char letter, const char *name)
{
        static struct account_login found;
        const mitome_code code = account_find(rig->portal, one(letter), &found, NULL).code;
        if (code != MITOME_OK)
                return code;
        assert_string_equal(found.name, name);
        assert_true(slice_equal(found.credential.certificate_serial, one(letter)));
        return account_logged_in(rig->portal, &found, found.credential.sign_count + 1, NULL).code;
}

/* ---- private IDs ---- */

static mitome_code subject(
        struct rig *rig, char letter, const char *client, uint8_t ret[ACCOUNT_SUBJECT_SIZE])
{
        static struct account_login found;
        const mitome_code code = account_find(rig->portal, one(letter), &found, NULL).code;
        return code == MITOME_OK ? account_subject(rig->portal, &found, slice_text(client), ret, NULL).code
                                 : code;
}

/* Whoever rests on it sees the same person on the next phone, and two of them cannot compare. */
static void a_private_id_is_the_same_on_the_new_phone_and_another_for_each_client(void **state)
{
        struct rig *rig = *state;
        uint8_t shop[ACCOUNT_SUBJECT_SIZE], bank[ACCOUNT_SUBJECT_SIZE], again[ACCOUNT_SUBJECT_SIZE],
                taro[ACCOUNT_SUBJECT_SIZE];
        create(rig, "hanako", 'A');
        create(rig, "taro", 'X');
        assert_int_equal(subject(rig, 'A', "shop.example", shop), MITOME_OK);
        assert_int_equal(subject(rig, 'A', "bank.example", bank), MITOME_OK);
        assert_int_equal(subject(rig, 'X', "shop.example", taro), MITOME_OK);
        assert_memory_not_equal(shop, bank, sizeof shop);
        assert_memory_not_equal(shop, taro, sizeof shop);
        assert_int_equal(subject(rig, 'A', "shop.example", again), MITOME_OK);
        assert_memory_equal(again, shop, sizeof shop);
        link_serials(rig, 'A', 'B');
        assert_int_equal(move(rig, "hanako", 'B'), MITOME_OK);
        assert_int_equal(subject(rig, 'B', "shop.example", again), MITOME_OK);
        assert_memory_equal(again, shop, sizeof shop);
        assert_int_equal(subject(rig, 'A', "shop.example", again), MITOME_E_ACCOUNT_ENDED);
        assert_int_equal(subject(rig, 'H', "shop.example", again), MITOME_E_ACCOUNT_UNKNOWN);
        assert_int_equal(subject(rig, 'B', "", again), MITOME_E_VALUE);
        assert_int_equal(subject(rig, 'B', "\xFF", again), MITOME_E_VALUE);
}

/* A login that was looked up before the account moved names nobody afterwards. */
static void attack_naming_the_subject_by_a_login_from_before_the_move(void **state)
{
        struct rig *rig = *state;
        static struct account_login stale;
        uint8_t name[ACCOUNT_SUBJECT_SIZE];
        create(rig, "hanako", 'A');
        must(account_find(rig->portal, one('A'), &stale, NULL));
        link_serials(rig, 'A', 'B');
        assert_int_equal(move(rig, "hanako", 'B'), MITOME_OK);
        assert_int_equal(account_subject(rig->portal, &stale, slice_text("shop.example"), name, NULL).code,
                MITOME_E_ACCOUNT_ENDED);
}

/* ---- an account ---- */

static void an_account_survives_a_new_phone(void **state)
{
        struct rig *rig = *state;
        create(rig, "hanako", 'A');
        assert_int_equal(login(rig, 'A', "hanako"), MITOME_OK);
        link_serials(rig, 'A', 'B');
        assert_int_equal(move(rig, "hanako", 'B'), MITOME_OK);
        assert_int_equal(rig->book.asked, 1);
        assert_int_equal(login(rig, 'B', "hanako"), MITOME_OK);
        assert_int_equal(login(rig, 'A', "hanako"), MITOME_E_ACCOUNT_ENDED);
        link_serials(rig, 'B', 'C');
        assert_int_equal(move(rig, "hanako", 'C'), MITOME_OK);
        assert_int_equal(login(rig, 'B', "hanako"), MITOME_E_ACCOUNT_ENDED);
        assert_int_equal(login(rig, 'C', "hanako"), MITOME_OK);
}

static void a_login_that_was_overtaken_does_not_count(void **state)
{
        struct rig *rig = *state;
        static struct account_login first, second;
        create(rig, "hanako", 'A');
        must(account_find(rig->portal, one('A'), &first, NULL));
        must(account_find(rig->portal, one('A'), &second, NULL));
        assert_int_equal(first.credential.sign_count, 10);
        must(account_logged_in(rig->portal, &first, 12, NULL));
        assert_int_equal(account_logged_in(rig->portal, &second, 11, NULL).code, MITOME_E_ACCOUNT_CHANGED);
        must(account_find(rig->portal, one('A'), &first, NULL));
        assert_int_equal(first.credential.sign_count, 12);
        link_serials(rig, 'A', 'B');
        assert_int_equal(move(rig, "hanako", 'B'), MITOME_OK);
        assert_int_equal(account_logged_in(rig->portal, &first, 13, NULL).code, MITOME_E_ACCOUNT_CHANGED);
}

static void what_is_no_account_is_refused(void **state)
{
        struct rig *rig = *state;
        char longer[ACCOUNT_ISSUER_MAX + 2];
        memset(longer, 'a', sizeof longer);
        create(rig, "hanako", 'A');
        struct account_proof proof = phone('B');
        static const char *const names[] = { "", "a\nb", "\xff" };
        for (size_t i = 0; i < 3; i++)
                assert_int_equal(
                        account_create(rig->portal, slice_text(names[i]), &proof, NULL).code, MITOME_E_VALUE);
        assert_int_equal(
                account_create(rig->portal, slice_of(longer, ACCOUNT_NAME_MAX + 1), &proof, NULL).code,
                MITOME_E_TOO_LONG);
        assert_int_equal(account_create(rig->portal, slice_text("hanako"), &proof, NULL).code,
                MITOME_E_ACCOUNT_EXISTS);
        proof.serial = slice_of(NULL, 0);
        assert_int_equal(account_create(rig->portal, slice_text("taro"), &proof, NULL).code, MITOME_E_VALUE);
        proof = phone('B');
        proof.issuer = SLICE(longer);
        assert_int_equal(
                account_create(rig->portal, slice_text("taro"), &proof, NULL).code, MITOME_E_TOO_LONG);
        proof = phone('A');
        assert_int_equal(
                account_create(rig->portal, slice_text("taro"), &proof, NULL).code, MITOME_E_ACCOUNT_EXISTS);
        assert_int_equal(login(rig, 'B', "taro"), MITOME_E_ACCOUNT_UNKNOWN); /* and nothing half was left */
        proof = phone('B');
        must(account_create(rig->portal, slice_text("taro"), &proof, NULL));
}

static uint64_t journal_entries(struct rig *rig)
{
        struct letter_head head = { 0 };
        must(journal_head(party_store(rig->portal), &head, NULL));
        return head.number;
}

static bool holds(slice view, const char *text)
{
        const slice wanted = slice_text(text);
        for (size_t i = 0; i + wanted.size <= view.size; i++)
                if (slice_equal(slice_of(view.data + i, wanted.size), wanted))
                        return true;
        return false;
}

/* Whether the journal's last line is that decision, on the letter and the answer if it says so, and names
 * nobody. */
static void check_last_line(struct rig *rig, const char *what, const char *outcome, bool answered)
{
        struct sql_query query = { 0 };
        must(sql_ask(party_store(rig->portal), "SELECT entry FROM journal ORDER BY number DESC LIMIT 1", NULL,
                0, &query, NULL));
        assert_true(sql_next(&query));
        const slice entry = sql_bytes(&query, 0);
        assert_true(holds(entry, what));
        assert_true(holds(entry, outcome));
        assert_int_equal(holds(entry, "letter"), answered);
        assert_int_equal(holds(entry, "answer"), answered);
        assert_true(holds(entry, "credential"));
        assert_false(holds(entry, "hanako"));
        must(sql_end(&query));
}

static enum post_fate drop(void *context, const struct directory_entry *to, slice letter, unsigned number)
{
        (void)context, (void)to, (void)letter, (void)number;
        return POST_DROP;
}

/* ---- who would like to have it ---- */

static void attack_moving_the_account_of_another_person(void **state)
{
        struct rig *rig = *state;
        create(rig, "hanako", 'A');
        link_serials(rig, 'X', 'Y'); /* the thief has changed phones, too */
        assert_int_equal(move(rig, "hanako", 'Y'), MITOME_E_ACCOUNT_NOT_SUCCESSOR);
        assert_int_equal(login(rig, 'Y', "hanako"), MITOME_E_ACCOUNT_UNKNOWN);
        assert_int_equal(login(rig, 'A', "hanako"), MITOME_OK);
}

static void attack_learning_which_accounts_there_are(void **state)
{
        struct rig *rig = *state;
        create(rig, "hanako", 'A');
        assert_int_equal(move(rig, "hanako", 'Y'), MITOME_E_ACCOUNT_NOT_SUCCESSOR);
        assert_int_equal(move(rig, "nobody", 'Y'), MITOME_E_ACCOUNT_NOT_SUCCESSOR);
}

/* What takes long is the same for both: the question to the authority, the tries, and what is written down.
 */
static void attack_learning_by_time_which_accounts_there_are(void **state)
{
        struct rig *rig = *state;
        create(rig, "hanako", 'A');
        size_t asked = rig->book.asked;
        uint64_t entries = journal_entries(rig);
        assert_int_equal(move(rig, "hanako", 'Y'), MITOME_E_ACCOUNT_NOT_SUCCESSOR);
        const size_t questions = rig->book.asked - asked;
        const uint64_t lines = journal_entries(rig) - entries;
        assert_int_equal(questions, 1);
        asked = rig->book.asked;
        entries = journal_entries(rig);
        assert_int_equal(move(rig, "nobody", 'Y'), MITOME_E_ACCOUNT_NOT_SUCCESSOR);
        assert_int_equal(rig->book.asked - asked, questions);
        assert_int_equal(journal_entries(rig) - entries, lines);
        check_last_line(rig, "move-account", "refused", true);
        rig->network.fate = drop; /* nor does an authority that is away tell them apart */
        assert_int_equal(move(rig, "hanako", 'Y'), MITOME_E_UNREACHABLE);
        assert_int_equal(move(rig, "nobody", 'Y'), MITOME_E_UNREACHABLE);
}

/* Even of an authority that says yes to everything nobody gets an account that is not there. */
static void attack_moving_an_account_that_is_not_there(void **state)
{
        struct rig *rig = *state;
        link_serials(rig, 'Y', 'Y');
        assert_int_equal(move(rig, "nobody", 'Y'), MITOME_E_ACCOUNT_NOT_SUCCESSOR);
        assert_int_equal(login(rig, 'Y', "nobody"), MITOME_E_ACCOUNT_UNKNOWN);
}

static void attack_trying_accounts_one_after_the_other(void **state)
{
        struct rig *rig = *state;
        char name[16];
        for (int i = 0; i < 10; i++) {
                (void)snprintf(name, sizeof name, "person-%d", i);
                create(rig, name, "ABCDEFGHXZ"[i]);
        }
        link_serials(rig, 'Z', 'Y');
        for (int i = 0; i < ACCOUNT_TRIES; i++) {
                (void)snprintf(name, sizeof name, "person-%d", i);
                assert_int_equal(move(rig, name, 'Y'), MITOME_E_ACCOUNT_NOT_SUCCESSOR);
        }
        assert_int_equal(move(rig, "person-9", 'Y'), MITOME_E_ACCOUNT_TRIES_SPENT); /* though it is his own */
        assert_int_equal(rig->book.asked, ACCOUNT_TRIES);
        rig->now += ACCOUNT_TRIES_S;
        assert_int_equal(move(rig, "person-9", 'Y'), MITOME_OK);
}

static void attack_moving_twice_with_one_certificate(void **state)
{
        struct rig *rig = *state;
        create(rig, "hanako", 'A');
        link_serials(rig, 'A', 'B');
        assert_int_equal(move(rig, "hanako", 'B'), MITOME_OK);
        assert_int_equal(move(rig, "hanako", 'B'), MITOME_E_ACCOUNT_EXISTS); /* log in instead */
        create(rig, "taro", 'X');
        link_serials(rig, 'X', 'B'); /* whatever the authority says: it opens one account */
        assert_int_equal(move(rig, "taro", 'B'), MITOME_E_ACCOUNT_EXISTS);
        assert_int_equal(rig->book.asked, 1);
        assert_int_equal(login(rig, 'X', "taro"), MITOME_OK);
}

static void attack_moving_back_to_the_old_phone(void **state)
{
        struct rig *rig = *state;
        create(rig, "hanako", 'A');
        link_serials(rig, 'A', 'B');
        assert_int_equal(move(rig, "hanako", 'B'), MITOME_OK);
        assert_int_equal(move(rig, "hanako", 'A'), MITOME_E_ACCOUNT_ENDED);
        link_serials(rig, 'B', 'A'); /* not even if the authority had the link the wrong way round */
        assert_int_equal(move(rig, "hanako", 'A'), MITOME_E_ACCOUNT_ENDED);
        const struct account_proof old = phone('A');
        assert_int_equal(
                account_create(rig->portal, slice_text("hanako-2"), &old, NULL).code, MITOME_E_ACCOUNT_ENDED);
        assert_int_equal(login(rig, 'B', "hanako"), MITOME_OK);
}

static void attack_a_loop_of_successors(void **state)
{
        struct rig *rig = *state;
        create(rig, "hanako", 'A');
        link_serials(rig, 'A', 'B');
        link_serials(rig, 'B', 'C');
        link_serials(rig, 'C', 'A');
        assert_int_equal(move(rig, "hanako", 'B'), MITOME_OK);
        assert_int_equal(move(rig, "hanako", 'C'), MITOME_OK);
        assert_int_equal(move(rig, "hanako", 'A'), MITOME_E_ACCOUNT_ENDED);
        assert_int_equal(login(rig, 'C', "hanako"), MITOME_OK);
}

/* The old phone is still in somebody's hand, and its certificate not yet on any list. */
static void attack_logging_in_with_the_old_phone_after_the_move(void **state)
{
        struct rig *rig = *state;
        static struct account_login before;
        create(rig, "hanako", 'A');
        must(account_find(rig->portal, one('A'), &before, NULL)); /* an assertion is under way */
        link_serials(rig, 'A', 'B');
        assert_int_equal(move(rig, "hanako", 'B'), MITOME_OK);
        assert_int_equal(account_logged_in(rig->portal, &before, 11, NULL).code, MITOME_E_ACCOUNT_CHANGED);
        assert_int_equal(login(rig, 'A', "hanako"), MITOME_E_ACCOUNT_ENDED);
}

static void attack_taking_a_credential_that_is_registered(void **state)
{
        struct rig *rig = *state;
        create(rig, "hanako", 'A');
        struct account_proof proof = phone('X');
        proof.credential_id = one('A');
        assert_int_equal(
                account_create(rig->portal, slice_text("taro"), &proof, NULL).code, MITOME_E_ACCOUNT_EXISTS);
        create(rig, "taro", 'X');
        link_serials(rig, 'X', 'Y');
        proof = phone('Y');
        proof.credential_id = one('A');
        assert_int_equal(
                account_move(rig->portal, slice_text("taro"), &proof, NULL).code, MITOME_E_ACCOUNT_EXISTS);
        assert_int_equal(login(rig, 'X', "taro"), MITOME_OK); /* nothing has moved */
        assert_int_equal(login(rig, 'A', "hanako"), MITOME_OK);
}

/* A portal that is no registered verifier is told nothing, and so cannot move an account of its own. */
static void attack_asking_as_another_portal(void **state)
{
        struct rig *rig = *state;
        const struct account_proof old = phone('A'), new = phone('B');
        link_serials(rig, 'A', 'B');
        must(account_create(rig->other, slice_text("hanako"), &old, NULL));
        assert_int_equal(account_move(rig->other, slice_text("hanako"), &new, NULL).code, MITOME_E_REFUSED);
        assert_int_equal(rig->book.asked, 0);
        static struct account_login found;
        must(account_find(rig->other, one('A'), &found, NULL));
        assert_int_equal(account_find(rig->other, one('B'), &found, NULL).code, MITOME_E_ACCOUNT_UNKNOWN);
}

/* A "yes" that was given to an earlier question, once more. */
static void attack_a_stale_answer(void **state)
{
        struct rig *rig = *state;
        create(rig, "hanako", 'A');
        create(rig, "taro", 'X');
        link_serials(rig, 'X', 'Y');
        assert_int_equal(move(rig, "taro", 'Y'), MITOME_OK);
        rig->tape.replay = true;
        assert_int_equal(move(rig, "hanako", 'Z'), MITOME_E_UNREACHABLE);
        rig->tape.replay = false;
        assert_int_equal(login(rig, 'Z', "hanako"), MITOME_E_ACCOUNT_UNKNOWN);
        assert_int_equal(login(rig, 'A', "hanako"), MITOME_OK);
}

static void attack_a_certificate_of_another_issuer_with_the_same_serial(void **state)
{
        struct rig *rig = *state;
        create(rig, "hanako", 'A');
        link_serials(rig, 'A', 'B');
        struct account_proof proof = phone('B');
        proof.issuer = slice_text("another issuer");
        assert_int_equal(account_move(rig->portal, slice_text("hanako"), &proof, NULL).code,
                MITOME_E_ACCOUNT_NOT_SUCCESSOR);
        assert_int_equal(login(rig, 'A', "hanako"), MITOME_OK);
        /* The same serial of another issuer is another certificate, and may open an account of its own. */
        proof = phone('A');
        proof.issuer = slice_text("another issuer");
        proof.credential_id = one('H');
        must(account_create(rig->portal, slice_text("jiro"), &proof, NULL));
}

/* ---- what goes wrong on the way ---- */

static void an_answer_that_is_none_moves_nothing(void **state)
{
        struct rig *rig = *state;
        create(rig, "hanako", 'A');
        link_serials(rig, 'A', 'B');
        rig->book.garbage = true;
        assert_int_equal(move(rig, "hanako", 'B'), MITOME_E_CBOR_TYPE);
        assert_int_equal(login(rig, 'A', "hanako"), MITOME_OK);
        rig->book.garbage = false;
        assert_int_equal(move(rig, "hanako", 'B'), MITOME_OK);
}

static enum post_fate lose(void *context, const struct directory_entry *to, slice letter, unsigned number)
{
        (void)context, (void)to, (void)letter, (void)number;
        return POST_LOSE_ANSWER;
}

static enum post_fate twice(void *context, const struct directory_entry *to, slice letter, unsigned number)
{
        (void)context, (void)to, (void)letter, (void)number;
        return POST_TWICE;
}

static void an_authority_that_cannot_be_reached_costs_no_try(void **state)
{
        struct rig *rig = *state;
        create(rig, "hanako", 'A');
        link_serials(rig, 'A', 'B');
        for (int i = 0; i < 2 * ACCOUNT_TRIES; i++) {
                rig->network.fate = i % 2 ? drop : lose;
                assert_int_equal(move(rig, "hanako", 'B'), MITOME_E_UNREACHABLE);
                assert_int_equal(login(rig, 'A', "hanako"), MITOME_OK);
        }
        rig->network.fate = twice;
        assert_int_equal(move(rig, "hanako", 'B'), MITOME_OK);
        assert_int_equal(login(rig, 'B', "hanako"), MITOME_OK);
}

static void move_elsewhere(void *context)
{
        struct rig *rig = context;
        rig->tape.meanwhile = NULL;
        link_serials(rig, 'A', 'C');
        assert_int_equal(move(rig, "hanako", 'C'), MITOME_OK);
}

static void two_moves_at_once_end_in_one(void **state)
{
        struct rig *rig = *state;
        create(rig, "hanako", 'A');
        link_serials(rig, 'A', 'B');
        rig->tape.meanwhile = move_elsewhere;
        rig->tape.meanwhile_context = rig;
        assert_int_equal(move(rig, "hanako", 'B'), MITOME_E_ACCOUNT_CHANGED);
        assert_int_equal(login(rig, 'C', "hanako"), MITOME_OK);
        assert_int_equal(login(rig, 'B', "hanako"), MITOME_E_ACCOUNT_UNKNOWN);
        assert_int_equal(login(rig, 'A', "hanako"), MITOME_E_ACCOUNT_ENDED);
}

static void what_was_decided_is_in_the_journal(void **state)
{
        struct rig *rig = *state;
        const uint64_t before = journal_entries(rig);
        create(rig, "hanako", 'A');
        assert_int_equal(journal_entries(rig), before + 1);
        check_last_line(rig, "open-account", "done", false);
        assert_int_equal(move(rig, "hanako", 'Y'), MITOME_E_ACCOUNT_NOT_SUCCESSOR);
        check_last_line(rig, "move-account", "refused", true);
        link_serials(rig, 'A', 'B');
        assert_int_equal(move(rig, "hanako", 'B'), MITOME_OK);
        check_last_line(rig, "move-account", "done", true);
}

static void die(void *context)
{
        (void)context;
        _exit(0);
}

static int remove_one(const char *path, const struct stat *facts, int kind, struct FTW *where)
{
        (void)facts, (void)kind, (void)where;
        return remove(path);
}

static void remove_folder(const char *folder)
{
        assert_int_equal(nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* Killed with the authority's "yes" in hand: nothing has moved, and the same words move it afterwards. */
static void killed_between_the_answer_and_the_move(void **state)
{
        struct rig *rig = *state;
        int how = -1;
        char folder[] = "/tmp/test-account-XXXXXX";
        assert_non_null(mkdtemp(folder));
        party_close(rig->portal);
        rig->portal = open_party(rig, PARTY_PORTAL, folder, account_schema);
        must(post_local_join(&rig->network, rig->portal, NULL, NULL));
        create(rig, "hanako", 'A');
        link_serials(rig, 'A', 'B');
        party_close(rig->portal);
        const pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
                rig->portal = open_party(rig, PARTY_PORTAL, folder, account_schema);
                must(post_local_join(&rig->network, rig->portal, NULL, NULL));
                rig->tape.meanwhile = die;
                (void)move(rig, "hanako", 'B');
                _exit(1);
        }
        assert_int_equal(waitpid(child, &how, 0), child);
        assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
        rig->next = 100;
        rig->portal = open_party(rig, PARTY_PORTAL, folder, account_schema);
        must(post_local_join(&rig->network, rig->portal, NULL, NULL));
        assert_int_equal(login(rig, 'A', "hanako"), MITOME_OK);
        assert_int_equal(move(rig, "hanako", 'B'), MITOME_OK);
        assert_int_equal(login(rig, 'B', "hanako"), MITOME_OK);
        remove_folder(folder);
}

/* ---- every write ---- */

static void open_portal(struct rig *rig, const char *folder)
{
        rig->next = (uint8_t)(rig->next + 16);
        rig->portal = open_party(rig, PARTY_PORTAL, folder, account_schema);
        must(post_local_join(&rig->network, rig->portal, NULL, NULL));
}

struct cut_result {
        mitome_code created, moved;
};

static struct cut_result open_and_move(struct rig *rig)
{
        const struct account_proof proof = phone('A');
        struct cut_result result = { MITOME_E_ACCOUNT_UNKNOWN, MITOME_E_ACCOUNT_UNKNOWN };
        result.created = account_create(rig->portal, slice_text("hanako"), &proof, NULL).code;
        if (result.created == MITOME_OK)
                result.moved = move(rig, "hanako", 'B');
        return result;
}

/* What was said to be done is done; of two phones exactly one opens the account; the same words end it. */
static void check_after_cut(struct rig *rig, const struct cut_result *result)
{
        const mitome_code old = login(rig, 'A', "hanako"), new = login(rig, 'B', "hanako");
        const bool created = old != MITOME_E_ACCOUNT_UNKNOWN;
        assert_true(created || (result->created != MITOME_OK && new == MITOME_E_ACCOUNT_UNKNOWN));
        if (created)
                assert_int_equal((old == MITOME_OK) + (new == MITOME_OK), 1);
        if (result->moved == MITOME_OK)
                assert_int_equal(new, MITOME_OK);
        if (!created)
                create(rig, "hanako", 'A');
        const mitome_code again = move(rig, "hanako", 'B');
        assert_int_equal(again, new == MITOME_OK ? MITOME_E_ACCOUNT_EXISTS : MITOME_OK);
        assert_int_equal(login(rig, 'B', "hanako"), MITOME_OK);
        assert_int_equal(login(rig, 'A', "hanako"), MITOME_E_ACCOUNT_ENDED);
}

static bool cut_at(struct rig *rig, unsigned n, enum sql_cut_how how)
{
        char folder[] = "/tmp/test-account-XXXXXX";
        assert_non_null(mkdtemp(folder));
        party_close(rig->portal);
        open_portal(rig, folder);
        sql_cut_arm(folder, n, how);
        const struct cut_result result = open_and_move(rig);
        party_close(rig->portal); /* without power */
        const bool was_cut = sql_cut_on();
        open_portal(rig, folder);
        check_after_cut(rig, &result);
        remove_folder(folder);
        return was_cut;
}

static void cut_at_every_write_one_phone_opens_the_account(void **state)
{
        enum { MOST = 200 };
        struct rig *rig = *state;
        static const enum sql_cut_how hows[] = { SQL_CUT_FAILS, SQL_CUT_TORN };
        link_serials(rig, 'A', 'B');
        for (size_t i = 0; i < 2; i++) {
                unsigned n = 1;
                while (n < MOST && cut_at(rig, n, hows[i]))
                        n++;
                assert_true(n > 8 && n < MOST);
        }
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                WITH(an_account_survives_a_new_phone),
                WITH(a_private_id_is_the_same_on_the_new_phone_and_another_for_each_client),
                WITH(attack_naming_the_subject_by_a_login_from_before_the_move),
                WITH(a_login_that_was_overtaken_does_not_count),
                WITH(what_is_no_account_is_refused),
                WITH(attack_moving_the_account_of_another_person),
                WITH(attack_learning_which_accounts_there_are),
                WITH(attack_learning_by_time_which_accounts_there_are),
                WITH(attack_moving_an_account_that_is_not_there),
                WITH(attack_trying_accounts_one_after_the_other),
                WITH(attack_moving_twice_with_one_certificate),
                WITH(attack_moving_back_to_the_old_phone),
                WITH(attack_a_loop_of_successors),
                WITH(attack_logging_in_with_the_old_phone_after_the_move),
                WITH(attack_taking_a_credential_that_is_registered),
                WITH(attack_asking_as_another_portal),
                WITH(attack_a_stale_answer),
                WITH(attack_a_certificate_of_another_issuer_with_the_same_serial),
                WITH(an_answer_that_is_none_moves_nothing),
                WITH(an_authority_that_cannot_be_reached_costs_no_try),
                WITH(two_moves_at_once_end_in_one),
                WITH(what_was_decided_is_in_the_journal),
                WITH(killed_between_the_answer_and_the_move),
                WITH(cut_at_every_write_one_phone_opens_the_account),
        };
        sql_cut_begin();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
