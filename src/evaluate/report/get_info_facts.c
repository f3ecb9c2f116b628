/* SPDX-License-Identifier: Apache-2.0 */
#include "get_info_facts.h"

#include "cbor.h"
#include "hex_text.h"
#include "metadata_statement.h"

static const char clause[] = "CTAP 2.1, 6.4";
static const char from[] = "getInfo";

enum { AAGUID_SIZE = 16, TEXTS_MAX = 64, TEXT_MAX = 128, MEMBERS_MAX = 256 };

struct option {
        bool given, set;
};

struct certification {
        bool given;
        uint64_t level;
};

/* What is of use of it. */
struct get_info {
        slice aaguid;
        json_t *versions, *transports;
        struct option client_pin, uv;
        bool has_length, has_modality, has_complexity, complexity;
        uint64_t length_least, modality;
        struct certification fido, fips, fips_physical;
};

static mitome_status read_texts(struct cbor_reader *r, const char *field, json_t **ret)
{
        struct cbor_members array;
        slice text;
        json_t *texts = json_array();
        mitome_status status = cbor_open_array(r, field, TEXTS_MAX, &array);
        while (!failed(status) && cbor_next_element(r, &array)) {
                status = cbor_read_text(r, field, TEXT_MAX, &text);
                if (!failed(status) &&
                        json_array_append_new(texts, json_stringn((const char *)text.data, text.size)) != 0)
                        status = fail(r->bytes.error, MITOME_E_NO_MEMORY, field, NULL);
        }
        json_decref(*ret);
        *ret = texts;
        return status;
}

static mitome_status read_option(struct cbor_reader *r, slice name, struct get_info *info)
{
        const struct {
                const char *name;
                struct option *option;
        } known[] = { { "clientPin", &info->client_pin }, { "uv", &info->uv } };
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
                if (slice_is(name, known[i].name)) {
                        known[i].option->given = true;
                        return cbor_read_bool(r, "options", &known[i].option->set);
                }
        return cbor_skip(r, "options");
}

/* CTAP 2.1, 7.3: FIDO counts as model.fido_level does. Of several versions of FIPS 140 the highest level. */
static mitome_status read_certification(struct cbor_reader *r, slice name, struct get_info *info)
{
        const struct {
                const char *name;
                struct certification *certification;
                uint64_t most;
        } known[] = {
                { "FIDO", &info->fido, 6 },
                { "FIPS-CMVP-2", &info->fips, 4 },
                { "FIPS-CMVP-3", &info->fips, 4 },
                { "FIPS-CMVP-2-PHY", &info->fips_physical, 4 },
                { "FIPS-CMVP-3-PHY", &info->fips_physical, 4 },
        };
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
                uint64_t level;
                if (!slice_is(name, known[i].name))
                        continue;
                MITOME_TRY(cbor_read_uint(r, "certifications", known[i].most, &level));
                known[i].certification->given = true;
                if (level > known[i].certification->level)
                        known[i].certification->level = level;
                return ok();
        }
        return cbor_skip(r, "certifications");
}

static mitome_status read_map(struct cbor_reader *r, const char *field, struct get_info *info,
        mitome_status (*read_member)(struct cbor_reader *r, slice name, struct get_info *info))
{
        struct cbor_members map;
        struct cbor_key key;
        MITOME_TRY(cbor_open_map(r, field, MEMBERS_MAX, &map));
        for (bool more;;) {
                MITOME_TRY(cbor_next_key(r, &map, &key, &more));
                if (!more)
                        return ok();
                if (key.is_text)
                        MITOME_TRY(read_member(r, key.text, info));
                else
                        MITOME_TRY(cbor_skip(r, field));
        }
}

static mitome_status read_info_member(struct cbor_reader *r, int64_t key, struct get_info *info)
{
        enum { VERSIONS = 1, AAGUID = 3, OPTIONS = 4, TRANSPORTS = 9, PIN_LENGTH = 0x0D, MODALITY = 0x12 };
        enum { CERTIFICATIONS = 0x13, COMPLEXITY = 0x1B };
        switch (key) {
        case VERSIONS:
                return read_texts(r, "versions", &info->versions);
        case AAGUID:
                return cbor_read_fixed(r, "aaguid", AAGUID_SIZE, &info->aaguid);
        case OPTIONS:
                return read_map(r, "options", info, read_option);
        case TRANSPORTS:
                return read_texts(r, "transports", &info->transports);
        case PIN_LENGTH:
                info->has_length = true;
                return cbor_read_uint(r, "minPINLength", UINT32_MAX, &info->length_least);
        case MODALITY:
                info->has_modality = true;
                return cbor_read_uint(r, "uvModality", UINT32_MAX, &info->modality);
        case CERTIFICATIONS:
                return read_map(r, "certifications", info, read_certification);
        case COMPLEXITY:
                info->has_complexity = true;
                return cbor_read_bool(r, "pinComplexityPolicy", &info->complexity);
        default:
                return cbor_skip(r, "getInfo");
        }
}

