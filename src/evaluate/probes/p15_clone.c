/* SPDX-License-Identifier: Apache-2.0 */
#include "authdata.h"
#include "cose.h"
#include "ctap_status.h"
#include "probe_element.h"
#include "probe_passkey.h"

#include <openssl/ec.h>
#include <openssl/obj_mac.h>

/* A copy of all that is stored, in a second device, and both used at the same time: does it sign, and does
 * the relying party notice it by the counter? An older copy, put back into the device itself, after it has
 * gone on. And every way that reads: does a private key come out? */

#define RP "p15.mitome.invalid"
#define READ_BINARY 0x00B00000U
#define GET_DATA 0x80CA0000U

enum { DONE = 0x9000, SCALAR = 32, TAGS = 0x100, OLD = 0, NOW = 1 };

static const struct site site = { .rp_id = RP, .origin = "https://" RP };

struct cloning {
        struct platform platform;
        struct passkey passkey, known; /* `known`: as the relying party has stored it */
        EC_GROUP *group;
        EC_POINT *point; /* the passkey's public key */
        unsigned read;   /* ways that gave something */
        bool exported, looked;
        bool counts, noticed;   /* the counter is one; the relying party has seen that there are two */
        bool signs, refused;    /* a second device with a copy, without the first one's anchor */
        bool signed_there;      /* a second device has signed, whatever it has signed */
        bool rejected;          /* .. and what it has signed no relying party accepts */
        bool complete;          /* with the anchor, too, it signs: nothing else was missing */
        bool put_back, returns; /* an older copy was put back; it runs, and signs */
};

/* ---- keys that come out ---- */

static bool find_point(struct cloning *cloning)
{
        struct cbor_reader r =
                cbor_over(slice_of(cloning->passkey.key, cloning->passkey.key_size), NULL, NULL);
        struct cose_key key;
        uint8_t bytes[65];
        writer w = WRITER(bytes);
        if (failed(cose_key_parse(&r, "key", &key)) || key.algorithm != COSE_ES256)
                return false;
        write_u8(&w, 0x04);
        write_slice(&w, key.x);
        write_slice(&w, key.y);
        cloning->group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
        cloning->point = cloning->group ? EC_POINT_new(cloning->group) : NULL;
        return cloning->point && w.used == sizeof bytes &&
               EC_POINT_oct2point(cloning->group, cloning->point, bytes, sizeof bytes, NULL) == 1;
}

static bool is_private_key(const struct cloning *cloning, slice scalar)
{
        BIGNUM *number = BN_bin2bn(scalar.data, (int)scalar.size, NULL);
        EC_POINT *product = EC_POINT_new(cloning->group);
        bool is = number && product && EC_POINT_mul(cloning->group, product, number, NULL, NULL, NULL) == 1 &&
                  EC_POINT_cmp(cloning->group, product, cloning->point, NULL) == 0;
        BN_free(number);
        EC_POINT_free(product);
        return is;
}

/* Whatever came out is tried as the passkey's private key, from each place on. */
static void look(struct cloning *cloning, slice data)
{
        slice mark;
        cloning->read += data.size > 0;
        for (reader r = reader_over(data, NULL, NULL); cloning->point && r.rest.size >= SCALAR;) {
                if (is_private_key(cloning, slice_of(r.rest.data, SCALAR))) {
                        cloning->exported = true;
                        probe_end(cloning->platform.run, PROBE_BROKEN, "The passkey's private key came out.");
                        return;
                }
                if (failed(read_bytes(&r, "data", 1, &mark)))
                        return;
        }
}

static bool read_files(struct cloning *cloning)
{
        static const uint8_t files[][2] = { { 0x00, 0x17 }, { 0x00, 0x1A }, { 0x00, 0x18 }, { 0x00, 0x1B } };
        struct probe_run *run = cloning->platform.run;
        slice data;
        if (element_select(run, ELEMENT_JPKI) != DONE)
                return true;
        for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
                int sw = element_select_file(run, (uint16_t)(files[i][0] << 8 | files[i][1]));
                if (sw == DONE)
                        sw = element_send(run, READ_BINARY, (slice){ 0 }, 256, &data);
                if (sw < 0)
                        return false;
                if (sw == DONE) {
                        cloning->exported = true;
                        probe_end(run, PROBE_BROKEN,
                                "The file of a key, PIN or password (%02x%02x) can be read.", files[i][0],
                                files[i][1]);
                }
        }
        return true;
}

static bool read_tags(struct cloning *cloning)
{
        static const enum element_applet applets[] = { ELEMENT_FIDO, ELEMENT_JPKI, ELEMENT_ISSUER };
        struct probe_run *run = cloning->platform.run;
        for (size_t i = 0; i < sizeof applets / sizeof *applets; i++) {
                if (element_select(run, applets[i]) != DONE)
                        continue;
                for (uint32_t tag = 0; tag < TAGS; tag++) {
                        slice data = { 0 };
                        int sw = element_send(run, GET_DATA | tag, (slice){ 0 }, 256, &data);
                        if (sw < 0)
                                return false;
                        if (sw == DONE)
                                look(cloning, data);
                }
        }
        return true;
}

