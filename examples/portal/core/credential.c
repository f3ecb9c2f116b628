/* SPDX-License-Identifier: Apache-2.0 */
#include "credential.h"

#include "portal_internal.h"

/* ---- reading ---- */

static mitome_status copy_text(slice from, const char *field, char *to, size_t capacity, mitome_error *error)
{
        MITOME_TRY(slice_copy(from, field, (uint8_t *)to, capacity - 1, error));
        to[from.size] = '\0';
        return ok();
}

static mitome_status read_credential(
        const struct sql_query *query, struct credential *ret, mitome_error *error)
{
        const int64_t flags = sql_integer(query, 5);
        *ret = (struct credential){ .row = sql_integer(query, 0),
                .trust = (enum mitome_trust_result)sql_integer(query, 4),
                .backup_eligible = flags & ACCOUNT_BACKUP_ELIGIBLE,
                .backed_up = flags & ACCOUNT_BACKED_UP,
                .transports = (unsigned)sql_integer(query, 6),
                .created = sql_integer(query, 7),
                .last_used = sql_integer(query, 8),
                .certificate = !sql_is_null(query, 9),
                .ended = !sql_is_null(query, 10) };
        MITOME_TRY(copy_text(sql_bytes(query, 1), "name", ret->name, sizeof ret->name, error));
        MITOME_TRY(copy_text(sql_bytes(query, 3), "format", ret->format, sizeof ret->format, error));
        return slice_copy(sql_bytes(query, 2), "aaguid", ret->aaguid, sizeof ret->aaguid, error);
}

mitome_status credential_list_read(
        struct portal *portal, int64_t account, struct credential_list *ret, mitome_error *error)
{
        struct sql_query query = { 0 };
        struct credential_list list = { 0 };
        mitome_status status = ok();
        MITOME_TRY(sql_ask(party_store(portal->config.party),
                "SELECT c.number, c.name, c.aaguid, c.format, c.trust, c.flags, c.transports, c.created, "
                "c.last_used, c.certificate, k.ended_at FROM account_credential c "
                "LEFT JOIN account_certificate k ON k.number = c.certificate WHERE c.account = ? ORDER BY "
                "c.number",
                SQL_VALUES(SQL_INT(account)), &query, error));
        while (!failed(status) && list.count < CREDENTIAL_LIST_MAX && sql_next(&query))
                status = read_credential(&query, &list.credentials[list.count++], error);
        mitome_status ended = sql_end(&query);
        MITOME_TRY(status);
        MITOME_TRY(ended);
        *ret = list;
        return ok();
}

/* ---- changing ---- */

mitome_status credential_rename(
        struct portal *portal, int64_t account, int64_t row, slice name, mitome_error *error)
{
        int64_t changed = 0;
        if (name.size == 0 || !slice_is_utf8(name))
                return fail(error, MITOME_E_VALUE, "name", NULL);
        if (name.size > CREDENTIAL_NAME_MAX)
                return fail(error, MITOME_E_TOO_LONG, "name", NULL);
        for (size_t i = 0; i < name.size; i++)
                if (name.data[i] < ' ' || name.data[i] == 0x7F)
                        return fail(error, MITOME_E_VALUE, "name", NULL);
        MITOME_TRY(sql_do(party_store(portal->config.party),
                "UPDATE account_credential SET name = ? WHERE number = ? AND account = ?",
                SQL_VALUES(SQL_TEXT_OF(name), SQL_INT(row), SQL_INT(account)), &changed, error));
        return changed ? ok() : fail(error, MITOME_E_CREDENTIAL_UNKNOWN, "passkey", NULL);
}

/* Another one that opens the account stays. */
static mitome_status check_other(struct portal *portal, int64_t account, int64_t row, mitome_error *error)
{
        struct sql_query query = { 0 };
        MITOME_TRY(sql_ask(party_store(portal->config.party),
                "SELECT count(*) FROM account_credential c LEFT JOIN account_certificate k "
                "ON k.number = c.certificate WHERE c.account = ? AND c.number <> ? AND k.ended_at IS NULL",
                SQL_VALUES(SQL_INT(account), SQL_INT(row)), &query, error));
        const int64_t others = sql_next(&query) ? sql_integer(&query, 0) : 0;
        MITOME_TRY(sql_end(&query));
        return others ? ok() : fail(error, MITOME_E_CREDENTIAL_LAST, "passkey", NULL);
}

static mitome_status remove_credential(
        struct portal *portal, int64_t account, int64_t row, mitome_error *error)
{
        static const struct journal_decision decision = { .what = "remove-credential", .outcome = "done" };
        struct sql_store *store = party_store(portal->config.party);
        int64_t changed = 0;
        /* Two portals do not remove the last two at once: the account is written first. */
        MITOME_TRY(sql_do(store, "UPDATE account SET closed = closed WHERE id = ?",
                SQL_VALUES(SQL_INT(account)), NULL, error));
        MITOME_TRY(sql_do(store, "DELETE FROM account_credential WHERE number = ? AND account = ?",
                SQL_VALUES(SQL_INT(row), SQL_INT(account)), &changed, error));
        if (!changed)
                return fail(error, MITOME_E_CREDENTIAL_UNKNOWN, "passkey", NULL);
        MITOME_TRY(check_other(portal, account, row, error));
        MITOME_TRY(sql_do(store, "DELETE FROM account_record WHERE credential = ?", SQL_VALUES(SQL_INT(row)),
                NULL, error));
        return party_decide(portal->config.party, &decision, error);
}

mitome_status credential_remove(struct portal *portal, int64_t account, int64_t row, mitome_error *error)
{
        struct sql_store *store = party_store(portal->config.party);
        MITOME_TRY(sql_begin(store, error));
        return sql_settle(store, remove_credential(portal, account, row, error), error);
}

/* ---- the account ---- */

static mitome_status read_account(const struct portal *portal, const struct sql_query *query,
        struct credential_account *ret, mitome_error *error)
{
        MITOME_TRY(copy_text(sql_bytes(query, 0), "number", ret->number, sizeof ret->number, error));
        MITOME_TRY(copy_text(sql_bytes(query, 1), "display", ret->display, sizeof ret->display, error));
        ret->opened = sql_integer(query, 2);
        ret->certificate = !sql_is_null(query, 3);
        if (!ret->certificate)
                return ok();
        ret->certificate_not_after = sql_integer(query, 5);
        ret->certificate_status = portal_certificate_status(
                portal, sql_bytes(query, 3), sql_bytes(query, 4), ret->certificate_not_after);
        return ok();
}

mitome_status credential_account_read(
        struct portal *portal, int64_t account, struct credential_account *ret, mitome_error *error)
{
        struct sql_query query = { 0 };
        struct credential_account facts = { 0 };
        MITOME_TRY(sql_ask(party_store(portal->config.party),
                "SELECT a.name, a.display, a.opened_at, k.issuer, k.serial, k.not_after FROM account a "
                "LEFT JOIN account_certificate k ON k.account = a.id AND k.ended_at IS NULL WHERE a.id = ?",
                SQL_VALUES(SQL_INT(account)), &query, error));
        const bool there = sql_next(&query);
        mitome_status status = there ? read_account(portal, &query, &facts, error) : ok();
        MITOME_TRY(sql_end(&query));
        MITOME_TRY(status);
        if (!there)
                return fail(error, MITOME_E_ACCOUNT_UNKNOWN, "account", NULL);
        *ret = facts;
        return ok();
}
