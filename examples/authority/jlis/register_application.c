/* SPDX-License-Identifier: Apache-2.0 */

/* Applications that a card has signed: who holds the card, and means this phone and this purpose, now. */

#include "application_cms.h"
#include "application_text.h"
#include "digest.h"
#include "register_internal.h"

struct applied {
        struct application_cms cms;
        struct application_text text;
        uint8_t digest[LETTER_DIGEST_SIZE]; /* of what was signed: however it is wrapped, it is one
                                               application */
        struct register_certificate card;
};

/* The service manager's session says what should stand in it. */
struct asked {
        slice cms, nonce, purpose, device;
};

static mitome_status check_text(struct authority_register *book, const struct asked *asked,
        const struct application_text *text, mitome_error *error)
{
        const struct {
                slice said, expected;
                const char *field;
        } members[] = {
                { text->nonce, asked->nonce, "nonce" },
                { text->purpose, asked->purpose, "purpose" },
                { text->device, asked->device, "device" },
        };
        for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
                if (!slice_equal(members[i].said, members[i].expected))
                        return fail(error, MITOME_E_AUTHORITY_APPLICATION, members[i].field, NULL);
        int64_t now = party_now(book->party);
        return text->applied_at >= now - REGISTER_APPLICATION_SKEW &&
                               text->applied_at <= now + REGISTER_APPLICATION_SKEW
                       ? ok()
                       : fail(error, MITOME_E_AUTHORITY_TIME, "applied_at", NULL);
}

/* Only a card's certificate is proof that the card is there: a phone's does not beget another. */
static mitome_status find_card(struct authority_register *book, struct applied *applied, mitome_error *error)
{
        slice serial = slice_of(applied->cms.serial, applied->cms.serial_size);
        mitome_status status = register_load(book, REGISTER_SIGNING, serial, &applied->card, NULL);
        if (status.code == MITOME_E_AUTHORITY_UNKNOWN ||
                (!failed(status) &&
                        (applied->card.place != REGISTER_CARD ||
                                !slice_equal(SLICE(applied->card.digest), SLICE(applied->cms.certificate)))))
                return fail(error, MITOME_E_AUTHORITY_SIGNER, "the signer", NULL);
        if (failed(status))
                return fail(error, status.code, "certificate", NULL);
        return register_require_good(book, &applied->card, "signing certificate", error);
}

static mitome_status judge(struct authority_register *book, const struct asked *asked,
        struct applied *applied, mitome_error *error)
{
        MITOME_TRY(application_open(asked->cms, ca_certificate(register_ca(book, REGISTER_SIGNING)),
                party_now(book->party), &applied->cms, error));
        const slice content = slice_of(applied->cms.content, applied->cms.content_size);
        const slice signed_by[] = { content, SLICE(applied->cms.certificate) };
        sha256(signed_by, 2, applied->digest);
        MITOME_TRY(find_card(book, applied, error));
        MITOME_TRY(application_read(content, &applied->text, error));
        return check_text(book, asked, &applied->text, error);
}

/* The first time counts: brought again it is no younger. */
static mitome_status keep(struct authority_register *book, const struct applied *applied, mitome_error *error)
{
        const struct sql_value purpose = SQL_TEXT_OF(applied->text.purpose);
        const struct sql_value device = SQL_TEXT_OF(applied->text.device);
        return sql_do(book->store,
                "INSERT INTO application (digest, person, card, purpose, device, kinds, checked_at) VALUES (?, ?, "
                "?, ?, ?, ?, ?) ON CONFLICT (digest) DO NOTHING",
                SQL_VALUES(SQL_BYTES(SLICE(applied->digest)), SQL_INT(applied->card.person),
                        SQL_INT(applied->card.number), purpose, device, SQL_INT(applied->text.kinds),
                        SQL_INT(party_now(book->party))),
                NULL, error);
}

/* ---- the answer ---- */

static mitome_status write_owner(
        struct authority_register *book, int64_t person, writer *answer, mitome_error *error)
{
        struct sql_query query = { 0 };
        MITOME_TRY(sql_ask(book->store, "SELECT id FROM person WHERE number = ?", SQL_VALUES(SQL_INT(person)),
                &query, error));
        bool found = sql_next(&query);
        if (found)
                cbor_write_bytes(answer, sql_bytes(&query, 0));
        MITOME_TRY(sql_end(&query));
        return found ? ok() : fail(error, MITOME_E_AUTHORITY_UNKNOWN, "person", NULL);
}

static mitome_status write_phones(
        struct authority_register *book, int64_t person, writer *answer, mitome_error *error)
{
        struct register_certificate live[REGISTER_KINDS] = { 0 };
        size_t count = 0;
        for (int kind = 1; kind <= REGISTER_KINDS; kind++) {
                bool found = false;
                MITOME_TRY(register_load_live(
                        book, person, (enum register_kind)kind, REGISTER_PHONE, &live[count], &found, error));
                count += found;
        }
        cbor_write_array(answer, count);
        for (size_t i = 0; i < count; i++) {
                cbor_write_map(answer, 2);
                cbor_write_uint(answer, 1);
                cbor_write_uint(answer, live[i].kind);
                cbor_write_uint(answer, 2);
                cbor_write_bytes(answer, register_serial(&live[i]));
        }
        return ok();
}

static void write_kinds(unsigned kinds, writer *answer)
{
        cbor_write_array(answer, (kinds >> 1 & 1) + (kinds >> 2 & 1));
        for (unsigned kind = 1; kind <= REGISTER_KINDS; kind++)
                if (kinds >> kind & 1)
                        cbor_write_uint(answer, kind);
}

static mitome_status write_answer(
        struct authority_register *book, const struct applied *applied, writer *answer, mitome_error *error)
{
        cbor_write_map(answer, 4);
        cbor_write_uint(answer, 1);
        MITOME_TRY(write_owner(book, applied->card.person, answer, error));
        cbor_write_uint(answer, 2);
        MITOME_TRY(write_phones(book, applied->card.person, answer, error));
        cbor_write_uint(answer, 3);
        cbor_write_bytes(answer, SLICE(applied->digest));
        cbor_write_uint(answer, 4);
        write_kinds(applied->text.kinds, answer);
        return ok();
}

mitome_status register_application_desk(
        void *context, const struct party_request *request, writer *answer, mitome_error *error)
{
        struct authority_register *book = context;
        struct register_grounds grounds = register_grounds(request);
        struct applied applied = { 0 };
        struct asked asked;
        const struct body_field fields[] = {
                BODY_FIELD_BYTES(1, "CMS", 1, APPLICATION_CMS_MAX, &asked.cms),
                BODY_FIELD_TEXT(2, "nonce", APPLICATION_NONCE_MAX, &asked.nonce),
                BODY_FIELD_TEXT(3, "purpose", APPLICATION_PURPOSE_MAX, &asked.purpose),
                BODY_FIELD_TEXT(4, "device", REGISTER_IDENTITY_MAX, &asked.device),
        };
        MITOME_TRY(body_read(request->body, fields, 4, error));
        MITOME_TRY(judge(book, &asked, &applied, error));
        MITOME_TRY(keep(book, &applied, error));
        MITOME_TRY(write_answer(book, &applied, answer, error));
        register_add_ground(&grounds, "application", SLICE(applied.digest));
        return register_note(
                book, "accept-application", "done", register_about(&applied.card), &grounds, NULL, error);
}
