/* SPDX-License-Identifier: Apache-2.0 */
#include "authdata.h"
#include "ctap_status.h"
#include "jpki_message.h"
#include "probe_element.h"
#include "probe_passkey.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/x509.h>

/* A signature that was made for one name, ceremony or protocol, presented as another's: a phishing site's
 * assertion at the real one, a login said to come from elsewhere, the certificate's key for a login and the
 * other way round. */

#define RP "p13.mitome.invalid"
#define EVIL_RP "p13-evil.mitome.invalid"
#define READ_BINARY 0x00B00000U
#define SIGN_WITH_USER_KEY 0x802A0397U

enum { DONE = 0x9000, SIGNATURE = 256, USER_CERTIFICATE = 0x000A, PART = 240 };

static const struct site site = { .rp_id = RP, .origin = "https://" RP };

struct relayed {
        struct platform platform;
        struct passkey real, evil;
        bool binds;
        bool asked;   /* for the passkey of another site, and got an answer that says something */
        bool crossed; /* the certificate's key was there to sign, and what it did is known */
        unsigned tried;
};

/* The site says what it thinks of it. */
static void must_refuse(struct relayed *relayed, const char *what, const struct passkey_ceremony *ceremony,
        const uint8_t challenge[32], const struct passkey *passkey)
{
        struct probe_run *run = relayed->platform.run;
        struct site_verdict verdict;
        site_logs_in(&site, ceremony, challenge, passkey, &verdict);
        probe_note(run, "at the site, %s: %s", what, verdict.code == MITOME_OK ? "accepted" : verdict.why);
        relayed->tried++;
        if (verdict.code == MITOME_OK) {
                relayed->binds = false;
                probe_end(run, PROBE_BROKEN, "The relying party accepts %s.", what);
        }
}

/* An assertion by one of the passkeys, for a page at `origin` of a ceremony of that type. */
static bool assert_at(struct relayed *relayed, const struct passkey *passkey, const char *origin,
        bool registration, struct passkey_ceremony *ret)
{
        struct platform *platform = &relayed->platform;
        passkey_page(platform, ret, registration, origin);
        int status = platform_verify(platform, PLATFORM_GET, passkey->rp_id);
        if (status == CTAP2_OK)
                status = passkey_assert(platform, ret, passkey, &(struct passkey_ask){ 0 });
        if (status > 0)
                probe_end(platform->run, PROBE_NOT_TESTABLE, "It does not log in (status %02x).", status);
        return status == CTAP2_OK;
}

static bool relay(struct relayed *relayed)
{
        struct passkey_ceremony ceremony;
        struct site_verdict verdict;
        if (!assert_at(relayed, &relayed->real, site.origin, false, &ceremony))
                return false;
        site_logs_in(&site, &ceremony, ceremony.challenge, &relayed->real, &verdict);
        if (verdict.code != MITOME_OK) { /* else nothing below would say anything */
                probe_end(relayed->platform.run, PROBE_NOT_TESTABLE,
                        "The relying party refuses an ordinary login: %s", verdict.why);
                return false;
        }
        if (!assert_at(relayed, &relayed->evil, "https://" EVIL_RP, false, &ceremony))
                return false;
        must_refuse(relayed, "an assertion for another RP ID", &ceremony, ceremony.challenge, &relayed->evil);
        must_refuse(relayed, "that assertion as the real passkey's", &ceremony, ceremony.challenge,
                &relayed->real);
        if (!assert_at(relayed, &relayed->evil, site.origin, false, &ceremony))
                return false;
        must_refuse(relayed, "an assertion for another RP ID by a page of the right name", &ceremony,
                ceremony.challenge, &relayed->evil);
        if (!assert_at(relayed, &relayed->real, "https://" EVIL_RP, false, &ceremony))
                return false;
        must_refuse(relayed, "an assertion by a page of another origin", &ceremony, ceremony.challenge,
                &relayed->real);
        if (!assert_at(relayed, &relayed->real, site.origin, true, &ceremony))
                return false;
        must_refuse(relayed, "an assertion over client data of a registration", &ceremony, ceremony.challenge,
                &relayed->real);
        return true;
}

