/* SPDX-License-Identifier: Apache-2.0 */
#include "probe_finger.h"

#include "cbor.h"
#include "ctap_status.h"

enum { BIO_ENROLLMENT = 0x09, FINGERPRINT = 1, TIMEOUT_MS = 30000, SAMPLES_MAX = 24 };
enum { BEGIN = 1, NEXT, CANCEL, ENUMERATE, REMOVE = 6 };
enum { PARAM_ID = 1, PARAM_TIMEOUT = 3 };
enum { ANSWER_ID = 4, ANSWER_REMAINING = 6, ANSWER_LIST = 7 };

#define TRIAL_ID "finger.probe.mitome.example"

/* ---- opening ---- */

int probe_finger_token(
        struct platform *platform, enum target_finger whose, uint8_t permissions, const char *rp_id)
{
        enum { TOUCHES = 3 };
        int status = CTAP2_ERR_UV_INVALID;
        platform->target->finger(platform->target->context, whose);
        for (int i = 0; status == CTAP2_ERR_UV_INVALID && i < (whose == TARGET_FINGER_HOLDER ? TOUCHES : 1);
                i++)
                status = platform_uv_token(platform, permissions, rp_id);
        platform->target->finger(platform->target->context, TARGET_FINGER_HOLDER);
        return status;
}

int probe_finger_try(struct platform *platform, enum target_finger whose)
{
        int status = probe_finger_token(platform, whose, PLATFORM_GET, TRIAL_ID);
        secret_wipe(&platform->token);
        return status;
}

enum probe_finger_answer probe_finger_answer_of(int status)
{
        static const struct {
                uint8_t status;
                enum probe_finger_answer answer;
        } answers[] = { { CTAP2_OK, PROBE_FINGER_TAKEN }, { CTAP2_ERR_UV_INVALID, PROBE_FINGER_STRANGE },
                { CTAP2_ERR_PUAT_REQUIRED, PROBE_FINGER_CLOSED },
                { CTAP2_ERR_UV_BLOCKED, PROBE_FINGER_CLOSED },
                { CTAP2_ERR_NOT_ALLOWED, PROBE_FINGER_CLOSED } };
        for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
                if (status == answers[i].status)
                        return answers[i].answer;
        return PROBE_FINGER_UNTOLD;
}

int probe_finger_pin(struct platform *platform)
{
        int status = platform_pin_token(platform, platform->target->pin, PLATFORM_GET, TRIAL_ID);
        secret_wipe(&platform->token);
        return status;
}

int probe_finger_manage(struct platform *platform)
{
        return platform_pin_token(platform, platform->target->pin, PLATFORM_FINGERS, NULL);
}

bool probe_finger_open(struct platform *platform, struct probe_run *run, struct target *target)
{
        if (!platform_open(platform, run, target))
                return false;
        if (!target->pin || !platform->info.pin_set) {
                probe_end(run, PROBE_NOT_TESTABLE, "Its PIN is not known here.");
                return false;
        }
        int status = probe_finger_pin(platform);
        if (status == CTAP2_OK)
                status = probe_finger_try(platform, TARGET_FINGER_HOLDER);
        if (status > 0)
                probe_end(run, PROBE_NOT_TESTABLE,
                        "PIN and finger of its holder do not open it to begin with (status %02x).", status);
        return status == CTAP2_OK;
}

/* ---- authenticatorBioEnrollment ---- */

static int manage(struct platform *platform, uint8_t subcommand, const writer *params)
{
        uint8_t bytes[256];
        writer covered = WRITER(bytes);
        const slice view = params ? writer_view(params) : (slice){ 0 };
        const bool has_token = platform->token.size != 0;
        write_u8(&covered, FINGERPRINT);
        write_u8(&covered, subcommand);
        write_slice(&covered, view);
        writer w = platform_begin(platform, BIO_ENROLLMENT, 2U + (params != NULL) + (has_token ? 2U : 0));
        platform_pair_uint(&w, 1, FINGERPRINT);
        platform_pair_uint(&w, 2, subcommand);
        if (params) {
                cbor_write_uint(&w, 3);
                write_slice(&w, view);
        }
        if (has_token) {
                platform_pair_uint(&w, 4, platform->info.protocol);
                platform_pair_param(&w, 5, platform, writer_view(&covered));
        }
        return platform_go(platform, &w);
}

static bool read_remaining(const struct platform *platform, uint64_t *ret)
{
        return platform_uint(platform_member(platform->body, ANSWER_REMAINING, NULL), ret);
}

