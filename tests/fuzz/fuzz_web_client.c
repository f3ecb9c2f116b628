/* SPDX-License-Identifier: Apache-2.0 */
/* The WebAuthn client between a page and an authenticator that are both somebody else's: the first two bytes
 * choose the ceremony and how long the options are; behind the options stand the authenticator's answers,
 * each behind its length. What comes out must be JSON that the relying party's reader takes, and no answer
 * may keep the client busy for ever. */
#include "json.h"
#include "web_client.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { EXCHANGES_MAX = 64 };

struct others {
        reader answers;
        unsigned exchanges, pins;
};

static mitome_status exchange(void *context, slice request, uint8_t *response, size_t capacity,
        size_t *ret_size, bool *ret_wants_pin, mitome_error *error)
{
        struct others *others = context;
        uint16_t head;
        slice answer;
        (void)request;
        if (++others->exchanges > EXCHANGES_MAX)
                abort();
        if (failed(read_u16(&others->answers, "answer", &head)))
                return fail(error, MITOME_E_GATE_BROKEN, "answer", NULL);
        size_t size = head & 0x1FFF;
        *ret_wants_pin = head & 0x8000;
        if (size > others->answers.rest.size)
                size = others->answers.rest.size;
        if (failed(read_bytes(&others->answers, "answer", size, &answer)))
                abort();
        *ret_size = size;
        return slice_copy(answer, "answer", response, capacity, error);
}

static mitome_status ask_pin(void *context, unsigned tries, struct secret *ret_pin, mitome_error *error)
{
        (void)context;
        (void)tries;
        return secret_set(ret_pin, slice_text("1234"), error);
}

static int fill(void *context, uint8_t *bytes, size_t size)
{
        writer w = writer_over(bytes, size);
        (void)context;
        for (size_t i = 0; i < size; i++)
                write_u8(&w, (uint8_t)(i + 1));
        return 0;
}

/* The last two labels, as if every top level were a public suffix. */
static size_t find_registrable(void *context, mitome_slice host)
{
        size_t size = 0;
        (void)context;
        for (unsigned dots = 0; size < host.size; size++) {
                dots += host.data[host.size - size - 1] == '.';
                if (dots == 2)
                        break;
        }
        return size;
}

static void check_json(slice json)
{
        struct json_reader r = json_over(json, NULL, NULL);
        if (failed(json_skip(&r, "answer")) || failed(json_end(&r, "answer")))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const struct mitome_registrable registrable = { .find = find_registrable };
        static uint8_t buffer[WEB_CLIENT_ANSWER_MAX];
        const struct web_client_page page = { .origin = slice_text("https://login.example") };
        reader r = reader_over(slice_of(data, size), NULL, NULL);
        struct web_client_answer answer = { 0 };
        uint16_t head;
        slice options;
        if (failed(read_u16(&r, "head", &head)) || failed(read_bytes(&r, "options", head & 0x0FFF, &options)))
                return 0;
        struct others others = { .answers = r };
        const struct web_client client = { .context = &others,
                .exchange = exchange,
                .ask_pin = ask_pin,
                .random = { .fill = fill },
                .registrable = &registrable,
                .native = head & 0x4000 };
        mitome_status status =
                head & 0x8000
                        ? web_client_create(&client, &page, options, buffer, sizeof buffer, &answer, NULL)
                        : web_client_get(&client, &page, options, buffer, sizeof buffer, &answer, NULL);
        if (!failed(status))
                check_json(answer.json);
        else if (web_client_exception(status, answer.status)[0] == '\0')
                abort();
        return 0;
}
