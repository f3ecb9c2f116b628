/* SPDX-License-Identifier: Apache-2.0 */
#include "access_rule.h"
#include "probe_element.h"
#include "tlv.h"

#include <mitome/enforcer.h>

/* Who reaches the applets: apps that no rule names, one whose hash only begins like a listed one's, a rule
 * that names nobody; a listed app that goes on to another applet; and rules written without a session. The
 * rules are the element's; who holds apps to them is the access control enforcer of this project. */

#define READ_RULES 0x80CAFF40U
#define READ_MORE 0x80CAFF60U
#define STORE_RULE 0x80E29000U
#define STORE_RULE_SEALED 0x84E29000U

enum { DONE = 0x9000, NO_RULE = 0x6A88, RULES_MAX = 8192, RESPONSE_MAX = 4096, SHARED = 16, BLOCK = 256 };

static const struct {
        enum element_applet applet;
        const char *name;
} applets[] = {
        { ELEMENT_FIDO, "FIDO" },
        { ELEMENT_JPKI, "JPKI" },
        { ELEMENT_ISSUER, "the issuer's domain" },
        { ELEMENT_ARA, "the rules" },
};

enum { APPLETS = sizeof applets / sizeof *applets };

struct access {
        struct probe_run *run;
        uint8_t bytes[RULES_MAX];
        slice rules;              /* the value of FF40: E2 .. */
        struct mitome_app listed; /* the first app that a rule names by SHA-256 */
        bool there[APPLETS];      /* which of them the element has */
        bool has_listed, holds;
        unsigned tried;
        const char *missed; /* the first form that could not be tried; NULL: all were */
};

static void miss(struct access *access, const char *what)
{
        probe_note(access->run, "not tried: %s", what);
        if (!access->missed)
                access->missed = what;
}

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

/* A rule that names no app and does not say "never" lets every app in, to what it is about: the trial below
 * shows whether that is one of the applets here. */