static mitome_status read_info(slice bytes, bool any_order, struct get_info *info, mitome_error *error)
{
        struct cbor_reader r = cbor_over(bytes, clause, error);
        struct cbor_members map;
        struct cbor_key key;
        uint8_t status;
        r.any_order = any_order;
        if (bytes.size && bytes.data[0] == 0)
                MITOME_TRY(read_u8(&r.bytes, "status", &status));
        MITOME_TRY(cbor_open_map(&r, "getInfo", MEMBERS_MAX, &map));
        for (bool more;;) {
                MITOME_TRY(cbor_next_key(&r, &map, &key, &more));
                if (!more)
                        break;
                if (key.is_text)
                        MITOME_TRY(cbor_skip(&r, "getInfo"));
                else
                        MITOME_TRY(read_info_member(&r, key.number, info));
        }
        return cbor_end(&r, "getInfo");
}

/* ---- what follows from it ---- */

/* FIDO registry 3.1, the bits of biometrics. A palm has no word. */
static const struct {
        uint64_t bit;
        enum metadata_modality modality;
} biometrics[] = { { 0x02, METADATA_FINGER }, { 0x08, METADATA_VOICE }, { 0x10, METADATA_FACE },
        { 0x40, METADATA_IRIS }, { 0x100, METADATA_MODALITY_UNKNOWN } };

/* `uv` may stand for a PIN at the device itself. A bit that nobody knows may be a biometric. */
static void claim_modality(const struct get_info *info, struct evaluation_record *record, size_t evidence)
{
        enum { NO_BIOMETRIC = 0x01 | 0x04 | 0x20 | 0x80 | 0x200 | 0x400 | 0x800 | 0x1000 };
        enum metadata_modality worst = METADATA_IRIS; /* the best */
        uint64_t rest = info->modality & ~(uint64_t)NO_BIOMETRIC;
        bool offered = rest != 0;
        for (size_t i = 0; i < sizeof biometrics / sizeof biometrics[0]; i++)
                if (rest & biometrics[i].bit) {
                        worst = metadata_worse_modality(worst, biometrics[i].modality);
                        rest &= ~biometrics[i].bit;
                }
        if (rest)
                worst = metadata_worse_modality(worst, METADATA_MODALITY_UNKNOWN);
        const char *word = metadata_modality_word(worst);
        if (offered && word)
                evaluation_record_word(record, LEVEL_UV_MODALITY, LEVEL_DECLARED, word, from, evidence);
        evaluation_record_bool(record, LEVEL_UV_OFFERED, LEVEL_DECLARED, offered, from, evidence);
}

static void claim_pin(const struct get_info *info, struct evaluation_record *record, size_t evidence)
{
        enum { LENGTH_DEFAULT = 4 }; /* CTAP 2.1, 6.4: what absence means */
        evaluation_record_bool(
                record, LEVEL_PIN_OFFERED, LEVEL_DECLARED, info->client_pin.given, from, evidence);
        if (info->client_pin.given)
                evaluation_record_count(record, LEVEL_PIN_LENGTH_LEAST, LEVEL_DECLARED,
                        info->has_length ? info->length_least : LENGTH_DEFAULT, from, evidence);
        /* That more is asked of a PIN than its length may be anything; that nothing is, is no blocklist. */
        if (info->has_complexity && !info->complexity)
                evaluation_record_bool(record, LEVEL_PIN_BLOCKLIST, LEVEL_DECLARED, false, from, evidence);
}

static void claim_all(const struct get_info *info, struct evaluation_record *record, size_t evidence)
{
        claim_pin(info, record, evidence);
        if (info->has_modality)
                claim_modality(info, record, evidence);
        else if (!info->uv.given)
                evaluation_record_bool(record, LEVEL_UV_OFFERED, LEVEL_DECLARED, false, from, evidence);
        const struct {
                const struct certification *certification;
                enum level_fact_id fact;
        } certifications[] = { { &info->fido, LEVEL_MODEL_FIDO_LEVEL },
                { &info->fips, LEVEL_MODEL_FIPS_OVERALL },
                { &info->fips_physical, LEVEL_MODEL_FIPS_PHYSICAL } };
        for (size_t i = 0; i < sizeof certifications / sizeof certifications[0]; i++)
                if (certifications[i].certification->given)
                        evaluation_record_count(record, certifications[i].fact, LEVEL_DECLARED,
                                certifications[i].certification->level, from, evidence);
}

static void set_missing(json_t *target, const char *name, json_t *value)
{
        if (value && !json_object_get(target, name))
                json_object_set(target, name, value);
}

static void describe_target(const struct get_info *info, json_t *target)
{
        uint8_t digits[2 * AAGUID_SIZE];
        writer w = WRITER(digits);
        hex_text_write(&w, info->aaguid);
        json_t *aaguid = info->aaguid.size ? json_stringn((const char *)digits, w.used) : NULL;
        set_missing(target, "aaguid", aaguid);
        set_missing(target, "versions", info->versions);
        set_missing(target, "transports", info->transports);
        json_decref(aaguid);
}

mitome_status get_info_facts(slice get_info, struct evaluation_record *record, size_t evidence,
        json_t *target, mitome_error *error)
{
        struct get_info info = { 0 };
        /* In order, as CTAP has it, there may be any number of members; out of order, as some devices have
         * it, few. */
        mitome_status status = read_info(get_info, false, &info, NULL);
        if (failed(status)) {
                json_decref(info.versions);
                json_decref(info.transports);
                info = (struct get_info){ 0 };
                status = read_info(get_info, true, &info, error);
        }
        if (!failed(status)) {
                claim_all(&info, record, evidence);
                describe_target(&info, target);
        }
        json_decref(info.versions);
        json_decref(info.transports);
        return status;
}
