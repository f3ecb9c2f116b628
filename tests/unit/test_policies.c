/* SPDX-License-Identifier: Apache-2.0 */

/* The policies that ship: each is read, each requirement says all that it must in both languages, can hold
 * and can fail, and devices get the levels that the sources' figures give them, edge by edge. */

#include "judge_level.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { POLICY_MAX = 65536, NAMES_MAX = 1024 };

static const char *const shipped[] = { "nist-800-63b-4", "first-summary", "nist-800-63b-3", "android-cdd",
        "fido-biometric", "fido-authenticator", "eidas", "jp-guideline-2019", "ds-511" };
enum { SHIPPED = sizeof shipped / sizeof shipped[0] };

struct loaded {
        char text[POLICY_MAX];
        struct level_policy policy;
};

static void load(struct loaded *loaded, const char *name)
{
        char path[1024];
        const char *folder = getenv("MITOME_POLICIES");
        assert_non_null(folder);
        snprintf(path, sizeof path, "%s/%s.json", folder, name);
        FILE *file = fopen(path, "re");
        assert_non_null(file);
        size_t size = fread(loaded->text, 1, sizeof loaded->text, file);
        fclose(file);
        assert_true(size < sizeof loaded->text);
        mitome_error error = { 0 };
        if (level_policy_read(slice_of(loaded->text, size), &loaded->policy, &error).code != MITOME_OK)
                fail_msg("%s: %u at byte %zu", name, (unsigned)error.code, error.at);
        assert_true(slice_is(loaded->policy.id, name));
}

static void copy_text(char *to, size_t size, slice text)
{
        assert_true(text.size < size);
        snprintf(to, size, "%.*s", (int)text.size, (const char *)text.data);
}

/* ---- facts from text: "pin.tries=3 uv.fmr=0/29956 uv.modality=face pin.blocklist=no uv.tries=?" ---- */

static void set_fact(struct level_facts *facts, const char *name, size_t name_size, const char *value)
{
        const enum level_fact_id id = level_fact_find(slice_of(name, name_size));
        if (id == LEVEL_FACTS)
                fail_msg("%.*s is no fact", (int)name_size, name);
        struct level_fact *fact = &facts->facts[id];
        char *end = NULL;
        *fact = (struct level_fact){ .obtained = LEVEL_OBSERVED };
        if (value[0] == '?') {
                fact->obtained = LEVEL_UNKNOWN;
                return;
        }
        switch (level_fact_kind(id)->type) {
        case LEVEL_BOOL:
                fact->yes = value[0] == 'y';
                assert_true(fact->yes || value[0] == 'n');
                return;
        case LEVEL_COUNT:
                fact->count = strtoul(value, &end, 10);
                break;
        case LEVEL_WORD:
                fact->word = slice_of(value, strcspn(value, " "));
                return;
        case LEVEL_RATE:
                fact->obtained = LEVEL_MEASURED;
                fact->rate.errors = strtoul(value, &end, 10);
                assert_int_equal(*end, '/');
                fact->rate.trials = strtoul(end + 1, &end, 10);
                break;
        }
        assert_true(end != value && (*end == ' ' || *end == '\0'));
}

static void set_facts(struct level_facts *facts, const char *text)
{
        while (*text) {
                const char *equal = strchr(text, '=');
                assert_non_null(equal);
                set_fact(facts, text, (size_t)(equal - text), equal + 1);
                text = equal + strcspn(equal, " ");
                text += strspn(text, " ");
        }
}

static const char login_facts[] =
        "login.user_present=yes login.user_verified=yes login.verification_told=yes login.verified_by=finger "
        "login.challenge_bits=128 login.origin_bound=yes login.attestation_trusted=yes "
        "login.certificate_bound=yes login.certificate_alive=yes login.backup_eligible=no login.cross_device=no";
static const char model_facts[] =
        "model.every_path_verifies=yes model.key_protection=secure_element model.matcher_protection=on_chip "
        "model.key_restricted=yes model.fido_level=6 model.fido_biometric=1 model.ava_van=5 model.emv=yes "
        "model.fips_overall=2 model.fips_physical=3 model.sensor_known=yes";
static const char device_facts[] =
        "key.strength_bits=112 key.exportable=no key.clone_works=no key.syncable=no key.counter_rolls_back=no "
        "pin.offered=yes pin.length_least=4 pin.digits_only=yes pin.blocklist=yes pin.tries=3 pin.tries_hold=yes "
        "pin.timing_tells=no pin.in_hardware=yes uv.offered=yes uv.modality=finger uv.fmr=0/149786 uv.far=0/149786 uv.fnmr=0/59 "
        "uv.iapar=0/42 uv.tries=3 uv.wait_seconds=30 uv.tries_total=3 uv.tries_hold=yes uv.replay_refused=yes "
        "uv.injection_refused=yes uv.enrol_needs_pin=yes uv.change_closes=yes uv.local=yes uv.idle_hours=4 "
        "uv.pin_hours=24 op.fresh_verification=yes op.bound_to_data=yes op.evidence_once=yes "
        "op.unlock_is_no_factor=yes op.intent=yes op.secrets_wiped=yes sign.finger_refused=yes "
        "sign.revoked_stops=yes channel.no_downgrade=yes access.enforced=yes";
