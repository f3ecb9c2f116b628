/* SPDX-License-Identifier: Apache-2.0 */
#include "probe_platform.h"
#include "probe_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/evp.h>

#include <cmocka.h>

/* Somebody stands between the probes and the sound authenticator. Where what he answers says nothing (nobody
 * touched, a finger was missed, nobody is let in any more) a probe says that it was not tried; where he does
 * what an unsound one would, it cries. */

enum {
        MAKE_CREDENTIAL = 0x01,
        GET_ASSERTION = 0x02,
        GET_INFO = 0x04,
        CLIENT_PIN = 0x06,
        ENROLLMENT = 0x09,
        BIO_BEGIN = 1,
        BIO_NEXT,
        BIO_REMOVE = 6,
        UV_TOKEN = 6,
        PIN_TOKEN = 9,
        OK = 0x00,
        DENIED = 0x27,
        NO_CREDENTIALS = 0x2E,
        USER_TIMEOUT = 0x2F,
        PIN_WANTED = 0x36,
        UV_BLOCKED = 0x3C,
        UV_INVALID = 0x3F
};

static struct between {
        struct target real;
        /* Answers in place of the real one (before), or makes another answer of its own (after). */
        bool (*before)(slice request, uint8_t *response, size_t *ret_size);
        void (*after)(slice request, uint8_t *response, size_t *ret_size);
        void (*after_apdu)(slice command, uint8_t *response, size_t *ret_size);
        enum target_finger whose;
        bool printed, tampered, was_cut, restored;
        unsigned asked;
        uint8_t signed_before[1024]; /* the last assertion */
        size_t signed_size;
        uint8_t last_pin; /* what was answered to it */
} between;

static struct probe_rig rig;

/* ---- in between ---- */

static enum target_trouble exchange(
        void *context, slice request, unsigned limit_ms, uint8_t *response, size_t capacity, size_t *ret_size)
{
        if (between.before && between.before(request, response, ret_size))
                return TARGET_ANSWERED;
        const enum target_trouble trouble =
                between.real.exchange(context, request, limit_ms, response, capacity, ret_size);
        if (trouble == TARGET_ANSWERED && between.after)
                between.after(request, response, ret_size);
        return trouble;
}

static enum target_trouble apdu(
        void *context, slice command, uint8_t *response, size_t capacity, size_t *ret_size)
{
        const enum target_trouble trouble = between.real.apdu(context, command, response, capacity, ret_size);
        if (trouble == TARGET_ANSWERED && between.after_apdu)
                between.after_apdu(command, response, ret_size);
        return trouble;
}

static void finger(void *context, enum target_finger whose)
{
        between.whose = whose;
        between.printed = between.printed || whose == TARGET_FINGER_PRINTED;
        between.real.finger(context, whose);
}

static void tamper(void *context, void (*change)(void *of, uint8_t *evidence, size_t size), void *of)
{
        between.tampered = between.tampered || change;
        between.real.tamper(context, change, of);
}

static bool was_cut(void *context)
{
        const bool cut = between.real.was_cut(context);
        between.was_cut = between.was_cut || cut;
        return cut;
}

static bool restore(void *context, unsigned slot)
{
        between.restored = true;
        return between.real.restore(context, slot);
}

static void stand(void)
{
        between = (struct between){ .real = between.real };
        rig.target = between.real;
        rig.target.exchange = exchange;
        rig.target.apdu = apdu;
        rig.target.finger = finger;
        rig.target.tamper = tamper;
        rig.target.was_cut = was_cut;
        rig.target.restore = restore;
}

static enum probe_result result_of(const char *id)
{
        const struct probe *probe = probe_rig_find(id);
        if (between.real.restart)
                assert_true(between.real.restart(between.real.context));
        const enum probe_result result = probe_rig_try(&rig, probe);
        print_message("%s: %s: %s\n", id, probe_result_name(result), probe_run_why(rig.run));
        return result;
}

/* ---- what is asked ---- */

static uint64_t number(slice request, int64_t member)
{
        uint64_t value = 0;
        (void)platform_uint(
                platform_member(slice_of(request.data + 1, request.size - 1), member, NULL), &value);
        return value;
}

static bool is_bio(slice request, unsigned subcommand)
{
        return request.data[0] == ENROLLMENT && number(request, 2) == subcommand;
}

static bool is_uv_token(slice request)
{
        return request.data[0] == CLIENT_PIN && number(request, 2) == UV_TOKEN;
}

/* ---- P00 ---- */

