/* SPDX-License-Identifier: Apache-2.0 */

/* Probes before an authenticator that answers anything. The first byte says which probe, the second what the
 * target can do and what it answers well, so that the probe comes further; then answers, each behind its size
 * (two bytes). Whatever they are, the attempt ends, with a verdict and a trace that can be written down. */

#include "probe_run.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
        HAS_ELEMENT = 0x01,
        HAS_MEDIUM = 0x02,
        HAS_FINGER = 0x04,
        KNOWS_PIN = 0x08,
        INFORMS = 0x10,
        AGREES = 0x20
};
enum { GET_INFO = 0x04, CLIENT_PIN = 0x06, AGREEMENT = 0x02, EVIDENCE = 116, EXCHANGES = 3000 };

struct anything {
        reader answers;
        unsigned flags;
        void (*change)(void *of, uint8_t *evidence, size_t size);
        void *of;
};

/* {1: ["FIDO_2_1"], 2: ["credProtect"], 3: zeros, 4: {rk, uv, credMgmt, clientPin, pinUvAuthToken}, 6: [2]}
 */
static const uint8_t informed[] = "\x00\xA5\x01\x81\x68"
                                  "FIDO_2_1"
                                  "\x02\x81\x6B"
                                  "credProtect"
                                  "\x03\x50"
                                  "0123456789abcdef"
                                  "\x04\xA5\x62"
                                  "rk\xF5\x62"
                                  "uv\xF5\x68"
                                  "credMgmt\xF5\x69"
                                  "clientPin\xF5\x6E"
                                  "pinUvAuthToken\xF5\x06\x81\x02";

/* Not to be guessed in what is sent to a real authenticator; here each run must be like the last. */
static int count_up(void *context, uint8_t *bytes, size_t size)
{
        (void)context;
        for (size_t i = 0; i < size; i++)
                bytes[i] = (uint8_t)(i + 1);
        return 0;
}

/* The generator of P-256. */
static const uint8_t agreed[] = { 0x00, 0xA1, 0x01, 0xA5, 0x01, 0x02, 0x03, 0x38, 0x18, 0x20, 0x01, 0x21,
        0x58, 0x20, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40,
        0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96,
        0x22, 0x58, 0x20, 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f,
        0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51,
        0xf5 };

static enum target_trouble give(slice answer, uint8_t *response, size_t capacity, size_t *ret_size)
{
        if (slice_copy(answer, NULL, response, capacity, NULL).code != MITOME_OK)
                return TARGET_FLOODED;
        *ret_size = answer.size;
        return TARGET_ANSWERED;
}

static enum target_trouble give_next(
        struct anything *anything, uint8_t *response, size_t capacity, size_t *ret_size)
{
        uint16_t size;
        slice answer;
        if (read_u16(&anything->answers, NULL, &size).code != MITOME_OK ||
                read_bytes(&anything->answers, NULL, size, &answer).code != MITOME_OK)
                return TARGET_SILENT;
        return give(answer, response, capacity, ret_size);
}

static enum target_trouble exchange(
        void *context, slice request, unsigned limit_ms, uint8_t *response, size_t capacity, size_t *ret_size)
{
        struct anything *anything = context;
        uint8_t evidence[EVIDENCE] = { 1 };
        (void)limit_ms;
        if (request.size == 0)
                abort();
        if (anything->change)
                anything->change(anything->of, evidence, sizeof evidence);
        if (anything->flags & INFORMS && request.data[0] == GET_INFO)
                return give(slice_of(informed, sizeof informed - 1), response, capacity, ret_size);
        if (anything->flags & AGREES && request.data[0] == CLIENT_PIN &&
                request.data[request.size - 1] == AGREEMENT)
                return give(SLICE(agreed), response, capacity, ret_size);
        return give_next(anything, response, capacity, ret_size);
}

static enum target_trouble apdu(
        void *context, slice command, uint8_t *response, size_t capacity, size_t *ret_size)
{
        if (command.size < 4)
                abort();
        return give_next(context, response, capacity, ret_size);
}

static bool coin(void *context)
{
        struct anything *anything = context;
        uint8_t byte;
        return read_u8(&anything->answers, NULL, &byte).code == MITOME_OK && byte % 2;
}

static void touch(void *context, bool touches)
{
        (void)context;
        (void)touches;
}

static void finger(void *context, enum target_finger whose)
{
        (void)context;
        (void)whose;
}

static bool slot(void *context, unsigned number)
{
        (void)number;
        return coin(context);
}

static void cut(void *context, unsigned write, unsigned torn)
{
        (void)context;
        (void)write;
        if (torn > 2)
                abort();
}

static unsigned writes(void *context)
{
        (void)context;
        return 0;
}

static bool pass(void *context, uint64_t seconds, bool reboot)
{
        (void)seconds;
        (void)reboot;
        return coin(context);
}

static void tamper(void *context, void (*change)(void *of, uint8_t *evidence, size_t size), void *of)
{
        struct anything *anything = context;
        anything->change = change;
        anything->of = of;
}

static void attempt(const struct probe *probe, struct target *target)
{
        const struct probe_run_config config = { .exchanges_max = EXCHANGES };
        struct probe_run *run = NULL;
        if (probe_run_attempt(probe, target, &config, &run, NULL).code != MITOME_OK)
                abort();
        json_t *json = probe_run_json(run);
        char *text = json_dumps(json, 0);
        if (!text || !*probe_run_why(run))
                abort();
        free(text);
        json_decref(json);
        probe_run_free(run);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const char *const ids[] = { "P00", "P01", "P02", "P03", "P04", "P05", "P06", "P07", "P08",
                "P13", "P14", "P15", "P16", "P17" };
        struct anything anything = { .answers = reader_over(slice_of(data, size), NULL, NULL) };
        uint8_t which, flags;
        if (read_u8(&anything.answers, NULL, &which).code != MITOME_OK ||
                read_u8(&anything.answers, NULL, &flags).code != MITOME_OK)
                return 0;
        anything.flags = flags;
        struct target target = { .name = "anything",
                .abilities = TARGET_CTAP | TARGET_TOUCH | TARGET_POWER |
                             (flags & HAS_ELEMENT ? TARGET_ELEMENT : 0) |
                             (flags & HAS_MEDIUM ? TARGET_MEDIUM | TARGET_CLOCK : 0) |
                             (flags & HAS_FINGER ? TARGET_FINGER | TARGET_EVIDENCE : 0),
                .pin = flags & KNOWS_PIN ? "5740" : NULL,
                .random = { .fill = count_up },
                .may_destroy = true,
                .context = &anything,
                .exchange = exchange,
                .apdu = apdu,
                .touch = touch,
                .finger = finger,
                .power_cycle = coin,
                .copy = slot,
                .restore = slot,
                .cut = cut,
                .was_cut = coin,
                .writes = writes,
                .pass = pass,
                .tamper = tamper };
        attempt(probe_find(ids[which % (sizeof ids / sizeof *ids)]), &target);
        return 0;
}