static void look_at_rules(struct access *access)
{
        struct tlv one;
        unsigned count = 0, open = 0;
        for (reader r = reader_over(access->rules, NULL, NULL); r.rest.size > 0; count++) {
                struct access_rule rule;
                if (failed(tlv_read(&r, "rule", &one)) || failed(access_rule_read(one.value, &rule, NULL))) {
                        miss(access, "apps that a rule names which cannot be read");
                        return;
                }
                take_listed(access, rule.reference.hash);
                open += rule.reference.hash.size == 0 && rule.reference.package.size == 0 &&
                        rule.apdu.size > 0 && !(rule.apdu.size == 1 && rule.apdu.data[0] == 0);
        }
        probe_note(access->run, "%u rules, %u of which name no app", count, open);
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

/* Only a denial is one: what fails for another reason was not tried. */
static void must_not_reach(struct access *access, const char *who, const struct mitome_app *app)
{
        for (size_t i = 0; i < APPLETS; i++) {
                if (!access->there[i])
                        continue;
                probe_note(access->run, "%s asks for %s", who, applets[i].name);
                const mitome_status status = reach(access, app, applets[i].applet, false);
                if (!failed(status)) {
                        access->holds = false;
                        probe_end(access->run, PROBE_BROKEN, "%s reaches %s.", who, applets[i].name);
                } else if (status.code != MITOME_E_ACCESS_DENIED) {
                        miss(access, "an app that asks, and is answered by an error");
                        continue;
                }
                access->tried++;
        }
}

/* The listed app reaches what its rule is about, by the same way: else the others' denials say nothing. From
 * there it goes on to what no rule gives it. */
static void try_listed(struct access *access)
{
        for (size_t i = 0; i < APPLETS; i++) {
                probe_note(access->run, "the listed app asks for %s", applets[i].name);
                if (failed(reach(access, &access->listed, applets[i].applet, false)))
                        continue;
                probe_note(access->run, "it is let in, and goes on from there to the issuer's domain");
                if (applets[i].applet != ELEMENT_ISSUER &&
                        !failed(reach(access, &access->listed, applets[i].applet, true)))
                        broken(access, "A listed app goes on from its applet to the issuer's domain.");
                return;
        }
        miss(access, "an app that is let in: so that others are not says nothing");
}

static void try_apps(struct access *access)
{
        struct mitome_app stranger, like = access->listed;
        probe_random(access->run, stranger.sha256, sizeof stranger.sha256);
        probe_random(access->run, stranger.sha1, sizeof stranger.sha1);
        stranger.package = NULL;
        for (size_t i = 0; i < APPLETS; i++)
                access->there[i] = element_select(access->run, applets[i].applet) == DONE;
        must_not_reach(access, "An app that no rule names", &stranger);
        must_not_reach(access, "An app without a certificate", &(struct mitome_app){ 0 });
        if (!access->has_listed) {
                miss(access, "an app that is nearly listed, and one that is: no rule names one by SHA-256");
                return;
        }
        for (size_t i = SHARED; i < sizeof like.sha256; i++)
                like.sha256[i] ^= 0xFF;
        must_not_reach(access, "An app whose hash begins like a listed one's", &like);
        try_listed(access);
}

/* ---- rules that nobody may write ---- */

/* A rule that would do no harm if it were left there: for an app that nobody has, about an applet that is
 * nowhere. The two objects are what stores it, and what deletes it again. */
static slice write_harmless(uint32_t tag, writer *w)
{
        static const uint8_t always = 0x01, nowhere[] = { 0xF0, 'n', 'o', 'b', 'o', 'd', 'y' };
        uint8_t hash[ACCESS_SHA256_SIZE], inner[160];
        writer rule_bytes = WRITER(inner);
        const slice nobody = SLICE(nowhere);
        sha256(&nobody, 1, hash);
        const struct access_rule rule = { .reference = { .aid = SLICE(nowhere), .hash = SLICE(hash) },
                .apdu = slice_of(&always, 1) };
        access_rule_write(&rule_bytes, &rule);
        tlv_write(w, tag, writer_view(&rule_bytes));
        return writer_view(w);
}

static int send_rule(struct access *access, uint32_t header, uint32_t tag)
{
        uint8_t bytes[200];
        writer w = WRITER(bytes);
        int sw = element_select(access->run, ELEMENT_ARA);
        return sw == DONE ? element_send(access->run, header, write_harmless(tag, &w), 0, NULL) : sw;
}

/* By the way that it came; else the element is made anew. */
static void take_back(struct access *access, struct target *target, uint32_t header)
{
        probe_puts_back(access->run);
        const int sw = send_rule(access, header, ACCESS_DELETE);
        probe_note(access->run, "the rule is taken back: %04x", (unsigned)sw & 0xFFFF);
        if (sw == DONE)
                return;
        if (target->restart && target->restart(target->context))
                probe_note(access->run, "it is made anew");
        else
                probe_note(access->run,
                        "the rule is left there: for an app that nobody has, about an applet that is nowhere");
}

/* False: the attempt is over. */
static bool write_rules(struct access *access, struct target *target)
{
        static const uint32_t headers[] = { STORE_RULE, STORE_RULE_SEALED };
        uint8_t before[SHA256_SIZE], after[SHA256_SIZE];
        sha256(&access->rules, 1, before);
        for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
                probe_note(access->run, "a rule is to be stored, without a session");
                const int sw = send_rule(access, headers[i], ACCESS_STORE);
                if (sw < 0)
                        return false;
                if (!read_rules(access)) {
                        miss(access, "whether its rules are still the same: they cannot be read any more");
                        return true;
                }
                sha256(&access->rules, 1, after);
                const bool changed = !slice_equal(SLICE(before), SLICE(after));
                if (sw == DONE || sw == SW_RULE_EXISTS || changed) {
                        broken(access, "Anybody can store an access rule.");
                        take_back(access, target, headers[i]);
                        return true;
                }
                if (sw == SW_WRONG_DATA || sw == SW_WRONG_LENGTH || sw == SW_UNKNOWN)
                        miss(access, "a rule in the form that it takes");
                access->tried++;
        }
        return true;
}

/* Who holds apps to the rules is the platform. That is this project's own where the target is. */
static void conclude(struct access *access, const struct target *target, bool whole)
{
        const bool own = target->abilities & TARGET_LIFE, part = !whole || access->missed || !own;
        if (!access->holds || access->tried)
                probe_fact_bool(access->run, LEVEL_ACCESS_ENFORCED, access->holds, access->holds && part);
        if (!whole)
                probe_end(access->run, PROBE_PARTLY, "Ended before all was tried.");
        else if (access->missed)
                probe_end(access->run, PROBE_PARTLY, "Denied: %u tries. Not tried: %s.", access->tried,
                        access->missed);
        else if (!own)
                probe_end(access->run, PROBE_PARTLY,
                        "By its rules no app that is not listed reaches an applet (%u tries); its own platform, which has to "
                        "keep them, was not seen.",
                        access->tried);
        else
                probe_end(access->run, PROBE_HOLDS,
                        "No app that is not listed reached an applet (%u tries), and nobody wrote a rule.",
                        access->tried);
}

static void attempt(struct probe_run *run, struct target *target)
{
        struct access access = { .run = run, .holds = true };
        if (!read_rules(&access)) {
                probe_end(run, PROBE_NOT_TESTABLE, "It has no access rules that can be read.");
                return;
        }
        look_at_rules(&access);
        try_apps(&access);
        conclude(&access, target, write_rules(&access, target));
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
        .responsible = "platform",
        .needs = TARGET_ELEMENT,
        .attempt = attempt,
};