static void offers_no_pin(slice request, uint8_t *response, size_t *ret_size)
{
        static const char name[] = "clientPin";
        for (size_t i = 0; request.data[0] == GET_INFO && i + sizeof name <= *ret_size; i++)
                if (memcmp(response + i, name, sizeof name - 1) == 0)
                        response[i + sizeof name - 2] = 'o';
}

static void what_it_says_it_lacks_is_its_own_word(void **state)
{
        (void)state;
        stand();
        between.after = offers_no_pin;
        (void)result_of("P00");
        assert_false(probe_rig_bool(&rig, LEVEL_PIN_OFFERED));
        assert_true(probe_rig_partial(&rig, LEVEL_PIN_OFFERED));
        stand();
        assert_int_equal(result_of("P00"), PROBE_HOLDS);
        assert_true(probe_rig_bool(&rig, LEVEL_PIN_OFFERED));
        assert_false(probe_rig_partial(&rig, LEVEL_PIN_OFFERED));
        assert_true(probe_rig_partial(&rig, LEVEL_KEY_SYNCABLE));
        assert_int_not_equal(result_of("P14"), PROBE_BROKEN);
        assert_true(probe_rig_partial(&rig, LEVEL_KEY_SYNCABLE));
}

/* ---- P04, P05 ---- */

enum { UP = 0x01, UV = 0x04, AT = 0x40 /* .. and no credential is there: the rest cannot be read */ };

static uint8_t *flags_of(uint8_t *response, size_t size)
{
        enum { FLAGS_AT = 32 };
        slice data = { 0 };
        assert_true(platform_bytes(platform_member(slice_of(response + 1, size - 1), 2, NULL), &data));
        return response + (data.data - response) + FLAGS_AT;
}

/* In place of a refusal: the last good answer, with other flags. */
static void signs_instead(slice request, uint8_t *response, size_t *ret_size, uint8_t flags)
{
        if (request.data[0] != GET_ASSERTION)
                return;
        if (response[0] != OK) {
                memcpy(response, between.signed_before, *ret_size = between.signed_size);
                *flags_of(response, *ret_size) = flags;
        } else if (*ret_size <= sizeof between.signed_before) {
                memcpy(between.signed_before, response, between.signed_size = *ret_size);
        }
}

static void signs_what_cannot_be_read(slice request, uint8_t *response, size_t *ret_size)
{
        signs_instead(request, response, ret_size, UP | AT);
}

static void signs_verified_what_cannot_be_read(slice request, uint8_t *response, size_t *ret_size)
{
        signs_instead(request, response, ret_size, UP | UV | AT);
}

static void claims_what_cannot_be_read(slice request, uint8_t *response, size_t *ret_size)
{
        const slice param = platform_member(slice_of(request.data + 1, request.size - 1), 6, NULL);
        if (request.data[0] == GET_ASSERTION && param.size == 0 && response[0] == OK)
                *flags_of(response, *ret_size) |= AT;
}

static void a_signature_that_cannot_be_read_is_no_refusal(void **state)
{
        (void)state;
        stand();
        between.after = signs_what_cannot_be_read;
        assert_int_equal(result_of("P04"), PROBE_PARTLY);
        assert_true(
                probe_rig_partial(&rig, LEVEL_OP_FRESH_VERIFICATION)); /* the next assertion was refused */
        assert_false(probe_rig_told(&rig, LEVEL_OP_BOUND_TO_DATA));
        stand();
        between.after = claims_what_cannot_be_read;
        assert_int_equal(result_of("P05"), PROBE_PARTLY);
        assert_true(probe_rig_partial(&rig, LEVEL_OP_UNLOCK_IS_NO_FACTOR));
}

static void a_signature_that_claims_verification_is_one_whatever_is_behind_it(void **state)
{
        (void)state;
        stand();
        between.after = signs_verified_what_cannot_be_read;
        assert_int_equal(result_of("P04"), PROBE_BROKEN);
        assert_false(probe_rig_bool(&rig, LEVEL_OP_FRESH_VERIFICATION));
        assert_false(probe_rig_bool(&rig, LEVEL_OP_BOUND_TO_DATA));
}

/* ---- P07 ---- */