/* The authenticator is asked for the real site's passkey by the other one. */
static bool ask_for_foreign(struct relayed *relayed)
{
        struct platform *platform = &relayed->platform;
        struct passkey_ceremony ceremony;
        passkey_page(platform, &ceremony, false, "https://" EVIL_RP);
        int status = platform_verify(platform, PLATFORM_GET, EVIL_RP);
        if (status != CTAP2_OK)
                return status > 0;
        probe_note(platform->run, "one site asks for the passkey of another");
        status = passkey_assert(
                platform, &ceremony, &relayed->real, &(struct passkey_ask){ .rp_id = EVIL_RP });
        relayed->asked = probe_answer_of(status) != PROBE_UNCLEAR;
        if (status == CTAP2_OK) {
                relayed->binds = false;
                probe_end(platform->run, PROBE_BROKEN,
                        "The authenticator signs for one site with the passkey of another.");
        }
        return status >= 0;
}

/* ---- the certificate's key ---- */

static bool read_certificate(struct probe_run *run, writer *ret)
{
        slice part;
        if (element_select_file(run, USER_CERTIFICATE) != DONE)
                return false;
        for (;;) {
                int sw = element_send(run, READ_BINARY | (uint32_t)ret->used, (slice){ 0 }, PART, &part);
                if (sw < 0)
                        return false;
                if (sw != DONE || part.size == 0)
                        return ret->used > 0 && !ret->overflowed;
                write_slice(ret, part);
                if (ret->overflowed)
                        return false;
        }
}

/* The certificate's key, as a passkey of the site's that would be it. */
static bool as_passkey(slice certificate, const struct passkey *like, struct passkey *ret)
{
        const uint8_t *end = certificate.data;
        X509 *x509 = d2i_X509(NULL, &end, (long)certificate.size);
        EVP_PKEY *key = x509 ? X509_get0_pubkey(x509) : NULL;
        BIGNUM *n = NULL, *e = NULL;
        uint8_t modulus[512], exponent[8];
        bool done = key && EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n) == 1 &&
                    EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) == 1 &&
                    BN_num_bytes(n) <= (int)sizeof modulus && BN_num_bytes(e) <= (int)sizeof exponent;
        if (done) {
                const struct cose_key cose = { .algorithm = COSE_RS256,
                        .n = slice_of(modulus, (size_t)BN_bn2bin(n, modulus)),
                        .e = slice_of(exponent, (size_t)BN_bn2bin(e, exponent)) };
                *ret = *like;
                writer w = WRITER(ret->key);
                cose_key_write(&w, &cose);
                ret->key_size = w.used;
                ret->algorithm = COSE_RS256;
                done = !w.overflowed;
        }
        BN_free(n);
        BN_free(e);
        X509_free(x509);
        return done;
}

static int sign_with_user_key(struct relayed *relayed, const writer *message, slice *ret)
{
        int sw = element_verify_pin(&relayed->platform);
        return sw == DONE ? element_send(relayed->platform.run, SIGN_WITH_USER_KEY, writer_view(message),
                                    SIGNATURE, ret)
                          : sw;
}

/* It must sign words of its own use: else that it does not sign a login says nothing. What it signed is
 * presented as a login's. Then what a login is made of, after the same PIN. */
