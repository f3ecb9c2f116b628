/* SPDX-License-Identifier: Apache-2.0 */

/* Certificates for a card, and into a phone upon an application that the card has signed. */

#include "digest.h"
#include "register_internal.h"
#include "rsa_digest.h"

/* ---- one certificate ---- */

/* Each certificate has a pair of keys of its own (row 31), whatever became of the one before. */
static mitome_status check_key(
        struct authority_register *book, const uint8_t key[LETTER_DIGEST_SIZE], mitome_error *error)
{
        struct sql_query query = { 0 };
        MITOME_TRY(sql_ask(book->store, "SELECT 1 FROM certificate WHERE key = ?",
                SQL_VALUES(SQL_BYTES(slice_of(key, LETTER_DIGEST_SIZE))), &query, error));
        bool used = sql_next(&query);
        MITOME_TRY(sql_end(&query));
        return used ? fail(error, MITOME_E_AUTHORITY_KEY_USED, "the public key", NULL) : ok();
}

static mitome_status find_town(struct authority_register *book, const struct register_person *person,
        int64_t *ret, mitome_error *error)
{
        struct sql_query query = { 0 };
        MITOME_TRY(sql_do(book->store,
                "INSERT INTO town (prefecture, city) VALUES (?, ?) ON CONFLICT DO NOTHING",
                SQL_VALUES(SQL_STR(person->prefecture), SQL_STR(person->city)), NULL, error));
        MITOME_TRY(sql_ask(book->store, "SELECT number FROM town WHERE prefecture = ? AND city = ?",
                SQL_VALUES(SQL_STR(person->prefecture), SQL_STR(person->city)), &query, error));
        int64_t town = sql_next(&query) ? sql_integer(&query, 0) : 0;
        MITOME_TRY(sql_end(&query));
        *ret = town;
        return ok();
}

/* The one before of this person, kind and place, however it ended: whose place the new one takes
 * (新旧シリアル番号の紐付け). */
static mitome_status find_replaced(struct authority_register *book, const struct register_order *order,
        struct sql_value *ret, mitome_error *error)
{
        struct sql_query query = { 0 };
        MITOME_TRY(sql_ask(book->store,
                "SELECT number FROM certificate WHERE person = ? AND kind = ? AND place = ? ORDER BY number "
                "DESC LIMIT 1",
                SQL_VALUES(SQL_INT(order->person->number), SQL_INT(order->kind), SQL_INT(order->place)),
                &query, error));
        *ret = sql_next(&query) ? SQL_INT(sql_integer(&query, 0)) : SQL_NONE;
        return sql_end(&query);
}

static mitome_status enter(struct authority_register *book, const struct register_order *order, slice serial,
        int64_t not_after, slice der, int64_t *ret_number, mitome_error *error)
{
        uint8_t key[LETTER_DIGEST_SIZE], digest[LETTER_DIGEST_SIZE];
        bool phone = order->place == REGISTER_PHONE;
        const struct sql_value device = SQL_TEXT_OF(order->device);
        struct sql_value replaced;
        int64_t town;
        rsa_digest(order->modulus, key);
        sha256(&der, 1, digest);
        MITOME_TRY(find_town(book, order->person, &town, error));
        MITOME_TRY(find_replaced(book, order, &replaced, error));
        MITOME_TRY(sql_do(book->store,
                "INSERT INTO certificate (kind, serial, person, place, device, application, key, digest, town, "
                "not_after, replaces) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                SQL_VALUES(SQL_INT(order->kind), SQL_BYTES(serial), SQL_INT(order->person->number),
                        SQL_INT(order->place), phone ? device : SQL_NONE,
                        phone ? SQL_BYTES(order->application) : SQL_NONE, SQL_BYTES(SLICE(key)),
                        SQL_BYTES(SLICE(digest)), SQL_INT(town), SQL_INT(not_after), replaced),
                NULL, error));
        *ret_number = sql_last_row(book->store);
        return sql_do(book->store, "INSERT INTO document (certificate, der) VALUES (?, ?)",
                SQL_VALUES(SQL_INT(*ret_number), SQL_BYTES(der)), NULL, error);
}