static const char service_facts[] =
        "verifier.binds_name=yes verifier.checks_verification=yes verifier.checks_flags=yes "
        "verifier.keeps_no_secret=yes "
        "verifier.replay_refused=yes verifier.session_minutes=720 verifier.idle_minutes=15 "
        "life.expired_refused=yes life.revoked_refused=yes life.bad_status_refused=yes life.linked=yes "
        "life.hold_seconds=0 life.binding_needs_card=yes life.reset_needs_card=yes life.new_owner_clean=yes "
        "life.erasure_proved=yes";

/* A phone with a chip, four digits and three tries, of which everything is known. */
static void good_phone(struct level_facts *facts)
{
        *facts = (struct level_facts){ 0 };
        set_facts(facts, login_facts);
        set_facts(facts, model_facts);
        set_facts(facts, device_facts);
        set_facts(facts, service_facts);
        for (unsigned i = 0; i < LEVEL_FACTS; i++)
                if (facts->facts[i].obtained == LEVEL_UNKNOWN)
                        fail_msg("%s is not said of the good phone",
                                level_fact_kind((enum level_fact_id)i)->name);
}

static const char *level_name(const struct level_policy *policy, const struct level_judgement *judged)
{
        static char name[64];
        if (!judged->reached)
                return "none";
        copy_text(name, sizeof name, policy->levels[judged->level]);
        return name;
}

static const char *blockers_of(const struct level_policy *policy, const struct level_judgement *judged)
{
        static char names[NAMES_MAX];
        size_t used = 0;
        names[0] = '\0';
        for (size_t i = 0; i < judged->blocker_count; i++) {
                const slice id = policy->requirements[judged->blockers[i]].id;
                used += (size_t)snprintf(names + used, sizeof names - used, "%s%.*s", used ? " " : "",
                        (int)id.size, (const char *)id.data);
                assert_true(used < sizeof names);
        }
        return names;
}

/* ---- what every requirement says ---- */

static const char *const topics[] = { "BIND", "BIND-FINGER", "BIND-RESET", "BIOCERT", "BIOLOGIN", "BIOMETRIC",
        "BIOMFA", "BIOTOTAL", "BIOTRY", "BIOTRY-HOLD", "BLOCKLIST", "CHANGE", "CHANNEL", "COMPROM", "COUNTER",
        "EMV", "ERASURE", "EXPIRE", "EXPIRE-SERVICE", "FAR", "FIDOCERT", "FIPS", "FLAGS", "FMR", "FNMR",
        "IDLE", "INJECT", "INTENT", "INTENT-DEVICE", "KEYUSE", "LINKED", "LOCAL", "LOSS", "MATCHER",
        "NEWOWNER", "NOCLONE", "NOEXPORT", "NONCE", "PAD", "PEROP", "PHISH", "PHISH-VERIFIER", "PINHOURS",
        "PINLEN", "PINPLACE", "PINTRY", "PINTRY-HOLD", "PROVENANCE", "REAUTH", "REAUTH-IDLE", "REPLAY",
        "REPLAY-SAMPLE", "REPLAY-TOKEN", "REPLAY-VERIFIER", "REVOKE", "REVOKE-SERVICE", "REVOKE-STALE",
        "REVOKEDSIGN", "SENSOR", "SENSOR-DEVICE", "SIDE", "SIDE-CERTIFIED", "SIGNFINGER", "STRENGTH", "SYNC",
        "SYNC-DEVICE", "TYPE1", "TYPE2", "TYPE2-DEVICE", "TYPE3", "UNLOCK", "UVFLAG", "UVFLAG-VERIFIER",
        "VCOMP", "VOICE", "ZEROIZE" };
enum { TOPICS = sizeof topics / sizeof topics[0] };

static size_t topic_number(slice topic)
{
        size_t i = 0;
        while (i < TOPICS && !slice_is(topic, topics[i]))
                i++;
        return i;
}

static bool mentions(slice text, const char *words)
{
        char copy[2048];
        copy_text(copy, sizeof copy, text);
        return strstr(copy, words) != NULL;
}

static bool has_japanese(slice text)
{
        bool found = false;
        for (size_t i = 0; i + 2 < text.size; i++) /* U+3000 to U+9FFF */
                found = found || (text.data[i] >= 0xe3 && text.data[i] <= 0xe9);
        return found;
}

static void each_requirement_says_all_in_both_languages(void **state)
{
        (void)state;
        static struct loaded loaded;
        bool used[TOPICS] = { false };
        for (size_t i = 0; i < SHIPPED; i++) {
                load(&loaded, shipped[i]);
                const struct level_policy *policy = &loaded.policy;
                assert_true(policy->title.size > 0 && has_japanese(policy->title_ja) &&
                            policy->level_count > 0 && policy->requirement_count > 0);
                for (size_t j = 0; j < policy->requirement_count; j++) {
                        const struct level_requirement *asked = &policy->requirements[j];
                        const size_t topic = topic_number(asked->topic);
                        char id[64];
                        copy_text(id, sizeof id, asked->id);
                        if (topic == TOPICS)
                                fail_msg("%s: the topic of %s is no known one", shipped[i], id);
                        used[topic] = true;
                        if (!asked->text.size || !asked->remedy.size || !asked->responsible.size ||
                                !has_japanese(asked->text_ja) || !has_japanese(asked->remedy_ja))
                                fail_msg("%s: %s does not say all", shipped[i], id);
                        assert_true(asked->source.size > 0 && asked->section.size > 0);
                }
        }
        for (size_t i = 0; i < TOPICS; i++)
                if (!used[i])
                        fail_msg("no requirement is about %s", topics[i]);
}

