/* SPDX-License-Identifier: Apache-2.0 */
#include "target_hid.h"

#include "hid_bus.h"
#include "hid_host.h"
#include "random_system.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = 256, OPEN_MS = 5000, AGREEMENT_MS = 5000, MESSAGE_MAX = 8192 };

struct key {
        char name[NAME_SIZE], pin[64];
        struct hid_host *host; /* NULL: to be reached anew */
        struct mitome_random random;
        bool touches;
        void (*tell)(void *context, const char *what);
        bool (*stopped)(void *context);
        void *context;
};

static enum target_trouble trouble_of(enum hid_host_end end)
{
        static const enum target_trouble troubles[] = {
                [HID_HOST_ANSWERED] = TARGET_ANSWERED,
                [HID_HOST_SILENT] = TARGET_SILENT,
                [HID_HOST_GONE] = TARGET_DIED,
                [HID_HOST_GARBLED] = TARGET_GARBLED,
                [HID_HOST_FLOODED] = TARGET_FLOODED,
        };
        return troubles[end];
}

/* ---- CTAP ---- */

static void let_go(struct key *key)
{
        hid_host_close(key->host);
        key->host = NULL;
}

static enum target_trouble reach(struct key *key, unsigned limit_ms)
{
        enum hid_host_end end = HID_HOST_ANSWERED;
        if (!key->host)
                (void)failed(hid_host_open_within(key->name, &key->random,
                        limit_ms < OPEN_MS ? limit_ms : OPEN_MS, &key->host, &end, NULL));
        return trouble_of(end);
}

/* What CTAP asks a touch for. */
static bool wants_touch(slice request)
{
        static const uint8_t commands[] = { 0x01, 0x02, 0x07, 0x0B };
        for (size_t i = 0; request.size && i < sizeof commands; i++)
                if (request.data[0] == commands[i])
                        return true;
        return false;
}

static void ask_person(const struct key *key, slice request)
{
        if (key->tell && wants_touch(request))
                key->tell(key->context, key->touches ? "touch the authenticator now, if it blinks"
                                                     : "do not touch the authenticator, even if it blinks");
}

/* What is begun afterwards puts back what was changed, and may take its time. */
static void heed_person(const struct key *key)
{
        const bool stopped = key->stopped && key->stopped(key->context);
        hid_host_heed(key->host, stopped ? NULL : key->stopped, key->context);
}

static enum target_trouble exchange(
        void *context, slice request, unsigned limit_ms, uint8_t *response, size_t capacity, size_t *ret_size)
{
        struct key *key = context;
        enum hid_host_end end;
        enum target_trouble trouble = reach(key, limit_ms);
        if (trouble != TARGET_ANSWERED)
                return trouble;
        ask_person(key, request);
        heed_person(key);
        if (!failed(hid_host_exchange_within(
                    key->host, request, limit_ms, response, capacity, ret_size, &end, NULL)))
                return TARGET_ANSWERED;
        if (end == HID_HOST_SILENT)
                hid_host_cancel(key->host);
        let_go(key);
        return trouble_of(end);
}

static void touch(void *context, bool touches)
{
        ((struct key *)context)->touches = touches;
}

/* ---- power ---- */

static bool power_cycle(void *context)
{
        struct key *key = context;
        if (reach(key, OPEN_MS) != TARGET_ANSWERED || !hid_host_power_cycle(key->host))
                return false;
        let_go(key);
        return reach(key, OPEN_MS) == TARGET_ANSWERED;
}

/* The answer to getKeyAgreement is the same until the power goes. */
static bool read_agreement(struct key *key, uint8_t *answer, size_t *ret_size)
{
        static const uint8_t get_key_agreement[] = { 0x06, 0xA2, 0x01, 0x01, 0x02, 0x02 };
        return exchange(key, SLICE(get_key_agreement), AGREEMENT_MS, answer, MESSAGE_MAX, ret_size) ==
                       TARGET_ANSWERED &&
               *ret_size > 1 && answer[0] == 0;
}

static bool has_power(struct key *key)
{
        uint8_t before[MESSAGE_MAX], after[MESSAGE_MAX];
        size_t size, size_again, size_after;
        if (!read_agreement(key, before, &size) || !read_agreement(key, after, &size_again) ||
                !slice_equal(slice_of(before, size), slice_of(after, size_again)))
                return false;
        return power_cycle(key) && read_agreement(key, after, &size_after) &&
               !slice_equal(slice_of(before, size), slice_of(after, size_after));
}

/* ---- its life ---- */

static void close_key(void *context)
{
        struct key *key = context;
        let_go(key);
        bytes_wipe(key, sizeof *key);
        free(key);
}

static mitome_status copy_config(struct key *key, const struct target_config *config, mitome_error *error)
{
        const char *pin = config->pin ? config->pin : "";
        key->random = config->random ? *config->random : random_system();
        key->tell = config->tell;
        key->stopped = config->stopped;
        key->context = config->context;
        key->touches = true;
        MITOME_TRY(slice_copy(
                slice_text(config->name), "target", (uint8_t *)key->name, sizeof key->name - 1, error));
        return slice_copy(slice_text(pin), "PIN", (uint8_t *)key->pin, sizeof key->pin - 1, error);
}

static mitome_status first_reach(struct key *key, mitome_error *error)
{
        enum hid_host_end end;
        return hid_host_open_within(key->name, &key->random, OPEN_MS, &key->host, &end, error);
}

/* Only what the kernel knows as a HID device that no program plays is taken for hardware. */
static bool is_simulated(const char *name)
{
        static const char prefix[] = "hid:";
        const size_t size = sizeof prefix - 1;
        return strncmp(name, prefix, size) != 0 || !hid_bus_is_real("/sys", name + size);
}

mitome_status target_hid_open(const struct target_config *config, struct target *ret, mitome_error *error)
{
        struct key *key = calloc(1, sizeof *key);
        if (!key)
                return fail(error, MITOME_E_NO_MEMORY, "target", NULL);
        mitome_status status = copy_config(key, config, error);
        if (!failed(status))
                status = first_reach(key, error);
        if (failed(status)) {
                close_key(key);
                return status;
        }
        const bool power = strncmp(key->name, "udp:", 4) == 0 && has_power(key);
        *ret = (struct target){ .name = key->name,
                .abilities = TARGET_CTAP | (key->tell ? TARGET_TOUCH : 0U) | (power ? TARGET_POWER : 0U),
                .simulated = is_simulated(key->name),
                .pin = config->pin ? key->pin : NULL,
                .may_destroy = config->may_destroy,
                .context = key,
                .exchange = exchange,
                .touch = key->tell ? touch : NULL,
                .power_cycle = power ? power_cycle : NULL,
                .close = close_key };
        return ok();
}