static bool cross_with(
        struct relayed *relayed, struct passkey_ceremony *ceremony, const struct passkey *certified)
{
        struct probe_run *run = relayed->platform.run;
        uint8_t words[80], login[400];
        writer challenge = WRITER(words), data = WRITER(login), w = WRITER(ceremony->signature);
        slice signature;
        write_slice(&challenge, slice_text(JPKI_MESSAGE_PREFIX));
        write_u8(&challenge, JPKI_USE_CHALLENGE);
        write_slice(&challenge, SLICE(ceremony->hash));
        int sw = sign_with_user_key(relayed, &challenge, &signature);
        probe_note(run, "the certificate's key, for words of its own use: %04x", (unsigned)sw & 0xFFFF);
        if (sw != DONE)
                return sw >= 0;
        write_slice(&w, signature);
        ceremony->signature_size = w.used;
        must_refuse(relayed, "the certificate's signature for another use", ceremony, ceremony->challenge,
                certified);
        write_slice(&data, slice_of(ceremony->auth_data, ceremony->auth_data_size));
        write_slice(&data, SLICE(ceremony->hash));
        sw = data.overflowed ? -1 : sign_with_user_key(relayed, &data, &signature);
        if (sw < 0)
                return data.overflowed;
        probe_note(run, "the certificate's key, for what a login is made of: %04x", (unsigned)sw);
        relayed->crossed = true;
        if (sw == DONE) {
                relayed->binds = false;
                probe_end(run, PROBE_BROKEN,
                        "The certificate's key signs, for whoever has the PIN, what a login of any site is made of.");
        }
        return true;
}

static bool cross_protocols(struct relayed *relayed)
{
        struct platform *platform = &relayed->platform;
        uint8_t bytes[4096];
        struct passkey_ceremony ceremony;
        struct passkey certified;
        writer certificate = WRITER(bytes);
        if (!assert_at(relayed, &relayed->real, site.origin, false, &ceremony))
                return false;
        if (!platform->target->pin)
                return true;
        int sw = element_verify_pin(&relayed->platform);
        if (sw != DONE || !read_certificate(platform->run, &certificate) ||
                !as_passkey(writer_view(&certificate), &relayed->real, &certified))
                return sw >= 0;
        return cross_with(relayed, &ceremony, &certified);
}

static void play(struct relayed *relayed)
{
        struct probe_run *run = relayed->platform.run;
        const bool done =
                relay(relayed) && ask_for_foreign(relayed) &&
                (!(relayed->platform.target->abilities & TARGET_ELEMENT) || cross_protocols(relayed));
        const bool whole = done && relayed->asked && relayed->crossed;
        if (done || !relayed->binds)
                probe_fact_bool(run, LEVEL_VERIFIER_BINDS_NAME, relayed->binds, relayed->binds && !whole);
        if (done)
                probe_end(run, whole ? PROBE_HOLDS : PROBE_PARTLY,
                        "Refused: %u assertions for another name, origin or use%s%s.", relayed->tried,
                        relayed->asked ? "" : "; nobody could ask for the passkey of another site",
                        relayed->crossed ? ", and logins signed by the certificate's key"
                                         : "; a second protocol was not tried, or is not here");
}

static void attempt(struct probe_run *run, struct target *target)
{
        struct relayed relayed = { .binds = true };
        const struct passkey_wish real = { .rp_id = RP }, evil = { .rp_id = EVIL_RP };
        if (!platform_open(&relayed.platform, run, target))
                return;
        if (passkey_new(&relayed.platform, &real, &relayed.real)) {
                if (passkey_new(&relayed.platform, &evil, &relayed.evil)) {
                        play(&relayed);
                        passkey_drop(&relayed.platform, &relayed.evil);
                }
                passkey_drop(&relayed.platform, &relayed.real);
        }
        platform_close(&relayed.platform);
}

const struct probe probe_p13 = {
        .id = "P13",
        .title = "A relayed assertion",
        .title_ja = "署名の中継",
        .attack =
                "Assertions for another RP ID, origin or ceremony, and signatures of another protocol, are presented as a login.",
        .attack_ja = "別のRP ID・オリジン・手続き・プロトコルのための署名を認証として提示する。",
        .must = "A signature counts for what it was made for, and for nothing else.",
        .must_ja = "署名は作成された目的以外には使えないこと。",
        .responsible = "relying party",
        .needs = TARGET_CTAP,
        .attempt = attempt,
};
