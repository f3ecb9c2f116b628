/* SPDX-License-Identifier: Apache-2.0 */
#include "evaluation_statement.h"

#include "cose.h"
#include "digest.h"

static const char clause[] = "EVALUATION-STATEMENT.md 2",
                  content_type[] = "application/x.mitome.evaluation+cbor",
                  external_aad[] = "mitome evaluation 1";

enum { AAGUID_SIZE = 16 };

static const int64_t time_max = 253402300799; /* the end of the year 9999 */

static mitome_status wrong(const struct cbor_reader *at, const char *field)
{
        return reader_fail(&at->bytes, MITOME_E_EVALUATION_STATEMENT, field);
}

/* ---- facts ---- */

enum { FACT_PARTIAL = 1, FACT_DECLARED = 2, FACT_FLAGS = 3 };

bool evaluation_may_say(slice name)
{
        static const char *const others[] = { "login.", "verifier.", "life." };
        for (size_t i = 0; i < sizeof others / sizeof *others; i++)
                if (slice_begins_with(name, slice_text(others[i])))
                        return false;
        return true;
}

static mitome_status read_rate(struct cbor_reader *r, struct level_fact *fact)
{
        const struct cbor_reader start = *r;
        struct cbor_members array;
        uint64_t numbers[2] = { 0, 0 };
        MITOME_TRY(cbor_open_array(r, "fact.rate", 2, &array));
        if (array.left != 2)
                return wrong(&start, "fact.rate");
        for (size_t i = 0; cbor_next_element(r, &array); i++)
                MITOME_TRY(cbor_read_uint(r, "fact.rate", UINT32_MAX, &numbers[i]));
        fact->rate.errors = numbers[0];
        fact->rate.trials = numbers[1];
        return numbers[1] && numbers[0] <= numbers[1] ? ok() : wrong(&start, "fact.rate");
}

static mitome_status read_word(struct cbor_reader *r, enum level_fact_id id, struct level_fact *fact)
{
        const struct cbor_reader start = *r;
        MITOME_TRY(cbor_read_text(r, "fact.word", EVALUATION_NAME_MAX, &fact->word));
        return level_fact_takes(id, fact->word) ? ok() : wrong(&start, "fact.word");
}

static mitome_status read_value(struct cbor_reader *r, enum level_fact_id id, struct level_fact *fact)
{
        if (id == LEVEL_FACTS) /* of a later version than this: it is of the form, and says nothing here */
                return cbor_skip(r, "fact.value");
        switch (level_fact_kind(id)->type) {
        case LEVEL_BOOL:
                return cbor_read_bool(r, "fact.value", &fact->yes);
        case LEVEL_COUNT:
                return cbor_read_uint(r, "fact.value", UINT32_MAX, &fact->count);
        case LEVEL_WORD:
                return read_word(r, id, fact);
        case LEVEL_RATE:
                return read_rate(r, fact);
        }
        return wrong(r, "fact.value");
}

static mitome_status read_fact(struct cbor_reader *r, enum level_fact_id id, struct level_fact *ret)
{
        const struct cbor_reader start = *r;
        struct level_fact fact = { 0 };
        struct cbor_members array;
        uint64_t flags;
        MITOME_TRY(cbor_open_array(r, "fact", 2, &array));
        if (array.left != 2)
                return wrong(&start, "fact");
        if (!cbor_next_element(r, &array))
                return wrong(&start, "fact");
        MITOME_TRY(cbor_read_uint(r, "fact.flags", FACT_FLAGS, &flags));
        if (!cbor_next_element(r, &array))
                return wrong(&start, "fact");
        MITOME_TRY(read_value(r, id, &fact));
        (void)cbor_next_element(r, &array); /* closes it */
        fact.obtained = flags & FACT_DECLARED ? LEVEL_DECLARED : LEVEL_ATTESTED;
        fact.partial = flags & FACT_PARTIAL;
        *ret = fact;
        return ok();
}

static struct mitome_evaluation_fact fact_said(enum level_fact_id id, const struct level_fact *fact)
{
        struct mitome_evaluation_fact said = {
                .number = id, .partial = fact->partial, .declared = fact->obtained == LEVEL_DECLARED
        };
        switch (level_fact_kind(id)->type) {
        case LEVEL_BOOL:
                said.value = fact->yes;
                break;
        case LEVEL_COUNT:
                said.value = fact->count;
                break;
        case LEVEL_WORD:
                said.word = fact->word;
                break;
        case LEVEL_RATE:
                said.value = fact->rate.errors;
                said.trials = fact->rate.trials;
                break;
        }
        return said;
}

