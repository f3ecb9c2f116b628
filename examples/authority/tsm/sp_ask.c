/* SPDX-License-Identifier: Apache-2.0 */

/* What the SP-TSM asks of the authority and of the SEI-TSM. No transaction is open meanwhile. */

#include "evidence_form.h"
#include "sp_map.h"
#include "sp_within.h"

bool sp_was_refused(mitome_status status)
{
        return status.code == MITOME_E_REFUSED;
}

/* Asks; a refusal is the failure that the other one named, with REFUSED as the status. */
static mitome_status ask(struct sp_tsm *tsm, const char *to, const char *kind,
        const uint8_t id[LETTER_ID_SIZE], const writer *body, uint8_t buffer[LETTER_MAX], slice *ret_answer,
        mitome_code *ret_refusal, mitome_error *error)
{
        slice view;
        MITOME_TRY(writer_finish(body, "letter", &view, error));
        return party_call(tsm->party, to, kind, id, view, buffer, ret_answer, ret_refusal, error);
}

static mitome_status ask_anew(struct sp_tsm *tsm, const char *to, const char *kind, const writer *body,
        uint8_t buffer[LETTER_MAX], slice *ret_answer, mitome_code *ret_refusal, mitome_error *error)
{
        uint8_t id[LETTER_ID_SIZE];
        MITOME_TRY(party_make_id(tsm->party, id, error));
        return ask(tsm, to, kind, id, body, buffer, ret_answer, ret_refusal, error);
}

/* ---- the authority ---- */

static mitome_status read_live(struct sp_map *map, struct sp_checked *ret)
{
        struct cbor_members array;
        MITOME_TRY(sp_map_at(map, 2, "live certificates"));
        MITOME_TRY(cbor_open_array(&map->r, "live certificates", SP_KINDS, &array));
        while (cbor_next_element(&map->r, &array)) {
                struct sp_map one;
                uint64_t kind;
                slice serial;
                MITOME_TRY(sp_map_here(&one, &map->r));
                MITOME_TRY(sp_map_uint(&one, 1, "kind", SP_LAST_KIND, &kind));
                MITOME_TRY(sp_map_bytes(&one, 2, "serial", SP_SERIAL_MAX, &serial));
                MITOME_TRY(sp_map_close(&one));
                size_t at = ret->live_count++;
                ret->live[at].kind = (unsigned)kind;
                ret->live[at].serial_size = serial.size;
                MITOME_TRY(slice_copy(
                        serial, "serial", ret->live[at].serial, SP_SERIAL_MAX, map->r.bytes.error));
        }
        return ok();
}

static mitome_status read_checked(slice answer, struct sp_checked *ret, mitome_error *error)
{
        struct sp_map map;
        struct sp_checked checked = { 0 };
        MITOME_TRY(sp_map_begin(answer, &map, error));
        MITOME_TRY(sp_map_fixed(&map, 1, "person", sizeof checked.person, checked.person));
        MITOME_TRY(read_live(&map, &checked));
        MITOME_TRY(sp_map_fixed(&map, 3, "digest", sizeof checked.digest, checked.digest));
        MITOME_TRY(sp_map_kinds(&map, 4, &checked.kinds));
        MITOME_TRY(sp_map_end(&map));
        *ret = checked;
        return ok();
}

/* A refusal of the authority's is told to the phone as it is. */
static mitome_status pass_on(
        mitome_status status, mitome_code refusal, const char *field, mitome_error *error)
{
        if (!sp_was_refused(status))
                return status;
        if (error)
                *error = (mitome_error){ 0 };
        return fail(error, refusal == MITOME_OK ? MITOME_E_REFUSED : refusal, field, NULL);
}

mitome_status sp_ask_check(struct sp_tsm *tsm, slice cms, slice nonce, const char *purpose, slice identity,
        struct sp_checked *ret, mitome_error *error)
{
        uint8_t body[LETTER_BODY_MAX], buffer[LETTER_MAX];
        writer w = WRITER(body);
        slice answer = { 0 };
        mitome_code refusal = MITOME_OK;
        cbor_write_map(&w, 4);
        cbor_write_uint(&w, 1);
        cbor_write_bytes(&w, cms);
        cbor_write_uint(&w, 2);
        cbor_write_text(&w, nonce);
        cbor_write_uint(&w, 3);
        cbor_write_string(&w, purpose);
        cbor_write_uint(&w, 4);
        cbor_write_text(&w, identity);
        mitome_status status =
                ask_anew(tsm, PARTY_AUTHORITY, "check-application", &w, buffer, &answer, &refusal, error);
        MITOME_TRY(pass_on(status, refusal, "application", error));
        return read_checked(answer, ret, error);
}

