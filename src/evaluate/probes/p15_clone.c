/* SPDX-License-Identifier: Apache-2.0 */
#include "authdata.h"
#include "cose.h"
#include "ctap_status.h"
#include "probe_element.h"
#include "probe_passkey.h"

#include <openssl/ec.h>
#include <openssl/obj_mac.h>

/* A copy of the whole state, and both used: the device goes on, then the copy, as of before, is started. And
 * every way that reads: does a private key come out? */

#define RP "p15.mitome.invalid"
#define SELECT_EF 0x00A4020CU
#define READ_BINARY 0x00B00000U
#define GET_DATA 0x80CA0000U

enum { DONE = 0x9000, SCALAR = 32, TAGS = 0x100, OLD = 0, NOW = 1 };

struct cloning {
        struct platform platform;
        struct passkey passkey;
        EC_GROUP *group;
        EC_POINT *point; /* the passkey's public key */
        unsigned read;   /* ways that gave something */
        bool exported;
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
                int sw = element_send(run, SELECT_EF, SLICE(files[i]), 0, NULL);
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

/* ---- a copy of everything ---- */

/* False: the attempt is over. */
static bool clone_state(struct cloning *cloning)
{
        struct platform *platform = &cloning->platform;
        struct target *target = platform->target;
        struct passkey_ceremony mine, copys;
        if (passkey_login(platform, &mine, &cloning->passkey) != CTAP2_OK ||
                !target->copy(target->context, OLD) ||
                passkey_login(platform, &mine, &cloning->passkey) != CTAP2_OK ||
                !target->copy(target->context, NOW)) {
                probe_end(platform->run, PROBE_NOT_TESTABLE,
                        "It does not log in, or its state cannot be copied.");
                return false;
        }
        probe_note(platform->run, "the device has gone on; the copy of its state from before is started");
        const bool runs = target->restore(target->context, OLD);
        probe_note(platform->run, "the copy %s", runs ? "starts" : "is refused");
        int status = runs ? passkey_login(platform, &copys, &cloning->passkey) : CTAP2_ERR_NO_CREDENTIALS;
        const bool works = runs && status == CTAP2_OK;
        if (works)
                probe_note(platform->run, "the device's counter was %lu, that of the copy is %lu",
                        (unsigned long)passkey_count(&mine), (unsigned long)passkey_count(&copys));
        probe_fact_bool(platform->run, LEVEL_KEY_CLONE_WORKS, works,
                !works); /* in this device; a second one is not at hand */
        if (works)
                probe_end(platform->run, PROBE_BROKEN,
                        "A copy of its state signs, after the device itself has gone on.");
        return status >= 0 && (!runs || target->restore(target->context, NOW));
}

static void play(struct cloning *cloning)
{
        struct probe_run *run = cloning->platform.run;
        if (!clone_state(cloning))
                return;
        if (cloning->platform.target->abilities & TARGET_ELEMENT) {
                if (!find_point(cloning) || !read_files(cloning) || !read_tags(cloning))
                        return;
                probe_fact_bool(run, LEVEL_KEY_EXPORTABLE, cloning->exported, !cloning->exported);
        }
        probe_end(run, PROBE_HOLDS,
                "An older copy of its state does not start; no private key came out (%u answers looked at).",
                cloning->read);
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
                "An older copy of its whole storage is put back into it, after it has gone on; and everything that can be read is looked through for private keys.",
        .attack_ja = "使用後に、以前の記憶全体の複製を同じ端末に書き戻し、読み出せるものから秘密鍵を探す。",
        .must = "The copy does not sign, and no private key comes out.",
        .must_ja = "複製が署名できず、秘密鍵が取り出せないこと。",
        .responsible = "element",
        .needs = TARGET_CTAP | TARGET_MEDIUM,
        .attempt = attempt,
};
