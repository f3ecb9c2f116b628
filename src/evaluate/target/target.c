/* SPDX-License-Identifier: Apache-2.0 */
#include "target.h"

#include "random_system.h"
#include "target_hid.h"
#include "target_pcsc.h"
#include "target_self.h"

#include <string.h>

static const struct ability {
        enum target_ability ability;
        const char *word, *name;
} names[] = {
        { TARGET_CTAP, "ctap", "speaks CTAP" },
        { TARGET_TOUCH, "touch", "is touched, or not, as it is wanted" },
        { TARGET_POWER, "power", "power cycles" },
        { TARGET_ELEMENT, "element", "lets its element be spoken to" },
        { TARGET_FINGER, "finger", "has a finger laid on its sensor" },
        { TARGET_MEDIUM, "medium", "has its storage in our hands" },
        { TARGET_CLOCK, "clock", "has a clock that can be moved" },
        { TARGET_PEEK, "peek", "has its memory and files searched" },
        { TARGET_EVIDENCE, "evidence", "has its matcher's evidence changed on the way" },
        { TARGET_LIFE, "life", "comes with the parties of a certificate's life" },
};

static const struct ability *ability_of(enum target_ability ability)
{
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
                if (names[i].ability == ability)
                        return &names[i];
        return NULL;
}

const char *target_ability_name(enum target_ability ability)
{
        const struct ability *found = ability_of(ability);
        return found ? found->name : "does something unknown";
}

const char *target_ability_word(enum target_ability ability)
{
        const struct ability *found = ability_of(ability);
        return found ? found->word : "unknown";
}

static const struct {
        const char *prefix;
        mitome_status (*open)(const struct target_config *config, struct target *ret, mitome_error *error);
} kinds[] = {
        { "self", target_self_open },
        { "hid:", target_hid_open },
        { "pty:", target_hid_open },
        { "unix:", target_hid_open },
        { "udp:", target_hid_open },
        { "pcsc:", target_pcsc_open },
};

mitome_status target_open(const struct target_config *config, struct target *ret, mitome_error *error)
{
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
                const size_t size = strlen(kinds[i].prefix);
                if (strncmp(config->name, kinds[i].prefix, size) == 0) {
                        MITOME_TRY(kinds[i].open(config, ret, error));
                        ret->simulated = ret->simulated || config->simulated;
                        ret->random = config->random ? *config->random : random_system();
                        return ok();
                }
        }
        return fail(error, MITOME_E_EVALUATE_TARGET, config->name, NULL);
}