mitome_status register_certify(struct authority_register *book, const struct register_order *order,
        const struct register_grounds *grounds, int64_t *ret_number, struct authority_der *ret,
        mitome_error *error)
{
        const struct authority_person person = register_describe(order->person, order->place);
        const struct mitome_random *random = party_random(book->party);
        uint8_t serial[AUTHORITY_SERIAL_SIZE], key[LETTER_DIGEST_SIZE];
        int64_t now = party_now(book->party), until;
        rsa_digest(order->modulus, key);
        MITOME_TRY(check_key(book, key, error));
        MITOME_TRY(ca_fifth_birthday(&person, now, &until, error));
        MITOME_TRY(ca_draw_serial(random, serial, error));
        const struct ca_order wanted = {
                .person = &person,
                .modulus = order->modulus,
                .serial = SLICE(serial),
                .not_before = now,
                .not_after = until < order->not_after ? until : order->not_after,
        };
        MITOME_TRY(ca_issue(register_ca(book, order->kind), &wanted, random, ret, error));
        MITOME_TRY(enter(book, order, SLICE(serial), wanted.not_after, slice_of(ret->bytes, ret->size),
                ret_number, error));
        const struct register_subject subject = { "serial", SLICE(serial), true, order->person->number };
        return register_note(book, "issue-certificate", "done", subject, grounds, NULL, error);
}

/* ---- issue-card ---- */

struct card_order {
        slice moduli[REGISTER_KINDS + 1]; /* by kind; empty: not asked for */
        struct authority_der certificates[REGISTER_KINDS + 1];
        size_t count;
};

static mitome_status read_moduli(slice item, struct card_order *ret, mitome_error *error)
{
        static const char field[] = "modulus";
        struct cbor_reader r = cbor_over(item, "letter", error);
        struct cbor_members map;
        MITOME_TRY(cbor_open_map(&r, "moduli", REGISTER_KINDS, &map));
        for (;;) {
                struct cbor_key key;
                bool more;
                MITOME_TRY(cbor_next_key(&r, &map, &key, &more));
                if (!more)
                        break;
                if (key.is_text || key.number < 1 || key.number > REGISTER_KINDS)
                        return fail(error, MITOME_E_VALUE, "kind", "letter");
                MITOME_TRY(cbor_read_fixed(&r, field, REGISTER_MODULUS_SIZE, &ret->moduli[key.number]));
                ret->count++;
        }
        return ret->count ? cbor_end(&r, "moduli") : fail(error, MITOME_E_MISSING, field, "letter");
}

static mitome_status load_document(
        struct authority_register *book, int64_t number, struct authority_der *ret, mitome_error *error)
{
        struct sql_query query = { 0 };
        mitome_status status = fail(NULL, MITOME_E_AUTHORITY_UNKNOWN, "certificate", NULL);
        MITOME_TRY(sql_ask(book->store, "SELECT der FROM document WHERE certificate = ?",
                SQL_VALUES(SQL_INT(number)), &query, error));
        if (sql_next(&query)) {
                slice der = sql_bytes(&query, 0);
                ret->size = der.size;
                status = slice_copy(der, "certificate", ret->bytes, sizeof ret->bytes, error);
        }
        MITOME_TRY(sql_end(&query));
        return status;
}

/* The letter's answer was lost and the clerk asks again, with the same keys: what is there is given again. */
static mitome_status find_issued(struct authority_register *book, const struct register_order *order,
        struct authority_der *ret, bool *ret_found, mitome_error *error)
{
        struct register_certificate live = { 0 };
        uint8_t key[LETTER_DIGEST_SIZE];
        bool found = false;
        rsa_digest(order->modulus, key);
        MITOME_TRY(register_load_live(
                book, order->person->number, order->kind, order->place, &live, &found, error));
        *ret_found = found && live.status == REGISTER_GOOD && slice_equal(SLICE(live.key), SLICE(key));
        return *ret_found ? load_document(book, live.number, ret, error) : ok();
}

static mitome_status issue_on_card(struct authority_register *book, const struct register_person *person,
        int64_t expiry, struct card_order *cards, const struct register_grounds *grounds,
        struct register_ended *ended, mitome_error *error)
{
        for (int kind = 1; kind <= REGISTER_KINDS; kind++) {
                const struct register_order order = {
                        .person = person,
                        .kind = (enum register_kind)kind,
                        .place = REGISTER_CARD,
                        .modulus = cards->moduli[kind],
                        .not_after = expiry,
                };
                int64_t number;
                bool issued;
                if (!order.modulus.size)
                        continue;
                MITOME_TRY(find_issued(book, &order, &cards->certificates[kind], &issued, error));
                if (issued)
                        continue;
                MITOME_TRY(register_end_live(book, person->number, order.kind, REGISTER_CARD,
                        REASON_SUPERSEDED, grounds, ended, error));
                MITOME_TRY(
                        register_certify(book, &order, grounds, &number, &cards->certificates[kind], error));
        }
        return ok();
}