static void what_guessing_lacks_is_named(void **state)
{
        (void)state;
        stand();
        rig.target.abilities &= ~(unsigned)(TARGET_POWER | TARGET_MEDIUM);
        rig.target.restart = NULL;
        assert_int_equal(result_of("P07"), PROBE_PARTLY);
        assert_non_null(strstr(probe_run_why(rig.run), "(--destructive, power cycles)"));
        rig.target.may_destroy = true;
        assert_int_equal(result_of("P07"), PROBE_PARTLY);
        assert_null(strstr(probe_run_why(rig.run), "--destructive"));
        assert_non_null(strstr(probe_run_why(rig.run), "power cycles"));
        assert_true(probe_rig_partial(&rig, LEVEL_PIN_TRIES));
}

/* ---- P08 ---- */

static bool is_pin_token(slice request)
{
        return request.data[0] == CLIENT_PIN && number(request, 2) == PIN_TOKEN;
}

/* The right one, a wrong one, and then there is an end. */
static bool ends_behind_a_wrong_pin(slice request, uint8_t *response, size_t *ret_size)
{
        if (!is_pin_token(request) || ++between.asked != 3)
                return false;
        probe_rig_say(response, ret_size, DENIED);
        return true;
}

static void sees_the_last_pin(slice request, uint8_t *response, size_t *ret_size)
{
        (void)ret_size;
        if (is_pin_token(request))
                between.last_pin = response[0];
}

static void a_wrong_pin_is_made_up_for_wherever_it_ends(void **state)
{
        (void)state;
        stand();
        between.before = ends_behind_a_wrong_pin;
        between.after = sees_the_last_pin;
        assert_int_equal(result_of("P08"), PROBE_NOT_TESTABLE);
        assert_int_equal(between.asked, 4);
        assert_int_equal(between.last_pin, OK);
}

/* ---- P09 ---- */

static void nobody_touches_for_an_enrolment(slice request, uint8_t *response, size_t *ret_size)
{
        if (is_bio(request, BIO_BEGIN) && response[0] != OK)
                probe_rig_say(response, ret_size, USER_TIMEOUT);
}

static bool enrols_at_once(slice request, uint8_t *response, size_t *ret_size)
{
        static const uint8_t done[] = { OK, 0xA3, 0x04, 0x41, 0x01, 0x05, 0x00, 0x06, 0x00 };
        const slice param = platform_member(slice_of(request.data + 1, request.size - 1), 5, NULL);
        if (!is_bio(request, BIO_BEGIN) || param.size > 0)
                return false;
        memcpy(response, done, *ret_size = sizeof done);
        return true;
}

static bool keeps_no_changed_set(slice request, uint8_t *response, size_t *ret_size)
{
        if (!between.tampered || !is_bio(request, BIO_BEGIN))
                return false;
        probe_rig_say(response, ret_size, UV_INVALID);
        return true;
}

static void misses_after_a_change(slice request, uint8_t *response, size_t *ret_size)
{
        if (between.tampered && is_uv_token(request) &&
                (response[0] == PIN_WANTED || response[0] == UV_BLOCKED))
                probe_rig_say(response, ret_size, UV_INVALID);
}

static bool enrols_nobody(slice request, uint8_t *response, size_t *ret_size)
{
        if (!is_bio(request, BIO_BEGIN))
                return false;
        probe_rig_say(response, ret_size, 0x30);
        return true;
}

/* A token of any bytes, for the finger that is in no list. */
static void opens_to_who_is_not_listed(slice request, uint8_t *response, size_t *ret_size)
{
        enum { TOKEN = 48 };
        static const uint8_t head[] = { OK, 0xA1, 0x02, 0x58, TOKEN };
        if (!is_uv_token(request) || between.whose != TARGET_FINGER_OTHER || response[0] != UV_INVALID)
                return;
        memcpy(response, head, sizeof head);
        memset(response + sizeof head, 0x5A, TOKEN);
        *ret_size = sizeof head + TOKEN;
}

static void a_finger_that_nobody_laid_was_not_refused(void **state)
{
        (void)state;
        stand();
        between.after = nobody_touches_for_an_enrolment;
        assert_int_equal(result_of("P09"), PROBE_PARTLY);
        assert_true(probe_rig_partial(&rig, LEVEL_UV_ENROL_NEEDS_PIN));
}

static void a_finger_without_the_pin_is_seen(void **state)
{
        (void)state;
        stand();
        between.before = enrols_at_once;
        assert_int_equal(result_of("P09"), PROBE_BROKEN);
        assert_false(probe_rig_bool(&rig, LEVEL_UV_ENROL_NEEDS_PIN));
}

static void a_finger_that_is_in_no_list_and_opens_is_seen(void **state)
{
        (void)state;
        stand();
        between.after = opens_to_who_is_not_listed;
        assert_int_equal(result_of("P09"), PROBE_BROKEN);
        assert_non_null(strstr(probe_run_why(rig.run), "in no list"));
        assert_false(probe_rig_bool(&rig, LEVEL_UV_ENROL_NEEDS_PIN));
}

