/* SPDX-License-Identifier: Apache-2.0 */
#include "play_judge.h"

/* ---- what is seen ---- */

static mitome_status see_phone(
        struct play *play, struct world_phone *phone, struct play_sight *ret, mitome_error *error)
{
        MITOME_TRY(relying_party_visit(&play->world, phone, WORLD_PIN, (slice){ 0 }, &ret->visit, error));
        return relying_party_contract(&play->world, phone, WORLD_PASSWORD, &ret->contract, error);
}

/* Asked of the element as the platform may. What stays selected cannot be deleted: the card manager is
 * selected last. */
static mitome_status see_applet(const struct mitome_link *link, bool *ret, mitome_error *error)
{
        static const uint8_t applet[] = { 0x00, 0xA4, 0x04, 0x00, 0x0A, 0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01,
                0x00, 0x00, 0x00, 0x01 },
                             manager[] = { 0x00, 0xA4, 0x04, 0x00, 0x00 }, not_found[] = { 0x6A, 0x82 };
        uint8_t response[512];
        size_t size = 0;
        MITOME_TRY(link->transmit(link->context, SLICE(applet), response, sizeof response, &size, error));
        *ret = !slice_equal(slice_of(response, size), SLICE(not_found));
        return link->transmit(link->context, SLICE(manager), response, sizeof response, &size, error);
}

mitome_status play_see(struct play *play, struct play_scene *ret, mitome_error *error)
{
        *ret = (struct play_scene){ 0 };
        MITOME_TRY(play_trace(play, ret->trace, error)); /* before anybody is asked */
        for (unsigned kind = 1; kind <= REGISTER_KINDS; kind++)
                MITOME_TRY(relying_party_ask(&play->world, (enum register_kind)kind,
                        play_serial(play, (enum register_kind)kind), &ret->state[kind], error));
        for (size_t i = 0; i < WORLD_PHONES; i++)
                if (play->world.phones[i].exists)
                        MITOME_TRY(see_phone(play, &play->world.phones[i], &ret->phones[i], error));
        MITOME_TRY(see_applet(&play->old->element.link, &ret->has_applet, error));
        return play_look(play, play->old, &ret->look, error);
}

static bool is_good(const struct play_sight *sight, enum register_kind kind)
{
        return kind == REGISTER_SIGNING ? sight->contract.valid && sight->contract.status == CA_GOOD
                                        : sight->visit.answered && sight->visit.answer == MITOME_OK;
}

static slice serial_seen(const struct play_sight *sight, enum register_kind kind)
{
        return kind == REGISTER_SIGNING ? slice_of(sight->contract.serial, sight->contract.serial_size)
                                        : slice_of(sight->visit.serial, sight->visit.serial_size);
}

static unsigned count_good(const struct play_scene *scene, enum register_kind kind)
{
        unsigned count = 0;
        for (size_t i = 0; i < WORLD_PHONES; i++)
                count += is_good(&scene->phones[i], kind);
        return count;
}

static const struct play_sight *old_phone(const struct play *play, const struct play_scene *scene)
{
        return &scene->phones[play->old - play->world.phones];
}

/* A key or a certificate, whoever says so: the element's statement, or what it does. */
static bool holds_something(const struct play *play, const struct play_scene *scene)
{
        const struct play_sight *old = old_phone(play, scene);
        return scene->look.person_count != 0 || old->visit.answered || old->contract.readable ||
               old->contract.valid;
}

/* ---- what came of it ---- */

static enum event_certificate judge_certificate(
        const struct play *play, const struct play_scene *scene, enum register_kind kind)
{
        const struct play_sight *old = old_phone(play, scene);
        bool here = is_good(old, kind), same = slice_equal(serial_seen(old, kind), play_serial(play, kind));
        unsigned elsewhere = count_good(scene, kind) - here;
        if (scene->state[kind] == CA_GOOD)
                return here && same && elsewhere == 0 ? EVENT_UNCHANGED : EVENT_CERTIFICATES;
        if (scene->state[kind] != CA_REVOKED || (here && same) || (here && elsewhere) || elsewhere > 1)
                return EVENT_CERTIFICATES;
        return here ? EVENT_REISSUED : elsewhere ? EVENT_REPLACED : EVENT_REVOKED;
}

static enum event_element judge_element(const struct play *play, const struct play_scene *scene)
{
        const struct play_sight *old = old_phone(play, scene);
        bool former = slice_equal(
                serial_seen(old, REGISTER_USER_VERIFICATION), play_serial(play, REGISTER_USER_VERIFICATION));
        switch (scene->look.verdict) {
        case COUNTER_ERASED:
                return holds_something(play, scene) || scene->has_applet ? EVENT_ELEMENTS : EVENT_ERASED;
        case COUNTER_UNDELETED:
                if (!former)
                        return EVENT_ELEMENTS;
                return play->checked && play->report.verdict == COUNTER_UNDELETED ? EVENT_CAUGHT
                                                                                  : EVENT_ASKED;
        case COUNTER_LIVE:
                return former ? EVENT_ELEMENT_UNCHANGED : EVENT_REKEYED;
        default:
                return EVENT_ELEMENTS;
        }
}

