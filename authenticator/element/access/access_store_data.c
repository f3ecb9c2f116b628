/* SPDX-License-Identifier: Apache-2.0 */
#include "access_internal.h"

#include "tlv.h"

/* What the SEI-TSM writes (GPD_SPE_013 5.1), one command object a STORE DATA: store a rule, delete rules,
 * a new refresh tag. Whatever changes the rules changes the tag in the same transaction. */

enum { STORE_LAST_BLOCK_BER = 0x90 /* P1: the only block, BER-TLV */ };

static uint16_t put_refresh(struct mitome_element *element)
{
        uint8_t former[ACCESS_REFRESH_SIZE], fresh[ACCESS_REFRESH_SIZE];
        access_refresh(element, former);
        SW_TRY(element_random(element, fresh, sizeof fresh));
        if (slice_equal(SLICE(fresh), SLICE(former)))
                fresh[0] ^= 1; /* another one, whatever the generator says */
        return element_put(element, OBJECT_ACCESS_REFRESH, SLICE(fresh));
}

static uint16_t commit(struct mitome_element *element)
{
        SW_TRY(put_refresh(element));
        return element_commit(element);
}

/* Exactly one object with this tag. */
static bool only(slice bytes, uint32_t tag, slice *ret_value)
{
        reader r = reader_over(bytes, NULL, NULL);
        struct tlv tlv;
        if (failed(tlv_read(&r, "data", &tlv)) || tlv.tag != tag || failed(read_end(&r, "data")))
                return false;
        *ret_value = tlv.value;
        return true;
}

/* ---- storing ---- */

/* How a new rule stands to those that are there. */
struct survey {
        bool same;      /* this very rule */
        bool same_ones; /* another one about the same app and applet */
};

static struct survey look(
        const struct mitome_element *element, slice bytes, const struct access_reference *reference)
{
        struct survey survey = { 0 };
        uint32_t id = OBJECT_ACCESS_RULE;
        slice stored;
        struct access_rule rule;
        while (access_next(element, &id, &stored, &rule)) {
                survey.same |= slice_equal(stored, bytes);
                survey.same_ones |= access_reference_equal(&rule.reference, reference);
        }
        return survey;
}

static uint16_t find_place(const struct mitome_element *element, uint32_t *ret)
{
        for (uint32_t i = 0; i < ACCESS_RULES_MAX; i++) {
                if (!element_has(element, OBJECT_ACCESS_RULE + i)) {
                        *ret = OBJECT_ACCESS_RULE + i;
                        return SW_OK;
                }
        }
        return SW_FULL;
}

/* Table 5-3: several rules about one app and one applet stand beside each other, and are told by the warning
 * 6381; the enforcer merges them. The very same rule is kept once. */
static uint16_t store_rule(struct mitome_element *element, slice value)
{
        slice content;
        struct access_rule rule;
        uint32_t id;
        if (!only(value, ACCESS_REF_AR, &content) || failed(access_rule_read(content, &rule, NULL)))
                return SW_WRONG_DATA;
        if (value.size > ACCESS_RULE_SIZE_MAX)
                return SW_FULL;
        struct survey survey = look(element, value, &rule.reference);
        if (survey.same)
                return SW_RULE_EXISTS;
        SW_TRY(find_place(element, &id));
        SW_TRY(element_put(element, id, value));
        SW_TRY(commit(element));
        return survey.same_ones ? SW_RULE_EXISTS : SW_OK;
}

/* ---- deleting ---- */

/* Which rules a deletion means (table 5-4); what it does not name is any. */
struct choice {
        bool all, by_reference, by_rule;
        struct access_reference reference;
        slice rule;
};

static uint16_t read_choice(slice value, struct choice *ret)
{
        struct choice choice = { .all = !value.size, .rule = value };
        struct access_rule rule;
        slice content;
        bool read = choice.all;
        if (only(value, ACCESS_AID, &choice.reference.aid)) {
                size_t size = choice.reference.aid.size;
                read = !size || (size >= ACCESS_AID_MIN && size <= ACCESS_AID_MAX);
        } else if (only(value, ACCESS_IMPLICIT, &content)) {
                choice.reference.implicit = read = !content.size;
        } else if (only(value, ACCESS_REF, &content)) {
                choice.by_reference = read = !failed(access_reference_read(content, &choice.reference, NULL));
        } else if (only(value, ACCESS_REF_AR, &content)) {
                choice.by_rule = read = !failed(access_rule_read(content, &rule, NULL));
        }
        *ret = choice;
        return read ? SW_OK : SW_WRONG_DATA;
}

static bool chosen(const struct choice *choice, slice bytes, const struct access_reference *reference)
{
        if (choice->all)
                return true;
        if (choice->by_rule)
                return slice_equal(choice->rule, bytes);
        if (choice->by_reference)
                return access_reference_equal(&choice->reference, reference);
        return choice->reference.implicit == reference->implicit &&
               slice_equal(choice->reference.aid, reference->aid);
}

static uint16_t delete_rules(struct mitome_element *element, slice value)
{
        uint32_t id = OBJECT_ACCESS_RULE;
        size_t count = 0;
        slice bytes;
        struct access_rule rule;
        struct choice choice;
        SW_TRY(read_choice(value, &choice));
        while (access_next(element, &id, &bytes, &rule)) {
                if (!chosen(&choice, bytes, &rule.reference))
                        continue;
                SW_TRY(element_delete(element, id - 1));
                count++;
        }
        if (!count)
                return choice.all ? SW_OK : SW_NO_REFERENCE;
        return commit(element);
}

static uint16_t new_refresh(struct mitome_element *element, slice value)
{
        return value.size ? SW_WRONG_DATA : commit(element);
}

uint16_t access_store_data(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        static const struct {
                uint32_t tag;
                uint16_t (*run)(struct mitome_element *element, slice value);
        } orders[] = {
                { ACCESS_STORE, store_rule },
                { ACCESS_DELETE, delete_rules },
                { ACCESS_NEW_TAG, new_refresh },
        };
        slice value;
        (void)answer;
        if (command->p1 != STORE_LAST_BLOCK_BER || command->p2 != 0)
                return SW_WRONG_P1P2;
        for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
                if (only(command->data, orders[i].tag, &value))
                        return orders[i].run(element, value);
        return SW_WRONG_DATA;
}