/* What was not confirmed says so in its own text, in both languages, and nothing else does; which that are is
 * written down here, too. "*": all of them. */
static const struct {
        const char *policy, *unconfirmed;
} unconfirmed_rows[] = {
        { "nist-800-63b-4", " EXPIRE EXPIRE-SERVICE REVOKE-STALE LOSS REAUTH-1 FLAGS COUNTER BIND BIND-RESET "
                            "BIND-FINGER COMPROM SIDE SIDE-CERTIFIED " },
        { "first-summary",
                " row-62 row-63 row-64 row-11-clone row-18-status row-29-hold row-29-timing row-35 row-52 "
                "row-60-fresh row-60-unlock row-60-token row-60-bound row-60-inject row-60-enrol row-60-change "
                "row-60-tries row-60-again row-61-name row-61-wiped row-62-sensor row-62-certified " },
        { "nist-800-63b-3", " REVOKE-STALE LOSS BIND BIND-RESET BIND-FINGER SIDE-CERTIFIED " },
        { "android-cdd", " C-LOGIN " },
        { "fido-biometric", " RATE-LIMIT CERTIFICATE " },
        { "fido-authenticator",
                " PINTRY-HOLD INTENT STRENGTH TYPE3 CERT-L1 ENVIRONMENT KEY-USE REPLAY CERT-L2 VAN-3 CLONE TIMING "
                "BIOMETRIC-CERT CERT-L3 CHIP PINPLACE CERT-L3+ " },
        { "eidas",
                " FACTOR FACTOR-DEVICE FRESH ALIVE SUSPEND REVOKED TWO-FACTORS TWO-FACTORS-DEVICE POSSESSION DYNAMIC "
                "HIGH-OTHERS-PIN HIGH-OTHERS-FINGER " },
        { "jp-guideline-2019", "*" },
        { "ds-511", "*" },
};

static void what_was_not_confirmed_is_told_so(void **state)
{
        (void)state;
        static struct loaded loaded;
        size_t shalls = 0;
        assert_int_equal(sizeof unconfirmed_rows / sizeof unconfirmed_rows[0], SHIPPED);
        for (size_t i = 0; i < SHIPPED; i++) {
                const char *ids = unconfirmed_rows[i].unconfirmed;
                load(&loaded, unconfirmed_rows[i].policy);
                for (size_t j = 0; j < loaded.policy.requirement_count; j++) {
                        const struct level_requirement *asked = &loaded.policy.requirements[j];
                        char id[64], among[80];
                        copy_text(id, sizeof id, asked->id);
                        snprintf(among, sizeof among, " %s ", id);
                        const bool unconfirmed = ids[0] == '*' || strstr(ids, among) != NULL;
                        if (asked->verified == unconfirmed ||
                                mentions(asked->text, "was not confirmed") != unconfirmed ||
                                mentions(asked->text_ja, "未確認") != unconfirmed)
                                fail_msg("%s: %s", unconfirmed_rows[i].policy, id);
                        shalls += asked->shall && !asked->verified;
                }
        }
        assert_true(shalls > 0);
}

/* ---- each requirement can hold, and can fail, and each fact in it matters ---- */

enum { VALUES_MAX = 40, FACTS_MAX = 8 };

struct variable {
        enum level_fact_id id;
        struct level_fact values[VALUES_MAX];
        size_t count;
};

struct variables {
        struct variable of[FACTS_MAX];
        size_t count;
};

static void add_value(struct variable *variable, struct level_fact value)
{
        assert_true(variable->count < VALUES_MAX);
        value.obtained = LEVEL_OBSERVED;
        variable->values[variable->count++] = value;
}

static void add_values(struct variable *variable, const struct level_node *node)
{
        static const char *const words[] = { "software", "hardware", "tee", "secure_element", "on_chip",
                "finger", "face", "iris", "voice", "pin", "password" };
        const bool first = variable->count == 0;
        switch (level_fact_kind(variable->id)->type) {
        case LEVEL_BOOL:
                for (int yes = 0; first && yes < 2; yes++)
                        add_value(variable, (struct level_fact){ .yes = yes });
                return;
        case LEVEL_COUNT:
                if (first)
                        add_value(variable, (struct level_fact){ .count = 0 });
                if (node->count > 0)
                        add_value(variable, (struct level_fact){ .count = node->count - 1 });
                add_value(variable, (struct level_fact){ .count = node->count });
                add_value(variable, (struct level_fact){ .count = node->count + 1 });
                return;
        case LEVEL_WORD:
                for (size_t i = 0; first && i < sizeof words / sizeof words[0]; i++)
                        add_value(variable, (struct level_fact){ .word = slice_text(words[i]) });
                return;
        case LEVEL_RATE:
                if (first) {
                        add_value(variable, (struct level_fact){ .rate = { 0, 10000000 } });
                        add_value(variable, (struct level_fact){ .rate = { 10, 10 } });
                }
                return;
        }
}

static void find_variables(const struct level_expression *expression, struct variables *ret)
{
        *ret = (struct variables){ .count = 0 };
        for (size_t i = 0; i < expression->count; i++) {
                const struct level_node *node = &expression->nodes[i];
                size_t at = 0;
                if (node->operator== LEVEL_AND || node->operator== LEVEL_OR || node->operator== LEVEL_NOT)
                        continue;
                while (at < ret->count && ret->of[at].id != node->fact)
                        at++;
                if (at == ret->count) {
                        assert_true(ret->count < FACTS_MAX);
                        ret->of[ret->count++].id = node->fact;
                }
                add_values(&ret->of[at], node);
        }
}