/* ---- what must not be ---- */

static mitome_status count_rows(struct play *play, enum world_party who, const char *sql,
        const char *identity, int64_t *ret, mitome_error *error)
{
        struct sql_query query = { 0 };
        MITOME_TRY(sql_ask(
                party_store(play->world.parties[who]), sql, SQL_VALUES(SQL_STR(identity)), &query, error));
        *ret = sql_next(&query) ? sql_integer(&query, 0) : 0;
        return sql_end(&query);
}

/* Somebody says that it is erased, and it is not, or nobody has the element's word for it. */
static mitome_status is_claimed(
        struct play *play, const struct play_scene *scene, bool *ret, mitome_error *error)
{
        int64_t done, receipts;
        MITOME_TRY(count_rows(play, WORLD_SP_TSM,
                "SELECT count(*) FROM order_ WHERE identity = ? AND purpose >= 5 AND state = 4",
                play->old->identity, &done, error));
        MITOME_TRY(count_rows(play, WORLD_AUTHORITY, "SELECT count(*) FROM receipt WHERE identity = ?",
                play->old->identity, &receipts, error));
        bool said = done != 0 || scene->look.verdict == COUNTER_ERASED ||
                    (play->checked && play->report.verdict == COUNTER_ERASED);
        *ret = (said && (holds_something(play, scene) || receipts == 0)) ||
               (receipts != 0 && holds_something(play, scene));
        return ok();
}

/* A good one in a phone that was refused; there is one such step, and its phone is `another`. */
static bool is_in_unsupported(const struct play *play, const struct play_scene *scene)
{
        bool found = !play->refused;
        for (unsigned kind = 1; kind <= REGISTER_KINDS; kind++)
                found |= count_good(scene, (enum register_kind)kind) != 0;
        return found;
}

static bool is_changed(const struct play *play, const struct play_scene *scene)
{
        const struct play_sight *old = old_phone(play, scene);
        bool changed = !slice_equal(SLICE(scene->trace), SLICE(play->trace)) ||
                       scene->look.last != play->receipts_before;
        for (unsigned kind = 1; kind <= REGISTER_KINDS; kind++)
                changed |= !is_good(old, (enum register_kind)kind) ||
                           !slice_equal(serial_seen(old, (enum register_kind)kind),
                                   play_serial(play, (enum register_kind)kind));
        return changed;
}

static bool still_logs_in(const struct play *play, const struct play_scene *scene)
{
        bool does = false;
        for (unsigned kind = 1; kind <= REGISTER_KINDS; kind++)
                does |= is_good(old_phone(play, scene), (enum register_kind)kind);
        return does;
}

static mitome_status judge_forbidden(struct play *play, const struct phone_event *event,
        const struct play_scene *scene, struct event_outcome *ret, mitome_error *error)
{
        bool claimed;
        MITOME_TRY(is_claimed(play, scene, &claimed, error));
        const bool broken[EVENT_FORBIDDEN] = {
                [EVENT_TWO_LIVE] = count_good(scene, REGISTER_SIGNING) > 1 ||
                                   count_good(scene, REGISTER_USER_VERIFICATION) > 1,
                [EVENT_LOGIN_BY_OLD] = still_logs_in(play, scene),
                [EVENT_UNSUPPORTED_PHONE] = is_in_unsupported(play, scene),
                [EVENT_ANY_CHANGE] = is_changed(play, scene),
                [EVENT_CLAIM_OF_ERASURE] = claimed,
                [EVENT_LOGIN_WHILE_HELD] = !play->tried_while_held || play->login_while_held,
                [EVENT_KEY_LEFT] = holds_something(play, scene),
        };
        for (size_t i = 0; i < event->forbidden_count; i++)
                ret->broken[event->forbidden[i]] = broken[event->forbidden[i]];
        return ok();
}

mitome_status play_judge(
        struct play *play, const struct phone_event *event, struct event_outcome *ret, mitome_error *error)
{
        struct play_scene scene;
        MITOME_TRY(play_see(play, &scene, error));
        *ret = (struct event_outcome){
                .user_verification = judge_certificate(play, &scene, REGISTER_USER_VERIFICATION),
                .signing = judge_certificate(play, &scene, REGISTER_SIGNING),
                .element = judge_element(play, &scene),
        };
        return judge_forbidden(play, event, &scene, ret, error);
}
