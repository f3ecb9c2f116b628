/* SPDX-License-Identifier: Apache-2.0 */

/* People, as the municipalities tell of them. What is known of a person stays here: others see his opaque
 * number, and the journal no more than that. */

#include "register_internal.h"

/* ---- facts ---- */

struct facts {
        slice name, address, prefecture, city, gender, birth, municipality;
};

enum { FACTS = 7 };

/* They stand side by side in a letter, from `first` on. */
static void describe_facts(int64_t first, struct facts *facts, struct body_field fields[FACTS])
{
        const struct body_field all[FACTS] = {
                BODY_FIELD_TEXT(first, "name", PERSON_TEXT_MAX, &facts->name),
                BODY_FIELD_TEXT(first + 1, "address", PERSON_TEXT_MAX, &facts->address),
                BODY_FIELD_TEXT(first + 2, "prefecture", PERSON_TOWN_MAX, &facts->prefecture),
                BODY_FIELD_TEXT(first + 3, "city", PERSON_TOWN_MAX, &facts->city),
                BODY_FIELD_TEXT(first + 4, "gender", PERSON_CODE_MAX, &facts->gender),
                BODY_FIELD_ITEM(first + 5, "date of birth", &facts->birth),
                BODY_FIELD_TEXT(first + 6, "municipality", PERSON_CODE_MAX, &facts->municipality),
        };
        for (size_t i = 0; i < FACTS; i++)
                fields[i] = all[i];
}

/* As a C string: what has a control character in it is none. */
static mitome_status copy_text(slice text, const char *field, char *to, size_t capacity, mitome_error *error)
{
        for (size_t i = 0; i < text.size; i++)
                if (text.data[i] < 0x20 || text.data[i] == 0x7F)
                        return fail(error, MITOME_E_VALUE, field, NULL);
        MITOME_TRY(slice_copy(text, field, (uint8_t *)to, capacity - 1, error));
        to[text.size] = '\0';
        return ok();
}

#define COPY(field) copy_text(facts->field, #field, ret->field, sizeof ret->field, error)

static mitome_status take_facts(const struct facts *facts, struct register_person *ret, mitome_error *error)
{
        MITOME_TRY(COPY(name));
        MITOME_TRY(COPY(address));
        MITOME_TRY(COPY(prefecture));
        MITOME_TRY(COPY(city));
        MITOME_TRY(COPY(gender));
        return COPY(municipality);
}

struct authority_person register_describe(const struct register_person *person, enum register_place place)
{
        return (struct authority_person){
                .name = person->name,
                .address = person->address,
                .prefecture = person->prefecture,
                .city = person->city,
                .gender = person->gender,
                .birth_year = person->born.year,
                .birth_month = person->born.month,
                .birth_day = person->born.day,
                .on_card = place == REGISTER_CARD,
        };
}

/* Whom no certificate could be issued to is not taken either. */
static mitome_status check_facts(struct authority_register *book, const struct facts *facts,
        struct register_person *ret, mitome_error *error)
{
        MITOME_TRY(take_facts(facts, ret, error));
        MITOME_TRY(body_read_date(facts->birth, &ret->born, error));
        struct authority_person person = register_describe(ret, REGISTER_CARD);
        return ca_check_person(AUTHORITY_USER_VERIFICATION, &person, party_now(book->party), error);
}

/* ---- rows ---- */

static int64_t write_birth(struct body_date born)
{
        return born.year * 10000 + born.month * 100 + born.day;
}

static struct body_date read_birth(int64_t born)
{
        return (struct body_date){ (int)(born / 10000), (int)(born / 100 % 100), (int)(born % 100) };
}

static mitome_status read_person(
        const struct sql_query *query, struct register_person *ret, mitome_error *error)
{
        const struct facts row = { sql_bytes(query, 2), sql_bytes(query, 3), sql_bytes(query, 4),
                sql_bytes(query, 5), sql_bytes(query, 6), { 0 }, sql_bytes(query, 8) };
        *ret = (struct register_person){ .number = sql_integer(query, 0) };
        ret->born = read_birth(sql_integer(query, 7));
        MITOME_TRY(slice_copy(sql_bytes(query, 1), "person", ret->id, sizeof ret->id, error));
        return take_facts(&row, ret, error);
}

mitome_status register_load_person(
        struct authority_register *book, slice id, struct register_person *ret, mitome_error *error)
{
        struct sql_query query = { 0 };
        mitome_status status = ok();
        MITOME_TRY(sql_ask(book->store,
                "SELECT number, id, name, address, prefecture, city, gender, born, municipality FROM person WHERE "
                "id = ?",
                SQL_VALUES(SQL_BYTES(id)), &query, error));
        bool found = sql_next(&query);
        if (found)
                status = read_person(&query, ret, error);
        mitome_status end = sql_end(&query);
        MITOME_TRY(end);
        MITOME_TRY(status);
        return found ? ok() : fail(error, MITOME_E_AUTHORITY_UNKNOWN, "person", NULL);
}

