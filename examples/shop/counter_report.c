/* SPDX-License-Identifier: Apache-2.0 */
#include "counter.h"

#include "hex_text.h"

#include <stdio.h>

static const struct {
        const char *name, *english, *english_todo, *japanese, *japanese_todo;
} verdicts[COUNTER_VERDICTS] = {
        [COUNTER_NEVER] = { "never-provisioned", "NEVER PROVISIONED",
                "No certificate was ever in this phone. Nothing is left to do.", "搭載されたことはありません",
                "この端末に電子証明書が搭載されたことはありません。手続は不要です。" },
        [COUNTER_LIVE] = { "live", "A CERTIFICATE IS IN THIS PHONE",
                "Ask the owner to revoke it in the phone's app; then check again.",
                "電子証明書が残っています",
                "持ち主に、スマホのアプリで失効の手続をするよう案内し、もう一度確認してください。" },
        [COUNTER_UNDELETED] = { "revoked-not-erased", "REVOKED, NOT ERASED",
                "Have the owner erase it now in the phone's app; then check again.", "失効済み・未削除",
                "持ち主に、今ここでスマホのアプリから削除するよう案内し、もう一度確認してください。" },
        [COUNTER_ERASED] = { "erased", "ERASED, RECEIPT VERIFIED",
                "The certificates that were in this phone are gone, with their keys.",
                "削除済み・受領証を確認", "この端末にあった電子証明書と鍵は削除されています。" },
        [COUNTER_UNTOLD] = { "cannot-be-told", "CANNOT BE TOLD", "Do not take the phone as empty:",
                "確認できません", "削除済みとして扱わないでください。理由：" },
};

static const char *const states_en[] = { "valid", "on hold", "revoked", "not known to the authority",
        "not asked about" };
static const char *const states_ja[] = { "有効", "一時保留", "失効", "認証局に記録なし", "未照会" };
static const char *const states[] = { "good", "hold", "revoked", "unknown", "not-asked" };

const char *counter_verdict_name(enum counter_verdict verdict)
{
        return verdicts[verdict].name;
}

/* ---- writing ---- */

static void say(writer *w, const char *text)
{
        write_slice(w, slice_text(text));
}

static void say_number(writer *w, uint32_t number)
{
        char text[16];
        (void)snprintf(text, sizeof text, "%u", number);
        say(w, text);
}

static void say_code(writer *w, const struct counter_finding *finding)
{
        char text[256], field[64];
        if (finding->number)
                (void)snprintf(field, sizeof field, "%s %u", finding->what, finding->number);
        else
                (void)snprintf(field, sizeof field, "the %s", finding->what);
        const mitome_error error = { .code = finding->code, .at = MITOME_NOWHERE, .field = field };
        (void)mitome_explain(&error, text, sizeof text);
        say(w, text);
}

/* ---- the screen ---- */

struct screen {
        writer *w;
        bool english, japanese;
};

/* A line, or one in each language. */
static void line(const struct screen *screen, const char *english, const char *japanese)
{
        if (screen->english) {
                say(screen->w, english);
                say(screen->w, "\n");
        }
        if (screen->japanese) {
                say(screen->w, japanese);
                say(screen->w, "\n");
        }
}

static void label(const struct screen *screen, const char *english, const char *japanese)
{
        say(screen->w, "  ");
        if (screen->english)
                say(screen->w, english);
        if (screen->english && screen->japanese)
                say(screen->w, " ");
        if (screen->japanese)
                say(screen->w, japanese);
        say(screen->w, ": ");
}

static void word(const struct screen *screen, const char *english, const char *japanese)
{
        if (screen->english)
                say(screen->w, english);
        if (screen->english && screen->japanese)
                say(screen->w, " / ");
        if (screen->japanese)
                say(screen->w, japanese);
}

