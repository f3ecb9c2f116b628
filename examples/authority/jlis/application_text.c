/* SPDX-License-Identifier: Apache-2.0 */
#include "application_text.h"

#include "json.h"
#include "register.h"

#include <time.h>

static mitome_status not_so(mitome_error *error, const char *field)
{
        return fail(error, MITOME_E_AUTHORITY_CMS, field, NULL);
}

/* ---- members ---- */

static mitome_status read_text(struct json_reader *r, const char *field, uint8_t *buffer, size_t capacity,
        slice *ret, mitome_error *error)
{
        MITOME_TRY(json_read_string(r, field, buffer, capacity, ret));
        return ret->size ? ok() : not_so(error, field);
}

static mitome_status read_purpose(struct json_reader *r, struct application_text *ret, mitome_error *error)
{
        return read_text(
                r, "application", ret->purpose_bytes, sizeof ret->purpose_bytes, &ret->purpose, error);
}

/* What is printed on a phone: with an end of text in it, it would be taken for another's where it is told. */
static mitome_status read_device(struct json_reader *r, struct application_text *ret, mitome_error *error)
{
        MITOME_TRY(read_text(r, "device", ret->device_bytes, sizeof ret->device_bytes, &ret->device, error));
        for (size_t i = 0; i < ret->device.size; i++)
                if (ret->device.data[i] < 0x20 || ret->device.data[i] > 0x7E)
                        return not_so(error, "device");
        return ok();
}

static mitome_status read_nonce(struct json_reader *r, struct application_text *ret, mitome_error *error)
{
        return read_text(r, "nonce", ret->nonce_bytes, sizeof ret->nonce_bytes, &ret->nonce, error);
}

static mitome_status read_version(struct json_reader *r, struct application_text *ret, mitome_error *error)
{
        int64_t version;
        (void)ret;
        MITOME_TRY(json_read_int(r, "version", &version));
        return version == 1 ? ok() : not_so(error, "version");
}

static mitome_status read_kind(struct json_reader *r, unsigned *kinds, mitome_error *error)
{
        static const struct {
                const char *name;
                unsigned bit;
        } known[] = {
                { "user-verification", 1u << REGISTER_USER_VERIFICATION },
                { "signing", 1u << REGISTER_SIGNING },
        };
        slice name;
        MITOME_TRY(json_read_raw(r, "kinds", &name));
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
                if (json_name_is(name, known[i].name) && !(*kinds & known[i].bit)) {
                        *kinds |= known[i].bit;
                        return ok();
                }
        return not_so(error, "kinds");
}

static mitome_status read_kinds(struct json_reader *r, struct application_text *ret, mitome_error *error)
{
        struct json_members array;
        bool more;
        MITOME_TRY(json_open_array(r, "kinds", &array));
        for (;;) {
                MITOME_TRY(json_next_element(r, &array, &more));
                if (!more)
                        return ret->kinds ? ok() : not_so(error, "kinds");
                MITOME_TRY(read_kind(r, &ret->kinds, error));
        }
}

/* "YYYY-MM-DDTHH:MM:SSZ", and there is such a second. */
static bool parse_time(slice text, int64_t *ret)
{
        static const char form[] = "0000-00-00T00:00:00Z";
        int numbers[6] = { 0 };
        size_t at = 0;
        if (text.size != sizeof form - 1)
                return false;
        for (size_t i = 0; i < text.size; i++) {
                bool digit = text.data[i] >= '0' && text.data[i] <= '9';
                if (form[i] == '0' && digit)
                        numbers[at] = numbers[at] * 10 + (text.data[i] - '0');
                else if (form[i] == '0' || text.data[i] != (uint8_t)form[i])
                        return false;
                else if (at + 1 < sizeof numbers / sizeof numbers[0])
                        at++;
        }
        struct tm tm = { .tm_year = numbers[0] - 1900,
                .tm_mon = numbers[1] - 1,
                .tm_mday = numbers[2],
                .tm_hour = numbers[3],
                .tm_min = numbers[4],
                .tm_sec = numbers[5] };
        const struct tm asked = tm;
        int64_t seconds = (int64_t)timegm(&tm);
        *ret = seconds;
        return asked.tm_year == tm.tm_year && asked.tm_mon == tm.tm_mon && asked.tm_mday == tm.tm_mday &&
               asked.tm_hour == tm.tm_hour && asked.tm_min == tm.tm_min && asked.tm_sec == tm.tm_sec;
}

static mitome_status read_time(struct json_reader *r, struct application_text *ret, mitome_error *error)
{
        uint8_t buffer[32];
        slice text;
        MITOME_TRY(json_read_string(r, "applied_at", buffer, sizeof buffer, &text));
        return parse_time(text, &ret->applied_at) ? ok() : not_so(error, "applied_at");
}

/* ---- the whole ---- */

static const struct {
        const char *name;
        mitome_status (*read)(struct json_reader *r, struct application_text *ret, mitome_error *error);
} members[] = {
        { "application", read_purpose },
        { "version", read_version },
        { "kinds", read_kinds },
        { "device", read_device },
        { "applied_at", read_time },
        { "nonce", read_nonce },
};

enum { MEMBERS = sizeof members / sizeof members[0] };

static mitome_status read_member(
        struct json_reader *r, slice name, unsigned *seen, struct application_text *ret, mitome_error *error)
{
        for (unsigned i = 0; i < MEMBERS; i++)
                if (json_name_is(name, members[i].name)) {
                        *seen |= 1u << i;
                        return members[i].read(r, ret, error);
                }
        return not_so(error, "a member");
}

mitome_status application_read(slice json, struct application_text *ret, mitome_error *error)
{
        struct json_reader r = json_over(json, "application", error);
        struct json_members object;
        unsigned seen = 0;
        ret->kinds = 0;
        MITOME_TRY(json_open_object(&r, "application", &object));
        for (;;) {
                slice name;
                bool more;
                MITOME_TRY(json_next_member(&r, &object, &name, &more));
                if (!more)
                        break;
                MITOME_TRY(read_member(&r, name, &seen, ret, error));
        }
        for (unsigned i = 0; i < MEMBERS; i++)
                if (!(seen >> i & 1))
                        return not_so(error, members[i].name);
        return json_end(&r, "application");
}
