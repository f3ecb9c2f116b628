/* SPDX-License-Identifier: Apache-2.0 */
#include "target.h"

#include "target_self.h"

#include <string.h>

const char *target_ability_name(enum target_ability ability)
{
        static const struct {
                enum target_ability ability;
                const char *name;
        } names[] = {
                { TARGET_CTAP, "speaks CTAP" },
                { TARGET_TOUCH, "is touched, or not, as it is wanted" },
                { TARGET_POWER, "power cycles" },
                { TARGET_ELEMENT, "lets its element be spoken to" },
                { TARGET_FINGER, "has a finger laid on its sensor" },
                { TARGET_MEDIUM, "has its storage in our hands" },
                { TARGET_CLOCK, "has a clock that can be moved" },
                { TARGET_PEEK, "has its memory and files searched" },
                { TARGET_EVIDENCE, "has its matcher's evidence changed on the way" },
                { TARGET_LIFE, "comes with the parties of a certificate's life" },
        };
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
                if (names[i].ability == ability)
                        return names[i].name;
        return "does something unknown";
}

static const struct {
        const char *prefix;
        mitome_status (*open)(const struct target_config *config, struct target *ret, mitome_error *error);
} kinds[] = {
        { "self", target_self_open },
};

mitome_status target_open(const struct target_config *config, struct target *ret, mitome_error *error)
{
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
                const size_t size = strlen(kinds[i].prefix);
                if (strncmp(config->name, kinds[i].prefix, size) == 0)
                        return kinds[i].open(config, ret, error);
        }
        return fail(error, MITOME_E_EVALUATE_TARGET, config->name, NULL);
}