static void write_cards(const struct authority_register *book, const struct card_order *cards, writer *answer)
{
        cbor_write_map(answer, 2);
        for (uint64_t member = 1; member <= 2; member++) {
                cbor_write_uint(answer, member);
                cbor_write_map(answer, cards->count);
                for (int kind = 1; kind <= REGISTER_KINDS; kind++) {
                        const struct authority_der *der = &cards->certificates[kind];
                        if (!cards->moduli[kind].size)
                                continue;
                        cbor_write_uint(answer, (uint64_t)kind);
                        cbor_write_bytes(answer,
                                member == 1 ? slice_of(der->bytes, der->size)
                                            : ca_certificate(register_ca(book, (enum register_kind)kind)));
                }
        }
}

/* A card's new certificate ends the one before it, and with that what hangs from it in a phone: renewing a
 * phone's begins at the card (row 34). */
mitome_status register_card_desk(
        void *context, const struct party_request *request, writer *answer, mitome_error *error)
{
        struct authority_register *book = context;
        struct register_person person = { 0 };
        struct register_grounds grounds = register_grounds(request);
        struct register_ended ended = { 0 };
        struct card_order cards = { 0 };
        slice id, moduli;
        uint64_t expiry;
        const struct body_field fields[] = {
                BODY_FIELD_BYTES(1, "person", REGISTER_PERSON_SIZE, REGISTER_PERSON_SIZE, &id),
                BODY_FIELD_NUMBER(2, "card expiry", INT64_MAX, &expiry),
                BODY_FIELD_ITEM(3, "moduli", &moduli),
        };
        MITOME_TRY(body_read(request->body, fields, 3, error));
        MITOME_TRY(read_moduli(moduli, &cards, error));
        MITOME_TRY(register_load_person(book, id, &person, error));
        if ((int64_t)expiry <= party_now(book->party))
                return fail(error, MITOME_E_VALUE, "card expiry", NULL);
        MITOME_TRY(issue_on_card(book, &person, (int64_t)expiry, &cards, &grounds, &ended, error));
        write_cards(book, &cards, answer);
        return register_tell(book, &ended, error);
}

/* ---- issue ---- */

struct claim {
        slice person, modulus, device, digest;
        enum register_kind kind;
        int64_t application, owner, card, checked_at; /* of the application */
};

static mitome_status read_claim(slice body, struct claim *ret, mitome_error *error)
{
        uint64_t kind;
        const struct body_field fields[] = {
                BODY_FIELD_BYTES(1, "person", REGISTER_PERSON_SIZE, REGISTER_PERSON_SIZE, &ret->person),
                BODY_FIELD_NUMBER(2, "kind", REGISTER_KINDS, &kind),
                BODY_FIELD_BYTES(3, "modulus", REGISTER_MODULUS_SIZE, REGISTER_MODULUS_SIZE, &ret->modulus),
                BODY_FIELD_TEXT(4, "device", REGISTER_IDENTITY_MAX, &ret->device),
                BODY_FIELD_BYTES(5, "application", LETTER_DIGEST_SIZE, LETTER_DIGEST_SIZE, &ret->digest),
        };
        MITOME_TRY(body_read(body, fields, 5, error));
        if (kind == 0)
                return fail(error, MITOME_E_VALUE, "kind", "letter");
        ret->kind = (enum register_kind)kind;
        return ok();
}

/* Is it this person's application, for this phone, for a certificate, of this kind? */
static mitome_status judge_claim(
        const struct sql_query *row, const struct claim *claim, int64_t person, mitome_error *error)
{
        const struct {
                bool good;
                const char *field;
        } checks[] = {
                { sql_integer(row, 1) == person, "person" },
                { slice_equal(sql_bytes(row, 3), claim->device), "device" },
                { slice_is(sql_bytes(row, 4), "issue") || slice_is(sql_bytes(row, 4), "renew"), "purpose" },
                { (sql_integer(row, 5) >> claim->kind & 1) != 0, "kind" },
        };
        for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++)
                if (!checks[i].good)
                        return fail(error, MITOME_E_AUTHORITY_APPLICATION, checks[i].field, NULL);
        return ok();
}