static bool holds(const struct level_expression *expression, const struct level_facts *facts)
{
        const enum level_outcome outcome = level_expression_judge(expression, facts, 95).outcome;
        assert_int_not_equal(outcome, LEVEL_NOT_TESTABLE);
        return outcome != LEVEL_NOT_SATISFIED;
}

/* Goes to the next combination of values; false after the last. */
static bool next_combination(
        const struct variables *variables, size_t at[FACTS_MAX], struct level_facts *facts)
{
        size_t i = 0;
        while (i < variables->count && ++at[i] == variables->of[i].count)
                at[i++] = 0;
        for (size_t j = 0; j < variables->count; j++)
                facts->facts[variables->of[j].id] = variables->of[j].values[at[j]];
        return i < variables->count;
}

struct seen {
        bool holding, failing;
        bool decides[FACTS_MAX]; /* another value of this one alone makes another outcome */
};

static void try_everything(
        const struct level_expression *expression, const struct variables *variables, struct seen *ret)
{
        size_t at[FACTS_MAX] = { 0 };
        struct level_facts facts = { 0 };
        for (size_t j = 0; j < variables->count; j++)
                facts.facts[variables->of[j].id] = variables->of[j].values[0];
        *ret = (struct seen){ .holding = false };
        do {
                const bool here = holds(expression, &facts);
                *(here ? &ret->holding : &ret->failing) = true;
                for (size_t j = 0; j < variables->count; j++) {
                        struct level_facts other = facts;
                        for (size_t k = 0; k < variables->of[j].count && !ret->decides[j]; k++) {
                                other.facts[variables->of[j].id] = variables->of[j].values[k];
                                ret->decides[j] = holds(expression, &other) != here;
                        }
                }
        } while (next_combination(variables, at, &facts));
}

static void each_requirement_can_hold_and_can_fail(void **state)
{
        (void)state;
        static struct loaded loaded;
        static struct variables variables;
        for (size_t i = 0; i < SHIPPED; i++) {
                load(&loaded, shipped[i]);
                for (size_t j = 0; j < loaded.policy.requirement_count; j++) {
                        const struct level_requirement *asked = &loaded.policy.requirements[j];
                        struct seen seen;
                        char id[64];
                        copy_text(id, sizeof id, asked->id);
                        find_variables(&asked->expression, &variables);
                        try_everything(&asked->expression, &variables, &seen);
                        if (!seen.holding || !seen.failing)
                                fail_msg("%s: %s can never %s", shipped[i], id,
                                        seen.holding ? "fail" : "hold");
                        for (size_t k = 0; k < variables.count; k++)
                                if (!seen.decides[k])
                                        fail_msg("%s: %s does not depend on %s", shipped[i], id,
                                                level_fact_kind(variables.of[k].id)->name);
                }
        }
}

/* ---- sample devices ---- */

