/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor_words.h"

#include "matcher_class.h"

struct word {
        const char *text;
        uint8_t value;
};

static bool look_up(const struct word *words, size_t count, slice text, uint8_t *ret)
{
        for (size_t i = 0; i < count; i++)
                if (slice_is(text, words[i].text)) {
                        *ret = words[i].value;
                        return true;
                }
        return false;
}

bool sensor_hint_of(slice word, enum mitome_gate_hint *ret)
{
        static const struct word hints[] = {
                { "short", MITOME_GATE_HINT_TOO_SHORT },
                { "centre", MITOME_GATE_HINT_CENTRE },
                { "lift", MITOME_GATE_HINT_LIFT },
                { "general", MITOME_GATE_HINT_GENERAL },
                { "same", MITOME_GATE_HINT_SAME },
                { "known", MITOME_GATE_HINT_KNOWN },
                { "poor", MITOME_GATE_HINT_POOR },
        };
        uint8_t hint;
        if (!look_up(hints, sizeof hints / sizeof hints[0], word, &hint))
                return false;
        *ret = (enum mitome_gate_hint)hint;
        return true;
}

bool sensor_modality_of(slice word, uint8_t *ret)
{
        static const struct word modalities[] = {
                { "finger", UNLOCK_FINGER },
                { "face", UNLOCK_FACE },
                { "iris", UNLOCK_IRIS },
        };
        return look_up(modalities, sizeof modalities / sizeof modalities[0], word, ret);
}

bool sensor_class_of(slice word, uint8_t *ret)
{
        static const struct word classes[] = {
                { "scripted", MATCHER_SCRIPTED },
                { "convenience", MATCHER_CONVENIENCE },
                { "weak", MATCHER_WEAK },
                { "strong", MATCHER_STRONG },
        };
        return look_up(classes, sizeof classes / sizeof classes[0], word, ret);
}

bool sensor_number_of(slice word, unsigned most, unsigned *ret)
{
        unsigned number = 0;
        if (word.size == 0 || word.size > 9)
                return false;
        for (size_t i = 0; i < word.size; i++) {
                if (word.data[i] < '0' || word.data[i] > '9')
                        return false;
                number = number * 10 + (word.data[i] - '0');
        }
        if (number > most)
                return false;
        *ret = number;
        return true;
}
