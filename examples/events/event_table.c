/* SPDX-License-Identifier: Apache-2.0 */
#include "event_table.h"

#include <jansson.h>
#include <string.h>

const char *const event_step_names[EVENT_STEPS] = {
        [EVENT_APPLY_ON_NEW_PHONE] = "apply-on-new-phone",
        [EVENT_APPLY_ON_UNSUPPORTED_PHONE] = "apply-on-unsupported-phone",
        [EVENT_OLD_PHONE_ONLINE] = "old-phone-online",
        [EVENT_PHONE_IS_SILENT] = "phone-is-silent",
        [EVENT_PHONE_IS_BACK] = "phone-is-back",
        [EVENT_REVOKE_BY_CARD] = "revoke-by-card",
        [EVENT_REVOKE_HERE] = "revoke-here",
        [EVENT_HOLD_BY_TELEPHONE] = "hold-by-telephone",
        [EVENT_RELEASE_BY_TELEPHONE] = "release-by-telephone",
        [EVENT_RELEASE_IS_REFUSED] = "release-is-refused",
        [EVENT_APPLY_AGAIN] = "apply-again",
        [EVENT_CHANGE_SIM] = "change-sim",
        [EVENT_FACTORY_RESET] = "factory-reset",
        [EVENT_CHECK_AT_COUNTER] = "check-at-counter",
};

const char *const event_certificate_names[EVENT_CERTIFICATES] = {
        [EVENT_UNCHANGED] = "unchanged",
        [EVENT_REPLACED] = "replaced",
        [EVENT_REVOKED] = "revoked",
        [EVENT_REISSUED] = "re-issued",
};

const char *const event_element_names[EVENT_ELEMENTS] = {
        [EVENT_ELEMENT_UNCHANGED] = "unchanged",
        [EVENT_ERASED] = "erased",
        [EVENT_ASKED] = "asked",
        [EVENT_CAUGHT] = "caught",
        [EVENT_REKEYED] = "re-keyed",
};

const char *const event_forbidden_names[EVENT_FORBIDDEN] = {
        [EVENT_TWO_LIVE] = "two-live-certificates",
        [EVENT_LOGIN_BY_OLD] = "login-by-the-old-phone",
        [EVENT_UNSUPPORTED_PHONE] = "certificate-in-an-unsupported-phone",
        [EVENT_ANY_CHANGE] = "any-change",
        [EVENT_CLAIM_OF_ERASURE] = "claim-of-erasure",
        [EVENT_LOGIN_WHILE_HELD] = "login-while-held",
        [EVENT_KEY_LEFT] = "key-left",
};

const char *const event_setting_names[EVENT_SETTINGS] = {
        [EVENT_ENDS_BY_REISSUE] = "re-issue",
        [EVENT_ENDS_BY_RELEASE] = "release",
};

static mitome_status word_of(const json_t *value, const char *const *names, size_t count, const char *field,
        unsigned *ret, mitome_error *error)
{
        const char *text = json_string_value(value);
        for (size_t i = 0; text && i < count; i++)
                if (strcmp(text, names[i]) == 0) {
                        *ret = (unsigned)i;
                        return ok();
                }
        return fail(error, text ? MITOME_E_VALUE : MITOME_E_MISSING, field, NULL);
}

static mitome_status text_of(
        const json_t *object, const char *name, char *ret, size_t max, mitome_error *error)
{
        const char *text = json_string_value(json_object_get(object, name));
        if (!text || !text[0])
                return fail(error, MITOME_E_MISSING, name, NULL);
        size_t size = strlen(text);
        if (size > max)
                return fail(error, MITOME_E_TOO_LONG, name, NULL);
        ret[size] = '\0';
        return slice_copy(slice_of(text, size), name, (uint8_t *)ret, size, error);
}

static mitome_status read_steps(const json_t *play, struct event_play *ret, mitome_error *error)
{
        const json_t *steps = json_object_get(play, "steps");
        size_t count = json_array_size(steps);
        if (count == 0)
                return fail(error, MITOME_E_MISSING, "steps", NULL);
        if (count > EVENT_STEPS_MAX)
                return fail(error, MITOME_E_TOO_MANY, "steps", NULL);
        for (size_t i = 0; i < count; i++) {
                unsigned word;
                MITOME_TRY(word_of(
                        json_array_get(steps, i), event_step_names, EVENT_STEPS, "steps", &word, error));
                ret->steps[i] = (enum event_step)word;
        }
        ret->step_count = count;
        return ok();
}

static mitome_status read_must(const json_t *play, struct event_play *ret, mitome_error *error)
{
        const json_t *must = json_object_get(play, "must");
        unsigned user_verification, signing, element;
        if (json_object_size(must) != 3)
                return fail(error, MITOME_E_MISSING, "must", NULL);
        MITOME_TRY(word_of(json_object_get(must, "user-verification"), event_certificate_names,
                EVENT_CERTIFICATES, "must.user-verification", &user_verification, error));
        MITOME_TRY(word_of(json_object_get(must, "signing"), event_certificate_names, EVENT_CERTIFICATES,
                "must.signing", &signing, error));
        MITOME_TRY(word_of(json_object_get(must, "element"), event_element_names, EVENT_ELEMENTS,
                "must.element", &element, error));
        ret->user_verification = (enum event_certificate)user_verification;
        ret->signing = (enum event_certificate)signing;
        ret->element = (enum event_element)element;
        return ok();
}

