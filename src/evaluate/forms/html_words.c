/* SPDX-License-Identifier: Apache-2.0 */
#include "html_words.h"

static const char *const words[HTML_WORDS][REPORT_LANGUAGES] = {
#define HTML_WORD(symbol, en, ja) { en, ja },
#include "html_words.def"
#undef HTML_WORD
};

const char *html_word(enum html_word word, enum report_language language)
{
        return words[word][language];
}

enum html_word html_word_find(const char *name)
{
        static const struct {
                const char *name;
                enum html_word word;
        } names[] = {
                { "satisfied", HTML_SATISFIED },
                { "not satisfied", HTML_NOT_SATISFIED },
                { "partially observed", HTML_PARTIALLY },
                { "declared only", HTML_DECLARED_ONLY },
                { "not testable here", HTML_NOT_TESTABLE },
                { "holds", HTML_HOLDS },
                { "partly", HTML_PARTLY },
                { "broken", HTML_BROKEN },
                { "target failed", HTML_TARGET_FAILED },
                { "observed", HTML_OBSERVED },
                { "measured", HTML_MEASURED },
                { "attested", HTML_ATTESTED },
                { "declared", HTML_DECLARED },
                { "unusable", HTML_UNUSABLE },
                { "SHALL", HTML_SHALL },
                { "SHOULD", HTML_SHOULD },
                { "change", HTML_KIND_CHANGE },
                { "show", HTML_KIND_SHOW },
                { "element", HTML_BY_ELEMENT },
                { "matcher", HTML_BY_MATCHER },
                { "app", HTML_BY_APP },
                { "platform", HTML_BY_PLATFORM },
                { "relying party", HTML_BY_RELYING_PARTY },
                { "TSM", HTML_BY_TSM },
                { "CA", HTML_BY_CA },
                { "shop", HTML_BY_SHOP },
                { "maker", HTML_BY_MAKER },
        };
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
                if (slice_is(slice_text(name), names[i].name))
                        return names[i].word;
        return HTML_WORDS;
}
