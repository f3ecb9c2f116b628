/* SPDX-License-Identifier: Apache-2.0 */
#include "target_self.h"

#include "provision.h"
#include "random_system.h"
#include "specimen_twin.h"
#include "steady_clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PROGRAM_PATH = 4096, HURRY_MS = 1000, WAIT_MS = 20 };

struct self {
        struct specimen specimen;
        char program[PROGRAM_PATH], matcher[PROGRAM_PATH];
        struct scp03_keys keys; /* of its issuer */
        char found[128];        /* where search has found something */
};

/* ---- CTAP ---- */

/* Nobody comes: the time that the authenticator waits need not be waited. */
static void hurry(struct specimen *specimen)
{
        if (specimen_hand_waits(&specimen->hand))
                specimen->hurried_ms += HURRY_MS;
}

static bool has_died(const struct specimen *specimen)
{
        return !specimen->powered || cut_medium_is_off(specimen->medium) ||
               card_link_is_gone(specimen->device.card);
}

/* Whoever does not answer in time is told that nobody waits any more. */
static void call_off(struct specimen *specimen, uint8_t *response, size_t capacity, size_t *size)
{
        enum { PATIENCE = 200 };
        mitome_authenticator_call_cancel(specimen->authenticator, specimen_now(specimen));
        for (int i = 0; i < PATIENCE; i++)
                if (mitome_authenticator_call(specimen->authenticator, (slice){ 0 }, WAIT_MS,
                            specimen_now(specimen), response, capacity, size))
                        return;
}

static enum target_trouble exchange(
        void *context, slice request, unsigned limit_ms, uint8_t *response, size_t capacity, size_t *ret_size)
{
        struct specimen *specimen = &((struct self *)context)->specimen;
        const uint64_t end = steady_clock_ms() + limit_ms;
        bool answered = false;
        size_t size = 0;
        if (has_died(specimen) || failed(specimen_wake(specimen, NULL)))
                return TARGET_DIED;
        slice next = request;
        while (!answered && steady_clock_ms() < end) {
                answered = mitome_authenticator_call(specimen->authenticator, next, WAIT_MS,
                        specimen_now(specimen), response, capacity, &size);
                next = (slice){ 0 };
                hurry(specimen);
        }
        if (has_died(specimen))
                return TARGET_DIED;
        if (!answered) {
                call_off(specimen, response, capacity, &size);
                return TARGET_SILENT;
        }
        *ret_size = size;
        return TARGET_ANSWERED;
}

static enum target_trouble apdu(
        void *context, slice command, uint8_t *response, size_t capacity, size_t *ret_size)
{
        struct specimen *specimen = &((struct self *)context)->specimen;
        if (has_died(specimen) || failed(specimen_rest(specimen, NULL)))
                return TARGET_DIED;
        const struct mitome_link link = specimen_link(specimen);
        return failed(link.transmit(link.context, command, response, capacity, ret_size, NULL))
                       ? TARGET_DIED
                       : TARGET_ANSWERED;
}

/* ---- the person ---- */

static void touch(void *context, bool touches)
{
        ((struct self *)context)->specimen.touches = touches;
}

static void finger(void *context, enum target_finger whose)
{
        ((struct self *)context)->specimen.hand.whose = whose;
}

static void tamper(void *context, void (*change)(void *of, uint8_t *evidence, size_t size), void *of)
{
        struct specimen_hand *hand = &((struct self *)context)->specimen.hand;
        hand->change = change;
        hand->of = of;
}

/* ---- power and storage ---- */

static bool power_cycle(void *context)
{
        struct specimen *specimen = &((struct self *)context)->specimen;
        specimen_power_off(specimen);
        if (cut_medium_is_off(specimen->medium))
                cut_medium_on(specimen->medium);
        return !failed(specimen_power_on(specimen, NULL));
}

static bool copy(void *context, unsigned slot)
{
        struct specimen *specimen = &((struct self *)context)->specimen;
        if (slot >= SPECIMEN_SLOTS ||
                failed(specimen_image_keep(cut_medium_image(specimen->medium), &specimen->slots[slot], NULL)))
                return false;
        specimen->slot_counts[slot] = cut_medium_count(specimen->medium);
        return true;
}

