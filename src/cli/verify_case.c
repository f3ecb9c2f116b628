/* SPDX-License-Identifier: Apache-2.0 */
#include "verify_case.h"

#include <mitome/rp.h>

#include <sodium.h>
#include <time.h>

enum { TEXT_MAX = 4096, KEY_MAX = 4096, PEM_MAX = 65536, CRL_TEXT_MAX = 4 << 20 };

/* ---- times ---- */

static bool take_digits(reader *r, size_t count, int *ret)
{
        slice digits;
        int value = 0;
        if (failed(read_bytes(r, NULL, count, &digits)))
                return false;
        for (size_t i = 0; i < count; i++) {
                if (digits.data[i] < '0' || digits.data[i] > '9')
                        return false;
                value = value * 10 + (digits.data[i] - '0');
        }
        *ret = value;
        return true;
}

static bool take_mark(reader *r, const char *marks, uint8_t *ret)
{
        uint8_t byte;
        if (failed(read_u8(r, NULL, &byte)))
                return false;
        for (; *marks; marks++)
                if (byte == (uint8_t)*marks) {
                        *ret = byte;
                        return true;
                }
        return false;
}

static bool take_date_time(reader *r, struct tm *tm)
{
        static const struct {
                size_t digits;
                const char *mark; /* behind them */
                int least, most;
        } parts[] = { { 4, "-", 1970, 9999 }, { 2, "-", 1, 12 }, { 2, "Tt", 1, 31 }, { 2, ":", 0, 23 },
                { 2, ":", 0, 59 }, { 2, NULL, 0, 60 } };
        int values[6];
        uint8_t mark;
        for (size_t i = 0; i < 6; i++)
                if (!take_digits(r, parts[i].digits, &values[i]) || values[i] < parts[i].least ||
                        values[i] > parts[i].most || (parts[i].mark && !take_mark(r, parts[i].mark, &mark)))
                        return false;
        *tm = (struct tm){ .tm_year = values[0] - 1900,
                .tm_mon = values[1] - 1,
                .tm_mday = values[2],
                .tm_hour = values[3],
                .tm_min = values[4],
                .tm_sec = values[5] };
        return true;
}

/* The mark behind the seconds and behind their fraction, if there is one. */
static bool take_zone_mark(reader *r, uint8_t *ret)
{
        int digit;
        if (!take_mark(r, ".Zz+-", ret))
                return false;
        if (*ret != '.')
                return true;
        if (!take_digits(r, 1, &digit))
                return false;
        while (take_mark(r, "0123456789Zz+-", ret))
                if (*ret < '0' || *ret > '9')
                        return true;
        return false;
}

bool verify_case_time(slice text, int64_t *ret)
{
        reader r = reader_over(text, NULL, NULL);
        struct tm tm;
        uint8_t zone, colon;
        int hours = 0, minutes = 0;
        if (!take_date_time(&r, &tm) || !take_zone_mark(&r, &zone))
                return false;
        if ((zone == '+' || zone == '-') &&
                (!take_digits(&r, 2, &hours) || !take_mark(&r, ":", &colon) ||
                        !take_digits(&r, 2, &minutes) || hours > 23 || minutes > 59))
                return false;
        int day = tm.tm_mday;
        int leap = tm.tm_sec == 60; /* counts as the next minute's :00 */
        tm.tm_sec -= leap;
        int64_t seconds = timegm(&tm) + leap;
        if (r.rest.size || tm.tm_mday != day) /* no 30 February */
                return false;
        int64_t offset = (hours * 60 + minutes) * 60;
        *ret = seconds - (zone == '-' ? -offset : offset);
        return true;
}

static mitome_status read_time(struct json_reader *r, writer *arena, const struct json_field *field)
{
        const struct json_reader start = *r;
        slice text;
        MITOME_TRY(arena_text(r, arena, field->field, 64, &text));
        if (!verify_case_time(text, field->target))
                return reader_fail(&start.bytes, MITOME_E_VALUE, field->field);
        return ok();
}

/* ---- lists ---- */

typedef mitome_status read_element(
        struct json_reader *r, writer *arena, const struct json_field *field, size_t at);

static mitome_status read_list(
        struct json_reader *r, writer *arena, const struct json_field *field, read_element *read)
{
        struct json_members array;
        size_t count = 0;
        MITOME_TRY(json_open_array(r, field->field, &array));
        for (bool more;;) {
                MITOME_TRY(json_next_element(r, &array, &more));
                if (!more)
                        return ok();
                if (count == CASE_LIST_MAX)
                        return reader_fail(&r->bytes, MITOME_E_TOO_MANY, field->field);
                MITOME_TRY(read(r, arena, field, count++));
        }
}