static const struct sample {
        const char *policy, *but; /* the good phone, but for these facts */
        const char *level, *blockers;
} samples[] = {
        { "nist-800-63b-4", "", "AAL3", "" },
        { "first-summary", "", "plan", "" },
        { "android-cdd", "", "class 3", "" },
        { "fido-biometric", "", "IAPAR below 7 %", "" },
        { "fido-authenticator", "", "L3+", "" },
        { "eidas", "", "high", "" },
        { "jp-guideline-2019", "", "レベル3", "" },
        { "ds-511", "", "JPKI-provisional", "" },
        /* Four digits: not by revision 3. */
        { "nist-800-63b-3", "", "AAL1", "PINLEN" },
        { "nist-800-63b-3", "pin.length_least=6", "AAL3", "" },
        { "nist-800-63b-3", "pin.length_least=5", "AAL1", "PINLEN" },
        { "nist-800-63b-3", "pin.length_least=7 pin.digits_only=no", "AAL1", "PINLEN" },
        { "nist-800-63b-3", "pin.length_least=8 pin.digits_only=no", "AAL3", "" },
        { "nist-800-63b-4", "pin.length_least=3", "AAL1", "PINLEN" },
        { "nist-800-63b-4", "pin.offered=no pin.length_least=? pin.tries=?", "none", "BIOMFA" },
        { "nist-800-63b-4", "uv.offered=no uv.fmr=? uv.tries=? uv.iapar=? uv.modality=?", "AAL3", "" },
        /* Tries of the PIN. */
        { "nist-800-63b-4", "pin.tries=10", "AAL3", "" },
        { "nist-800-63b-4", "pin.tries=11", "AAL1", "PINTRY" },
        { "nist-800-63b-4", "pin.tries=0", "AAL1", "PINTRY" },
        { "nist-800-63b-3", "pin.length_least=6 pin.tries=100", "AAL3", "" },
        { "nist-800-63b-3", "pin.length_least=6 pin.tries=101", "AAL1", "PINTRY" },
        { "first-summary", "pin.tries=4", "none", "row-29" },
        { "fido-authenticator", "pin.tries=8", "L3+", "" },
        { "fido-authenticator", "pin.tries=9", "none", "PINTRY" },
        { "ds-511", "pin.tries=4", "none", "PLAN-row-29" },
        /* Strangers: the bounds of the reference's table, edge by edge. */
        { "nist-800-63b-4", "uv.fmr=0/29956", "AAL3", "" },
        { "nist-800-63b-4", "uv.fmr=0/29955", "AAL1", "FMR" },
        { "nist-800-63b-4", "uv.fmr=1/47436", "AAL1", "FMR" },
        { "nist-800-63b-4", "uv.fmr=1/47437", "AAL3", "" },
        { "nist-800-63b-3", "pin.length_least=6 uv.fmr=0/2995", "AAL3", "" },
        { "nist-800-63b-3", "pin.length_least=6 uv.fmr=0/2994", "AAL1", "FMR" },
        { "android-cdd", "uv.far=0/149786 uv.fmr=?", "class 3", "" },
        { "android-cdd", "uv.far=0/149785", "none", "C-1-1" },
        { "android-cdd", "uv.far=?", "none", "C-1-1" }, /* a rate of comparisons is another one */
        { "ds-511", "uv.far=0/149785", "none", "CDD-C-1-1" },
        { "fido-biometric", "uv.far=0/16094", "IAPAR below 7 %", "" },
        { "fido-biometric", "uv.far=0/16093", "none", "FAR" },
        { "fido-biometric", "uv.fnmr=0/32", "IAPAR below 7 %", "" },
        { "fido-biometric", "uv.fnmr=0/31", "none", "FRR" },
        /* Copies. */
        { "fido-biometric", "uv.iapar=0/23", "IAPAR below 7 %", "" },
        { "fido-biometric", "uv.iapar=0/22", "IAPAR below 15 %", "IAPAR-7" },
        { "fido-biometric", "uv.iapar=0/10", "IAPAR below 15 %", "IAPAR-7" },
        { "fido-biometric", "uv.iapar=0/9", "none", "IAPAR-15" },
        { "nist-800-63b-4", "uv.modality=face uv.iapar=0/42", "AAL3", "" },
        { "nist-800-63b-4", "uv.modality=face uv.iapar=0/41", "AAL1", "PAD-FACE" },
        { "nist-800-63b-4", "uv.modality=finger uv.iapar=0/41", "AAL3", "" },
        { "nist-800-63b-4", "uv.modality=voice", "AAL1", "VOICE" },
        { "android-cdd", "uv.iapar=0/41", "class 2", "C-3-SAR" },
        { "android-cdd", "uv.iapar=0/14", "class 2", "C-3-SAR" },
        { "android-cdd", "uv.iapar=0/13", "class 1", "C-2-SAR" },
        /* Tries of the finger, and how long it waits. */
        { "nist-800-63b-4", "uv.tries=5 uv.tries_total=50", "AAL3", "" },
        { "nist-800-63b-4", "uv.tries=6 uv.tries_total=51", "AAL3", "" }, /* copies are detected */
        { "nist-800-63b-4", "uv.tries=6 uv.tries_total=50 uv.iapar=5/10", "AAL1", "BIOTRY" },
        { "nist-800-63b-4", "uv.tries=5 uv.tries_total=51 uv.iapar=5/10", "AAL1", "BIOTRY" },
        { "nist-800-63b-4", "uv.tries=10 uv.tries_total=100", "AAL3", "" },
        { "nist-800-63b-4", "uv.tries=11 uv.tries_total=100", "AAL1", "BIOTRY" },
        { "nist-800-63b-4", "uv.tries=10 uv.tries_total=101", "AAL1", "BIOTRY" },
        { "nist-800-63b-4", "uv.tries=5 uv.tries_total=50 uv.wait_seconds=29", "AAL1", "BIOTRY" },
        { "nist-800-63b-4", "uv.tries=5 uv.tries_total=5 uv.wait_seconds=0", "AAL3", "" },
        { "nist-800-63b-4", "uv.tries=5 uv.tries_total=0", "AAL1", "BIOTRY" },
        { "nist-800-63b-3", "pin.length_least=6 uv.tries=5 uv.tries_total=0", "AAL3", "" },
        { "nist-800-63b-3", "pin.length_least=6 uv.tries=5 uv.tries_total=0 uv.wait_seconds=29", "AAL1",
                "BIOTRY" },
        { "android-cdd", "uv.tries=5 uv.tries_total=20", "class 3", "" },
        { "android-cdd", "uv.tries=6 uv.tries_total=20", "none", "C-1-3 C-FAIL-3" },
        /* A login by PIN says nothing against the sensor. */
        { "android-cdd", "login.verified_by=pin", "class 3", "" },
        /* A class 3 sensor may go 72 hours without the PIN and rest as long as it likes; others may not. */
        { "android-cdd", "uv.pin_hours=72 uv.idle_hours=0 uv.tries_total=20", "class 3", "" },
        { "android-cdd", "uv.pin_hours=73", "none", "C-PIN-24" },
        { "android-cdd", "uv.pin_hours=25 uv.iapar=0/14", "none", "C-PIN-24" },
        { "android-cdd", "model.matcher_protection=software", "class 1", "C-2-MATCHER" },
        { "android-cdd", "model.key_protection=software", "class 2", "C-3-2" },
        { "android-cdd", "uv.offered=no", "none", "C-OFFERED" },
        /* Keys in software. */
        { "nist-800-63b-4", "model.key_protection=software", "AAL2", "NOEXPORT PINPLACE" },
        { "first-summary", "model.key_protection=software", "none", "row-10" },
        { "first-summary", "model.key_protection=tee", "none", "row-10" },
        { "first-summary", "model.key_protection=hardware", "none", "row-10" },
        { "eidas", "model.key_protection=software", "substantial", "HIGH-TAMPERING" },
        { "eidas", "model.ava_van=4", "substantial", "HIGH-ATTACKER" },
        { "eidas", "pin.tries=10", "high", "" },
        { "eidas", "pin.tries=11", "substantial", "HIGH-OTHERS-PIN" },
        { "eidas", "uv.tries=5", "high", "" },
        { "eidas", "uv.tries=6", "substantial", "HIGH-OTHERS-FINGER" },
        { "jp-guideline-2019", "pin.tries=100", "レベル3", "" },
        { "jp-guideline-2019", "pin.tries=101", "レベル1", "L2-PINTRY" },
        { "jp-guideline-2019", "model.key_protection=software", "レベル2", "L3-HARDWARE" },
        { "fido-authenticator", "model.key_protection=software", "L1", "ENVIRONMENT" },
        { "fido-authenticator", "model.ava_van=2", "L2", "VAN-3" },
        { "fido-authenticator", "model.ava_van=3", "L3", "CHIP" },
        { "fido-authenticator", "model.ava_van=4", "L3+", "" },
        { "fido-authenticator", "model.fido_biometric=0", "L2", "BIOMETRIC-CERT" },
        { "first-summary", "pin.length_least=6", "none", "row-30" },
        { "ds-511", "pin.length_least=6", "none", "PLAN-row-30" },
        { "nist-800-63b-3", "pin.length_least=6 uv.tries=6 uv.iapar=0/29", "AAL3", "" },
        { "nist-800-63b-3", "pin.length_least=6 uv.tries=6 uv.iapar=0/28", "AAL1", "BIOTRY" },
        /* Certificates for the chip. */
        { "nist-800-63b-4", "model.fips_overall=1 model.fips_physical=0", "AAL3", "" },
        { "nist-800-63b-4", "model.fips_overall=0", "AAL2", "FIPS" },
        { "nist-800-63b-3", "pin.length_least=6 model.fips_physical=2", "AAL2", "FIPS" },
        /* Sessions: looser by revision 4 at AAL2, not at AAL3. */
        { "nist-800-63b-3", "pin.length_least=6 verifier.idle_minutes=30", "AAL2", "REAUTH-IDLE-3" },
        { "nist-800-63b-3", "pin.length_least=6 verifier.idle_minutes=31", "AAL1", "REAUTH-IDLE-2" },
        { "nist-800-63b-4", "verifier.idle_minutes=31", "AAL3", "" },
        { "nist-800-63b-3", "pin.length_least=6 verifier.session_minutes=721", "AAL1", "REAUTH-2" },
        { "nist-800-63b-4", "verifier.session_minutes=721", "AAL2", "REAUTH-3" },
        { "nist-800-63b-4", "verifier.session_minutes=0", "AAL2", "REAUTH-3" },
        /* The flag is the source's; algorithm and counter are our reading. */
        { "nist-800-63b-4", "verifier.checks_verification=no", "AAL1", "UVFLAG-VERIFIER" },
        { "nist-800-63b-4", "verifier.checks_flags=no", "AAL3", "" },
};