static void where_the_pin_adds_none_either_nothing_is_shown(void **state)
{
        (void)state;
        stand();
        between.before = enrols_nobody;
        assert_int_equal(result_of("P09"), PROBE_NOT_TESTABLE);
        assert_false(probe_rig_told(&rig, LEVEL_UV_ENROL_NEEDS_PIN));
}

static void a_set_that_never_changed_shows_nothing(void **state)
{
        (void)state;
        stand();
        between.before = keeps_no_changed_set;
        assert_int_equal(result_of("P09"), PROBE_PARTLY);
        assert_false(probe_rig_told(&rig, LEVEL_UV_CHANGE_CLOSES));
        assert_false(probe_rig_partial(&rig, LEVEL_UV_ENROL_NEEDS_PIN));
}

static void who_is_not_recognised_was_not_shut_out(void **state)
{
        (void)state;
        stand();
        between.after = misses_after_a_change;
        assert_int_equal(result_of("P09"), PROBE_PARTLY);
        assert_true(probe_rig_partial(&rig, LEVEL_UV_CHANGE_CLOSES));
}

/* ---- P10 ---- */

static void misses_in_an_empty_set(slice request, uint8_t *response, size_t *ret_size)
{
        if (is_uv_token(request) && response[0] == 0x30)
                probe_rig_say(response, ret_size, UV_INVALID);
}

static bool removes_nothing(slice request, uint8_t *response, size_t *ret_size)
{
        if (!is_bio(request, BIO_REMOVE))
                return false;
        probe_rig_say(response, ret_size, between.asked++ ? OK : PIN_WANTED);
        return true;
}

static void an_empty_set_that_compares_is_not_shown_closed(void **state)
{
        (void)state;
        stand();
        between.after = misses_in_an_empty_set;
        assert_int_equal(result_of("P10"), PROBE_PARTLY);
}

static void a_set_that_is_not_empty_shows_nothing(void **state)
{
        (void)state;
        stand();
        between.before = removes_nothing;
        assert_int_equal(result_of("P10"), PROBE_NOT_TESTABLE);
}

static void nobody_touches_for_a_login(slice request, uint8_t *response, size_t *ret_size)
{
        if (request.data[0] == GET_ASSERTION)
                probe_rig_say(response, ret_size, USER_TIMEOUT);
}

static void a_login_that_nobody_touched_for_is_no_blame(void **state)
{
        (void)state;
        stand();
        between.after = nobody_touches_for_a_login;
        assert_int_equal(result_of("P10"), PROBE_PARTLY);
}

/* ---- P11 ---- */

static void lets_nobody_in_after_artefacts(slice request, uint8_t *response, size_t *ret_size)
{
        if (is_uv_token(request) && between.printed)
                probe_rig_say(response, ret_size, UV_BLOCKED);
}

static void sees_no_copy(slice request, uint8_t *response, size_t *ret_size)
{
        if (is_uv_token(request) && between.whose == TARGET_FINGER_SAME)
                probe_rig_say(response, ret_size, USER_TIMEOUT);
}

static void a_lock_for_everybody_refuses_no_artefact(void **state)
{
        (void)state;
        stand();
        between.after = lets_nobody_in_after_artefacts;
        assert_int_equal(result_of("P11"), PROBE_NOT_TESTABLE);
        assert_false(probe_rig_told(&rig, LEVEL_UV_IAPAR));
}

static void a_copy_that_was_not_seen_was_not_refused(void **state)
{
        (void)state;
        stand();
        between.after = sees_no_copy;
        assert_int_equal(result_of("P11"), PROBE_PARTLY);
        assert_true(probe_rig_partial(&rig, LEVEL_UV_REPLAY_REFUSED));
}

/* ---- P12 ---- */

static void sees_no_stranger(slice request, uint8_t *response, size_t *ret_size)
{
        if (is_uv_token(request) && between.whose == TARGET_FINGER_STRANGER_ONCE)
                probe_rig_say(response, ret_size, USER_TIMEOUT);
}

static void sees_every_other_stranger(slice request, uint8_t *response, size_t *ret_size)
{
        if (is_uv_token(request) && between.whose == TARGET_FINGER_STRANGER_ONCE && between.asked++ % 2)
                probe_rig_say(response, ret_size, USER_TIMEOUT);
}