static struct level_fact fact_of(const struct mitome_evaluation_fact *said)
{
        struct level_fact fact = { .obtained = said->declared ? LEVEL_DECLARED : LEVEL_ATTESTED,
                .partial = said->partial };
        switch (level_fact_kind((enum level_fact_id)said->number)->type) {
        case LEVEL_BOOL:
                fact.yes = said->value != 0;
                break;
        case LEVEL_COUNT:
                fact.count = said->value;
                break;
        case LEVEL_WORD:
                fact.word = said->word;
                break;
        case LEVEL_RATE:
                fact.rate.errors = said->value;
                fact.rate.trials = said->trials;
                break;
        }
        return fact;
}

/* Each fact stands there once, so that there are no more than this library knows of. */
_Static_assert((int)LEVEL_FACTS <= (int)MITOME_EVALUATION_FACTS_MAX &&
                       (int)EVALUATION_FACTS_MAX == (int)MITOME_EVALUATION_FACTS_MAX,
        "evaluation.h keeps fewer facts than there are");

static mitome_status read_facts(struct cbor_reader *r, struct mitome_evaluation *said)
{
        struct cbor_members map;
        struct cbor_key key;
        MITOME_TRY(cbor_open_map(r, "payload.facts", EVALUATION_FACTS_MAX, &map));
        for (bool more;;) {
                const struct cbor_reader start = *r;
                struct level_fact fact;
                MITOME_TRY(cbor_next_key(r, &map, &key, &more));
                if (!more)
                        return ok();
                if (!key.is_text || key.text.size == 0 || key.text.size > EVALUATION_NAME_MAX ||
                        !evaluation_may_say(key.text))
                        return wrong(&start, "fact.name");
                enum level_fact_id id = level_fact_find(key.text);
                MITOME_TRY(read_fact(r, id, &fact));
                if (id < LEVEL_FACTS)
                        said->facts[said->fact_count++] = fact_said(id, &fact);
        }
}

/* ---- as facts beside others ---- */

bool evaluation_speaks_for_hardware(enum level_fact_id id, const struct level_fact *fact)
{
        static const enum level_fact_id of_hardware[] = { LEVEL_MODEL_KEY_PROTECTION,
                LEVEL_MODEL_MATCHER_PROTECTION, LEVEL_MODEL_FIDO_LEVEL, LEVEL_MODEL_FIDO_BIOMETRIC,
                LEVEL_MODEL_AVA_VAN, LEVEL_MODEL_EMV, LEVEL_MODEL_FIPS_OVERALL, LEVEL_MODEL_FIPS_PHYSICAL,
                LEVEL_MODEL_SENSOR_KNOWN, LEVEL_PIN_IN_HARDWARE };
        size_t i = 0;
        while (i < sizeof of_hardware / sizeof of_hardware[0] && of_hardware[i] != id)
                i++;
        if (i == sizeof of_hardware / sizeof of_hardware[0])
                return false;
        switch (level_fact_kind(id)->type) {
        case LEVEL_BOOL:
                return fact->yes;
        case LEVEL_WORD:
                return !slice_is(fact->word, "software");
        default:
                return fact->count > 0;
        }
}

static bool counts_instead(
        enum level_fact_id id, const struct level_fact *said, const struct level_fact *known)
{
        if (known->obtained == LEVEL_UNKNOWN || known->obtained == LEVEL_UNUSABLE)
                return true;
        if (known->obtained != LEVEL_DECLARED)
                return false;
        if (said->obtained == LEVEL_ATTESTED && !said->partial)
                return true;
        const double one = level_fact_worth(id, said), other = level_fact_worth(id, known);
        return one < other || (one <= other && said->obtained == LEVEL_ATTESTED);
}

void evaluation_add_facts(const struct mitome_evaluation *evaluation, struct level_facts *facts)
{
        for (size_t i = 0; i < evaluation->fact_count; i++) {
                const struct level_fact said = fact_of(&evaluation->facts[i]);
                const enum level_fact_id id = (enum level_fact_id)evaluation->facts[i].number;
                if (evaluation->simulated && evaluation_speaks_for_hardware(id, &said))
                        continue;
                if (counts_instead(id, &said, &facts->facts[id]))
                        facts->facts[id] = said;
        }
}