static void judge_sample(const struct sample *sample, unsigned scopes, const struct level_facts *facts)
{
        static struct loaded loaded;
        struct level_judgement judged;
        if (!slice_is(loaded.policy.id, sample->policy))
                load(&loaded, sample->policy);
        level_judge(&loaded.policy, facts, scopes, &judged);
        const char *level = level_name(&loaded.policy, &judged);
        const char *blockers = blockers_of(&loaded.policy, &judged);
        if (strcmp(level, sample->level) != 0 || strcmp(blockers, sample->blockers) != 0)
                fail_msg("%s with \"%s\": %s, kept from more by \"%s\"", sample->policy, sample->but, level,
                        blockers);
}

static void devices_get_the_levels_that_the_sources_give_them(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
                struct level_facts facts;
                good_phone(&facts);
                set_facts(&facts, samples[i].but);
                judge_sample(&samples[i], LEVEL_SCOPE_ALL, &facts);
        }
}

/* What nobody knows keeps from every level, whichever scopes are judged. Of the service alone nobody judges.
 */
static void of_an_unknown_device_no_policy_gives_a_level(void **state)
{
        (void)state;
        static struct loaded loaded;
        const struct level_facts nothing = { 0 };
        for (size_t i = 0; i < SHIPPED; i++) {
                struct level_judgement judged;
                load(&loaded, shipped[i]);
                for (unsigned scopes = LEVEL_SCOPE_LOGIN; scopes <= LEVEL_SCOPE_ALL; scopes++) {
                        level_judge(&loaded.policy, &nothing, scopes, &judged);
                        if (scopes != LEVEL_SCOPE_SERVICE && judged.reached)
                                fail_msg("%s, scopes %u", shipped[i], scopes);
                }
        }
}

