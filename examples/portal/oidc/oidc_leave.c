/* SPDX-License-Identifier: Apache-2.0 */
#include "oidc_leave.h"

#include "account.h"
#include "json.h"
#include "oidc_internal.h"
#include "web.h"

#define LOGOUT "OpenID Connect RP-Initiated Logout 1.0, 2"

static const char logout_path[] = "/oidc/logout";

/* ---- logging out ---- */

struct wish {
        slice hint, client_id, to, state;
        uint8_t text[OIDC_QUERY_MAX];
        /* Of the ID token: */
        uint8_t claims[OIDC_JWS_MAX], audience[OIDC_ID_MAX], subject[OIDC_SUBJECT_SIZE];
        slice client; /* in audience */
};

static mitome_status read_wish(slice query, struct wish *ret, mitome_error *error)
{
        writer w = WRITER(ret->text);
        MITOME_TRY(web_field(query, "id_token_hint", &w, &ret->hint, error));
        MITOME_TRY(web_field(query, "client_id", &w, &ret->client_id, error));
        MITOME_TRY(web_field(query, "post_logout_redirect_uri", &w, &ret->to, error));
        return web_field(query, "state", &w, &ret->state, error);
}

static mitome_status read_hint_claims(slice claims, struct wish *wish, mitome_error *error)
{
        struct json_reader r = json_over(claims, "OpenID Connect Core 2", error);
        struct json_members object;
        slice name, subject = { 0 };
        MITOME_TRY(json_open_object(&r, "claims", &object));
        for (bool more;;) {
                MITOME_TRY(json_next_member(&r, &object, &name, &more));
                if (!more)
                        break;
                if (json_name_is(name, "aud"))
                        MITOME_TRY(json_read_string(
                                &r, "aud", wish->audience, sizeof wish->audience, &wish->client));
                else if (json_name_is(name, "sub"))
                        MITOME_TRY(json_read_base64url(
                                &r, "sub", wish->subject, sizeof wish->subject, &subject));
                else
                        MITOME_TRY(json_skip(&r, "claims"));
        }
        return wish->client.size && subject.size == OIDC_SUBJECT_SIZE
                       ? ok()
                       : fail(error, MITOME_E_OIDC_HINT, "claims", NULL);
}

static mitome_status find_leaving_client(
        const struct oidc *oidc, struct wish *wish, const struct oidc_client **ret, mitome_error *error)
{
        slice claims;
        *ret = NULL;
        if (wish->hint.data) {
                MITOME_TRY(oidc_keys_verify(
                        oidc->keys, wish->hint, wish->claims, sizeof wish->claims, &claims, error));
                MITOME_TRY(read_hint_claims(claims, wish, error));
        }
        if (wish->client.data && wish->client_id.data && !slice_equal(wish->client, wish->client_id))
                return fail(error, MITOME_E_OIDC_CLIENT, "client_id", LOGOUT);
        const slice id = wish->client.data ? wish->client : wish->client_id;
        if (!id.data)
                return ok();
        *ret = oidc_client_find(&oidc->clients, id);
        return *ret ? ok() : fail(error, MITOME_E_OIDC_CLIENT, "client_id", LOGOUT);
}

static mitome_status write_leaving(const struct wish *wish, const struct oidc_client *client,
        struct oidc_leaving *ret, mitome_error *error)
{
        writer w = writer_over((uint8_t *)ret->location, sizeof ret->location);
        const char *text;
        if (wish->to.data && (!client || !oidc_uri_listed(&client->after_logout, wish->to)))
                return fail(error, MITOME_E_OIDC_REDIRECT, "post_logout_redirect_uri", LOGOUT);
        write_slice(&w, wish->to.data ? wish->to : slice_text("/"));
        if (wish->to.data && wish->state.data)
                oidc_write_parameter(&w, "state", wish->state);
        return oidc_terminate(&w, "post_logout_redirect_uri", &text, error);
}

/* The person whom the ID token is of is the one who is here. */
static mitome_status is_meant(struct oidc *oidc, const struct wish *wish, const struct oidc_client *client,
        const struct oidc_login *login, bool *ret, mitome_error *error)
{
        uint8_t subject[OIDC_SUBJECT_SIZE];
        *ret = false;
        if (!login || !client || !wish->hint.data)
                return ok();
        MITOME_TRY(account_subject_of(
                portal_party(oidc->portal), login->account, client->sector, subject, error));
        *ret = slice_equal(SLICE(subject), SLICE(wish->subject));
        return ok();
}