void evaluation_facts(const struct mitome_evaluation *evaluation, struct level_facts *ret)
{
        *ret = (struct level_facts){ 0 };
        for (size_t i = 0; i < evaluation->fact_count; i++)
                ret->facts[evaluation->facts[i].number] = fact_of(&evaluation->facts[i]);
}

mitome_status evaluation_check_time(const struct mitome_evaluation *said, int64_t now, mitome_error *error)
{
        static const char time_clause[] = "EVALUATION-STATEMENT.md 4";
        if (now < said->at)
                return fail(error, MITOME_E_EVALUATION_STATEMENT, "payload.at", time_clause);
        return now < said->expires ? ok()
                                   : fail(error, MITOME_E_EVALUATION_EXPIRED, "the statement", time_clause);
}

/* ---- writing facts ---- */

static void write_fact(writer *w, const struct level_fact *fact, enum level_type type)
{
        cbor_write_array(w, 2);
        cbor_write_uint(w, (fact->partial ? FACT_PARTIAL : 0u) |
                                   (fact->obtained == LEVEL_DECLARED ? FACT_DECLARED : 0u));
        switch (type) {
        case LEVEL_BOOL:
                cbor_write_bool(w, fact->yes);
                return;
        case LEVEL_COUNT:
                cbor_write_uint(w, fact->count);
                return;
        case LEVEL_WORD:
                cbor_write_text(w, fact->word);
                return;
        case LEVEL_RATE:
                cbor_write_array(w, 2);
                cbor_write_uint(w, fact->rate.errors);
                cbor_write_uint(w, fact->rate.trials);
                return;
        }
}

static bool is_said(const struct level_facts *facts, size_t id)
{
        const struct level_fact *fact = &facts->facts[id];
        return fact->obtained != LEVEL_UNKNOWN && fact->obtained != LEVEL_UNUSABLE &&
               evaluation_may_say(slice_text(level_fact_kind((enum level_fact_id)id)->name));
}

/* Canonical order of keys: the shorter first, then byte by byte. */
static bool comes_before(slice a, slice b)
{
        if (a.size != b.size)
                return a.size < b.size;
        for (size_t i = 0; i < a.size; i++)
                if (a.data[i] != b.data[i])
                        return a.data[i] < b.data[i];
        return false;
}

static void write_facts(writer *w, const struct level_facts *facts)
{
        size_t count = 0;
        slice last = { 0 };
        for (size_t id = 0; id < LEVEL_FACTS; id++)
                count += is_said(facts, id);
        cbor_write_map(w, count);
        for (; count; count--) {
                size_t next = LEVEL_FACTS;
                slice name = { 0 };
                for (size_t id = 0; id < LEVEL_FACTS; id++) {
                        slice one = slice_text(level_fact_kind((enum level_fact_id)id)->name);
                        if (is_said(facts, id) && comes_before(last, one) &&
                                (next == LEVEL_FACTS || comes_before(one, name))) {
                                next = id;
                                name = one;
                        }
                }
                last = name;
                cbor_write_text(w, name);
                write_fact(w, &facts->facts[next], level_fact_kind((enum level_fact_id)next)->type);
        }
}

/* ---- policies ---- */

enum { POLICY_MEMBERS = 3 };

static mitome_status read_name(struct cbor_reader *r, const char *field, bool may_be_empty, slice *ret)
{
        const struct cbor_reader start = *r;
        slice name;
        MITOME_TRY(cbor_read_text(r, field, EVALUATION_NAME_MAX, &name));
        if (name.size == 0 && !may_be_empty)
                return wrong(&start, field);
        *ret = name;
        return ok();
}

static mitome_status read_policy(struct cbor_reader *r, struct mitome_evaluation_policy *ret)
{
        const struct cbor_reader start = *r;
        struct mitome_evaluation_policy policy = { 0 };
        struct cbor_members array;
        MITOME_TRY(cbor_open_array(r, "policy", POLICY_MEMBERS, &array));
        if (array.left != POLICY_MEMBERS)
                return wrong(&start, "policy");
        for (size_t i = 0; cbor_next_element(r, &array); i++) {
                mitome_status status =
                        i == 0   ? read_name(r, "policy.id", false, &policy.id)
                        : i == 1 ? cbor_read_fixed(r, "policy.sha256", SHA256_SIZE, &policy.sha256)
                                 : read_name(r, "policy.level", true, &policy.level);
                MITOME_TRY(status);
        }
        *ret = policy;
        return ok();
}