/* The person of exactly these facts, if he is known. */
static mitome_status find_same(struct authority_register *book, const struct register_person *person,
        uint8_t ret_id[REGISTER_PERSON_SIZE], bool *ret_found, mitome_error *error)
{
        struct sql_query query = { 0 };
        mitome_status status = ok();
        MITOME_TRY(sql_ask(book->store,
                "SELECT id FROM person WHERE name = ? AND born = ? AND address = ? AND gender = ? AND prefecture "
                "= ? AND city = ? AND municipality = ?",
                SQL_VALUES(SQL_STR(person->name), SQL_INT(write_birth(person->born)),
                        SQL_STR(person->address), SQL_STR(person->gender), SQL_STR(person->prefecture),
                        SQL_STR(person->city), SQL_STR(person->municipality)),
                &query, error));
        bool found = sql_next(&query);
        if (found)
                status = slice_copy(sql_bytes(&query, 0), "person", ret_id, REGISTER_PERSON_SIZE, error);
        mitome_status end = sql_end(&query);
        MITOME_TRY(end);
        MITOME_TRY(status);
        *ret_found = found;
        return ok();
}

static mitome_status insert(
        struct authority_register *book, struct register_person *person, mitome_error *error)
{
        const struct mitome_random *random = party_random(book->party);
        if (random->fill(random->context, person->id, sizeof person->id) != 0)
                return fail(error, MITOME_E_NO_RANDOMNESS, "person", NULL);
        return sql_do(book->store,
                "INSERT INTO person (id, name, address, prefecture, city, gender, born, municipality) VALUES (?, "
                "?, ?, ?, ?, ?, ?, ?)",
                SQL_VALUES(SQL_BYTES(SLICE(person->id)), SQL_STR(person->name), SQL_STR(person->address),
                        SQL_STR(person->prefecture), SQL_STR(person->city), SQL_STR(person->gender),
                        SQL_INT(write_birth(person->born)), SQL_STR(person->municipality)),
                NULL, error);
}

/* ---- register-person ---- */

/* Somebody of whom the same was told before is the same person. */
mitome_status register_person_desk(
        void *context, const struct party_request *request, writer *answer, mitome_error *error)
{
        struct authority_register *book = context;
        struct register_person person = { 0 };
        struct register_grounds grounds = register_grounds(request);
        struct body_field fields[FACTS];
        struct facts facts;
        bool known;
        describe_facts(1, &facts, fields);
        MITOME_TRY(body_read(request->body, fields, FACTS, error));
        MITOME_TRY(check_facts(book, &facts, &person, error));
        MITOME_TRY(find_same(book, &person, person.id, &known, error));
        if (!known) {
                MITOME_TRY(insert(book, &person, error));
                const struct register_subject subject = { "person", SLICE(person.id), true,
                        sql_last_row(book->store) };
                MITOME_TRY(register_note(book, "register-person", "done", subject, &grounds, NULL, error));
        }
        cbor_write_map(answer, 1);
        cbor_write_uint(answer, 1);
        cbor_write_bytes(answer, SLICE(person.id));
        return ok();
}

/* ---- change-facts ---- */

static mitome_status change(struct authority_register *book, int64_t number,
        const struct register_person *person, const struct register_grounds *grounds,
        struct register_ended *ended, mitome_error *error)
{
        const struct register_subject subject = { "person", SLICE(person->id), true, number };
        MITOME_TRY(sql_do(book->store,
                "UPDATE person SET name = ?, address = ?, prefecture = ?, city = ?, gender = ?, born = ?, "
                "municipality = ? WHERE number = ?",
                SQL_VALUES(SQL_STR(person->name), SQL_STR(person->address), SQL_STR(person->prefecture),
                        SQL_STR(person->city), SQL_STR(person->gender), SQL_INT(write_birth(person->born)),
                        SQL_STR(person->municipality), SQL_INT(number)),
                NULL, error));
        MITOME_TRY(register_note(book, "change-facts", "done", subject, grounds, NULL, error));
        MITOME_TRY(register_end_live(
                book, number, REGISTER_SIGNING, REGISTER_CARD, REASON_FACTS_CHANGED, grounds, ended, error));
        /* also one whose card's certificate was given up before */
        return register_end_live(
                book, number, REGISTER_SIGNING, REGISTER_PHONE, REASON_FACTS_CHANGED, grounds, ended, error);
}

/* What a signing certificate says of a person has to be so: it ends. The one for user verification says
 * nothing of him, and stays. */