static bool start_with(struct specimen *specimen, const struct specimen_image *image)
{
        specimen_power_off(specimen);
        cut_medium_on(specimen->medium);
        return !failed(cut_medium_put(specimen->medium, slice_of(image->bytes, image->size), NULL)) &&
               !failed(specimen_power_on(specimen, NULL));
}

/* One that refuses the old copy goes on with what it had. */
static bool restore(void *context, unsigned slot)
{
        struct specimen *specimen = &((struct self *)context)->specimen;
        struct specimen_image now = { 0 };
        if (slot >= SPECIMEN_SLOTS || !specimen->slots[slot].bytes ||
                failed(specimen_image_keep(cut_medium_image(specimen->medium), &now, NULL)))
                return false;
        bool runs = start_with(specimen, &specimen->slots[slot]);
        if (!runs)
                (void)start_with(specimen, &now);
        specimen_image_drop(&now);
        return runs;
}

static void cut(void *context, unsigned write, unsigned torn)
{
        static const enum cut_moment moments[] = { CUT_BEFORE, CUT_TORN, CUT_AFTER };
        struct specimen *specimen = &((struct self *)context)->specimen;
        cut_medium_arm(specimen->medium, write, moments[torn < 3 ? torn : 0]);
}

static bool was_cut(void *context)
{
        return cut_medium_is_off(((struct self *)context)->specimen.medium);
}

static unsigned writes(void *context)
{
        return cut_medium_writes(((struct self *)context)->specimen.medium);
}

/* ---- time ---- */

static bool reboot(struct specimen *specimen)
{
        char file[SPECIMEN_PATH_MAX + 16];
        uint8_t id[16];
        const struct mitome_random *random = &specimen->config.random;
        snprintf(file, sizeof file, "%s/boot-id", specimen->folder);
        return random->fill(random->context, id, sizeof id) == 0 &&
               specimen_clock_reboot(&specimen->clock, file, id);
}

/* The authenticator's time is ours in any case; the matcher's is the machine's, and moves with a namespace
 * that only processes have which are started in it. */
static bool pass(void *context, uint64_t seconds, bool reboots)
{
        struct specimen *specimen = &((struct self *)context)->specimen;
        bool passed = true, runs = true;
        if (reboots)
                specimen_power_off(specimen);
        else
                specimen_stop_matcher(specimen);
        if (specimen->has_finger && !specimen_clock_pass(&specimen->clock, seconds))
                passed = false;
        if (!specimen->has_finger || !passed)
                specimen->hurried_ms += seconds * 1000;
        if (reboots && specimen->has_finger)
                passed = reboot(specimen) && passed;
        if (reboots)
                runs = !failed(specimen_power_on(specimen, NULL));
        return passed && runs;
}

/* ---- looking inside ---- */

static bool search(void *context, slice pattern, const char **ret_where)
{
        struct self *self = context;
        struct specimen *specimen = &self->specimen;
        char name[64];
        *ret_where = NULL;
        if (specimen_memory_find(specimen->device.element_process, pattern)) {
                *ret_where = "the element's memory";
        } else if (specimen->device.matcher &&
                   specimen_memory_find(matcher_gate_process(specimen->device.matcher), pattern)) {
                *ret_where = "the matcher's memory";
        } else if (specimen_files_find(specimen->folder, pattern, name, sizeof name)) {
                snprintf(self->found, sizeof self->found, "the file %s", name);
                *ret_where = self->found;
        }
        return *ret_where != NULL;
}

static bool sample(void *context, slice *ret)
{
        const struct specimen_hand *hand = &((struct self *)context)->specimen.hand;
        if (hand->has_sample)
                *ret = SLICE(hand->sample);
        return hand->has_sample;
}

/* ---- its life ---- */

static bool restart(void *context)
{
        return !failed(specimen_renew(&((struct self *)context)->specimen, NULL));
}

static void close_self(void *context)
{
        struct self *self = context;
        specimen_close(&self->specimen);
        bytes_wipe(&self->keys, sizeof self->keys);
        free(self);
}