static void say_person(const struct screen *screen, const struct counter_person *person)
{
        bool signing = person->kind == EVIDENCE_SIGNING;
        word(screen, signing ? "signing" : "user verification", signing ? "署名用" : "利用者証明用");
        say(screen->w, " ");
        if (person->has_certificate)
                hex_text_write(screen->w, slice_of(person->serial, person->serial_size));
        else
                word(screen, "(a key without a certificate)", "（証明書のない鍵）");
}

static void say_present(const struct screen *screen, const struct counter_report *report)
{
        for (size_t i = 0; i < report->person_count; i++) {
                const struct counter_person *person = &report->persons[i];
                label(screen, "in the phone", "端末内");
                say_person(screen, person);
                if (person->has_certificate) {
                        say(screen->w, ", ");
                        word(screen, states_en[person->status], states_ja[person->status]);
                }
                say(screen->w, "\n");
        }
        if (report->has_statement && !report->person_count) {
                label(screen, "in the phone", "端末内");
                word(screen, "no certificate, no key of one", "証明書・鍵なし");
                say(screen->w, "\n");
        }
        if (report->derived) {
                label(screen, "logins of websites that are left", "残っているウェブサイトのログイン");
                say_number(screen->w, report->derived);
                say(screen->w, " ");
                word(screen, "(behind the owner's PIN; they go when he sets the phone back)",
                        "（持ち主の暗証番号が必要。端末の初期化で消えます）");
                say(screen->w, "\n");
        }
}

static void say_receipts(const struct screen *screen, const struct counter_report *report)
{
        enum { LINES = 3 };
        for (size_t i = 0; i < report->shown_count && i < LINES; i++) {
                const struct counter_shown *shown = &report->shown[i];
                const char *reason = evidence_reason_name(shown->reason);
                label(screen, "receipt", "受領証");
                say_number(screen->w, shown->number);
                say(screen->w, ", ");
                say(screen->w, reason ? reason : "for a reason that is not known here");
                for (size_t k = 0; k < shown->person_count; k++) {
                        say(screen->w, "; ");
                        say_person(screen, &shown->persons[k]);
                }
                say(screen->w, shown->taken ? "" : " ");
                if (!shown->taken)
                        word(screen, "(not yet with the authority)", "（認証局に未提出）");
                say(screen->w, "\n");
        }
        if (report->known_count) {
                label(screen, "receipts that the authority has", "認証局が受領済みの受領証");
                say_number(screen->w, (uint32_t)report->known_count);
                say(screen->w, "\n");
        }
        if (report->missing_count) {
                label(screen, "receipts that are missing", "不足している受領証");
                say_number(screen->w, (uint32_t)report->missing_count);
                say(screen->w, "\n");
        }
}

/* What stands above as the reason is not said twice. */
static bool is_reason(const struct counter_report *report, const struct counter_finding *finding)
{
        return report->verdict == COUNTER_UNTOLD && report->reason.code == finding->code &&
               report->reason.number == finding->number;
}

static void say_findings(const struct screen *screen, const struct counter_report *report)
{
        enum { LINES = 4 };
        for (size_t i = 0, said = 0; i < report->finding_count && said < LINES; i++) {
                if (is_reason(report, &report->findings[i]))
                        continue;
                said++;
                label(screen, "note", "注");
                say_code(screen->w, &report->findings[i]);
                say(screen->w, "\n");
        }
        if (!report->asked)
                line(screen, "  The authority was not asked.", "  認証局には照会していません。");
}

void counter_write_screen(
        const struct counter_report *report, slice identity, enum counter_language language, writer *w)
{
        const struct screen screen = { w, language & COUNTER_ENGLISH, language & COUNTER_JAPANESE };
        enum counter_verdict verdict = report->verdict;
        label(&screen, "phone", "端末");
        write_slice(w, identity);
        say(w, "\n\n");
        line(&screen, verdicts[verdict].english, verdicts[verdict].japanese);
        line(&screen, verdicts[verdict].english_todo, verdicts[verdict].japanese_todo);
        if (verdict == COUNTER_UNTOLD) {
                say(w, "  ");
                say_code(w, &report->reason);
                say(w, "\n");
        }
        say(w, "\n");
        say_present(&screen, report);
        say_receipts(&screen, report);
        say_findings(&screen, report);
}

