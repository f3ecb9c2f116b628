/* SPDX-License-Identifier: Apache-2.0 */
#include <mitome/guidance.h>

#include "bytes.h"

/* Plain words, and no blame: a finger that is not recognised may be wet. {n} is the number. */
static const struct guidance {
        const char *name;
        const char *texts[MITOME_LANGUAGES];
        const char *one; /* English, where n is 1; NULL: as for others */
} guidances[MITOME_GUIDANCE_COUNT] = {
        [MITOME_GUIDANCE_TOUCH] = { "touch", { "Please touch the sensor.", "センサーに指を当ててください。" },
                NULL },
        [MITOME_GUIDANCE_MORE] = { "more",
                { "Good. Lift your finger, then touch the sensor {n} more times.",
                        "読み取りました。指を離して、あと{n}回当ててください。" },
                "Good. Lift your finger, then touch the sensor 1 more time." },
        [MITOME_GUIDANCE_AGAIN] = { "too-short",
                { "That was too short. Please leave your finger on the sensor a little longer.",
                        "短すぎました。もう少し長く指を当ててください。" },
                NULL },
        [MITOME_GUIDANCE_CENTRE] = { "centre",
                { "Please lay your finger on the middle of the sensor.",
                        "指をセンサーの中央に当ててください。" },
                NULL },
        [MITOME_GUIDANCE_LIFT] = { "lift",
                { "Please lift your finger, then touch again.",
                        "いったん指を離してから、もう一度当ててください。" },
                NULL },
        [MITOME_GUIDANCE_UNCLEAR] = { "unclear",
                { "That could not be read. Please touch again.",
                        "読み取れませんでした。もう一度当ててください。" },
                NULL },
        [MITOME_GUIDANCE_SAME] = { "same",
                { "That was the same as a touch before. Please lift your finger, then touch a little differently.",
                        "前と同じ読み取りでした。指を離し、少し位置を変えて当ててください。" },
                NULL },
        [MITOME_GUIDANCE_POOR] = { "poor",
                { "Too little of your finger could be read. Please press it flat, or use another finger.",
                        "指紋を十分に読み取れませんでした。指を平らに当てるか、別の指をお使いください。" },
                NULL },
        [MITOME_GUIDANCE_KNOWN] = { "known",
                { "This finger is enrolled already. Please use another one.",
                        "この指はすでに登録されています。別の指をお使いください。" },
                NULL },
        [MITOME_GUIDANCE_NOT_RECOGNISED] = { "not-recognised",
                { "Your finger was not recognised. {n} tries are left.",
                        "指紋を確認できませんでした。あと{n}回試せます。" },
                "Your finger was not recognised. 1 try is left." },
        [MITOME_GUIDANCE_CLOSED] = { "closed",
                { "Fingers are closed for now. Please enter your PIN once; then they work again.",
                        "今は指を使えません。暗証番号を一度入力すると、また使えるようになります。" },
                NULL },
        [MITOME_GUIDANCE_NEW_FINGER] = { "new-finger",
                { "The enrolled fingers have changed. If they are all yours, enter your PIN once; then they work again.",
                        "登録された指が変わりました。すべてご自分の指なら、暗証番号を一度入力すると、また使えるようになります。" },
                NULL },
        [MITOME_GUIDANCE_PIN_DUE] = { "pin-due",
                { "It is some time since you entered your PIN. Please enter it once; then fingers work again.",
                        "暗証番号の入力から時間がたちました。一度入力すると、また指を使えます。" },
                NULL },
        [MITOME_GUIDANCE_WAIT] = { "wait",
                { "Several fingers were not recognised. Please wait {n} seconds, or enter your PIN.",
                        "確認できない読み取りが続きました。{n}秒お待ちいただくか、暗証番号を入力してください。" },
                "Several fingers were not recognised. Please wait 1 second, or enter your PIN." },
        [MITOME_GUIDANCE_RECOGNISED] = { "recognised",
                { "Your finger was recognised.", "指紋を確認しました。" }, NULL },
        [MITOME_GUIDANCE_ENROLLED] = { "enrolled", { "Your finger is enrolled.", "指を登録しました。" },
                NULL },
        [MITOME_GUIDANCE_REMOVED] = { "removed", { "The finger was removed.", "指の登録を削除しました。" },
                NULL },
        [MITOME_GUIDANCE_ABSENT] = { "absent",
                { "Nobody touched the sensor in time. Please try again, or enter your PIN.",
                        "時間内に指が当てられませんでした。もう一度試すか、暗証番号を入力してください。" },
                NULL },
        [MITOME_GUIDANCE_DECLINED] = { "declined",
                { "You declined. Nothing was done.", "取りやめました。何も行われていません。" }, NULL },
        [MITOME_GUIDANCE_NONE_ENROLLED] = { "none-enrolled",
                { "No finger is enrolled yet. Please enter your PIN.",
                        "指はまだ登録されていません。暗証番号を入力してください。" },
                NULL },
        [MITOME_GUIDANCE_FULL] = { "full",
                { "No more fingers can be enrolled. Please remove one first.",
                        "これ以上は登録できません。先に登録済みの指を削除してください。" },
                NULL },
        [MITOME_GUIDANCE_NO_SENSOR] = { "no-sensor",
                { "There is no sensor. Please enter your PIN.",
                        "センサーがありません。暗証番号を入力してください。" },
                NULL },
        [MITOME_GUIDANCE_BROKEN] = { "broken",
                { "The sensor does not work at the moment. Please try again, or enter your PIN.",
                        "センサーが今は使えません。もう一度試すか、暗証番号を入力してください。" },
                NULL },
        [MITOME_GUIDANCE_PIN_LOCKED] = { "pin-locked",
                { "The PIN is locked, and fingers with it.",
                        "暗証番号がロックされています。指も使えません。" },
                NULL },
        [MITOME_GUIDANCE_PIN_OR_WAIT] = { "pin-or-wait",
                { "Fingers are closed for now. Please enter your PIN once, or wait half a minute.",
                        "今は指を使えません。暗証番号を一度入力するか、30秒ほどお待ちください。" },
                NULL },
        [MITOME_GUIDANCE_NOT_DONE] = { "not-done",
                { "That did not work. Please try again, or use your PIN.",
                        "確認できませんでした。もう一度試すか、暗証番号をお使いください。" },
                NULL },
};

