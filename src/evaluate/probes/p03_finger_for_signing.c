/* SPDX-License-Identifier: Apache-2.0 */
#include "ctap_status.h"
#include "probe_element.h"
#include "tlv.h"

/* The signing key of the JPKI is opened by its password alone. A finger's evidence, a token and the PIN of
 * user verification are tried on it, by each command that signs. */

#define RP "p03.mitome.invalid"

#define SIGN_WITH_SIGNING_KEY 0x802A039AU
#define SIGN_DOCUMENT 0x80560000U
#define BEGIN 0x80200000U

enum { SIGNATURE = 256, FOR_DOCUMENTS = 0x56 };
enum { DONE = 0x9000, NO_SUCH_KEY = 0x6A88, NO_SUCH_FUNCTION = 0x6A81 };

struct signing {
        struct platform platform;
        struct evidence_tape tape;
        bool begun, evidence, finger, pin; /* what was tried, and refused for what it is */
};

/* Refused for what it is: a command that the element does not know, or cannot read, says nothing of its key.
 */
static bool refuses(int sw)
{
        const int class = sw & 0xFF00;
        return class == 0x6900 || class == 0x6600;
}

/* False: the attempt is over. */
static bool must_not_sign(struct signing *signing, const char *what, int sw, bool *ret_tried)
{
        struct probe_run *run = signing->platform.run;
        probe_note(run, "%s: %04x", what, (unsigned)sw & 0xFFFF);
        *ret_tried = sw >= 0 && refuses(sw);
        if (sw == DONE) {
                probe_fact_bool(run, LEVEL_SIGN_FINGER_REFUSED, false, false);
                probe_end(run, PROBE_BROKEN, "The signing key signed without its password: %s.", what);
        }
        return sw >= 0 && sw != DONE;
}

static int sign(struct signing *signing)
{
        static const uint8_t document[] = "a document that its holder has never seen";
        return element_send(signing->platform.run, SIGN_WITH_SIGNING_KEY, SLICE(document), SIGNATURE, NULL);
}

/* Evidence as the holder's finger has just given it, and which opened the key of a login; false when the
 * attempt is over. */
static bool give_finger(struct signing *signing, bool *ret_given)
{
        struct platform *platform = &signing->platform;
        const unsigned needs = TARGET_FINGER | TARGET_EVIDENCE;
        *ret_given = false;
        if ((platform->target->abilities & needs) != needs || !platform->info.uv_set)
                return true;
        probe_note(platform->run, "the holder's finger is verified");
        signing->tape.play = EVIDENCE_LISTEN;
        int status = evidence_hear(platform, &signing->tape, RP);
        *ret_given = status == CTAP2_OK && signing->tape.size > 0;
        return status >= 0;
}

/* An operation on a document, to be verified by finger; and the command that signs documents, with the
 * evidence in it. An element that begins no such operation refuses the evidence of it. */
static bool by_evidence(struct signing *signing)
{
        struct probe_run *run = signing->platform.run;
        uint8_t bytes[300], hash[SHA256_SIZE];
        writer begin = WRITER(bytes);
        probe_random(run, hash, sizeof hash);
        int sw = element_select(run, ELEMENT_FIDO);
        if (sw != DONE)
                return sw >= 0;
        tlv_write_u8(&begin, 0x80, FOR_DOCUMENTS);
        tlv_write(&begin, 0x81, SLICE(hash));
        tlv_write(&begin, 0x82, SLICE(hash));
        tlv_write_u8(&begin, 0x83, 0x02);
        sw = element_send(run, BEGIN, writer_view(&begin), 256, NULL);
        if (sw < 0)
                return false;
        probe_note(run, "an operation on a document is begun, by finger: %04x", (unsigned)sw);
        signing->begun = refuses(sw) || sw == NO_SUCH_FUNCTION;
        writer document = WRITER(bytes);
        tlv_write(&document, 0x80, slice_of(signing->tape.kept, signing->tape.size));
        tlv_write(&document, 0x83, SLICE(hash));
        return must_not_sign(signing, "a document is to be signed by the finger's evidence",
                element_send(run, SIGN_DOCUMENT, writer_view(&document), SIGNATURE + 16, NULL),
                &signing->evidence);
}

/* The PIN must be the right one, and taken: else what comes behind it says nothing. */
static bool by_pin(struct signing *signing)
{
        struct probe_run *run = signing->platform.run;
        int sw = element_verify_pin(&signing->platform);
        probe_note(run, "the PIN of user verification is verified: %04x", (unsigned)sw & 0xFFFF);
        if (sw != DONE)
                return sw >= 0;
        return must_not_sign(signing, "after the PIN of user verification", sign(signing), &signing->pin);
}

static void conclude(const struct signing *signing)
{
        struct probe_run *run = signing->platform.run;
        const bool evidence = signing->begun || signing->evidence;
        const bool whole = evidence && signing->finger && signing->pin;
        if (evidence || signing->finger)
                probe_fact_bool(run, LEVEL_SIGN_FINGER_REFUSED, true, !whole);
        probe_end(run, whole ? PROBE_HOLDS : PROBE_PARTLY,
                "The signing key signed nothing without its password. Tried:%s%s%s.",
                evidence ? " by a finger's evidence;" : "", signing->finger ? " behind a finger;" : "",
                signing->pin ? " behind the PIN of user verification" : "");
}

static void play(struct signing *signing)
{
        struct platform *platform = &signing->platform;
        struct probe_run *run = platform->run;
        bool given;
        if (!give_finger(signing, &given) || (given && !by_evidence(signing)))
                return;
        int sw = element_select(run, ELEMENT_JPKI);
        if (sw < 0)
                return;
        sw = sw == DONE ? sign(signing) : NO_SUCH_KEY;
        if (sw == NO_SUCH_KEY) {
                probe_end(run, PROBE_NOT_TESTABLE, "It has no signing key.");
                return;
        }
        if (!must_not_sign(signing,
                    given ? "after the finger, without the password" : "without finger and password", sw,
                    &signing->finger))
                return;
        signing->finger = signing->finger && given;
        if (by_pin(signing))
                conclude(signing);
}

static void attempt(struct probe_run *run, struct target *target)
{
        struct signing signing = { 0 };
        if (!platform_open(&signing.platform, run, target))
                return;
        play(&signing);
        platform_close(&signing.platform);
}

const struct probe probe_p03 = {
        .id = "P03",
        .title = "A finger for the signing key",
        .title_ja = "署名用の鍵への生体の流用",
        .attack =
                "A finger's evidence, and the PIN of user verification, are used on the key of the signing certificate.",
        .attack_ja = "生体の照合結果と利用者証明用のPINを、署名用証明書の鍵に対して使う。",
        .must = "The signing key signs by its own password and by nothing else.",
        .must_ja = "署名用の鍵は署名用パスワードでのみ署名すること。",
        .responsible = "element",
        .needs = TARGET_CTAP | TARGET_ELEMENT,
        .attempt = attempt,
};