static uint64_t trials(enum level_fact_id fact)
{
        return (uint64_t)json_integer_value(json_object_get(probe_run_found(rig.run, fact), "trials"));
}

static void what_was_not_compared_is_no_trial(void **state)
{
        (void)state;
        stand();
        between.after = sees_no_stranger;
        assert_int_equal(result_of("P12"), PROBE_NOT_TESTABLE);
        assert_false(probe_rig_told(&rig, LEVEL_UV_FMR));
        stand();
        between.after = sees_every_other_stranger;
        assert_int_equal(result_of("P12"), PROBE_PARTLY);
        assert_int_equal(trials(LEVEL_UV_FMR), 5);
        assert_int_equal(trials(LEVEL_UV_FNMR), 10);
}

/* ---- P13 ---- */

static void nobody_touches_for_a_foreign_site(slice request, uint8_t *response, size_t *ret_size)
{
        if (request.data[0] == GET_ASSERTION && response[0] == NO_CREDENTIALS)
                probe_rig_say(response, ret_size, DENIED);
}

/* PERFORM SECURITY OPERATION, with the key of the certificate for logins. */
static void signs_nothing(slice command, uint8_t *response, size_t *ret_size)
{
        static const uint8_t sign[] = { 0x80, 0x2A, 0x03, 0x97 };
        if (!slice_begins_with(command, SLICE(sign)))
                return;
        response[0] = 0x69;
        response[1] = 0x85;
        *ret_size = 2;
}

static void a_question_that_nobody_answered_was_not_refused(void **state)
{
        (void)state;
        stand();
        between.after = nobody_touches_for_a_foreign_site;
        assert_int_equal(result_of("P13"), PROBE_PARTLY);
        assert_true(probe_rig_partial(&rig, LEVEL_VERIFIER_BINDS_NAME));
}

static void a_key_that_signs_nothing_refuses_nothing(void **state)
{
        (void)state;
        stand();
        between.after_apdu = signs_nothing;
        assert_int_equal(result_of("P13"), PROBE_PARTLY);
        assert_true(probe_rig_partial(&rig, LEVEL_VERIFIER_BINDS_NAME));
}

/* ---- P14 ---- */

static void always_verifies(slice request, uint8_t *response, size_t *ret_size)
{
        const slice param = platform_member(slice_of(request.data + 1, request.size - 1), 6, NULL);
        if (request.data[0] == GET_ASSERTION && param.size == 0)
                probe_rig_say(response, ret_size, PIN_WANTED);
}

static void never_cuts(void *context, unsigned write, unsigned torn)
{
        (void)context;
        (void)write;
        (void)torn;
}

static void counts_from_zero(slice request, uint8_t *response, size_t *ret_size)
{
        enum { COUNT_AT = 33 };
        slice data = { 0 };
        if (!between.was_cut || request.data[0] != GET_ASSERTION || response[0] != OK ||
                !platform_bytes(platform_member(slice_of(response + 1, *ret_size - 1), 2, NULL), &data))
                return;
        memset(response + (data.data - response) + COUNT_AT, 0, 4);
}

static void a_device_that_always_verifies_is_not_to_blame(void **state)
{
        (void)state;
        stand();
        between.after = always_verifies;
        assert_int_equal(result_of("P14"), PROBE_PARTLY);
        assert_true(probe_rig_partial(&rig, LEVEL_VERIFIER_CHECKS_VERIFICATION));
        assert_true(probe_rig_partial(&rig, LEVEL_VERIFIER_CHECKS_FLAGS));
}

static void a_power_that_was_never_cut_shows_nothing(void **state)
{
        (void)state;
        stand();
        rig.target.cut = never_cuts;
        assert_int_equal(result_of("P14"), PROBE_PARTLY);
        assert_true(probe_rig_partial(&rig, LEVEL_KEY_COUNTER_ROLLS_BACK));
}

static void a_counter_that_a_power_cut_sets_back_is_seen(void **state)
{
        (void)state;
        stand();
        between.after = counts_from_zero;
        assert_int_equal(result_of("P14"), PROBE_BROKEN);
        assert_true(probe_rig_bool(&rig, LEVEL_KEY_COUNTER_ROLLS_BACK));
}

static void breaks_login(slice request, uint8_t *response, size_t size)
{
        if (request.data[0] == GET_ASSERTION && response[0] == OK)
                *flags_of(response, size) |= AT;
}

static void cannot_be_read_after_a_cut(slice request, uint8_t *response, size_t *ret_size)
{
        if (between.was_cut)
                breaks_login(request, response, *ret_size);
}

