/* SPDX-License-Identifier: Apache-2.0 */
#include "fido_rules.h"

#include "apdu.h"

enum { ANY = (1 << FIDO_PHASES) - 1 };
#define IN(phase) (uint16_t)(1 << (phase))

enum {
        VERIFIABLE = FACT_PAIRED | FACT_SET | FACT_PIN_TRIES | FACT_UV_TRIES,
        TAKES_PIN = FACT_PIN | FACT_PIN_TRIES | FACT_ROW | FACT_AGREEMENT,
};

const struct fido_rule fido_rules[] = {
        { 0x10, FIDO_IDLE, ANY, 0, "GET STATE" },
        { 0x12, FIDO_IDLE, ANY, 0, "KEY AGREEMENT" },
        { 0x14, FIDO_IDLE, ANY, TAKES_PIN, "GET PIN TOKEN" },
        { 0x16, FIDO_IDLE, IN(FIDO_TOKEN_UV), FACT_PIN_TRIES | FACT_AGREEMENT, "GET UV TOKEN" },
        { 0x18, FIDO_IDLE, ANY, 0, "RESET" },
        { 0x1A, FIDO_IDLE, ANY, 0, "FORGET TOKEN" },
        { 0x1C, FIDO_IDLE, ANY, FACT_PIN_TRIES | FACT_ROW | FACT_AGREEMENT, "CHANGE PIN" },
        { 0x1E, FIDO_IDLE, ANY, FACT_PIN_TRIES, "CONFIGURE" },
        { 0x20, FIDO_MAKE, ANY, 0, "BEGIN" },
        { 0x20, FIDO_MAKE_PIN, ANY, FACT_PIN_TRIES, "BEGIN" },
        { 0x20, FIDO_MAKE_UV, ANY, VERIFIABLE, "BEGIN" },
        { 0x20, FIDO_GET, ANY, 0, "BEGIN" },
        { 0x20, FIDO_GET_PIN, ANY, FACT_PIN_TRIES, "BEGIN" },
        { 0x20, FIDO_GET_UV, ANY, VERIFIABLE, "BEGIN" },
        { 0x20, FIDO_TOKEN_UV, ANY, VERIFIABLE, "BEGIN" },
        { 0x20, FIDO_ENROL, ANY, FACT_PAIRED | FACT_PIN_TRIES, "BEGIN" },
        { 0x22, FIDO_IDLE, ANY, 0, "NEXT ASSERTION" },
        { 0x24, FIDO_IDLE, IN(FIDO_MAKE), FACT_BATCH_KEY, "MAKE CREDENTIAL" },
        { 0x24, FIDO_IDLE, IN(FIDO_MAKE_PIN), FACT_BATCH_KEY | FACT_PIN_TRIES, "MAKE CREDENTIAL" },
        { 0x24, FIDO_IDLE, IN(FIDO_MAKE_UV), FACT_BATCH_KEY | FACT_PIN_TRIES, "MAKE CREDENTIAL" },
        { 0x26, FIDO_IDLE, IN(FIDO_GET), 0, "GET ASSERTION" },
        { 0x26, FIDO_IDLE, IN(FIDO_GET_PIN), FACT_PIN_TRIES, "GET ASSERTION" },
        { 0x26, FIDO_IDLE, IN(FIDO_GET_UV), FACT_PIN_TRIES, "GET ASSERTION" },
        { 0x28, FIDO_IDLE, ANY, 0, "AUTHORISE" },
        { 0x2A, FIDO_IDLE, IN(FIDO_ENROL), FACT_PIN_TRIES, "CONFIRM ENROLMENT" },
        { 0x2C, FIDO_IDLE, IN(FIDO_ENROL), 0, "CHECK" },
        { 0x2E, FIDO_IDLE, ANY & ~IN(FIDO_IDLE), 0, "ABANDON" },
        { 0x30, FIDO_IDLE, ANY, FACT_NO_BATCH_KEY, "STORE BATCH KEY" },
        { 0x32, FIDO_IDLE, ANY, 0, "PAIR" },
        { 0x34, FIDO_IDLE, ANY, 0, "SET PIN" },
        { 0x3A, FIDO_IDLE, ANY, 0, "SET ENTERPRISE LIST" },
        { 0x3C, FIDO_IDLE, ANY, FACT_PENDING, "CONFIRM PAIRING" },
        { 0x46, FIDO_IDLE, ANY, 0, "MANAGE CREDENTIALS" },
        { 0x52, FIDO_IDLE, ANY, FACT_BATCH_KEY, "U2F REGISTER" },
        { 0x54, FIDO_IDLE, ANY, 0, "U2F AUTHENTICATE" },
        { 0x56, FIDO_IDLE, IN(FIDO_IDLE), 0, "SIGN DOCUMENT" },
        { 0x58, FIDO_IDLE, IN(FIDO_IDLE), 0, "READ CERTIFICATE" },
};
const size_t fido_rule_count = sizeof fido_rules / sizeof *fido_rules;

static const struct {
        uint16_t fact, refusal;
        const char *name;
} facts_known[] = {
        { FACT_BATCH_KEY, SW_CONDITIONS, "a batch key" },
        { FACT_NO_BATCH_KEY, SW_CONDITIONS, "no batch key" },
        { FACT_PAIRED, SW_UNUSABLE, "a matcher paired" },
        { FACT_SET, SW_UNUSABLE, "a set confirmed" },
        { FACT_PIN, SW_UNUSABLE, "a PIN" },
        { FACT_PIN_TRIES, SW_BLOCKED, "PIN not blocked" },
        { FACT_UV_TRIES, SW_BLOCKED, "UV tries" },
        { FACT_ROW, SW_CONDITIONS, "no three wrong PINs in a row" },
        { FACT_AGREEMENT, SW_NO_REFERENCE, "a key agreement" },
        { FACT_PENDING, SW_CONDITIONS, "a pairing pending" },
};

enum { FACT_COUNT = sizeof facts_known / sizeof *facts_known };

static uint16_t first_missing(uint16_t wanted, uint16_t facts)
{
        for (size_t i = 0; i < FACT_COUNT; i++)
                if (wanted & ~facts & facts_known[i].fact)
                        return facts_known[i].refusal;
        return SW_OK;
}

uint16_t fido_rules_ask(uint8_t ins, enum fido_phase begins, enum fido_phase phase, uint16_t facts)
{
        for (size_t i = 0; i < fido_rule_count; i++) {
                const struct fido_rule *rule = &fido_rules[i];
                if (rule->ins == ins && rule->begins == begins && rule->phases & IN(phase))
                        return first_missing(rule->facts, facts);
        }
        return SW_CONDITIONS;
}

const char *fido_phase_name(enum fido_phase phase)
{
        static const char *const names[] = {
                [FIDO_IDLE] = "nothing",
                [FIDO_MAKE] = "make",
                [FIDO_MAKE_PIN] = "make by token",
                [FIDO_MAKE_UV] = "make by finger",
                [FIDO_GET] = "get",
                [FIDO_GET_PIN] = "get by token",
                [FIDO_GET_UV] = "get by finger",
                [FIDO_TOKEN_UV] = "token by finger",
                [FIDO_ENROL] = "enrolment",
        };
        return phase < FIDO_PHASES ? names[phase] : "";
}

const char *fido_fact_name(uint16_t fact)
{
        for (size_t i = 0; i < FACT_COUNT; i++)
                if (facts_known[i].fact == fact)
                        return facts_known[i].name;
        return "";
}

uint16_t fido_fact_refusal(uint16_t fact)
{
        return first_missing(fact, 0);
}
