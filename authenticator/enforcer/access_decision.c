/* SPDX-License-Identifier: Apache-2.0 */
#include "access_decision.h"

#include "tlv.h"

/* ---- walking over the rules ---- */

static mitome_status next_rule(reader *list, struct access_rule *ret)
{
        struct tlv tlv;
        MITOME_TRY(tlv_read(list, "REF-AR-DO", &tlv));
        if (tlv.tag != ACCESS_REF_AR)
                return reader_fail(list, MITOME_E_TLV, "REF-AR-DO");
        return access_rule_read(tlv.value, ret, list->error);
}

mitome_status access_rules_check(slice rules, mitome_error *error)
{
        reader list = reader_over(rules, "GPD_SPE_013 4.1", error);
        struct access_rule rule;
        while (list.rest.size)
                MITOME_TRY(next_rule(&list, &rule));
        return ok();
}

/* The next rule that is about access by APDU to a named applet, or to all. Android's carrier permissions
 * alone are none, and nobody here selects an applet without naming it. */
static bool next_relevant(reader *list, struct access_rule *ret)
{
        while (list->rest.size) {
                if (failed(next_rule(list, ret)))
                        return false;
                if (!ret->reference.implicit && (ret->apdu.size || ret->nfc.size))
                        return true;
        }
        return false;
}

/* ---- merging ---- */

/* 3.2.3: NEVER before filters, filters before ALWAYS, ALWAYS before a rule that says nothing of APDUs. */
struct merge {
        bool found, never, always, overfull;
        struct access_decision *decision;
};

static void merge_filters(struct merge *merge, slice value)
{
        struct access_decision *decision = merge->decision;
        reader r = reader_over(value, NULL, NULL);
        struct access_filter filter;
        while (!failed(read_u32(&r, "header", &filter.header)) &&
                !failed(read_u32(&r, "mask", &filter.mask))) {
                if (decision->filter_count == ACCESS_FILTERS_MAX) {
                        merge->overfull = true;
                        return;
                }
                decision->filters[decision->filter_count++] = filter;
        }
}

static void merge_rule(struct merge *merge, const struct access_rule *rule)
{
        merge->found = true;
        if (rule->apdu.size > 1)
                merge_filters(merge, rule->apdu);
        else if (rule->apdu.size)
                *(rule->apdu.data[0] ? &merge->always : &merge->never) = true;
}

static void merge_end(const struct merge *merge)
{
        struct access_decision *decision = merge->decision;
        decision->kind = ACCESS_KIND_DENIED;
        if (merge->never || merge->overfull)
                decision->filter_count = 0;
        else if (decision->filter_count)
                decision->kind = ACCESS_KIND_FILTERED;
        else if (merge->always)
                decision->kind = ACCESS_KIND_GRANTED;
}

/* ---- searching ---- */

/* A rule names an app by its certificate, by its name, or by both; else it is about every app. */
static bool is_for_some(const struct access_reference *reference)
{
        return reference->hash.size || reference->package.size;
}

static bool is_for_this(const struct access_reference *reference, const struct access_app *app)
{
        slice hash = reference->hash;
        bool signer = !hash.size || slice_equal(hash, app->sha256) || slice_equal(hash, app->sha1);
        bool name = !reference->package.size || slice_equal(reference->package, app->package);
        return is_for_some(reference) && signer && name;
}

static bool is_for_all(const struct access_reference *reference, const struct access_app *app)
{
        (void)app;
        return !is_for_some(reference);
}

typedef bool app_match(const struct access_reference *reference, const struct access_app *app);

/* Merges the rules about exactly this applet (none named: about all) and the apps that match. */
static bool merge_matching(slice rules, slice aid, app_match *matches, const struct access_app *app,
        struct access_decision *decision)
{
        struct merge merge = { .decision = decision };
        struct access_rule rule;
        reader list = reader_over(rules, NULL, NULL);
        while (next_relevant(&list, &rule))
                if (slice_equal(rule.reference.aid, aid) && matches(&rule.reference, app))
                        merge_rule(&merge, &rule);
        merge_end(&merge);
        return merge.found;
}

/* 3.2.2: an applet that has rules for certain apps has none for the others. */
static bool has_other_apps(slice rules, slice aid)
{
        struct access_rule rule;
        reader list = reader_over(rules, NULL, NULL);
        while (next_relevant(&list, &rule))
                if (slice_equal(rule.reference.aid, aid) && is_for_some(&rule.reference))
                        return true;
        return false;
}

static bool is_beginning_of_one(slice rules, slice aid)
{
        struct access_rule rule;
        reader list = reader_over(rules, NULL, NULL);
        while (next_relevant(&list, &rule)) {
                slice whole = rule.reference.aid;
                if (whole.size > aid.size && slice_equal(slice_of(whole.data, aid.size), aid))
                        return true;
        }
        return false;
}

void access_decide(slice rules, const struct access_app *app, slice aid, struct access_decision *ret)
{
        const slice scopes[] = { aid, { 0 } };
        *ret = (struct access_decision){ 0 };
        if (is_beginning_of_one(rules, aid))
                return;
        for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++)
                if (merge_matching(rules, scopes[i], is_for_this, app, ret) ||
                        has_other_apps(rules, scopes[i]) ||
                        merge_matching(rules, scopes[i], is_for_all, app, ret))
                        return;
}

bool access_allows(const struct access_decision *decision, uint32_t header)
{
        if (decision->kind != ACCESS_KIND_FILTERED)
                return decision->kind == ACCESS_KIND_GRANTED;
        for (size_t i = 0; i < decision->filter_count; i++)
                if ((header & decision->filters[i].mask) == decision->filters[i].header)
                        return true;
        return false;
}