static mitome_status load_application(
        struct authority_register *book, struct claim *claim, int64_t person, mitome_error *error)
{
        struct sql_query query = { 0 };
        mitome_status status = ok();
        MITOME_TRY(sql_ask(book->store,
                "SELECT number, person, card, device, purpose, kinds, checked_at FROM application WHERE digest = "
                "?",
                SQL_VALUES(SQL_BYTES(claim->digest)), &query, error));
        bool found = sql_next(&query);
        if (found) {
                claim->application = sql_integer(&query, 0);
                claim->owner = sql_integer(&query, 1);
                claim->card = sql_integer(&query, 2);
                claim->checked_at = sql_integer(&query, 6);
                status = judge_claim(&query, claim, person, error);
        }
        mitome_status end = sql_end(&query);
        MITOME_TRY(end);
        MITOME_TRY(status);
        if (!found)
                return fail(error, MITOME_E_AUTHORITY_UNKNOWN, "application", NULL);
        return party_now(book->party) <= claim->checked_at + REGISTER_APPLICATION_DAY
                       ? ok()
                       : fail(error, MITOME_E_AUTHORITY_TIME, "the application", NULL);
}

/* The latest certificate of an application and kind. */
static mitome_status find_latest(struct authority_register *book, slice application, int kind,
        struct register_certificate *ret, bool *ret_found, mitome_error *error)
{
        struct sql_query query = { 0 };
        int64_t number = 0;
        MITOME_TRY(sql_ask(book->store,
                "SELECT number FROM certificate WHERE application = ? AND kind = ? ORDER BY number DESC LIMIT 1",
                SQL_VALUES(SQL_BYTES(application), SQL_INT(kind)), &query, error));
        bool found = sql_next(&query);
        if (found)
                number = sql_integer(&query, 0);
        MITOME_TRY(sql_end(&query));
        *ret_found = found;
        return found ? register_load_number(book, number, ret, error) : ok();
}

/* What came of this application already: nothing, a certificate that is good (the letter's answer was lost),
 * or one that somebody has ended, of this kind or of another. Then the application is spent: whoever ended it
 * did not mean that its next key be certified, nor the kind that he could not name, since there was none yet.
 * Another kind that was only replaced, by a later application, was not ended so. */
static mitome_status find_former(struct authority_register *book, const struct claim *claim,
        struct register_certificate *ret, bool *ret_found, mitome_error *error)
{
        for (int kind = 1; kind <= REGISTER_KINDS; kind++) {
                struct register_certificate latest = { 0 };
                bool found = false;
                MITOME_TRY(find_latest(book, claim->digest, kind, &latest, &found, error));
                bool own = kind == (int)claim->kind;
                if (found && latest.status != REGISTER_GOOD && (own || latest.reason != REASON_SUPERSEDED))
                        return fail(error, MITOME_E_AUTHORITY_SPENT, "the application", NULL);
                if (!own)
                        continue;
                *ret = latest;
                *ret_found = found;
        }
        return ok();
}

/* A later application that was served is the person's latest will: an older one that arrives after it, late
 * or again, does not undo it. */
static mitome_status check_latest(
        struct authority_register *book, const struct claim *claim, mitome_error *error)
{
        struct sql_query query = { 0 };
        MITOME_TRY(sql_ask(book->store,
                "SELECT 1 FROM certificate JOIN application ON application.digest = certificate.application WHERE "
                "certificate.person = ? AND certificate.kind = ? AND certificate.place = 2 AND "
                "application.number > ? LIMIT 1",
                SQL_VALUES(SQL_INT(claim->owner), SQL_INT(claim->kind), SQL_INT(claim->application)), &query,
                error));
        bool later = sql_next(&query);
        MITOME_TRY(sql_end(&query));
        return later ? fail(error, MITOME_E_AUTHORITY_OUTDATED, "the application", NULL) : ok();
}

static bool hangs_from(enum register_kind phone, enum register_kind card)
{
        for (size_t i = 0; i < REGISTER_KINDS; i++)
                if (register_links[i].card == card)
                        return register_links[i].phone >> phone & 1;
        return false;
}

/* Who holds no card has nothing that a phone's certificate could hang from (row 5), and what has ended, or is
 * on hold, takes nothing along later: all that it hangs from has to be good now. *ret_until: it ends with the
 * first of them. */