static mitome_status text_element(
        struct json_reader *r, writer *arena, const struct json_field *field, size_t at)
{
        struct case_list *list = field->target;
        MITOME_TRY(arena_text(r, arena, field->field, TEXT_MAX, &list->items[at]));
        list->count = at + 1;
        return ok();
}

static mitome_status bytes_element(
        struct json_reader *r, writer *arena, const struct json_field *field, size_t at)
{
        struct case_list *list = field->target;
        MITOME_TRY(arena_base64url(r, arena, field->field, TEXT_MAX, &list->items[at]));
        list->count = at + 1;
        return ok();
}

static mitome_status number_element(
        struct json_reader *r, writer *arena, const struct json_field *field, size_t at)
{
        (void)arena;
        struct case_numbers *list = field->target;
        MITOME_TRY(json_read_int(r, field->field, &list->items[at]));
        list->count = at + 1;
        return ok();
}

/* Padded base64, decoded where it stands in the arena. */
static mitome_status base64_element(
        struct json_reader *r, writer *arena, const struct json_field *field, size_t at)
{
        const struct json_reader start = *r;
        struct case_list *list = field->target;
        slice text;
        size_t size = 0;
        MITOME_TRY(arena_text(r, arena, field->field, CRL_TEXT_MAX, &text));
        uint8_t *space = write_space(arena, text.size);
        if (!space)
                return reader_fail(&start.bytes, MITOME_E_BUFFER_FULL, field->field);
        /* libsodium 1.0.18 takes bytes over 0x7F for digits */
        if (!slice_is_ascii(text) || sodium_base642bin(space, text.size, (const char *)text.data, text.size,
                                             NULL, &size, NULL, sodium_base64_VARIANT_ORIGINAL) != 0)
                return reader_fail(&start.bytes, MITOME_E_VALUE, field->field);
        list->items[at] = slice_of(space, size);
        list->count = at + 1;
        return ok();
}

static mitome_status switch_element(
        struct json_reader *r, writer *arena, const struct json_field *field, size_t at)
{
        (void)at;
        const struct json_reader start = *r;
        slice name;
        MITOME_TRY(arena_text(r, arena, field->field, TEXT_MAX, &name));
        unsigned bit = mitome_switch_find(name);
        *(unsigned *)field->target |= bit;
        return bit ? ok() : reader_fail(&start.bytes, MITOME_E_VALUE, field->field);
}

static mitome_status read_base64_strings(struct json_reader *r, writer *arena, const struct json_field *field)
{
        return read_list(r, arena, field, base64_element);
}

static mitome_status read_switches(struct json_reader *r, writer *arena, const struct json_field *field)
{
        return read_list(r, arena, field, switch_element);
}

static mitome_status read_texts(struct json_reader *r, writer *arena, const struct json_field *field)
{
        return read_list(r, arena, field, text_element);
}

static mitome_status read_byte_strings(struct json_reader *r, writer *arena, const struct json_field *field)
{
        return read_list(r, arena, field, bytes_element);
}

static mitome_status read_numbers(struct json_reader *r, writer *arena, const struct json_field *field)
{
        return read_list(r, arena, field, number_element);
}

/* ---- single values ---- */

/* One of the words of `literal`, separated by '|': the flag is set by the first of them. */
static mitome_status read_word(struct json_reader *r, writer *arena, const struct json_field *field)
{
        const struct json_reader start = *r;
        slice text;
        MITOME_TRY(arena_text(r, arena, field->field, TEXT_MAX, &text));
        reader words = reader_over(slice_text(field->literal), NULL, NULL);
        for (bool first = true; words.rest.size; first = false) {
                size_t size = 0;
                while (size < words.rest.size && words.rest.data[size] != '|')
                        size++;
                slice word, bar;
                MITOME_TRY(read_bytes(&words, NULL, size, &word));
                if (slice_equal(word, text)) {
                        *field->flag = first;
                        return ok();
                }
                MITOME_TRY(read_bytes(&words, NULL, words.rest.size ? 1 : 0, &bar));
        }
        return reader_fail(&start.bytes, MITOME_E_VALUE, field->field);
}