/* The login after the cut cannot be read, and the next one is an old one. */
static void hides_that_it_counts_from_zero(slice request, uint8_t *response, size_t *ret_size)
{
        if (!between.was_cut || request.data[0] != GET_ASSERTION || response[0] != OK)
                return;
        if (between.asked++)
                counts_from_zero(request, response, ret_size);
        else
                breaks_login(request, response, *ret_size);
}

static void can_be_read_once(slice request, uint8_t *response, size_t *ret_size)
{
        if (request.data[0] == GET_ASSERTION && between.asked++)
                breaks_login(request, response, *ret_size);
}

static void a_counter_that_cannot_be_read_is_not_zero(void **state)
{
        (void)state;
        stand();
        between.after = cannot_be_read_after_a_cut;
        assert_int_equal(result_of("P14"), PROBE_PARTLY);
        assert_false(probe_rig_bool(&rig, LEVEL_KEY_COUNTER_ROLLS_BACK));
        assert_true(probe_rig_partial(&rig, LEVEL_KEY_COUNTER_ROLLS_BACK));
        stand();
        between.after = hides_that_it_counts_from_zero;
        assert_int_equal(result_of("P14"), PROBE_BROKEN);
        assert_true(probe_rig_bool(&rig, LEVEL_KEY_COUNTER_ROLLS_BACK));
        assert_false(probe_rig_partial(&rig, LEVEL_KEY_COUNTER_ROLLS_BACK));
}

static void logins_that_cannot_be_read_are_refused_for_that(void **state)
{
        (void)state;
        stand();
        between.after = can_be_read_once;
        assert_int_equal(result_of("P14"), PROBE_PARTLY);
        assert_non_null(strstr(probe_run_why(rig.run), "not every counter could be read"));
        assert_null(strstr(probe_run_why(rig.run), "it has no counter"));
        assert_false(probe_rig_told(&rig, LEVEL_KEY_COUNTER_ROLLS_BACK));
        assert_true(probe_rig_partial(&rig, LEVEL_VERIFIER_CHECKS_FLAGS));
        assert_true(probe_rig_partial(&rig, LEVEL_VERIFIER_CHECKS_VERIFICATION));
}

/* ---- P15 ---- */

static enum target_twin refuses_any(void *context, unsigned slot, bool anchor, struct target *ret)
{
        (void)context;
        (void)slot;
        (void)anchor;
        (void)ret;
        return TARGET_TWIN_REFUSED;
}

/* As one does whose anchor anybody can set. */
static enum target_twin takes_any(void *context, unsigned slot, bool anchor, struct target *ret)
{
        (void)anchor;
        return between.real.twin(context, slot, true, ret);
}

static void without_a_second_device_there_is_no_clone(void **state)
{
        (void)state;
        stand();
        rig.target.twin = NULL;
        assert_int_equal(result_of("P15"), PROBE_PARTLY);
        assert_false(probe_rig_told(&rig, LEVEL_KEY_CLONE_WORKS));
}

static void a_second_device_that_never_starts_shows_little(void **state)
{
        (void)state;
        stand();
        rig.target.twin = refuses_any;
        assert_int_equal(result_of("P15"), PROBE_PARTLY);
        assert_true(probe_rig_partial(&rig, LEVEL_KEY_CLONE_WORKS));
}

static void cannot_be_read_when_put_back(slice request, uint8_t *response, size_t *ret_size)
{
        if (between.restored)
                breaks_login(request, response, *ret_size);
}

static void a_login_that_cannot_be_read_shows_nothing_of_an_older_copy(void **state)
{
        (void)state;
        stand();
        between.after = cannot_be_read_when_put_back;
        assert_int_equal(result_of("P15"), PROBE_PARTLY);
        assert_non_null(strstr(probe_run_why(rig.run), "an older copy was not seen put back"));
        assert_false(probe_rig_told(&rig, LEVEL_KEY_COUNTER_ROLLS_BACK));
}

/* A passkey whose key is ours, so that what is signed can be whatever we want: in registrations its public
 * key stands for the real one, and assertions are signed anew. */
static EVP_PKEY *ours;

static uint8_t *in(uint8_t *response, size_t size, int64_t member, size_t *ret_size)
{
        slice bytes = { 0 };
        (void)platform_bytes(platform_member(slice_of(response + 1, size - 1), member, NULL), &bytes);
        *ret_size = bytes.size;
        return response + (bytes.data ? bytes.data - response : 0);
}

