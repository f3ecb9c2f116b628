/* SPDX-License-Identifier: Apache-2.0 */
#include "core_internal.h"

/* What CTAP measures in time: the life of a pinUvAuthToken (CTAP 2.1, 6.5.2.1) and of a sequence of "next"
 * commands (6, stateful commands). There are no timers: when the next request comes, its time tells. */

enum {
        FIRST_MS = 30000,          /* initial usage time limit: unused until then, the token ends; and user
                                      present time limit */
        FIRST_NFC_MS = 19800,      /* both, for who asked over NFC */
        MAX_USAGE_MS = 10 * 60000, /* max usage time period */
};

static uint64_t token_age(const struct core *core)
{
        return core->now_ms - core->token.since_ms;
}

/* [6.5.2.1] pinUvAuthTokenUsageTimerObserver: the token ends at the end of its usage period, or of the
 * initial limit when nothing has used it */
static bool token_expired(const struct core *core)
{
        const struct core_token *token = &core->token;
        return token->alive &&
               (token_age(core) > MAX_USAGE_MS || (!token->used && token_age(core) > token->first_ms));
}

void core_token_begins(struct core *core, bool user_present)
{
        core->token = (struct core_token){ .alive = true,
                .present = user_present,
                .since_ms = core->now_ms,
                .first_ms = core->caller == CORE_CALLER_NFC ? FIRST_NFC_MS : FIRST_MS };
}

bool core_token_present(const struct core *core)
{
        return core->token.alive && core->token.present && token_age(core) <= core->token.first_ms;
}

void core_token_spent(struct core *core)
{
        core->token.present = false;
}

void core_token_answered(struct core *core, uint16_t sw)
{
        core->token.used |= core->pending_param && sw == SW_OK;
}

bool core_knows_protocol(uint64_t protocol)
{
        return protocol == CORE_PROTOCOL_ONE || protocol == CORE_PROTOCOL_TWO;
}

enum ctap_status core_check_param(bool has_protocol, uint64_t protocol, slice param)
{
        if (!has_protocol)
                return CTAP2_ERR_MISSING_PARAMETER;
        if (!core_knows_protocol(protocol))
                return CTAP1_ERR_INVALID_PARAMETER;
        /* [6.5.6] protocol 1 cuts the HMAC to 16 bytes: what has another size cannot verify */
        /* [6.5.7] protocol 2 takes all 32 bytes of it */
        size_t size = protocol == CORE_PROTOCOL_ONE ? 16 : 32;
        return param.size == size ? CTAP2_OK : CTAP2_ERR_PIN_AUTH_INVALID;
}

/* Whatever is said but 9000: the token may still live, and nothing is done before it is dead. */
static void take_forgotten(struct core *core, slice data, uint16_t sw)
{
        (void)data;
        if (sw != SW_OK) {
                core_answer(core, CTAP1_ERR_OTHER);
                return;
        }
        core->token = (struct core_token){ 0 };
        core->after_time(core);
}

static void forget_token(struct core *core)
{
        (void)core_data(core); /* no data */
        core_transmit(core, INS_FORGET_TOKEN, take_forgotten);
}

/* Whatever the request is: the one before it is not the last one any more. What is listed or asserted next
 * was authorised for who began it: another client, which may be a reader that somebody walks past, gets none.
 */
void core_pass_sequence(struct core *core)
{
        bool in_time = core->now_ms - core->sequence_ms <= CORE_SEQUENCE_TIMEOUT_MS;
        bool same = core->caller == core->sequence_caller && core->channel == core->sequence_channel;
        core->former = in_time && same ? core->sequence : SEQUENCE_NONE;
        core->sequence = SEQUENCE_NONE;
}

void core_pass_time(struct core *core, core_next *next)
{
        if (!token_expired(core)) {
                next(core);
                return;
        }
        core->after_time = next;
        core_wind_down(core, (slice){ 0 }, forget_token); /* what it began ends with it */
}

void core_forget_time(struct core *core)
{
        core->token = (struct core_token){ 0 };
        core->sequence = core->former = SEQUENCE_NONE;
}

void core_begin_sequence(struct core *core, enum core_sequence sequence)
{
        core->sequence = sequence;
        core->sequence_ms = core->now_ms;
        core->sequence_caller = core->caller;
        core->sequence_channel = core->channel;
}

bool core_continues(const struct core *core, enum core_sequence sequence)
{
        return core->former == sequence;
}