static mitome_status read_issued(slice answer, struct sp_issued *ret, mitome_error *error)
{
        struct sp_map map;
        slice replaced;
        bool here;
        MITOME_TRY(sp_map_begin(answer, &map, error));
        MITOME_TRY(sp_map_bytes(&map, 1, "certificate", SP_CERTIFICATE_MAX, &ret->certificate));
        MITOME_TRY(sp_map_bytes(&map, 2, "CA certificate", SP_CERTIFICATE_MAX, &ret->ca));
        MITOME_TRY(sp_map_has(&map, 3, &here));
        if (here)
                MITOME_TRY(cbor_read_bytes(&map.r, "replaced serial", SP_SERIAL_MAX, &replaced));
        return sp_map_end(&map);
}

mitome_status sp_ask_issue(struct sp_tsm *tsm, const struct sp_order *order, const struct sp_part *part,
        struct sp_issued *ret, mitome_error *error)
{
        uint8_t body[512];
        writer w = WRITER(body);
        slice answer = { 0 };
        mitome_code refusal = MITOME_OK;
        cbor_write_map(&w, 5);
        cbor_write_uint(&w, 1);
        cbor_write_bytes(&w, SLICE(order->person));
        cbor_write_uint(&w, 2);
        cbor_write_uint(&w, part->kind);
        cbor_write_uint(&w, 3);
        cbor_write_bytes(&w, SLICE(part->modulus));
        cbor_write_uint(&w, 4);
        cbor_write_text(&w, sp_identity(order));
        cbor_write_uint(&w, 5);
        cbor_write_bytes(&w, SLICE(order->application));
        mitome_status status =
                ask(tsm, PARTY_AUTHORITY, "issue", part->call_id, &w, ret->buffer, &answer, &refusal, error);
        if (sp_was_refused(status)) {
                MITOME_TRY(sql_begin(tsm->store, error));
                MITOME_TRY(sp_finish(tsm->store, sp_give_up(tsm, order, refusal, error), error));
        }
        MITOME_TRY(status);
        return read_issued(answer, ret, error);
}

mitome_status sp_write_revoke(writer *w, unsigned kind, slice serial, unsigned reason, slice application)
{
        cbor_write_map(w, application.size ? 4 : 3);
        cbor_write_uint(w, 1);
        cbor_write_uint(w, kind);
        cbor_write_uint(w, 2);
        cbor_write_bytes(w, serial);
        cbor_write_uint(w, 3);
        cbor_write_uint(w, reason);
        if (application.size) {
                cbor_write_uint(w, 4);
                cbor_write_bytes(w, application);
        }
        return ok();
}

mitome_status sp_read_revoked(struct cbor_reader *r, struct sp_revoked ret[SP_REVOKED_MAX], size_t *ret_count)
{
        struct cbor_members array;
        size_t count = 0;
        MITOME_TRY(cbor_open_array(r, "revoked", SP_REVOKED_MAX, &array));
        while (cbor_next_element(r, &array)) {
                struct sp_map one;
                uint64_t kind, reason;
                slice device;
                bool here;
                MITOME_TRY(sp_map_here(&one, r));
                MITOME_TRY(sp_map_uint(&one, 1, "kind", SP_LAST_KIND, &kind));
                MITOME_TRY(sp_map_bytes(&one, 2, "serial", SP_SERIAL_MAX, &ret[count].serial));
                MITOME_TRY(sp_map_has(&one, 3, &here));
                if (here)
                        MITOME_TRY(cbor_read_text(&one.r, "device", EVIDENCE_IDENTITY_MAX, &device));
                MITOME_TRY(sp_map_uint(&one, 4, "reason", 10, &reason));
                MITOME_TRY(sp_map_close(&one));
                ret[count++].kind = (unsigned)kind;
        }
        *ret_count = count;
        return ok();
}

static mitome_status take_list(struct sp_tsm *tsm, slice answer, mitome_error *error)
{
        struct sp_map map;
        struct sp_revoked revoked[SP_REVOKED_MAX];
        size_t count;
        MITOME_TRY(sp_map_begin(answer, &map, error));
        MITOME_TRY(sp_map_at(&map, 1, "revoked"));
        MITOME_TRY(sp_read_revoked(&map.r, revoked, &count));
        MITOME_TRY(sp_map_end(&map));
        const struct sp_evidence why = { .call = true };
        return sp_take_revoked(tsm, revoked, count, &why, error);
}