static mitome_status check_cards(struct authority_register *book, const struct claim *claim,
        int64_t ret_cards[REGISTER_KINDS + 1], int64_t *ret_until, mitome_error *error)
{
        struct register_certificate signer = { 0 }, card = { 0 };
        MITOME_TRY(register_load_number(book, claim->card, &signer, error));
        MITOME_TRY(register_require_good(book, &signer, "signing certificate", error));
        *ret_until = signer.not_after;
        for (int kind = 1; kind <= REGISTER_KINDS; kind++) {
                bool found = false;
                ret_cards[kind] = 0;
                if (!hangs_from(claim->kind, (enum register_kind)kind))
                        continue;
                MITOME_TRY(register_load_live(
                        book, claim->owner, (enum register_kind)kind, REGISTER_CARD, &card, &found, error));
                if (!found)
                        return fail(error, MITOME_E_AUTHORITY_CARD, "certificate that it hangs from", NULL);
                MITOME_TRY(register_require_good(book, &card, "certificate that it hangs from", error));
                ret_cards[kind] = card.number;
                *ret_until = card.not_after < *ret_until ? card.not_after : *ret_until;
        }
        return ok();
}

static mitome_status link_to_cards(struct authority_register *book, enum register_kind kind,
        const int64_t cards[REGISTER_KINDS + 1], int64_t phone, mitome_error *error)
{
        for (size_t i = 0; i < REGISTER_KINDS; i++) {
                const struct register_link *link = &register_links[i];
                if (link->phone >> kind & 1 && cards[link->card])
                        MITOME_TRY(sql_do(book->store, "INSERT INTO link (card, phone) VALUES (?, ?)",
                                SQL_VALUES(SQL_INT(cards[link->card]), SQL_INT(phone)), NULL, error));
        }
        return ok();
}

static void write_issued(const struct authority_register *book, enum register_kind kind,
        const struct authority_der *der, slice replaced, writer *answer)
{
        cbor_write_map(answer, replaced.size ? 3 : 2);
        cbor_write_uint(answer, 1);
        cbor_write_bytes(answer, slice_of(der->bytes, der->size));
        cbor_write_uint(answer, 2);
        cbor_write_bytes(answer, ca_certificate(register_ca(book, kind)));
        if (!replaced.size)
                return;
        cbor_write_uint(answer, 3);
        cbor_write_bytes(answer, replaced);
}

static mitome_status issue_anew(struct authority_register *book, const struct claim *claim,
        const struct register_person *person, const struct register_grounds *grounds, writer *answer,
        mitome_error *error)
{
        struct register_ended ended = { 0 };
        struct authority_der der;
        int64_t cards[REGISTER_KINDS + 1], number;
        struct register_order order = {
                .person = person,
                .kind = claim->kind,
                .place = REGISTER_PHONE,
                .modulus = claim->modulus,
                .device = claim->device,
                .application = claim->digest,
        };
        MITOME_TRY(check_latest(book, claim, error));
        MITOME_TRY(check_cards(book, claim, cards, &order.not_after, error));
        MITOME_TRY(register_end_live(book, person->number, claim->kind, REGISTER_PHONE, REASON_SUPERSEDED,
                grounds, &ended, error));
        MITOME_TRY(register_certify(book, &order, grounds, &number, &der, error));
        MITOME_TRY(link_to_cards(book, claim->kind, cards, number, error));
        write_issued(book, claim->kind, &der,
                ended.count ? register_serial(&ended.endings[0].certificate) : (slice){ 0 }, answer);
        return register_tell(book, &ended, error);
}

mitome_status register_issue_desk(
        void *context, const struct party_request *request, writer *answer, mitome_error *error)
{
        struct authority_register *book = context;
        struct register_person person = { 0 };
        struct register_certificate former = { 0 };
        struct register_grounds grounds = register_grounds(request);
        struct claim claim = { 0 };
        uint8_t key[LETTER_DIGEST_SIZE];
        bool found = false;
        MITOME_TRY(read_claim(request->body, &claim, error));
        MITOME_TRY(register_load_person(book, claim.person, &person, error));
        MITOME_TRY(load_application(book, &claim, person.number, error));
        register_add_ground(&grounds, "application", claim.digest);
        MITOME_TRY(find_former(book, &claim, &former, &found, error));
        rsa_digest(claim.modulus, key);
        if (!found || !slice_equal(SLICE(key), SLICE(former.key)))
                return issue_anew(book, &claim, &person, &grounds, answer, error);
        struct authority_der der;
        MITOME_TRY(load_document(book, former.number, &der, error));
        write_issued(book, claim.kind, &der, (slice){ 0 }, answer);
        return ok();
}