mitome_status register_change_desk(
        void *context, const struct party_request *request, writer *answer, mitome_error *error)
{
        struct authority_register *book = context;
        struct register_person before = { 0 }, person = { 0 };
        struct register_grounds grounds = register_grounds(request);
        struct register_ended ended = { 0 };
        struct body_field fields[1 + FACTS];
        struct facts facts;
        slice id;
        bool same;
        fields[0] = (struct body_field)BODY_FIELD_BYTES(
                1, "person", REGISTER_PERSON_SIZE, REGISTER_PERSON_SIZE, &id);
        describe_facts(2, &facts, &fields[1]);
        MITOME_TRY(body_read(request->body, fields, 1 + FACTS, error));
        MITOME_TRY(register_load_person(book, id, &before, error));
        MITOME_TRY(check_facts(book, &facts, &person, error));
        MITOME_TRY(find_same(book, &person, person.id, &same, error));
        same = same && slice_equal(SLICE(person.id), id);
        MITOME_TRY(slice_copy(id, "person", person.id, sizeof person.id, error));
        if (!same)
                MITOME_TRY(change(book, before.number, &person, &grounds, &ended, error));
        cbor_write_map(answer, 1);
        cbor_write_uint(answer, 1);
        register_write_ended(answer, &ended);
        return register_tell(book, &ended, error);
}

/* ---- find ---- */

static mitome_status find_person(struct authority_register *book, slice name, struct body_date born,
        slice address, int64_t *ret_number, uint8_t ret_id[REGISTER_PERSON_SIZE], mitome_error *error)
{
        struct sql_query query = { 0 };
        mitome_status status = ok();
        MITOME_TRY(sql_ask(book->store,
                "SELECT number, id FROM person WHERE name = ? AND born = ? AND address = ? LIMIT 2",
                SQL_VALUES(SQL_TEXT_OF(name), SQL_INT(write_birth(born)), SQL_TEXT_OF(address)), &query,
                error));
        bool found = sql_next(&query);
        if (found) {
                *ret_number = sql_integer(&query, 0);
                status = slice_copy(sql_bytes(&query, 1), "person", ret_id, REGISTER_PERSON_SIZE, error);
        }
        bool another = found && sql_next(&query);
        mitome_status end = sql_end(&query);
        MITOME_TRY(end);
        MITOME_TRY(status);
        if (another)
                return fail(error, MITOME_E_AUTHORITY_AMBIGUOUS, "person", NULL);
        return found ? ok() : fail(error, MITOME_E_AUTHORITY_UNKNOWN, "person", NULL);
}

static void write_found(writer *w, const struct register_certificate *certificate)
{
        bool phone = certificate->place == REGISTER_PHONE;
        cbor_write_map(w, phone ? 5 : 4);
        cbor_write_uint(w, 1);
        cbor_write_uint(w, certificate->kind);
        cbor_write_uint(w, 2);
        cbor_write_bytes(w, register_serial(certificate));
        cbor_write_uint(w, 3);
        cbor_write_uint(w, certificate->place);
        cbor_write_uint(w, 4);
        cbor_write_uint(w, certificate->status);
        if (!phone)
                return;
        cbor_write_uint(w, 5);
        cbor_write_string(w, certificate->device);
}

/* What of a person's is not revoked, at most one of each kind and place. */
static mitome_status write_live(
        struct authority_register *book, int64_t person, writer *answer, mitome_error *error)
{
        struct register_certificate live[2 * REGISTER_KINDS] = { 0 };
        size_t count = 0;
        for (int place = REGISTER_CARD; place <= REGISTER_PHONE; place++)
                for (int kind = 1; kind <= REGISTER_KINDS; kind++) {
                        bool found = false;
                        MITOME_TRY(register_load_live(book, person, (enum register_kind)kind,
                                (enum register_place)place, &live[count], &found, error));
                        count += found;
                }
        cbor_write_array(answer, count);
        for (size_t i = 0; i < count; i++)
                write_found(answer, &live[i]);
        return ok();
}

mitome_status register_find_desk(
        void *context, const struct party_request *request, writer *answer, mitome_error *error)
{
        struct authority_register *book = context;
        struct register_grounds grounds = register_grounds(request);
        uint8_t id[REGISTER_PERSON_SIZE];
        slice name, birth, address;
        struct body_date born;
        int64_t number = 0;
        const struct body_field fields[] = {
                BODY_FIELD_TEXT(1, "name", PERSON_TEXT_MAX, &name),
                BODY_FIELD_ITEM(2, "date of birth", &birth),
                BODY_FIELD_TEXT(3, "address", PERSON_TEXT_MAX, &address),
        };
        MITOME_TRY(body_read(request->body, fields, 3, error));
        MITOME_TRY(body_read_date(birth, &born, error));
        MITOME_TRY(find_person(book, name, born, address, &number, id, error));
        cbor_write_map(answer, 2);
        cbor_write_uint(answer, 1);
        cbor_write_bytes(answer, SLICE(id));
        cbor_write_uint(answer, 2);
        MITOME_TRY(write_live(book, number, answer, error));
        const struct register_subject subject = { "person", SLICE(id), true, number };
        return register_note(book, "find-person", "done", subject, &grounds, NULL, error);
}