static mitome_status read_settings(
        const json_t *play, bool taken[EVENT_SETTINGS], struct event_play *ret, mitome_error *error)
{
        const json_t *words = json_object_get(play, "hold-ends-by");
        size_t count = json_array_size(words);
        if (count == 0)
                return fail(error, MITOME_E_MISSING, "hold-ends-by", NULL);
        for (size_t i = 0; i < count; i++) {
                unsigned word;
                MITOME_TRY(word_of(json_array_get(words, i), event_setting_names, EVENT_SETTINGS,
                        "hold-ends-by", &word, error));
                if (taken[word])
                        return fail(error, MITOME_E_VALUE, "hold-ends-by", NULL);
                taken[word] = ret->settings[word] = true;
        }
        return ok();
}

static mitome_status read_plays(const json_t *event, struct phone_event *ret, mitome_error *error)
{
        enum { MEMBERS = 3 };
        const json_t *plays = json_object_get(event, "plays");
        bool taken[EVENT_SETTINGS] = { false };
        ret->play_count = json_array_size(plays);
        if (ret->play_count > EVENT_SETTINGS)
                return fail(error, MITOME_E_TOO_MANY, "plays", NULL);
        for (size_t i = 0; i < ret->play_count; i++) {
                const json_t *play = json_array_get(plays, i);
                if (json_object_size(play) != MEMBERS)
                        return fail(error, MITOME_E_VALUE, "a play's members", NULL);
                MITOME_TRY(read_settings(play, taken, &ret->plays[i], error));
                MITOME_TRY(read_steps(play, &ret->plays[i], error));
                MITOME_TRY(read_must(play, &ret->plays[i], error));
        }
        for (unsigned i = 0; i < EVENT_SETTINGS; i++)
                if (!taken[i])
                        return fail(error, MITOME_E_MISSING, event_setting_names[i], NULL);
        return ok();
}

const struct event_play *event_play_of(const struct phone_event *event, enum event_setting setting)
{
        size_t i = 0;
        while (i + 1 < event->play_count && !event->plays[i].settings[setting])
                i++;
        return &event->plays[i];
}

static mitome_status read_forbidden(const json_t *event, struct phone_event *ret, mitome_error *error)
{
        const json_t *words = json_object_get(event, "must_not");
        size_t count = json_array_size(words);
        if (count == 0)
                return fail(error, MITOME_E_MISSING, "must_not", NULL);
        if (count > EVENT_FORBIDDEN)
                return fail(error, MITOME_E_TOO_MANY, "must_not", NULL);
        for (size_t i = 0; i < count; i++) {
                unsigned word;
                MITOME_TRY(word_of(json_array_get(words, i), event_forbidden_names, EVENT_FORBIDDEN,
                        "must_not", &word, error));
                ret->forbidden[i] = (enum event_forbidden)word;
        }
        ret->forbidden_count = count;
        return ok();
}

static mitome_status read_event(const json_t *event, struct phone_event *ret, mitome_error *error)
{
        enum { MEMBERS = 5 };
        if (json_object_size(event) != MEMBERS)
                return fail(error, MITOME_E_VALUE, "an event's members", NULL);
        MITOME_TRY(text_of(event, "event", ret->name, EVENT_NAME_MAX, error));
        MITOME_TRY(text_of(event, "ja", ret->ja, EVENT_TITLE_MAX, error));
        MITOME_TRY(text_of(event, "en", ret->en, EVENT_TITLE_MAX, error));
        MITOME_TRY(read_plays(event, ret, error));
        return read_forbidden(event, ret, error);
}

static mitome_status read_events(const json_t *root, struct event_table *ret, mitome_error *error)
{
        const json_t *events = json_object_get(root, "events");
        size_t count = json_array_size(events);
        if (count == 0)
                return fail(error, MITOME_E_MISSING, "events", NULL);
        if (count > EVENT_MAX)
                return fail(error, MITOME_E_TOO_MANY, "events", NULL);
        for (size_t i = 0; i < count; i++)
                MITOME_TRY(read_event(json_array_get(events, i), &ret->events[i], error));
        ret->count = count;
        return ok();
}

mitome_status event_table_read(const char *path, struct event_table *ret, mitome_error *error)
{
        json_error_t cause;
        json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &cause);
        if (!root)
                return fail(error, cause.line < 0 ? MITOME_E_FILE_READ : MITOME_E_JSON_SYNTAX,
                        "the table of events", NULL);
        mitome_status status = read_events(root, ret, error);
        json_decref(root);
        return status;
}