/* What one login shows, with the model's metadata beside it, and what an evaluation shows without a login. */
static const struct sample login_samples[] = {
        { "nist-800-63b-4", "", "AAL3", "" },
        { "nist-800-63b-3", "", "AAL3", "" },
        { "first-summary", "", "plan", "" },
        { "eidas", "", "high", "" },
        { "jp-guideline-2019", "", "レベル3", "" },
        { "ds-511", "", "JPKI-provisional", "" },
        /* these speak of devices alone: a login shows no class of theirs */
        { "fido-biometric", "", "none", "OFFERED FAR FRR IAPAR-15 RATE-LIMIT" },
        { "android-cdd", "", "none",
                "C-OFFERED C-1-1 C-1-3 C-1-3-HOLD C-1-4 C-1-CHANGE C-PIN-24 C-IDLE-4 C-FAIL-3" },
        { "nist-800-63b-4", "login.user_verified=no", "AAL1", "UVFLAG TYPE2" },
        { "nist-800-63b-4", "login.certificate_alive=no", "none", "REVOKE EXPIRE" },
        /* a passkey has no certificate to look up; the plan asks for one */
        { "nist-800-63b-4", "login.certificate_bound=no login.certificate_alive=no", "AAL3", "" },
        { "nist-800-63b-3", "login.certificate_bound=no login.certificate_alive=no", "AAL3", "" },
        { "eidas", "login.certificate_bound=no login.certificate_alive=no", "high", "" },
        { "eidas", "login.certificate_alive=no", "none", "ALIVE" },
        { "first-summary", "login.certificate_bound=no login.certificate_alive=no", "none", "row-2" },
        { "ds-511", "login.certificate_bound=no login.certificate_alive=no", "none", "PLAN-row-2" },
        { "ds-511", "login.certificate_alive=no", "none", "PLAN-row-2 NIST-EXPIRE" },
        /* where a biometric may have verified the user, the sensor must be known; a PIN has none */
        { "nist-800-63b-4", "login.attestation_trusted=no", "AAL1", "SENSOR" },
        { "nist-800-63b-3", "login.attestation_trusted=no", "AAL1", "SENSOR" },
        { "nist-800-63b-4", "login.attestation_trusted=no login.verified_by=?", "AAL1", "SENSOR" },
        { "nist-800-63b-4", "login.attestation_trusted=no login.verified_by=pin", "AAL3", "" },
        { "nist-800-63b-4", "login.attestation_trusted=no login.verified_by=? uv.offered=no", "AAL3", "" },
        { "nist-800-63b-4", "login.origin_bound=no", "AAL2", "PHISH" },
        { "nist-800-63b-4", "login.cross_device=yes", "AAL2", "PHISH" },
        { "nist-800-63b-4", "login.backup_eligible=yes", "AAL2", "SYNC" },
        { "nist-800-63b-4", "model.key_protection=software", "AAL2", "NOEXPORT" },
        { "first-summary", "model.key_protection=software", "none", "row-10" },
        /* told how the person was verified, nobody asks for the weakest path; the model must be known */
        { "nist-800-63b-4", "model.every_path_verifies=no", "AAL3", "" },
        { "nist-800-63b-4", "model.every_path_verifies=no login.verification_told=no", "AAL1", "TYPE2" },
        { "nist-800-63b-4", "model.every_path_verifies=? model.key_protection=?", "AAL1", "TYPE2" },
        /* what is known to fail bars, though no login has to show it */
        { "nist-800-63b-4", "pin.offered=yes pin.tries=11", "AAL1", "PINTRY" },
        { "nist-800-63b-3", "pin.offered=yes pin.length_least=4 pin.digits_only=yes", "AAL1", "PINLEN" },
};

static void a_login_is_judged_by_what_it_shows(void **state)
{
        (void)state;
        static struct loaded nist;
        struct level_judgement judged;
        for (size_t i = 0; i < sizeof login_samples / sizeof login_samples[0]; i++) {
                struct level_facts facts = { 0 };
                set_facts(&facts, login_facts);
                set_facts(&facts, model_facts);
                set_facts(&facts, login_samples[i].but);
                judge_sample(&login_samples[i], LEVEL_SCOPE_LOGIN, &facts);
                if (i == 0) {
                        load(&nist, "nist-800-63b-4");
                        level_judge(&nist.policy, &facts, LEVEL_SCOPE_LOGIN, &judged);
                        assert_true(judged.untested_count > 0); /* and it says what it did not see */
                }
        }
}

static const struct sample device_samples[] = {
        { "nist-800-63b-4", "", "AAL3", "" },
        { "nist-800-63b-4", "pin.tries=?", "AAL1", "PINTRY" },
        { "nist-800-63b-4", "pin.tries=11", "AAL1", "PINTRY" },
        { "android-cdd", "", "class 3", "" },
        { "first-summary", "", "plan", "" },
        { "first-summary", "life.erasure_proved=?", "none", "row-54" },
        { "eidas", "", "high", "" },
        { "jp-guideline-2019", "", "レベル3", "" },
        { "ds-511", "", "JPKI-provisional", "" },
        { "ds-511", "uv.offered=no", "JPKI-provisional", "" },
};

static void a_device_is_judged_without_a_login(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof device_samples / sizeof device_samples[0]; i++) {
                struct level_facts facts = { 0 };
                set_facts(&facts, model_facts);
                set_facts(&facts, device_facts);
                set_facts(&facts, service_facts);
                set_facts(&facts, device_samples[i].but);
                judge_sample(&device_samples[i], LEVEL_SCOPE_DEVICE | LEVEL_SCOPE_SERVICE, &facts);
        }
}

/* ---- two policies, one device: the conflicts that docs/policies.md names ---- */

static enum level_outcome outcome_of(
        const struct level_policy *policy, const char *topic, const struct level_facts *facts, slice *ret_id)
{
        for (size_t i = 0; i < policy->requirement_count; i++) {
                const struct level_requirement *asked = &policy->requirements[i];
                if (asked->shall && slice_is(asked->topic, topic)) {
                        *ret_id = asked->id;
                        return level_expression_judge(&asked->expression, facts, policy->confidence).outcome;
                }
        }
        return LEVEL_NOT_TESTABLE;
}