static const struct guidance *guidance_of(enum mitome_guidance state)
{
        return (size_t)state < MITOME_GUIDANCE_COUNT && guidances[state].name ? &guidances[state] : NULL;
}

const char *mitome_guidance_name(enum mitome_guidance state)
{
        const struct guidance *guidance = guidance_of(state);
        return guidance ? guidance->name : NULL;
}

/* ---- writing ---- */

static void write_number(writer *w, unsigned number)
{
        if (number >= 10)
                write_number(w, number / 10);
        write_u8(w, (uint8_t)('0' + number % 10));
}

static void write_text(writer *w, const char *text, unsigned number)
{
        static const char mark[] = "{n}";
        for (reader r = reader_over(slice_text(text), NULL, NULL); r.rest.size;) {
                slice passed;
                uint8_t byte;
                if (slice_begins_with(r.rest, slice_text(mark)) &&
                        !failed(read_bytes(&r, "text", sizeof mark - 1, &passed)))
                        write_number(w, number);
                else if (!failed(read_u8(&r, "text", &byte)))
                        write_u8(w, byte);
        }
        write_u8(w, '\0');
}

mitome_status mitome_guidance_write(enum mitome_guidance state, enum mitome_language language,
        unsigned number, char *text, size_t capacity, mitome_error *error)
{
        uint8_t bytes[MITOME_GUIDANCE_MAX];
        writer w = WRITER(bytes);
        slice written;
        /* "0 tries are left" is no advice. */
        if (state == MITOME_GUIDANCE_NOT_RECOGNISED && number == 0)
                state = MITOME_GUIDANCE_CLOSED;
        const struct guidance *guidance = guidance_of(state);
        if (!guidance || (size_t)language >= MITOME_LANGUAGES)
                return fail(error, MITOME_E_VALUE, "guidance", NULL);
        bool one = guidance->one && number == 1 && language == MITOME_ENGLISH;
        write_text(&w, one ? guidance->one : guidance->texts[language], number);
        MITOME_TRY(writer_finish(&w, "guidance", &written, error));
        return slice_copy(written, "guidance", (uint8_t *)text, capacity, error);
}

