/* SPDX-License-Identifier: Apache-2.0 */
#include "evaluate_keys.h"

#include "evaluate_screen.h"
#include "hid_bus.h"

void evaluate_keys_print(FILE *out, const struct plugged_key *keys, size_t count, bool japanese)
{
        for (size_t i = 0; i < count; i++) {
                fputs("hid:", out);
                evaluate_print_harmless(out, keys[i].path);
                fputs("  ", out);
                evaluate_print_harmless(out, keys[i].name);
                fprintf(out, " (%04x:%04x)", keys[i].vendor, keys[i].product);
                if (!hid_bus_is_real("/sys", keys[i].path))
                        fputs(japanese ? " 模擬" : " simulated", out);
                fputc('\n', out);
        }
}
