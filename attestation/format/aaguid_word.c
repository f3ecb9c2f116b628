/* SPDX-License-Identifier: Apache-2.0 */
#include "aaguid_word.h"

enum aaguid_word aaguid_word(slice format)
{
        static const struct {
                const char *format;
                enum aaguid_word word;
        } words[] = {
                { "packed", AAGUID_SIGNED },
                { "mitome-jpki", AAGUID_SIGNED },
                { "fido-u2f", AAGUID_UNSIGNED },
        };
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
                if (slice_is(format, words[i].format))
                        return words[i].word;
        return AAGUID_FILLED_IN;
}