mitome_status sp_ask_revoke(struct sp_tsm *tsm, unsigned kind, slice serial, unsigned reason,
        slice application, mitome_error *error)
{
        uint8_t body[128], buffer[LETTER_MAX];
        writer w = WRITER(body);
        slice answer = { 0 };
        mitome_code refusal = MITOME_OK;
        MITOME_TRY(sp_write_revoke(&w, kind, serial, reason, application));
        mitome_status status = ask_anew(tsm, PARTY_AUTHORITY, "revoke", &w, buffer, &answer, &refusal, error);
        MITOME_TRY(pass_on(status, refusal, "revocation", error));
        MITOME_TRY(sql_begin(tsm->store, error));
        return sp_finish(tsm->store, take_list(tsm, answer, error), error);
}

mitome_status sp_ask_status(struct sp_tsm *tsm, unsigned kind, slice serial, enum sp_status *ret,
        uint8_t ret_digest[SP_DIGEST_SIZE], mitome_error *error)
{
        uint8_t body[64], buffer[LETTER_MAX];
        struct journal_evidence evidence[2];
        writer w = WRITER(body);
        struct sp_map map;
        slice answer = { 0 };
        uint64_t state, other;
        mitome_code refusal = MITOME_OK;
        cbor_write_map(&w, 2);
        cbor_write_uint(&w, 1);
        cbor_write_uint(&w, kind);
        cbor_write_uint(&w, 2);
        cbor_write_bytes(&w, serial);
        mitome_status status = ask_anew(tsm, PARTY_AUTHORITY, "status", &w, buffer, &answer, &refusal, error);
        MITOME_TRY(pass_on(status, refusal, "status", error));
        MITOME_TRY(sp_map_begin(answer, &map, error));
        MITOME_TRY(sp_map_uint(&map, 1, "status", SP_UNKNOWN, &state));
        for (int64_t key = 2; key <= 4; key++) { /* reason, at, not after */
                bool here;
                MITOME_TRY(sp_map_has(&map, key, &here));
                if (here)
                        MITOME_TRY(cbor_read_uint(&map.r, "status", INT64_MAX, &other));
        }
        MITOME_TRY(sp_map_end(&map));
        party_call_evidence(tsm->party, evidence);
        *ret = (enum sp_status)state;
        return slice_copy(SLICE(evidence[1].digest), "digest", ret_digest, SP_DIGEST_SIZE, error);
}

/* ---- the SEI-TSM ---- */

enum wanted { WANT_DELETED, WANT_INSTALLED };

static void write_prepare(slice identity, enum wanted wanted, writer *w)
{
        cbor_write_map(w, wanted == WANT_INSTALLED ? 4 : 3);
        cbor_write_uint(w, 1);
        cbor_write_text(w, identity);
        cbor_write_uint(w, 2);
        cbor_write_uint(w, wanted);
        cbor_write_uint(w, 3);
}

static void write_apps(struct sp_tsm *tsm, writer *w)
{
        cbor_write_array(w, tsm->config.app_count);
        for (size_t i = 0; i < tsm->config.app_count; i++)
                cbor_write_bytes(w, SLICE(tsm->config.apps[i]));
}

static void write_identity(slice identity, writer *w)
{
        cbor_write_map(w, 1);
        cbor_write_uint(w, 1);
        cbor_write_text(w, identity);
}

static mitome_status note_prepared(
        struct sp_tsm *tsm, struct sp_order *order, enum sp_prepared prepared, mitome_error *error)
{
        order->prepared = prepared;
        return sql_do(tsm->store,
                "UPDATE order_ SET prepared = ?1, prepare_id = CASE ?1 WHEN 0 THEN NULL ELSE prepare_id END, "
                "prepare_s = CASE ?1 WHEN 0 THEN NULL ELSE prepare_s END WHERE id = ?2",
                SQL_VALUES(SQL_INT(prepared), SQL_BYTES(SLICE(order->id))), NULL, error);
}

/* The id of this wish and how long it stands, remembered before it is said: said twice, it is the same
 * letter, and cleans once. It stands for as long as the applicant has time; in seconds, since the clock of
 * who hears it is another. */