mitome_status oidc_leave(struct oidc *oidc, slice query, const struct oidc_login *login,
        struct oidc_leaving *ret, mitome_error *error)
{
        struct wish wish = { 0 };
        MITOME_TRY(read_wish(query, &wish, error));
        MITOME_TRY(find_leaving_client(oidc, &wish, &ret->client, error));
        MITOME_TRY(write_leaving(&wish, ret->client, ret, error));
        return is_meant(oidc, &wish, ret->client, login, &ret->sure, error);
}

mitome_status oidc_leave_read(struct oidc *oidc, slice next, const struct oidc_login *login,
        struct oidc_leaving *ret, mitome_error *error)
{
        reader r = reader_over(next, NULL, NULL);
        slice path, mark;
        if (failed(read_bytes(&r, "next", sizeof logout_path - 1, &path)) || !slice_is(path, logout_path) ||
                (r.rest.size && r.rest.data[0] != '?'))
                return fail(error, MITOME_E_OIDC_RETURN, "next", NULL);
        if (r.rest.size)
                MITOME_TRY(read_bytes(&r, "next", 1, &mark));
        return oidc_leave(oidc, r.rest, login, ret, error);
}

/* ---- who is there ---- */

static mitome_status keep_text(slice text, char *buffer, size_t capacity, mitome_error *error)
{
        writer w = writer_over((uint8_t *)buffer, capacity);
        const char *kept;
        write_slice(&w, text);
        return oidc_terminate(&w, "login", &kept, error);
}

static mitome_status write_presence(
        struct oidc *oidc, const struct oidc_login *login, struct oidc_presence *ret, mitome_error *error)
{
        uint8_t subject[OIDC_SUBJECT_SIZE];
        writer w = writer_over((uint8_t *)ret->subject, sizeof ret->subject);
        const char *text;
        const slice sector = oidc_uri_host(slice_text(oidc->issuer));
        MITOME_TRY(account_subject_of(portal_party(oidc->portal), login->account, sector, subject, error));
        oidc_write_subject(&w, subject);
        MITOME_TRY(oidc_terminate(&w, "sub", &text, error));
        MITOME_TRY(keep_text(login->level, ret->level, sizeof ret->level, error));
        return keep_text(login->acr, ret->acr, sizeof ret->acr, error);
}

mitome_status oidc_check(struct oidc *oidc, slice query, const struct oidc_login *login,
        struct oidc_presence *ret, mitome_error *error)
{
        uint8_t text[OIDC_QUERY_MAX];
        writer w = WRITER(text);
        slice levels, acrs;
        MITOME_TRY(web_field(query, "level", &w, &levels, error));
        MITOME_TRY(web_field(query, "acr", &w, &acrs, error));
        *ret = (struct oidc_presence){ .status = 401 };
        if (!login)
                return ok();
        ret->status = 403;
        /* A level by its name alone is not reached with another device. */
        if ((levels.data && (!oidc_has_word(levels, login->level) || oidc_is_cross_device(login->acr))) ||
                (acrs.data && !oidc_has_word(acrs, login->acr)))
                return ok();
        MITOME_TRY(write_presence(oidc, login, ret, error));
        ret->status = 200;
        return ok();
}

/* What stands behind "to=" is the path as a browser asked for it ($request_uri of nginx), with all of its
 * query: it is taken as it stands, and nothing in it is decoded. */
static mitome_status read_return(slice query, slice *ret, mitome_error *error)
{
        static const char name[] = "to=";
        reader r = reader_over(query, NULL, NULL);
        slice taken;
        if (!slice_begins_with(query, slice_text(name)) ||
                failed(read_bytes(&r, "to", sizeof name - 1, &taken)))
                return fail(error, MITOME_E_OIDC_RETURN, "to", NULL);
        *ret = read_rest(&r);
        return oidc_check_local(*ret, error);
}

mitome_status oidc_return(slice query, const struct oidc_login *login, char ret_location[OIDC_LOCATION_MAX],
        mitome_error *error)
{
        uint8_t path[OIDC_LOCATION_MAX];
        writer out = writer_over((uint8_t *)ret_location, OIDC_LOCATION_MAX), back = WRITER(path);
        slice to, next;
        const char *text;
        MITOME_TRY(read_return(query, &to, error));
        if (login) {
                write_slice(&out, to);
                return oidc_terminate(&out, "to", &text, error);
        }
        oidc_write_text(&back, "/auth/return?to=");
        write_slice(&back, to);
        if (failed(writer_finish(&back, "to", &next, NULL)))
                return fail(error, MITOME_E_OIDC_RETURN, "to", NULL);
        return oidc_write_next("/login", next, ret_location, error);
}