/* By rising digest, so that none stands there twice. */
static mitome_status read_policies(struct cbor_reader *r, struct mitome_evaluation *said)
{
        struct cbor_members array;
        MITOME_TRY(cbor_open_array(r, "payload.policies", MITOME_EVALUATION_POLICIES_MAX, &array));
        while (cbor_next_element(r, &array)) {
                const struct cbor_reader start = *r;
                size_t i = said->policy_count;
                MITOME_TRY(read_policy(r, &said->policies[i]));
                if (i && !comes_before(said->policies[i - 1].sha256, said->policies[i].sha256))
                        return wrong(&start, "payload.policies");
                said->policy_count++;
        }
        return ok();
}

/* ---- members of the payload ---- */

static mitome_status read_version(struct cbor_reader *r, struct mitome_evaluation *said)
{
        const struct cbor_reader start = *r;
        uint64_t version;
        (void)said;
        MITOME_TRY(cbor_read_uint(r, "payload.version", UINT32_MAX, &version));
        return version == EVALUATION_VERSION ? ok() : wrong(&start, "payload.version");
}

static mitome_status read_report(struct cbor_reader *r, struct mitome_evaluation *said)
{
        return cbor_read_fixed(r, "payload.report", SHA256_SIZE, &said->report);
}

/* Zeros are no model: they are what authenticators say that do not want to be known. */
static mitome_status read_aaguid(struct cbor_reader *r, struct mitome_evaluation *said)
{
        static const uint8_t zeros[AAGUID_SIZE] = { 0 };
        const struct cbor_reader start = *r;
        MITOME_TRY(cbor_read_fixed(r, "payload.aaguid", AAGUID_SIZE, &said->aaguid));
        return slice_equal(said->aaguid, SLICE(zeros)) ? wrong(&start, "payload.aaguid") : ok();
}

static mitome_status read_build(struct cbor_reader *r, struct mitome_evaluation *said)
{
        const struct cbor_reader start = *r;
        MITOME_TRY(cbor_read_text(r, "payload.build", EVALUATION_BUILD_MAX, &said->build));
        return said->build.size ? ok() : wrong(&start, "payload.build");
}

static mitome_status read_time(struct cbor_reader *r, const char *field, int64_t *ret)
{
        uint64_t seconds;
        MITOME_TRY(cbor_read_uint(r, field, (uint64_t)time_max, &seconds));
        *ret = (int64_t)seconds;
        return ok();
}

static mitome_status read_at(struct cbor_reader *r, struct mitome_evaluation *said)
{
        return read_time(r, "payload.at", &said->at);
}

static mitome_status read_expires(struct cbor_reader *r, struct mitome_evaluation *said)
{
        const struct cbor_reader start = *r;
        MITOME_TRY(read_time(r, "payload.expires", &said->expires));
        bool good = said->expires > said->at && said->expires - said->at <= EVALUATION_SECONDS_MAX;
        return good ? ok() : wrong(&start, "payload.expires");
}

static mitome_status read_simulated(struct cbor_reader *r, struct mitome_evaluation *said)
{
        return cbor_read_bool(r, "payload.simulated", &said->simulated);
}

static const struct {
        const char *field;
        mitome_status (*read)(struct cbor_reader *r, struct mitome_evaluation *said);
} members[EVALUATION_MEMBERS] = {
        [EVALUATION_AT_VERSION] = { "payload.version", read_version },
        [EVALUATION_AT_REPORT] = { "payload.report", read_report },
        [EVALUATION_AT_AAGUID] = { "payload.aaguid", read_aaguid },
        [EVALUATION_AT_BUILD] = { "payload.build", read_build },
        [EVALUATION_AT_POLICIES] = { "payload.policies", read_policies },
        [EVALUATION_AT_TIME] = { "payload.at", read_at },
        [EVALUATION_AT_EXPIRES] = { "payload.expires", read_expires },
        [EVALUATION_AT_SIMULATED] = { "payload.simulated", read_simulated },
        [EVALUATION_AT_FACTS] = { "payload.facts", read_facts },
};

/* Every member is there, and keys rise: so the n-th is n. */
static mitome_status read_payload(struct cbor_reader *r, struct mitome_evaluation *said)
{
        const struct cbor_reader start = *r;
        struct cbor_members map;
        struct cbor_key key;
        int64_t expected = 1;
        MITOME_TRY(cbor_open_map(r, "payload", EVALUATION_MEMBERS - 1, &map));
        for (bool more;; expected++) {
                const struct cbor_reader before = *r;
                MITOME_TRY(cbor_next_key(r, &map, &key, &more));
                if (!more)
                        break;
                if (key.is_text || key.number != expected || expected >= EVALUATION_MEMBERS)
                        return wrong(&before, "payload");
                MITOME_TRY(members[expected].read(r, said));
        }
        if (expected != EVALUATION_MEMBERS)
                return reader_fail(&start.bytes, MITOME_E_MISSING, members[expected].field);
        return cbor_end(r, "payload");
}