/* {id, timeout} of the enrolment that runs. */
static int next_sample(struct platform *platform, slice id)
{
        uint8_t bytes[64];
        writer params = WRITER(bytes);
        cbor_write_map(&params, 2);
        platform_pair_bytes(&params, PARAM_ID, id);
        platform_pair_uint(&params, PARAM_TIMEOUT, TIMEOUT_MS);
        return manage(platform, NEXT, &params);
}

int probe_finger_enrol(struct platform *platform, enum target_finger whose, bool *ret_added)
{
        uint8_t bytes[16], id_bytes[PROBE_FINGER_ID_MAX];
        uint64_t remaining = 0;
        writer params = WRITER(bytes), id = WRITER(id_bytes);
        slice view = { 0 };
        *ret_added = false;
        platform->target->finger(platform->target->context, whose);
        cbor_write_map(&params, 1);
        platform_pair_uint(&params, PARAM_TIMEOUT, TIMEOUT_MS);
        int status = manage(platform, BEGIN, &params);
        if (status == CTAP2_OK && (!platform_bytes(platform_member(platform->body, ANSWER_ID, NULL), &view) ||
                                          !read_remaining(platform, &remaining)))
                status = PLATFORM_MALFORMED;
        write_slice(&id, view);
        for (unsigned i = 0; status == CTAP2_OK && remaining && i < SAMPLES_MAX; i++) {
                status = next_sample(platform, writer_view(&id));
                if (status == CTAP2_OK && !read_remaining(platform, &remaining))
                        status = PLATFORM_MALFORMED;
        }
        *ret_added = status == CTAP2_OK && remaining == 0;
        if (status >= 0 && !*ret_added)
                (void)manage(platform, CANCEL, NULL);
        platform->target->finger(platform->target->context, TARGET_FINGER_HOLDER);
        return status;
}

int probe_finger_list(struct platform *platform, struct probe_fingers *ret)
{
        struct probe_fingers found = { 0 };
        struct cbor_members array;
        slice item, id;
        int status = manage(platform, ENUMERATE, NULL);
        *ret = found;
        if (status == CTAP2_ERR_INVALID_OPTION) /* none is enrolled */
                return CTAP2_OK;
        if (status != CTAP2_OK)
                return status;
        struct cbor_reader r = cbor_over(platform_member(platform->body, ANSWER_LIST, NULL), NULL, NULL);
        if (failed(cbor_open_array(&r, "answer", CBOR_MEMBERS, &array)))
                return PLATFORM_MALFORMED;
        while (found.count < PROBE_FINGER_IDS && cbor_next_element(&r, &array)) {
                if (failed(cbor_read_item(&r, "answer", &item)) ||
                        !platform_bytes(platform_member(item, 1, NULL), &id) ||
                        failed(slice_copy(
                                id, "finger", found.ids[found.count].bytes, PROBE_FINGER_ID_MAX, NULL)))
                        return PLATFORM_MALFORMED;
                found.ids[found.count++].size = id.size;
        }
        *ret = found;
        return CTAP2_OK;
}

int probe_finger_remove(struct platform *platform, const struct probe_fingers *fingers, size_t number)
{
        uint8_t bytes[64];
        writer params = WRITER(bytes);
        cbor_write_map(&params, 1);
        platform_pair_bytes(
                &params, PARAM_ID, slice_of(fingers->ids[number].bytes, fingers->ids[number].size));
        return manage(platform, REMOVE, &params);
}

int probe_finger_all(struct platform *platform, struct probe_fingers *ret)
{
        *ret = (struct probe_fingers){ 0 };
        int status = probe_finger_manage(platform);
        if (status == CTAP2_OK)
                status = probe_finger_list(platform, ret);
        secret_wipe(&platform->token);
        return status;
}

static bool is_among(const struct probe_fingers *fingers, const struct probe_fingers *all, size_t number)
{
        const slice id = slice_of(all->ids[number].bytes, all->ids[number].size);
        for (size_t i = 0; i < fingers->count; i++)
                if (slice_equal(id, slice_of(fingers->ids[i].bytes, fingers->ids[i].size)))
                        return true;
        return false;
}

int probe_finger_remove_new(struct platform *platform, const struct probe_fingers *before)
{
        struct probe_fingers now;
        int status = probe_finger_all(platform, &now);
        for (size_t i = 0; status == CTAP2_OK && i < now.count; i++) {
                if (is_among(before, &now, i))
                        continue;
                status = probe_finger_manage(platform);
                if (status == CTAP2_OK)
                        status = probe_finger_remove(platform, &now, i);
        }
        secret_wipe(&platform->token);
        return status;
}
