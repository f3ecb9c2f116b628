/* SPDX-License-Identifier: Apache-2.0 */
#include "probe_element.h"

#include "ctap_status.h"

static const uint8_t issuer[] = { 0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00 };
static const uint8_t jpki[] = { 0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01 };
static const uint8_t ara[] = { 0xA0, 0x00, 0x00, 0x01, 0x51, 0x41, 0x43, 0x4C, 0x00 };
#define VERIFY_USER_PIN 0x00200080U

static const uint8_t fido[] = { 0xF0, 0x4D, 0x49, 0x54, 0x4F, 0x4D, 0x45, 0x01 };

slice element_applet_aid(enum element_applet applet)
{
        static const struct {
                const uint8_t *bytes;
                size_t size;
        } aids[] = {
                [ELEMENT_ISSUER] = { issuer, sizeof issuer },
                [ELEMENT_JPKI] = { jpki, sizeof jpki },
                [ELEMENT_ARA] = { ara, sizeof ara },
                [ELEMENT_FIDO] = { fido, sizeof fido },
        };
        return slice_of(aids[applet].bytes, aids[applet].size);
}

int element_send(struct probe_run *run, uint32_t header, slice data, size_t expected, slice *ret_data)
{
        uint8_t bytes[600];
        writer w = WRITER(bytes);
        const struct apdu_command command = { .cla = (uint8_t)(header >> 24),
                .ins = (uint8_t)(header >> 16),
                .p1 = (uint8_t)(header >> 8),
                .p2 = (uint8_t)header,
                .data = data,
                .expected = expected };
        apdu_write_command(&w, &command);
        if (w.overflowed) {
                probe_end(run, PROBE_NOT_TESTABLE, "a command would not fit");
                return -1;
        }
        return probe_apdu(run, writer_view(&w), ret_data);
}

int element_select(struct probe_run *run, enum element_applet applet)
{
        return element_send(run, 0x00A40400, element_applet_aid(applet), 256, NULL);
}

int element_select_file(struct probe_run *run, uint16_t file)
{
        const uint8_t id[] = { (uint8_t)(file >> 8), (uint8_t)file };
        return element_send(run, 0x00A4020C, SLICE(id), 0, NULL);
}

/* Asked without a PIN the applet answers 63Cx: x tries are left. The last one is the holder's. */
static bool has_tries_to_spare(struct platform *platform)
{
        enum { LEFT_NONE = 0x63C0, LEFT_MOST = 0x63CF };
        if (platform->target->restart)
                return true;
        const int sw = element_send(platform->run, VERIFY_USER_PIN, (slice){ 0 }, 0, NULL);
        return sw > LEFT_NONE + 1 && sw <= LEFT_MOST;
}

int element_verify_pin(struct platform *platform)
{
        enum { USER_PIN = 0x0018, DONE = 0x9000, REFUSED = 0x63, BLOCKED = 0x6983 };
        struct target *target = platform->target;
        if (!target->pin || target->element_refused_pin)
                return ELEMENT_PIN_UNKNOWN;
        int sw = element_select(platform->run, ELEMENT_JPKI);
        if (sw == DONE)
                sw = element_select_file(platform->run, USER_PIN);
        if (sw != DONE)
                return sw;
        if (!has_tries_to_spare(platform)) {
                probe_note(platform->run,
                        "it does not say that more than one try of its user PIN is left: none is spent");
                return ELEMENT_PIN_UNKNOWN;
        }
        sw = element_send(platform->run, VERIFY_USER_PIN, slice_text(target->pin), 0, NULL);
        target->element_refused_pin = !target->restart && (sw >> 8 == REFUSED || sw == BLOCKED);
        if (target->element_refused_pin) {
                probe_note(platform->run,
                        "the element refuses the PIN that was given: it is not given it again");
                probe_tells_refusal(platform->run);
        }
        return sw;
}

/* ---- evidence ---- */

static void change(void *of, uint8_t *evidence, size_t size)
{
        struct evidence_tape *tape = of;
        writer kept = WRITER(tape->kept), live = writer_over(evidence, size);
        tape->heard++;
        if (tape->play == EVIDENCE_LISTEN) {
                write_slice(&kept, slice_of(evidence, size));
                tape->size = kept.used;
        } else if (tape->play == EVIDENCE_REPLAY) {
                write_slice(&live, slice_of(tape->kept, tape->size));
        } else if (tape->play == EVIDENCE_FLIP && tape->at < size) {
                evidence[tape->at] ^= tape->mask;
        } else if (tape->play == EVIDENCE_BLANK) {
                for (size_t i = tape->at; i < size; i++)
                        evidence[i] = 0;
        }
}

void evidence_begin(struct target *target, struct evidence_tape *tape)
{
        target->tamper(target->context, change, tape);
}

void evidence_end(struct target *target)
{
        target->tamper(target->context, NULL, NULL);
}

int evidence_finger(struct platform *platform, enum target_finger whose, const char *rp_id)
{
        struct target *target = platform->target;
        target->finger(target->context, whose);
        int status = platform_uv_token(platform, PLATFORM_GET, rp_id);
        target->finger(target->context, TARGET_FINGER_HOLDER);
        return status;
}

int evidence_hear(struct platform *platform, struct evidence_tape *tape, const char *rp_id)
{
        enum { TIMES_LAID = 4 };
        int status = -1;
        tape->heard = 0;
        for (unsigned i = 0; i < TIMES_LAID && tape->heard == 0; i++) {
                if (!evidence_settle(platform, rp_id))
                        return -1;
                evidence_begin(platform->target, tape);
                status = evidence_finger(platform, TARGET_FINGER_HOLDER, rp_id);
                evidence_end(platform->target);
                if (status < 0)
                        return -1;
        }
        return status;
}

bool evidence_settle(struct platform *platform, const char *rp_id)
{
        if (!platform->target->pin || !platform->info.pin_set) {
                probe_end(platform->run, PROBE_NOT_TESTABLE,
                        "Its PIN is not known here, which gives the tries of the finger back: give it with --pin-file.");
                return false;
        }
        int status = platform_pin_token(platform, platform->target->pin, PLATFORM_GET, rp_id);
        if (status > 0)
                probe_end(platform->run, PROBE_NOT_TESTABLE,
                        "The PIN that was given is not taken (status %02x).", status);
        return status == CTAP2_OK;
}