void evaluation_payload_write(
        writer *w, const struct mitome_evaluation *said, const struct level_facts *facts)
{
        cbor_write_map(w, EVALUATION_MEMBERS - 1);
        cbor_write_uint(w, EVALUATION_AT_VERSION);
        cbor_write_uint(w, EVALUATION_VERSION);
        cbor_write_uint(w, EVALUATION_AT_REPORT);
        cbor_write_bytes(w, said->report);
        cbor_write_uint(w, EVALUATION_AT_AAGUID);
        cbor_write_bytes(w, said->aaguid);
        cbor_write_uint(w, EVALUATION_AT_BUILD);
        cbor_write_text(w, said->build);
        cbor_write_uint(w, EVALUATION_AT_POLICIES);
        cbor_write_array(w, said->policy_count);
        slice last = { 0 };
        for (size_t left = said->policy_count; left; left--) {
                const struct mitome_evaluation_policy *next = NULL;
                for (size_t i = 0; i < said->policy_count; i++)
                        if (comes_before(last, said->policies[i].sha256) &&
                                (!next || comes_before(said->policies[i].sha256, next->sha256)))
                                next = &said->policies[i];
                if (!next) { /* the same file twice */
                        w->overflowed = true;
                        return;
                }
                last = next->sha256;
                cbor_write_array(w, POLICY_MEMBERS);
                cbor_write_text(w, next->id);
                cbor_write_bytes(w, next->sha256);
                cbor_write_text(w, next->level);
        }
        cbor_write_uint(w, EVALUATION_AT_TIME);
        cbor_write_uint(w, (uint64_t)said->at);
        cbor_write_uint(w, EVALUATION_AT_EXPIRES);
        cbor_write_uint(w, (uint64_t)said->expires);
        cbor_write_uint(w, EVALUATION_AT_SIMULATED);
        cbor_write_bool(w, said->simulated);
        cbor_write_uint(w, EVALUATION_AT_FACTS);
        write_facts(w, facts);
}

/* ---- the whole ---- */

static const struct cose_sign1_kind kinds[] = {
        { COSE_ES256, content_type, external_aad },
        { COSE_EDDSA, content_type, external_aad },
};

static const struct cose_sign1_form form = { kinds, sizeof kinds / sizeof *kinds,
        MITOME_E_EVALUATION_STATEMENT, MITOME_E_EVALUATION_STATEMENT, 0, EVALUATION_CERTIFICATE_MAX,
        EVALUATION_PAYLOAD_MAX };

mitome_status evaluation_statement_read(slice cose, struct evaluation_statement *ret, mitome_error *error)
{
        struct evaluation_statement statement = { 0 };
        struct cbor_reader r = cbor_over(cose, clause, error);
        if (cose.size > MITOME_EVALUATION_MAX)
                return fail_at(error, MITOME_E_TOO_LONG, 0, "COSE_Sign1", clause);
        MITOME_TRY(cose_sign1_read(&r, &form, &statement.sign1));
        MITOME_TRY(cbor_end(&r, "COSE_Sign1"));
        statement.algorithm = kinds[statement.sign1.kind].algorithm;
        struct cbor_reader payload = cbor_over(statement.sign1.payload, clause, error);
        payload.bytes = reader_within(&r.bytes, statement.sign1.payload);
        MITOME_TRY(read_payload(&payload, &statement.said));
        statement.said.evaluator = statement.sign1.chain[0];
        *ret = statement;
        return ok();
}

bool evaluation_statement_recognise(slice cose)
{
        size_t kind;
        return cose_sign1_recognise(cose, &form, &kind);
}

void evaluation_statement_to_sign(writer *w, int64_t algorithm, slice payload)
{
        const struct cose_sign1_kind kind = { algorithm, content_type, external_aad };
        cose_sign1_write_to_sign(w, &kind, (slice){ 0 }, payload);
}

void evaluation_statement_write(
        writer *w, int64_t algorithm, const slice *chain, size_t chain_count, slice payload, slice signature)
{
        const struct cose_sign1_kind kind = { algorithm, content_type, external_aad };
        cose_sign1_write(w, &kind, (slice){ 0 }, chain, chain_count, payload, signature);
}