/* The COSE key is the last but for extensions: .. 21 5820 x, 22 5820 y. */
static void show_our_key(uint8_t *response, size_t response_size)
{
        static const uint8_t mark[] = { 0x20, 0x01, 0x21, 0x58, 0x20 };
        enum { X_AT = 1, Y_AT = 33, COORDINATE = 32, BETWEEN = 3 };
        uint8_t point[65];
        size_t size, point_size;
        uint8_t *data = in(response, response_size, 2, &size);
        assert_int_equal(EVP_PKEY_get_octet_string_param(ours, "pub", point, sizeof point, &point_size), 1);
        for (size_t i = 0; i + sizeof mark + 2 * COORDINATE + BETWEEN <= size; i++)
                if (memcmp(data + i, mark, sizeof mark) == 0) {
                        memcpy(data + i + sizeof mark, point + X_AT, COORDINATE);
                        memcpy(data + i + sizeof mark + COORDINATE + BETWEEN, point + Y_AT, COORDINATE);
                        return;
                }
        fail_msg("no public key");
}

/* In the place of the real one, and as long: of ECDSA's signatures many are. */
static void sign_anew(slice request, uint8_t *response, size_t response_size)
{
        const slice hash = platform_member(slice_of(request.data + 1, request.size - 1), 2, NULL);
        uint8_t message[2048], made[80];
        size_t size, wanted, made_size;
        slice client = { 0 };
        writer w = WRITER(message);
        const uint8_t *data = in(response, response_size, 2, &size);
        uint8_t *signature = in(response, response_size, 3, &wanted);
        assert_true(platform_bytes(hash, &client));
        write_slice(&w, slice_of(data, size));
        write_slice(&w, client);
        do {
                EVP_MD_CTX *context = EVP_MD_CTX_new();
                made_size = sizeof made;
                assert_int_equal(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, ours), 1);
                assert_int_equal(EVP_DigestSign(context, made, &made_size, message, w.used), 1);
                EVP_MD_CTX_free(context);
        } while (made_size != wanted);
        memcpy(signature, made, wanted);
}

static void is_ours(slice request, uint8_t *response, size_t *ret_size, bool readable)
{
        if (response[0] != OK)
                return;
        if (request.data[0] == MAKE_CREDENTIAL)
                show_our_key(response, *ret_size);
        if (request.data[0] != GET_ASSERTION)
                return;
        if (!readable)
                breaks_login(request, response, *ret_size);
        sign_anew(request, response, *ret_size);
}

static void signs_what_cannot_be_read_when_put_back(slice request, uint8_t *response, size_t *ret_size)
{
        is_ours(request, response, ret_size, !between.restored);
}

static void signs_well(slice request, uint8_t *response, size_t *ret_size)
{
        is_ours(request, response, ret_size, true);
}

/* As one does that has no anchor. */
static bool takes_back(void *context, unsigned slot)
{
        (void)context;
        (void)slot;
        return between.restored = true;
}

static struct target second;

static enum target_trouble exchange_there(
        void *context, slice request, unsigned limit_ms, uint8_t *response, size_t capacity, size_t *ret_size)
{
        const enum target_trouble trouble =
                second.exchange(context, request, limit_ms, response, capacity, ret_size);
        if (trouble == TARGET_ANSWERED)
                is_ours(request, response, ret_size, false);
        return trouble;
}

static enum target_twin takes_any_and_babbles(void *context, unsigned slot, bool anchor, struct target *ret)
{
        const enum target_twin end = takes_any(context, slot, anchor, ret);
        second = *ret;
        if (end == TARGET_TWIN_RUNS)
                ret->exchange = exchange_there;
        return end;
}

/* The key is what must not be there twice, or again, whatever it signs. */
static void a_signature_over_what_cannot_be_read_is_one(void **state)
{
        (void)state;
        ours = EVP_EC_gen("P-256");
        stand();
        between.after = signs_what_cannot_be_read_when_put_back;
        rig.target.twin = NULL;
        rig.target.restore = takes_back;
        assert_int_equal(result_of("P15"), PROBE_BROKEN);
        assert_non_null(strstr(probe_run_why(rig.run), "what it signs cannot be read"));
        assert_false(probe_rig_told(&rig, LEVEL_KEY_COUNTER_ROLLS_BACK));
        stand();
        between.after = signs_well;
        rig.target.twin = takes_any_and_babbles;
        assert_int_equal(result_of("P15"), PROBE_BROKEN);
        assert_true(probe_rig_bool(&rig, LEVEL_KEY_CLONE_WORKS));
        assert_false(probe_rig_partial(&rig, LEVEL_KEY_CLONE_WORKS));
        assert_non_null(strstr(probe_run_why(rig.run), "refuses what it signs"));
        EVP_PKEY_free(ours);
}

