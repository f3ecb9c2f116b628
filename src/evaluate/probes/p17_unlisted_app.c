/* SPDX-License-Identifier: Apache-2.0 */
#include "access_rule.h"
#include "probe_element.h"
#include "tlv.h"

#include <mitome/enforcer.h>

#include <stdio.h>

/* Who reaches the applets: apps that no rule names, one whose hash only begins like a listed one's, a rule
 * that names nobody; a listed app that goes on to another applet; and rules written without a session. The
 * rules are the element's; who holds apps to them is the access control enforcer of this project. */

#define READ_RULES 0x80CAFF40U
#define READ_MORE 0x80CAFF60U
#define STORE_RULE 0x80E29000U
#define STORE_RULE_SEALED 0x84E29000U

enum { DONE = 0x9000, NO_RULE = 0x6A88, RULES_MAX = 8192, RESPONSE_MAX = 4096, SHARED = 16, BLOCK = 256 };

struct access {
        struct probe_run *run;
        uint8_t bytes[RULES_MAX];
        slice rules;              /* the value of FF40: E2 .. */
        struct mitome_app listed; /* the first app that a rule names by SHA-256 */
        bool has_listed, holds;
        unsigned tried;
};

static void broken(struct access *access, const char *what)
{
        access->holds = false;
        probe_end(access->run, PROBE_BROKEN, "%s", what);
}

/* ---- the rules ---- */

/* False: they cannot be had. */
static bool read_rules(struct access *access)
{
        writer w = WRITER(access->bytes);
        slice part;
        int sw = element_select(access->run, ELEMENT_ARA);
        if (sw == DONE)
                sw = element_send(access->run, READ_RULES, (slice){ 0 }, BLOCK, &part);
        while (sw == DONE && part.size > 0 && !w.overflowed) {
                write_slice(&w, part);
                sw = element_send(access->run, READ_MORE, (slice){ 0 }, BLOCK, &part);
        }
        reader r = reader_over(writer_view(&w), NULL, NULL);
        struct tlv all;
        if (sw < 0 || w.used == 0 || w.overflowed || failed(tlv_read(&r, "rules", &all)) ||
                all.tag != ACCESS_ALL)
                return false;
        access->rules = all.value;
        return true;
}

static void take_listed(struct access *access, slice hash)
{
        if (access->has_listed || hash.size != ACCESS_SHA256_SIZE)
                return;
        writer w = WRITER(access->listed.sha256);
        write_slice(&w, hash);
        access->has_listed = true;
}

/* What they say: a rule that names no app, and does not say "never", lets every app in. */
static void look_at_rules(struct access *access)
{
        struct tlv one;
        unsigned count = 0, open = 0;
        for (reader r = reader_over(access->rules, NULL, NULL); r.rest.size > 0; count++) {
                struct access_rule rule;
                if (failed(tlv_read(&r, "rule", &one)) || failed(access_rule_read(one.value, &rule, NULL))) {
                        broken(access, "Its access rules cannot be read.");
                        return;
                }
                take_listed(access, rule.reference.hash);
                open += rule.reference.hash.size == 0 && rule.reference.package.size == 0 &&
                        rule.apdu.size > 0 && !(rule.apdu.size == 1 && rule.apdu.data[0] == 0);
        }
        probe_note(access->run, "%u rules, %u of which name no app", count, open);
        if (open > 0)
                broken(access, "An access rule names no app, and so lets every one in.");
}

/* ---- apps ---- */

static mitome_status transmit(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        struct access *access = context;
        slice data;
        writer w = writer_over(response, capacity);
        int sw = probe_apdu(access->run, command, &data);
        if (sw < 0)
                return fail(error, MITOME_E_LINK, "element", NULL);
        write_slice(&w, data);
        write_u16(&w, (uint16_t)sw);
        slice written;
        MITOME_TRY(writer_finish(&w, "response", &written, error));
        *ret_size = written.size;
        return ok();
}

/* How the app comes to the applet; with `onward`, how it comes from there to another one. */
static mitome_status reach(
        struct access *access, const struct mitome_app *app, enum element_applet applet, bool onward)
{
        const struct mitome_link link = { .context = access, .transmit = transmit };
        struct mitome_enforcer *enforcer = NULL;
        uint8_t bytes[64], response[RESPONSE_MAX];
        size_t size;
        mitome_status status = mitome_enforcer_new(&link, app, &enforcer, NULL);
        if (!failed(status))
                status = mitome_enforcer_select(enforcer, element_applet_aid(applet), NULL);
        if (!failed(status) && onward) {
                const struct apdu_command select = {
                        .ins = 0xA4, .p1 = 0x04, .data = element_applet_aid(ELEMENT_ISSUER)
                };
                writer w = WRITER(bytes);
                apdu_write_command(&w, &select);
                status = mitome_enforcer_transmit(
                        enforcer, writer_view(&w), response, sizeof response, &size, NULL);
        }
        mitome_enforcer_free(enforcer);
        return status;
}