/* ---- JSON ---- */

static void json_text(writer *w, slice text)
{
        say(w, "\"");
        for (size_t i = 0; i < text.size; i++) {
                char escaped[8];
                uint8_t byte = text.data[i];
                if (byte >= 0x20 && byte != '"' && byte != '\\') {
                        write_u8(w, byte);
                        continue;
                }
                (void)snprintf(escaped, sizeof escaped, "\\u%04x", byte);
                say(w, escaped);
        }
        say(w, "\"");
}

static void json_name(writer *w, const char *name)
{
        say(w, "\"");
        say(w, name);
        say(w, "\": ");
}

static void json_number(writer *w, const char *name, uint32_t number)
{
        say(w, ", ");
        json_name(w, name);
        say_number(w, number);
}

static void json_bool(writer *w, const char *name, bool value)
{
        say(w, ", ");
        json_name(w, name);
        say(w, value ? "true" : "false");
}

static void json_persons(writer *w, const char *name, const struct counter_person *persons, size_t count)
{
        say(w, ", ");
        json_name(w, name);
        say(w, "[");
        for (size_t i = 0; i < count; i++) {
                say(w, i ? ", {" : "{");
                json_name(w, "kind");
                say(w, persons[i].kind == EVIDENCE_SIGNING ? "\"signing\"" : "\"user-verification\"");
                if (persons[i].has_certificate) {
                        say(w, ", ");
                        json_name(w, "serial");
                        say(w, "\"");
                        hex_text_write(w, slice_of(persons[i].serial, persons[i].serial_size));
                        say(w, "\"");
                }
                say(w, ", ");
                json_name(w, "status");
                json_text(w, slice_text(states[persons[i].status]));
                say(w, "}");
        }
        say(w, "]");
}

static void json_finding(writer *w, const struct counter_finding *finding)
{
        say(w, "{");
        json_name(w, "of");
        json_text(w, slice_text(finding->what));
        json_number(w, "number", finding->number);
        json_number(w, "code", (uint32_t)finding->code);
        say(w, "}");
}

static void json_receipts(writer *w, const struct counter_report *report)
{
        say(w, ", ");
        json_name(w, "receipts");
        say(w, "[");
        for (size_t i = 0; i < report->shown_count; i++) {
                const struct counter_shown *shown = &report->shown[i];
                say(w, i ? ", {" : "{");
                json_name(w, "number");
                say_number(w, shown->number);
                json_number(w, "reason", shown->reason);
                json_bool(w, "with_authority", shown->taken);
                json_persons(w, "erased", shown->persons, shown->person_count);
                say(w, "}");
        }
        say(w, "]");
}

void counter_write_json(const struct counter_report *report, slice identity, writer *w)
{
        say(w, "{");
        json_name(w, "identity");
        json_text(w, identity);
        say(w, ", ");
        json_name(w, "verdict");
        json_text(w, slice_text(verdicts[report->verdict].name));
        say(w, ", ");
        json_name(w, "reason");
        if (report->verdict == COUNTER_UNTOLD)
                json_finding(w, &report->reason);
        else
                say(w, "null");
        json_bool(w, "statement", report->has_statement);
        json_bool(w, "authority_asked", report->asked && !report->unreachable);
        json_persons(w, "present", report->persons, report->person_count);
        json_number(w, "last_receipt", report->last);
        json_number(w, "pending", report->pending);
        json_number(w, "dropped", report->dropped);
        json_number(w, "website_logins", report->derived);
        json_receipts(w, report);
        json_number(w, "receipts_with_authority", (uint32_t)report->known_count);
        json_number(w, "receipts_missing", (uint32_t)report->missing_count);
        say(w, ", ");
        json_name(w, "findings");
        say(w, "[");
        for (size_t i = 0; i < report->finding_count; i++) {
                say(w, i ? ", " : "");
                json_finding(w, &report->findings[i]);
        }
        say(w, "]}\n");
}
