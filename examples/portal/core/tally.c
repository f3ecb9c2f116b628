/* SPDX-License-Identifier: Apache-2.0 */
#include "portal_internal.h"

#include <stdio.h>

enum { REASON_MAX = 96 };

/* By what: the name of the figure, and what the journal says was refused. */
static const struct {
        const char *name, *act;
} whats[TALLY_WHATS] = {
        [TALLY_REGISTRATION] = { "registration", "register-passkey" },
        [TALLY_LOGIN] = { "login", "log-in" },
        [TALLY_PHONE_LOGIN] = { "phone-login", "log-in-by-phone" },
        [TALLY_DOCUMENT] = { "document", "take-document" },
        [TALLY_CLIENT_LOGIN] = { "client-login", "redeem-code" },
        [TALLY_MOVE] = { "move", "move-account" },
};

const char *tally_name(enum tally_what what)
{
        return whats[what].name;
}

/* ---- counting ---- */

/* The ring of seconds: what is older than a minute is emptied. */
static void turn(struct portal *portal)
{
        struct tally_pending *tally = &portal->tally;
        const int64_t now = portal_now(portal);
        int64_t steps = now - tally->second;
        if (steps < 0 || steps > PORTAL_MINUTE)
                steps = PORTAL_MINUTE;
        for (int64_t i = 0; i < steps; i++)
                for (size_t what = 0; what < TALLY_WHATS; what++)
                        tally->minute[what][(uint64_t)(now - i) % PORTAL_MINUTE] = 0;
        tally->second = now;
}

void tally_done(struct portal *portal, enum tally_what what)
{
        turn(portal);
        portal->tally.done[what]++;
        portal->tally.minute[what][(uint64_t)portal->tally.second % PORTAL_MINUTE]++;
}

static void count_refusal(struct portal *portal, enum tally_what what, mitome_code code)
{
        struct tally_pending *tally = &portal->tally;
        size_t i = 0;
        while (i < tally->refused_count && (tally->refused[i].what != what || tally->refused[i].code != code))
                i++;
        if (i == PORTAL_TALLY_CODES)
                return;
        if (i == tally->refused_count)
                tally->refused[tally->refused_count++] = (struct tally_reason){ what, code, 0 };
        tally->refused[i].count++;
}

/* What is only too much at once is counted and not written down: who floods the portal does not flood its
 * journal. */
mitome_status tally_refuse(struct portal *portal, enum tally_what what, mitome_code code, mitome_error *error)
{
        char reason[REASON_MAX];
        count_refusal(portal, what, code);
        if (code == MITOME_E_RATE_LIMITED)
                return ok();
        snprintf(reason, sizeof reason, "%d %s", (int)code, party_code_name(code));
        const struct journal_decision decision = {
                .what = whats[what].act, .outcome = "refused", .reason = reason
        };
        return party_decide(portal->config.party, &decision, error);
}

/* ---- writing ---- */

static mitome_status add(
        struct portal *portal, enum tally_what what, mitome_code code, int64_t count, mitome_error *error)
{
        return sql_do(party_store(portal->config.party),
                "INSERT INTO portal_tally (what, code, times) VALUES (?, ?, ?) ON CONFLICT (what, code) DO "
                "UPDATE SET times = portal_tally.times + excluded.times",
                SQL_VALUES(SQL_INT(what), SQL_INT(code), SQL_INT(count)), NULL, error);
}

/* What could not be written is counted again with the next. */
mitome_status tally_flush(struct portal *portal, mitome_error *error)
{
        struct tally_pending *tally = &portal->tally;
        for (size_t i = 0; i < TALLY_WHATS; i++)
                if (tally->done[i])
                        MITOME_TRY(add(portal, (enum tally_what)i, MITOME_OK, tally->done[i], error));
        for (size_t i = 0; i < tally->refused_count; i++)
                MITOME_TRY(add(portal, tally->refused[i].what, tally->refused[i].code,
                        tally->refused[i].count, error));
        for (size_t i = 0; i < TALLY_WHATS; i++)
                tally->done[i] = 0;
        tally->refused_count = 0;
        return ok();
}

/* ---- reading ---- */

static mitome_status read_counts(struct portal *portal, struct tally_figures *ret, mitome_error *error)
{
        struct sql_query query = { 0 };
        MITOME_TRY(sql_ask(party_store(portal->config.party),
                "SELECT what, code, times FROM portal_tally ORDER BY times DESC, code", NULL, 0, &query,
                error));
        while (sql_next(&query)) {
                const int64_t what = sql_integer(&query, 0), code = sql_integer(&query, 1);
                if (what < 0 || what >= TALLY_WHATS)
                        continue;
                if (code == MITOME_OK)
                        ret->done[what] = sql_integer(&query, 2);
                else if (ret->refused_count < TALLY_REASONS_MAX)
                        ret->refused[ret->refused_count++] = (struct tally_reason){ (enum tally_what)what,
                                (mitome_code)code, sql_integer(&query, 2) };
        }
        return sql_end(&query);
}

static mitome_status read_number(struct portal *portal, const char *sql, int64_t *ret, mitome_error *error)
{
        struct sql_query query = { 0 };
        MITOME_TRY(sql_ask(party_store(portal->config.party), sql, NULL, 0, &query, error));
        if (sql_next(&query))
                *ret = sql_integer(&query, 0);
        return sql_end(&query);
}

static mitome_status read_sessions(struct portal *portal, int64_t *ret, mitome_error *error)
{
        struct sql_query query = { 0 };
        MITOME_TRY(sql_ask(party_store(portal->config.party),
                "SELECT count(*) FROM portal_session WHERE ends > ?", SQL_VALUES(SQL_INT(portal_now(portal))),
                &query, error));
        if (sql_next(&query))
                *ret = sql_integer(&query, 0);
        return sql_end(&query);
}

/* The highest number, not the count: a table of millions is not walked through for a figure. */
static mitome_status read_all(struct portal *portal, struct tally_figures *ret, mitome_error *error)
{
        MITOME_TRY(tally_flush(portal, error));
        MITOME_TRY(read_counts(portal, ret, error));
        MITOME_TRY(read_number(portal, "SELECT coalesce(max(id), 0) FROM account", &ret->accounts, error));
        MITOME_TRY(read_number(
                portal, "SELECT coalesce(max(number), 0) FROM account_credential", &ret->credentials, error));
        MITOME_TRY(read_sessions(portal, &ret->sessions, error));
        turn(portal);
        for (size_t what = 0; what < TALLY_WHATS; what++)
                for (size_t i = 0; i < PORTAL_MINUTE; i++)
                        ret->last_minute[what] += portal->tally.minute[what][i];
        return ok();
}

mitome_status tally_read(struct portal *portal, struct tally_figures *ret, mitome_error *error)
{
        struct sql_store *store = party_store(portal->config.party);
        struct tally_figures figures = { 0 };
        MITOME_TRY(sql_begin(store, error));
        MITOME_TRY(sql_settle(store, read_all(portal, &figures, error), error));
        *ret = figures;
        return ok();
}