/* Beside this program, as installed or as built. */
static void find_programs(struct self *self, const struct target_config *config)
{
        static const char *const places[] = { "mitome-matcher", "src/edge/matcher/mitome-matcher" };
        ssize_t size = readlink("/proc/self/exe", self->program, sizeof self->program - 1);
        self->program[size > 0 ? size : 0] = '\0';
        if (config->program)
                snprintf(self->program, sizeof self->program, "%s", config->program);
        if (config->matcher) {
                snprintf(self->matcher, sizeof self->matcher, "%s", config->matcher);
                return;
        }
        const char *slash = strrchr(self->program, '/');
        const int folder = slash ? (int)(slash - self->program) : 0;
        for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
                int length = snprintf(
                        self->matcher, sizeof self->matcher, "%.*s/%s", folder, self->program, places[i]);
                if (length > 0 && (size_t)length < sizeof self->matcher && access(self->matcher, X_OK) == 0)
                        return;
        }
        self->matcher[0] = '\0';
}

static unsigned abilities_of(const struct specimen *specimen)
{
        unsigned abilities = TARGET_CTAP | TARGET_TOUCH | TARGET_POWER | TARGET_ELEMENT | TARGET_MEDIUM |
                             TARGET_CLOCK | TARGET_LIFE;
        if (specimen->has_finger)
                abilities |= TARGET_FINGER | TARGET_EVIDENCE;
        if (specimen_memory_open(specimen->device.element_process))
                abilities |= TARGET_PEEK;
        return abilities;
}

static enum target_twin twin(void *context, unsigned slot, bool anchor, struct target *ret);

static struct target target_of(struct self *self, const struct target_config *config)
{
        return (struct target){ .name = self->specimen.config.bare ? "self:no-anchor" : "self",
                .abilities = abilities_of(&self->specimen),
                .simulated = true,
                .pin = config->pin ? config->pin : PROVISION_PIN,
                .random = self->specimen.config.random,
                .keys = &self->keys,
                .may_destroy = config->may_destroy,
                .context = self,
                .exchange = exchange,
                .apdu = apdu,
                .touch = touch,
                .finger = finger,
                .power_cycle = power_cycle,
                .copy = copy,
                .restore = restore,
                .twin = twin,
                .cut = cut,
                .was_cut = was_cut,
                .writes = writes,
                .pass = pass,
                .search = search,
                .tamper = tamper,
                .sample = sample,
                .restart = restart,
                .close = close_self };
}

/* Its PIN is the first one's: whoever asks knows it. */
static enum target_twin twin(void *context, unsigned slot, bool anchor, struct target *ret)
{
        const struct self *self = context;
        struct self *second = calloc(1, sizeof *second);
        bool runs = false;
        if (!second)
                return TARGET_TWIN_NONE;
        mitome_status status =
                specimen_twin_open(&self->specimen, slot, anchor, &second->specimen, &runs, NULL);
        if (failed(status) || !runs) {
                free(second);
                return failed(status) ? TARGET_TWIN_NONE : TARGET_TWIN_REFUSED;
        }
        *ret = target_of(second, &(struct target_config){ 0 });
        ret->keys = NULL;
        ret->twin = NULL;
        return TARGET_TWIN_RUNS;
}

mitome_status target_self_open(const struct target_config *config, struct target *ret, mitome_error *error)
{
        const bool bare = strcmp(config->name, "self:no-anchor") == 0;
        if (!bare && strcmp(config->name, "self") != 0)
                return fail(error, MITOME_E_EVALUATE_TARGET, config->name, NULL);
        struct self *self = calloc(1, sizeof *self);
        if (!self)
                return fail(error, MITOME_E_NO_MEMORY, "self", NULL);
        find_programs(self, config);
        const struct specimen_config wanted = { .program = self->program,
                .matcher = self->matcher[0] ? self->matcher : NULL,
                .bare = bare,
                .random = config->random ? *config->random : random_system() };
        mitome_status status = specimen_open(&self->specimen, &wanted, error);
        if (failed(status)) {
                free(self);
                return status;
        }
        status = provision_scp03_keys(&self->specimen.keys, &self->keys, error);
        if (failed(status)) {
                close_self(self);
                return status;
        }
        *ret = target_of(self, config);
        return ok();
}