static mitome_status word_of(struct sp_tsm *tsm, const struct sp_order *order, uint8_t ret[LETTER_ID_SIZE],
        int64_t *ret_seconds, mitome_error *error)
{
        struct sql_query query;
        mitome_status status = ok();
        uint8_t id[LETTER_ID_SIZE];
        const int64_t left = order->until - party_now(tsm->party);
        MITOME_TRY(party_make_id(tsm->party, id, error));
        MITOME_TRY(sql_do(tsm->store,
                "UPDATE order_ SET prepare_id = ?, prepare_s = ? WHERE id = ? AND prepare_id IS NULL",
                SQL_VALUES(SQL_BYTES(SLICE(id)), SQL_INT(left < SP_SESSION_S ? left : SP_SESSION_S),
                        SQL_BYTES(SLICE(order->id))),
                NULL, error));
        MITOME_TRY(sql_ask(tsm->store, "SELECT prepare_id, prepare_s FROM order_ WHERE id = ?",
                SQL_VALUES(SQL_BYTES(SLICE(order->id))), &query, error));
        if (sql_next(&query)) {
                status = slice_copy(sql_bytes(&query, 0), "letter", ret, LETTER_ID_SIZE, error);
                *ret_seconds = sql_integer(&query, 1);
        }
        mitome_status ended = sql_end(&query);
        return failed(status) ? status : ended;
}

static mitome_status read_state(slice answer, enum sp_applet *ret, mitome_error *error)
{
        struct sp_map map;
        uint64_t state;
        MITOME_TRY(sp_map_begin(answer, &map, error));
        MITOME_TRY(sp_map_uint(&map, 1, "state", SP_APPLET_ASKED, &state));
        MITOME_TRY(sp_map_end(&map));
        *ret = (enum sp_applet)state;
        return ok();
}

static mitome_status ask_sei_tsm(struct sp_tsm *tsm, const char *kind, const uint8_t id[LETTER_ID_SIZE],
        const writer *body, enum sp_applet *ret, mitome_error *error)
{
        uint8_t buffer[LETTER_MAX];
        slice answer = { 0 };
        mitome_code refusal = MITOME_OK;
        mitome_status status = ask(tsm, PARTY_SEI_TSM, kind, id, body, buffer, &answer, &refusal, error);
        MITOME_TRY(pass_on(status, refusal, "applet", error));
        return read_state(answer, ret, error);
}

mitome_status sp_ask_applet(struct sp_tsm *tsm, slice identity, enum sp_applet *ret, mitome_error *error)
{
        uint8_t body[96], id[LETTER_ID_SIZE];
        writer w = WRITER(body);
        write_identity(identity, &w);
        MITOME_TRY(party_make_id(tsm->party, id, error));
        return ask_sei_tsm(tsm, "applet-state", id, &w, ret, error);
}

mitome_status sp_ask_deleted(struct sp_tsm *tsm, slice identity, const uint8_t id[LETTER_ID_SIZE],
        enum sp_applet *ret, mitome_error *error)
{
        uint8_t body[96];
        writer w = WRITER(body);
        write_prepare(identity, WANT_DELETED, &w);
        cbor_write_array(&w, 0);
        return ask_sei_tsm(tsm, "prepare", id, &w, ret, error);
}

static mitome_status ask_installed(
        struct sp_tsm *tsm, const struct sp_order *order, enum sp_applet *ret, mitome_error *error)
{
        uint8_t body[256], id[LETTER_ID_SIZE];
        int64_t seconds = 0;
        writer w = WRITER(body);
        MITOME_TRY(word_of(tsm, order, id, &seconds, error));
        write_prepare(sp_identity(order), WANT_INSTALLED, &w);
        write_apps(tsm, &w);
        cbor_write_uint(&w, 4);
        cbor_write_uint(&w, (uint64_t)seconds);
        return ask_sei_tsm(tsm, "prepare", id, &w, ret, error);
}

/* What is absent, though it was asked for once (a factory reset came between), is asked for anew. */
static const enum sp_prepared after_answer[] = {
        [SP_APPLET_ABSENT] = SP_NOT_PREPARED,
        [SP_APPLET_INSTALLED] = SP_PREPARED,
        [SP_APPLET_ASKED] = SP_PREPARE_ASKED,
};

mitome_status sp_ask_prepared(struct sp_tsm *tsm, struct sp_order *order, bool *ret, mitome_error *error)
{
        enum sp_applet state;
        const bool first = order->prepared == SP_NOT_PREPARED;
        *ret = order->prepared == SP_PREPARED;
        if (*ret)
                return ok();
        if (order->until <= party_now(tsm->party)) {
                MITOME_TRY(sql_begin(tsm->store, error));
                return sp_finish(
                        tsm->store, sp_give_up(tsm, order, MITOME_E_ORDER_OUT_OF_TIME, error), error);
        }
        MITOME_TRY(first ? ask_installed(tsm, order, &state, error)
                         : sp_ask_applet(tsm, sp_identity(order), &state, error));
        *ret = state == SP_APPLET_INSTALLED;
        MITOME_TRY(note_prepared(tsm, order, after_answer[state], error));
        return state == SP_APPLET_ABSENT && !first ? sp_ask_prepared(tsm, order, ret, error) : ok();
}