/* ---- two devices ---- */

/* A login at one of the two, and what the relying party says of its counter. The status byte; one that the
 * relying party does not accept is none. */
static int log_in_at(struct cloning *cloning, struct platform *where, const char *which)
{
        struct probe_run *run = cloning->platform.run;
        struct passkey_ceremony ceremony;
        struct site_verdict verdict;
        struct target *before = probe_turn_to(run, where->target);
        int status = passkey_login(where, &ceremony, &cloning->passkey);
        probe_turn_to(run, before);
        if (status != CTAP2_OK) {
                probe_note(run, "%s does not log in: status %02x", which, (unsigned)status & 0xFFFF);
                return status;
        }
        site_logs_in(&site, &ceremony, ceremony.challenge, &cloning->known, &verdict);
        const unsigned long now = verdict.count, known = cloning->known.count;
        probe_note(run, "%s logs in, counter %lu, where the relying party has seen %lu: %s", which, now,
                known,
                verdict.code != MITOME_OK ? verdict.why
                : verdict.clone_suspected ? "it suspects a clone"
                                          : "accepted");
        const bool accepted = verdict.code == MITOME_OK, there = where != &cloning->platform;
        if (there && (accepted || passkey_signed(&ceremony, &cloning->passkey))) {
                cloning->signed_there = true;
                cloning->rejected = cloning->rejected || !accepted;
        }
        if (!accepted)
                return PLATFORM_MALFORMED;
        cloning->noticed = cloning->noticed || verdict.clone_suspected;
        cloning->counts = cloning->counts || now;
        if (now > known)
                cloning->known.count = (uint32_t)now;
        return CTAP2_OK;
}

/* Both go on, by turns. The status byte of the second's first login. */
static int use_both(struct cloning *cloning, struct platform *second)
{
        enum { ROUNDS = 2 };
        int status = log_in_at(cloning, second, "the second device");
        for (unsigned i = 0; status == CTAP2_OK && i < ROUNDS; i++)
                if (log_in_at(cloning, &cloning->platform, "the first device") < 0 ||
                        log_in_at(cloning, second, "the second device") < 0)
                        return -1;
        return status;
}

/* How it went with a second device that has a copy, with or without the first one's anchor. */
static enum probe_answer start_second(struct cloning *cloning, bool anchor)
{
        struct probe_run *run = cloning->platform.run;
        struct target *first = cloning->platform.target, second;
        struct platform there = { 0 };
        const enum target_twin end =
                first->twin ? first->twin(first->context, NOW, anchor, &second) : TARGET_TWIN_NONE;
        probe_note(run, "a second device, with a copy of what is stored%s: %s",
                anchor ? " and the anchor's count" : "",
                end == TARGET_TWIN_RUNS      ? "it starts, and both run"
                : end == TARGET_TWIN_REFUSED ? "it does not start"
                                             : "there is none to be had");
        if (end != TARGET_TWIN_RUNS)
                return end == TARGET_TWIN_REFUSED ? PROBE_REFUSED : PROBE_UNCLEAR;
        second.pin = first->pin;
        probe_turn_to(run, &second);
        const bool opened = platform_open(&there, run, &second);
        probe_turn_to(run, first);
        const int status = opened ? use_both(cloning, &there) : -1;
        platform_close(&there);
        second.close(second.context);
        return probe_answer_of(status);
}

static const char *seen_by_counter(const struct cloning *cloning)
{
        return cloning->noticed    ? "the relying party notices it by the counter"
               : cloning->rejected ? "the relying party refuses what it signs, for what else is wrong with it"
               : cloning->counts   ? "the relying party does not notice it by the counter"
                                   : "there is no counter by which a relying party would notice";
}

static void clone_state(struct cloning *cloning)
{
        struct probe_run *run = cloning->platform.run;
        const enum probe_answer bare = start_second(cloning, false);
        cloning->signs = cloning->signed_there;
        cloning->refused = bare == PROBE_REFUSED;
        if (cloning->refused)
                cloning->complete = start_second(cloning, true) == PROBE_ACCEPTED;
        if (cloning->signs || cloning->refused)
                probe_fact_bool(
                        run, LEVEL_KEY_CLONE_WORKS, cloning->signs, !cloning->signs && !cloning->complete);
        if (cloning->signs)
                probe_end(run, PROBE_BROKEN,
                        "A second device with a copy of what it stores signs, while the first goes on: %s.",
                        seen_by_counter(cloning));
        else if (cloning->complete && cloning->counts && !cloning->noticed)
                probe_end(run, PROBE_BROKEN, "Two devices sign with one key, and %s.",
                        seen_by_counter(cloning));
}

/* ---- an older copy, in the same device ---- */