static const struct conflict {
        const char *topic, *but;
        const char *strict, *lenient; /* policies: not satisfied by one, satisfied by the other */
        bool few; /* the trials are too few for the stricter limit, and show nothing against it */
} conflicts[] = {
        { "PINLEN", "", "nist-800-63b-3", "nist-800-63b-4" },
        { "FMR", "uv.fmr=0/2995", "nist-800-63b-4", "nist-800-63b-3", true },
        { "FAR", "uv.far=0/29956", "android-cdd", "fido-biometric", true },
        { "PINTRY", "pin.tries=10", "first-summary", "nist-800-63b-4" },
        { "PINTRY", "pin.tries=100", "nist-800-63b-4", "nist-800-63b-3" },
        { "PINTRY", "pin.tries=10", "fido-authenticator", "eidas" },
        { "BIOTRY", "uv.tries=5 uv.tries_total=0", "nist-800-63b-4", "nist-800-63b-3" },
        { "FIPS", "model.fips_physical=2", "nist-800-63b-3", "nist-800-63b-4" },
        { "NOEXPORT", "model.key_protection=tee", "first-summary", "nist-800-63b-4" },
        { "NOEXPORT", "model.key_protection=tee", "first-summary", "eidas" },
};

static void policies_disagree_where_the_documentation_says_so(void **state)
{
        (void)state;
        static struct loaded strict, lenient;
        for (size_t i = 0; i < sizeof conflicts / sizeof conflicts[0]; i++) {
                struct level_facts facts;
                slice id = { 0 };
                good_phone(&facts);
                set_facts(&facts, conflicts[i].but);
                load(&strict, conflicts[i].strict);
                load(&lenient, conflicts[i].lenient);
                if (outcome_of(&strict.policy, conflicts[i].topic, &facts, &id) !=
                        (conflicts[i].few ? LEVEL_NOT_TESTABLE : LEVEL_NOT_SATISFIED))
                        fail_msg("%s of %s holds", conflicts[i].topic, conflicts[i].strict);
                if (outcome_of(&lenient.policy, conflicts[i].topic, &facts, &id) != LEVEL_SATISFIED)
                        fail_msg("%s of %s does not hold", conflicts[i].topic, conflicts[i].lenient);
        }
}

/* Where a finger, a PIN or a password did it matters: it is told apart, and told when nobody said. */
static void who_verified_is_told_apart(void **state)
{
        (void)state;
        static struct loaded loaded;
        static const struct {
                const char *policy, *id, *but;
                enum level_outcome outcome;
        } rows[] = {
                { "android-cdd", "C-LOGIN", "login.verified_by=finger", LEVEL_SATISFIED },
                { "android-cdd", "C-LOGIN", "login.verified_by=face", LEVEL_SATISFIED },
                { "android-cdd", "C-LOGIN", "login.verified_by=pin", LEVEL_NOT_SATISFIED },
                { "android-cdd", "C-LOGIN", "login.verified_by=password", LEVEL_NOT_SATISFIED },
                { "android-cdd", "C-LOGIN", "login.verified_by=?", LEVEL_NOT_TESTABLE },
                { "first-summary", "row-64", "login.verified_by=password", LEVEL_SATISFIED },
                { "first-summary", "row-64", "login.verified_by=?", LEVEL_NOT_TESTABLE },
                { "first-summary", "row-64", "login.verified_by=? login.verification_told=no",
                        LEVEL_NOT_SATISFIED },
                { "first-summary", "row-62", "login.attestation_trusted=no", LEVEL_NOT_SATISFIED },
                { "first-summary", "row-62", "login.attestation_trusted=no login.verified_by=password",
                        LEVEL_SATISFIED },
                { "ds-511", "NIST-SENSOR", "login.attestation_trusted=no", LEVEL_NOT_SATISFIED },
                { "ds-511", "NIST-SENSOR", "login.attestation_trusted=no login.verified_by=pin",
                        LEVEL_SATISFIED },
        };
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
                struct level_facts facts;
                size_t at = 0;
                good_phone(&facts);
                set_facts(&facts, rows[i].but);
                load(&loaded, rows[i].policy);
                while (at < loaded.policy.requirement_count &&
                        !slice_is(loaded.policy.requirements[at].id, rows[i].id))
                        at++;
                assert_true(at < loaded.policy.requirement_count);
                if (level_expression_judge(&loaded.policy.requirements[at].expression, &facts, 95).outcome !=
                        rows[i].outcome)
                        fail_msg("%s: %s with \"%s\"", rows[i].policy, rows[i].id, rows[i].but);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_requirement_says_all_in_both_languages),
                cmocka_unit_test(what_was_not_confirmed_is_told_so),
                cmocka_unit_test(each_requirement_can_hold_and_can_fail),
                cmocka_unit_test(devices_get_the_levels_that_the_sources_give_them),
                cmocka_unit_test(of_an_unknown_device_no_policy_gives_a_level),
                cmocka_unit_test(a_login_is_judged_by_what_it_shows),
                cmocka_unit_test(a_device_is_judged_without_a_login),
                cmocka_unit_test(policies_disagree_where_the_documentation_says_so),
                cmocka_unit_test(who_verified_is_told_apart),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