static void a_clone_is_seen(void **state)
{
        (void)state;
        stand();
        rig.target.twin = takes_any;
        assert_int_equal(result_of("P15"), PROBE_BROKEN);
        assert_true(probe_rig_bool(&rig, LEVEL_KEY_CLONE_WORKS));
        assert_non_null(strstr(probe_run_why(rig.run), "notices it by the counter"));
}

/* ---- P22 ---- */

static bool keeps_the_new_pin(slice request, uint8_t *response, size_t *ret_size)
{
        enum { CHANGE = 4, POLICY = 0x37 };
        if (request.data[0] != CLIENT_PIN || number(request, 2) != CHANGE || between.asked++ == 0)
                return false;
        probe_rig_say(response, ret_size, POLICY);
        return true;
}

static void a_pin_that_cannot_be_taken_back_is_told(void **state)
{
        (void)state;
        stand();
        rig.target.restart = NULL;
        rig.target.may_destroy = true;
        between.before = keeps_the_new_pin;
        assert_int_equal(result_of("P22"), PROBE_TARGET_FAILED);
        assert_int_equal(between.asked, 2);
        assert_non_null(strstr(probe_run_why(rig.run), "its PIN is now that one"));
        assert_null(rig.target.pin); /* no other probe spends tries on the former one */
}

int main(void)
{
        const struct CMUnitTest without_finger[] = {
                cmocka_unit_test(what_it_says_it_lacks_is_its_own_word),
                cmocka_unit_test(what_guessing_lacks_is_named),
                cmocka_unit_test(a_wrong_pin_is_made_up_for_wherever_it_ends),
                cmocka_unit_test(a_signature_that_cannot_be_read_is_no_refusal),
                cmocka_unit_test(a_signature_that_claims_verification_is_one_whatever_is_behind_it),
                cmocka_unit_test(a_question_that_nobody_answered_was_not_refused),
                cmocka_unit_test(a_key_that_signs_nothing_refuses_nothing),
                cmocka_unit_test(a_device_that_always_verifies_is_not_to_blame),
                cmocka_unit_test(a_power_that_was_never_cut_shows_nothing),
                cmocka_unit_test(a_counter_that_a_power_cut_sets_back_is_seen),
                cmocka_unit_test(a_counter_that_cannot_be_read_is_not_zero),
                cmocka_unit_test(logins_that_cannot_be_read_are_refused_for_that),
                cmocka_unit_test(a_login_that_cannot_be_read_shows_nothing_of_an_older_copy),
                cmocka_unit_test(a_pin_that_cannot_be_taken_back_is_told),
                cmocka_unit_test(without_a_second_device_there_is_no_clone),
                cmocka_unit_test(a_second_device_that_never_starts_shows_little),
                cmocka_unit_test(a_signature_over_what_cannot_be_read_is_one),
                cmocka_unit_test(a_clone_is_seen),
        };
        const struct CMUnitTest with_finger[] = {
                cmocka_unit_test(a_finger_that_nobody_laid_was_not_refused),
                cmocka_unit_test(a_finger_without_the_pin_is_seen),
                cmocka_unit_test(a_finger_that_is_in_no_list_and_opens_is_seen),
                cmocka_unit_test(where_the_pin_adds_none_either_nothing_is_shown),
                cmocka_unit_test(a_set_that_never_changed_shows_nothing),
                cmocka_unit_test(who_is_not_recognised_was_not_shut_out),
                cmocka_unit_test(an_empty_set_that_compares_is_not_shown_closed),
                cmocka_unit_test(a_set_that_is_not_empty_shows_nothing),
                cmocka_unit_test(a_login_that_nobody_touched_for_is_no_blame),
                cmocka_unit_test(a_lock_for_everybody_refuses_no_artefact),
                cmocka_unit_test(a_copy_that_was_not_seen_was_not_refused),
                cmocka_unit_test(what_was_not_compared_is_no_trial),
        };
        probe_rig_open(&rig, 0);
        between.real = rig.target;
        int failures = cmocka_run_group_tests(without_finger, NULL, NULL);
        if (between.real.abilities & TARGET_FINGER)
                failures += cmocka_run_group_tests(with_finger, NULL, NULL);
        rig.target = between.real;
        probe_rig_close(&rig);
        return failures;
}