/* One that does not start with it goes on with what it had: else it is only broken. */
static bool put_back(struct cloning *cloning)
{
        struct target *target = cloning->platform.target;
        struct probe_run *run = cloning->platform.run;
        struct passkey_ceremony mine, again;
        if (passkey_login(&cloning->platform, &mine, &cloning->passkey) != CTAP2_OK ||
                !target->copy(target->context, NOW))
                return false;
        const bool runs = target->restore(target->context, OLD);
        probe_note(
                run, "the copy from before its first login is put back: %s", runs ? "it starts" : "refused");
        int status = passkey_login(&cloning->platform, &again, &cloning->passkey);
        if (status < 0)
                return false;
        uint32_t before = 0, after = 0;
        const bool counts = passkey_count(&mine, &before) && before;
        const bool reads = passkey_count(&again, &after);
        const bool unread = runs && status == CTAP2_OK && !reads && passkey_signed(&again, &cloning->passkey);
        if (status == CTAP2_OK && !reads && !unread)
                status = PLATFORM_MALFORMED;
        cloning->put_back = runs ? probe_answer_of(status) != PROBE_UNCLEAR : status == CTAP2_OK;
        cloning->returns = runs && status == CTAP2_OK;
        const bool back = cloning->returns && !unread && counts && after <= before;
        if (cloning->put_back && counts && !unread)
                probe_fact_bool(run, LEVEL_KEY_COUNTER_ROLLS_BACK, back, !back);
        if (cloning->returns)
                probe_end(run, PROBE_BROKEN, "An older copy of what it stores, put back into it, signs%s.",
                        unread    ? ", and what it signs cannot be read"
                        : !counts ? ""
                        : back    ? ", and its counter goes back"
                                  : ", and its counter goes on");
        return !runs || target->restore(target->context, NOW);
}

/* ---- the whole ---- */

/* A copy from before its first login, two logins, and a copy of now. */
static bool begin(struct cloning *cloning)
{
        struct target *target = cloning->platform.target;
        struct probe_run *run = cloning->platform.run;
        bool begun = target->copy(target->context, OLD);
        cloning->known = cloning->passkey;
        for (int i = 0; begun && i < 2; i++)
                begun = log_in_at(cloning, &cloning->platform, "the device") == CTAP2_OK;
        begun = begun && !cloning->noticed && target->copy(target->context, NOW);
        if (!begun)
                probe_end(run, PROBE_NOT_TESTABLE, "It does not log in, or its state cannot be copied.");
        return begun;
}

static void conclude(struct cloning *cloning)
{
        struct probe_run *run = cloning->platform.run;
        if (!cloning->refused)
                probe_end(run, PROBE_PARTLY, "There is no second device here to put a copy in.");
        if (!cloning->complete)
                probe_end(run, PROBE_PARTLY,
                        "A second device does not start with a copy, but not with its anchor either: the copy may lack something else.");
        if (!cloning->put_back || !cloning->looked)
                probe_end(run, PROBE_PARTLY,
                        "A second device with a copy of what it stores does not sign; %s.",
                        cloning->looked ? "an older copy was not seen put back"
                                        : "whether a private key comes out was not looked into");
        probe_end(run, PROBE_HOLDS,
                "A second device with a copy of what it stores does not sign, nor does it with an older copy; no private key came out (%u answers looked at). With the anchor's count, which no chip gives away, a second device signs: %s.",
                cloning->read, seen_by_counter(cloning));
}

static void play(struct cloning *cloning)
{
        struct probe_run *run = cloning->platform.run;
        if (!begin(cloning))
                return;
        clone_state(cloning);
        if (!put_back(cloning))
                probe_end(run, PROBE_PARTLY, "It does not log in any more, or its state cannot be put back.");
        if (cloning->platform.target->abilities & TARGET_ELEMENT && find_point(cloning)) {
                cloning->looked = read_files(cloning) && read_tags(cloning);
                if (cloning->looked || cloning->exported)
                        probe_fact_bool(run, LEVEL_KEY_EXPORTABLE, cloning->exported, !cloning->exported);
        }
        conclude(cloning);
}

static void attempt(struct probe_run *run, struct target *target)
{
        static const int64_t p256[] = { COSE_ES256 };
        struct cloning cloning = { 0 };
        const struct passkey_wish wish = { .rp_id = RP, .algorithms = p256, .algorithm_count = 1 };
        if (!platform_open(&cloning.platform, run, target))
                return;
        if (passkey_new(&cloning.platform, &wish, &cloning.passkey)) {
                play(&cloning);
                passkey_drop(&cloning.platform, &cloning.passkey);
        }
        EC_POINT_free(cloning.point);
        EC_GROUP_free(cloning.group);
        platform_close(&cloning.platform);
}

const struct probe probe_p15 = {
        .id = "P15",
        .title = "A clone",
        .title_ja = "複製",
        .attack =
                "A second device is started with a copy of all that the first stores, and both are used; an older copy is put back into the first; and everything that can be read is looked through for private keys.",
        .attack_ja =
                "保存内容全体の複製で第二の端末を起動して両方を使い、以前の複製を元の端末に書き戻し、読み出せるものから秘密鍵を探す。",
        .must = "No copy signs, and no private key comes out; where two devices sign with one key the relying party notices it.",
        .must_ja =
                "複製が署名できず、秘密鍵が取り出せないこと。一つの鍵で二台が署名すれば検証者が気づくこと。",
        .responsible = "element",
        .needs = TARGET_CTAP | TARGET_MEDIUM,
        .attempt = attempt,
};