static void must_not_reach(struct access *access, const char *who, const struct mitome_app *app)
{
        static const enum element_applet applets[] = { ELEMENT_FIDO, ELEMENT_JPKI, ELEMENT_ISSUER,
                ELEMENT_ARA };
        static const char *const names[] = { "FIDO", "JPKI", "the issuer's domain", "the rules" };
        for (size_t i = 0; i < sizeof applets / sizeof *applets; i++) {
                probe_note(access->run, "%s asks for %s", who, names[i]);
                const mitome_status status = reach(access, app, applets[i], false);
                access->tried++;
                if (failed(status))
                        continue;
                access->holds = false;
                probe_end(access->run, PROBE_BROKEN, "%s reaches %s.", who, names[i]);
        }
}

static void try_apps(struct access *access)
{
        struct mitome_app stranger, like = access->listed;
        probe_random(access->run, stranger.sha256, sizeof stranger.sha256);
        probe_random(access->run, stranger.sha1, sizeof stranger.sha1);
        stranger.package = NULL;
        must_not_reach(access, "An app that no rule names", &stranger);
        must_not_reach(access, "An app without a certificate", &(struct mitome_app){ 0 });
        if (!access->has_listed)
                return;
        for (size_t i = SHARED; i < sizeof like.sha256; i++)
                like.sha256[i] ^= 0xFF;
        must_not_reach(access, "An app whose hash begins like a listed one's", &like);
        probe_note(access->run, "the listed app asks for FIDO, and for what no rule gives it");
        if (failed(reach(access, &access->listed, ELEMENT_FIDO, false)))
                probe_note(
                        access->run, "the listed app does not reach FIDO: its rule is about another applet");
        else if (!failed(reach(access, &access->listed, ELEMENT_FIDO, true)))
                broken(access, "A listed app goes on from its applet to the issuer's domain.");
}

/* ---- rules that nobody may write ---- */

static bool write_rules(struct access *access)
{
        static const uint8_t always = 0x01;
        const struct access_rule rule = { .reference = { .aid = element_applet_aid(ELEMENT_FIDO) },
                .apdu = slice_of(&always, 1) };
        static const uint32_t headers[] = { STORE_RULE, STORE_RULE_SEALED };
        uint8_t inner[128], outer[160], before[SHA256_SIZE], after[SHA256_SIZE];
        writer w = WRITER(inner), all = WRITER(outer);
        access_rule_write(&w, &rule);
        tlv_write(&all, ACCESS_STORE, writer_view(&w));
        sha256(&access->rules, 1, before);
        for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
                probe_note(access->run, "a rule for every app is to be stored, without a session");
                int sw = element_select(access->run, ELEMENT_ARA);
                if (sw == DONE)
                        sw = element_send(access->run, headers[i], writer_view(&all), 0, NULL);
                if (sw < 0)
                        return false;
                access->tried++;
                if (sw == DONE)
                        broken(access, "Anybody can store an access rule.");
        }
        if (!read_rules(access)) {
                broken(access, "Its access rules cannot be read any more.");
                return true;
        }
        sha256(&access->rules, 1, after);
        if (!slice_equal(SLICE(before), SLICE(after)))
                broken(access, "The access rules were changed without a session.");
        return true;
}

static void attempt(struct probe_run *run, struct target *target)
{
        struct access access = { .run = run, .holds = true };
        (void)target;
        if (!read_rules(&access)) {
                probe_end(run, PROBE_NOT_TESTABLE, "It has no access rules that can be read.");
                return;
        }
        look_at_rules(&access);
        try_apps(&access);
        if (!write_rules(&access))
                return;
        probe_fact_bool(run, LEVEL_ACCESS_ENFORCED, access.holds, !access.has_listed);
        probe_end(run, PROBE_HOLDS,
                "No app that is not listed reached an applet (%u tries), and nobody wrote a rule.",
                access.tried);
}

const struct probe probe_p17 = {
        .id = "P17",
        .title = "An app that is not listed",
        .title_ja = "許可されていないアプリ",
        .attack =
                "Apps that no access rule names, or whose hash only begins like a listed one's, ask for the applets; rules are written without a session.",
        .attack_ja =
                "アクセス規則にないアプリや、ハッシュの先頭だけが一致するアプリがアプレットを要求し、セッションなしで規則を書き込む。",
        .must = "Only the apps that the rules name reach the applets, and only the manager writes rules.",
        .must_ja = "規則にあるアプリだけがアプレットに到達し、管理者だけが規則を書けること。",
        .harm = "Should it take a rule without a session, that rule lets every app in until its manager takes it out.",
        .harm_ja = "セッションなしの規則を受け付けた場合、管理者が削除するまで全アプリがアクセスできる。",
        .responsible = "platform",
        .needs = TARGET_ELEMENT,
        .attempt = attempt,
};