enum mitome_language mitome_guidance_language(const char *locale)
{
        const slice tag = slice_text(locale ? locale : "");
        if (!slice_begins_with(tag, slice_text("ja")))
                return MITOME_ENGLISH;
        /* "jav" is Javanese. */
        const uint8_t next = tag.size > 2 ? tag.data[2] : '\0';
        return next == '\0' || next == '_' || next == '-' || next == '.' ? MITOME_JAPANESE : MITOME_ENGLISH;
}

/* ---- what is to be said ---- */

enum mitome_guidance mitome_guidance_of_refusal(mitome_code code)
{
        static const struct {
                mitome_code code;
                enum mitome_guidance state;
        } known[] = {
                { MITOME_E_GATE_NO_FINGER, MITOME_GUIDANCE_NONE_ENROLLED },
                { MITOME_E_GATE_FULL, MITOME_GUIDANCE_FULL },
                { MITOME_E_GATE_NO_SENSOR, MITOME_GUIDANCE_NO_SENSOR },
                { MITOME_E_GATE_PIN_DUE, MITOME_GUIDANCE_PIN_DUE },
                { MITOME_E_GATE_WAIT, MITOME_GUIDANCE_WAIT },
        };
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
                if (known[i].code == code)
                        return known[i].state;
        return MITOME_GUIDANCE_BROKEN;
}

static enum mitome_guidance of_hint(enum mitome_gate_hint hint)
{
        static const enum mitome_guidance states[] = {
                [MITOME_GATE_HINT_NONE] = MITOME_GUIDANCE_UNCLEAR,
                [MITOME_GATE_HINT_TOO_SHORT] = MITOME_GUIDANCE_AGAIN,
                [MITOME_GATE_HINT_CENTRE] = MITOME_GUIDANCE_CENTRE,
                [MITOME_GATE_HINT_LIFT] = MITOME_GUIDANCE_LIFT,
                [MITOME_GATE_HINT_GENERAL] = MITOME_GUIDANCE_UNCLEAR,
                [MITOME_GATE_HINT_SAME] = MITOME_GUIDANCE_SAME,
                [MITOME_GATE_HINT_KNOWN] = MITOME_GUIDANCE_KNOWN,
                [MITOME_GATE_HINT_POOR] = MITOME_GUIDANCE_POOR,
        };
        return (size_t)hint < sizeof states / sizeof *states ? states[hint] : MITOME_GUIDANCE_UNCLEAR;
}

static enum mitome_guidance of_sample(uint8_t remaining)
{
        return remaining ? MITOME_GUIDANCE_MORE : MITOME_GUIDANCE_NONE; /* the last one: evidence follows */
}

enum mitome_guidance mitome_guidance_of_event(const struct mitome_gate_event *event, unsigned *ret_number)
{
        enum { LONGEST_WAIT_S = 30 }; /* how much of it is over, the gate does not say */
        *ret_number = event->code == MITOME_E_GATE_WAIT ? LONGEST_WAIT_S : event->remaining;
        switch (event->kind) {
        case MITOME_GATE_AWAITS:
                return MITOME_GUIDANCE_TOUCH;
        case MITOME_GATE_SAMPLE:
                return of_sample(event->remaining);
        case MITOME_GATE_RETRY:
                return of_hint(event->hint);
        case MITOME_GATE_NO_MATCH:
                return event->hint == MITOME_GATE_HINT_SAME ? MITOME_GUIDANCE_SAME
                                                            : MITOME_GUIDANCE_NOT_RECOGNISED;
        case MITOME_GATE_ABSENT:
                return MITOME_GUIDANCE_ABSENT;
        case MITOME_GATE_DISMISSED:
                return MITOME_GUIDANCE_DECLINED;
        case MITOME_GATE_REFUSED:
                return mitome_guidance_of_refusal(event->code);
        case MITOME_GATE_BROKEN:
                return MITOME_GUIDANCE_BROKEN;
        case MITOME_GATE_NOTHING:
        case MITOME_GATE_EVIDENCE: /* what it was for, the element says */
        case MITOME_GATE_DONE:
        default:
                return MITOME_GUIDANCE_NONE;
        }
}