static mitome_status read_count(struct json_reader *r, writer *arena, const struct json_field *field)
{
        (void)arena;
        const struct json_reader start = *r;
        int64_t value;
        MITOME_TRY(json_read_int(r, field->field, &value));
        if (value < 0 || value > UINT32_MAX)
                return reader_fail(&start.bytes, MITOME_E_VALUE, field->field);
        *(int64_t *)field->target = value;
        return ok();
}

static mitome_status read_policy(struct json_reader *r, writer *arena, const struct json_field *field)
{
        struct verify_case *c = field->target;
        struct verify_policy *p = &c->policy;
        const struct json_field fields[] = {
                { "user_verification", "policy.user_verification", read_word,
                        .literal = "required|preferred|discouraged", .flag = &p->user_verification_required },
                { "allowed_origins", "policy.allowed_origins", read_texts, .target = &p->origins,
                        .present = &p->has_origins },
                { "allow_cross_origin", "policy.allow_cross_origin", json_field_bool,
                        .flag = &p->allow_cross_origin },
                { "allowed_top_origins", "policy.allowed_top_origins", read_texts, .target = &p->top_origins,
                        .present = &p->has_top_origins },
                { "app_id", "policy.app_id", json_field_text, .null_is_absent = true, .max = TEXT_MAX,
                        .bytes = &p->app_id },
                { "mediation", "policy.mediation", read_word,
                        .literal = "conditional|optional|required|silent", .flag = &p->conditional },
                { "stored_sign_count", "policy.stored_sign_count", read_count,
                        .target = &p->stored_sign_count },
                { "stored_be", "policy.stored_be", json_field_bool, .flag = &p->stored_be,
                        .null_is_absent = true, .present = &p->has_stored_be },
                { "user_handle_b64url", "policy.user_handle_b64url", json_field_base64url, .max = 64,
                        .bytes = &p->user_handle },
                { "allow_credentials", "policy.allow_credentials", read_byte_strings,
                        .target = &p->credentials, .present = &p->has_credentials },
                { "allowed_algs", "policy.allowed_algs", read_numbers, .target = &p->algorithms,
                        .present = &p->has_algorithms },
                { "crl_b64", "policy.crl_b64", read_base64_strings, .target = &p->crls },
                { "trust", "policy.trust", read_word, .literal = "required", .flag = &p->trust_required },
                { "level", "policy.level", json_field_text, .max = TEXT_MAX, .bytes = &p->level,
                        .present = &p->has_level },
                { "switches", "policy.switches", read_switches, .target = &p->switches },
        };
        const struct json_object object = { .field = "policy",
                .fields = fields,
                .count = sizeof fields / sizeof fields[0],
                .closed = true,
                .unknown = &c->unknown };
        return json_object_read(r, arena, &object);
}

mitome_status verify_case_read(slice line, writer *arena, struct verify_case *ret, mitome_error *error)
{
        *ret = (struct verify_case){ 0 };
        const struct json_field fields[] = {
                { "name", "name", json_field_text, .max = TEXT_MAX, .bytes = &ret->name,
                        .present = &ret->has_name },
                { "kind", "kind", json_field_text, .required = true, .max = TEXT_MAX, .bytes = &ret->kind },
                { "rp_id", "rp_id", json_field_text, .required = true, .max = TEXT_MAX,
                        .bytes = &ret->rp_id },
                { "origin", "origin", json_field_text, .required = true, .max = TEXT_MAX,
                        .bytes = &ret->origin },
                { "challenge_b64url", "challenge_b64url", json_field_base64url, .required = true,
                        .max = TEXT_MAX, .bytes = &ret->challenge },
                { "response", "response", json_field_raw, .required = true, .bytes = &ret->response },
                { "credential_public_key_b64url", "credential_public_key_b64url", json_field_base64url,
                        .null_is_absent = true, .max = KEY_MAX, .bytes = &ret->public_key },
                { "root_pem", "root_pem", json_field_text, .null_is_absent = true, .max = PEM_MAX,
                        .bytes = &ret->root_pem, .present = &ret->has_root },
                { "at_time", "at_time", read_time, .null_is_absent = true, .target = &ret->at_time,
                        .present = &ret->has_time },
                { "policy", "policy", read_policy, .null_is_absent = true, .target = ret },
        };
        const struct json_object object = {
                .field = "case", .fields = fields, .count = sizeof fields / sizeof fields[0]
        };
        struct json_reader r = json_over(line, NULL, error);
        MITOME_TRY(json_object_read(&r, arena, &object));
        return json_end(&r, "case");
}
