/* SPDX-License-Identifier: Apache-2.0 */

/* What is left in memory, files and logs after a PIN was entered and a finger was laid; and whether anything
 * of the finger goes out with an answer. */

#include "probe_finger.h"
#include "probe_passkey.h"
#include "probe_portal.h"

#include "ctap_status.h"

#define RP_ID "p22.mitome.invalid"

enum { PIECE = 64, PIECES = 5, LOCAL_PIECE = 12, DIGITS = 4, NEW_PIN = 32 };

struct remains {
        struct platform platform;
        struct secret pin_hash; /* what is sent of the PIN, and stands for it */
        char new_pin[NEW_PIN];  /* one that was set and taken back, with zeros behind it; "": none */
        struct secret pin_token, uv_token, aes, hmac, uv_aes;
        slice sample; /* the target's */
        unsigned looked;
        unsigned pieces; /* of the finger's image that have a pattern */
        bool left, sent;
        bool sees; /* the search finds what is there for sure: a token that is good */
        bool finger;
};

static void look_for(struct remains *at, const char *what, slice pattern)
{
        struct target *target = at->platform.target;
        const char *where = NULL;
        at->looked++;
        const bool found = target->search(target->context, pattern, &where);
        probe_note(at->platform.run, "%s: %s", what, found ? where : "nowhere");
        if (found && !at->left)
                probe_end(at->platform.run, PROBE_BROKEN, "It leaves %s in %s.", what, where);
        at->left |= found;
}

/* Pieces from rows all over the image that are no even grey. */
static slice piece_of(slice sample, unsigned number, size_t size)
{
        const size_t at = sample.size / (PIECES + 1) * (number + 1);
        return slice_of(sample.data + at, size);
}

static bool is_even(slice piece)
{
        unsigned least = 255, most = 0;
        for (size_t i = 0; i < piece.size; i++) {
                least = piece.data[i] < least ? piece.data[i] : least;
                most = piece.data[i] > most ? piece.data[i] : most;
        }
        return most - least < 32;
}

/* ---- what goes out ---- */

static void look_at_answer(struct remains *at)
{
        const slice body = at->platform.body;
        for (unsigned i = 0; i < PIECES; i++) {
                const slice piece = piece_of(at->sample, i, LOCAL_PIECE);
                for (size_t j = 0; !is_even(piece) && j + piece.size <= body.size; j++)
                        at->sent |= slice_equal(slice_of(body.data + j, piece.size), piece);
        }
}

/* ---- using it ---- */

static mitome_status keep(const struct secret *from, struct secret *ret)
{
        ret->size = from->size;
        return slice_copy(secret_view(from), "secret", ret->data, sizeof ret->data, NULL);
}

/* The PIN itself goes to the device only when it is set, and four digits are found anywhere but for the zeros
 * behind them. Where it may not be changed that is not looked into. */
static int change_pin(struct remains *at)
{
        struct platform *platform = &at->platform;
        uint8_t drawn[DIGITS];
        if (!platform->target->restart && !platform->target->may_destroy)
                return CTAP2_OK;
        probe_random(platform->run, drawn, sizeof drawn);
        for (size_t i = 0; i < DIGITS; i++)
                at->new_pin[i] = (char)('0' + drawn[i] % 10);
        int status = platform_change_pin(platform, platform->target->pin, at->new_pin);
        if (status == CTAP2_OK) {
                probe_puts_back(platform->run);
                status = platform_change_pin(platform, at->new_pin, platform->target->pin);
                if (status != CTAP2_OK)
                        platform_keeps_pin(platform, at->new_pin);
                return status;
        }
        probe_note(platform->run, "it takes no new PIN (status %02x), for which it is not searched then",
                (unsigned)status);
        at->new_pin[0] = '\0';
        return status < 0 ? status : CTAP2_OK;
}

/* A login by PIN: its token and what it was agreed with are remembered here, to be looked for there. */
static int use_pin(struct remains *at, const struct passkey *passkey)
{
        struct passkey_ceremony ceremony;
        const struct passkey_ask ask = { 0 };
        struct platform *platform = &at->platform;
        int status = platform_pin_token(platform, platform->target->pin, PLATFORM_GET, RP_ID);
        if (status != CTAP2_OK)
                return status;
        const char *where = NULL;
        at->sees = platform->target->search(platform->target->context, secret_view(&platform->token), &where);
        probe_note(platform->run, "a token that is still good: %s", at->sees ? where : "nowhere");
        at->pin_hash.size = PIN_PROTOCOL_HASH;
        pin_protocol_hash(slice_text(platform->target->pin), at->pin_hash.data);
        if (failed(keep(&platform->token, &at->pin_token)) ||
                failed(keep(&platform->agreement.aes, &at->aes)) ||
                failed(keep(&platform->agreement.hmac, &at->hmac)))
                return PLATFORM_MALFORMED;
        passkey_page(platform, &ceremony, false, "https://" RP_ID);
        return passkey_assert(platform, &ceremony, passkey, &ask);
}

static int use_finger(struct remains *at, const struct passkey *passkey)
{
        struct passkey_ceremony ceremony;
        const struct passkey_ask ask = { 0 };
        struct platform *platform = &at->platform;
        int status = probe_finger_token(platform, TARGET_FINGER_HOLDER, PLATFORM_GET, RP_ID);
        if (status != CTAP2_OK)
                return status;
        if (failed(keep(&platform->token, &at->uv_token)) ||
                failed(keep(&platform->agreement.aes, &at->uv_aes)) ||
                !platform->target->sample(platform->target->context, &at->sample))
                return PLATFORM_MALFORMED;
        look_at_answer(at);
        passkey_page(platform, &ceremony, false, "https://" RP_ID);
        status = passkey_assert(platform, &ceremony, passkey, &ask);
        if (status == CTAP2_OK)
                look_at_answer(at);
        return status;
}

/* A key agreement and a token end with the next ones: these, of nothing, are still good. */
static int end_session(struct remains *at)
{
        struct platform *platform = &at->platform;
        int status = platform_pin_token(platform, platform->target->pin, PLATFORM_GET, NULL);
        secret_wipe(&platform->token);
        return status == CTAP2_OK ? platform_agree(platform) : status;
}

/* ---- looking ---- */

static void look(struct remains *at)
{
        look_for(at, "what is sent of the PIN (half of its SHA-256)", secret_view(&at->pin_hash));
        if (at->new_pin[0])
                look_for(at, "a PIN that was set", slice_of((const uint8_t *)at->new_pin, NEW_PIN));
        look_for(at, "a token by PIN that has ended", secret_view(&at->pin_token));
        look_for(at, "the key that a PIN came under", secret_view(&at->aes));
        if (at->platform.info.protocol == 2)
                look_for(at, "the key that the token's request was made with", secret_view(&at->hmac));
        if (!at->finger)
                return;
        look_for(at, "a token by finger that has ended", secret_view(&at->uv_token));
        look_for(at, "the key that this token came under", secret_view(&at->uv_aes));
        for (unsigned i = 0; i < PIECES; i++) {
                const slice piece = piece_of(at->sample, i, PIECE);
                if (!is_even(piece))
                        look_for(at, "a piece of the finger's image", piece);
                at->pieces += !is_even(piece);
        }
}

/* A find is a find. That nothing was found says as much as the search sees, and as was looked for. */
static void conclude(struct remains *at)
{
        struct probe_run *run = at->platform.run;
        const bool whole = at->finger && at->sees && at->pieces > 0 && at->new_pin[0];
        if (at->left || at->sees)
                probe_fact_bool(run, LEVEL_OP_SECRETS_WIPED, !at->left, !at->left && !whole);
        if (at->sent || at->pieces > 0)
                probe_fact_bool(run, LEVEL_UV_LOCAL, !at->sent, !at->sent);
        if (at->sent)
                probe_end(run, PROBE_BROKEN, "A part of the finger's image is in an answer.");
        if (!at->sees)
                probe_end(run, PROBE_PARTLY,
                        "Nothing was found, but neither was a token that is still good: the search sees little.");
        if (at->finger && at->pieces == 0)
                probe_end(
                        run, PROBE_PARTLY, "The finger's image has nothing in it that could be looked for.");
        probe_note(run, "not searched: this program, which carries the messages and knows what it looks for");
        probe_end(run, whole ? PROBE_HOLDS : PROBE_PARTLY,
                "Of %u patterns of PIN%s, tokens and keys none was found again.", at->looked,
                at->finger ? ", finger" : "");
}

static bool use_all(struct remains *at, const struct passkey *passkey)
{
        int status = change_pin(at);
        if (status == CTAP2_OK)
                status = use_pin(at, passkey);
        if (status == CTAP2_OK && at->finger)
                status = use_finger(at, passkey);
        if (status == CTAP2_OK)
                status = end_session(at);
        if (status > 0)
                probe_end(at->platform.run, PROBE_NOT_TESTABLE,
                        "It cannot be used by PIN and finger here (status %02x).", status);
        return status == CTAP2_OK;
}

static void attack(struct remains *at)
{
        struct passkey passkey;
        const struct passkey_wish wish = { .rp_id = RP_ID };
        const struct target *target = at->platform.target;
        at->finger = (target->abilities & TARGET_FINGER) && target->sample && at->platform.info.uv_set;
        if (!target->pin || !at->platform.info.pin_set) {
                probe_end(at->platform.run, PROBE_NOT_TESTABLE, "Its PIN is not known here.");
                return;
        }
        if (!passkey_new(&at->platform, &wish, &passkey))
                return;
        if (use_all(at, &passkey)) {
                look(at);
                conclude(at);
        }
        passkey_drop(&at->platform, &passkey);
}

static void attempt(struct probe_run *run, struct target *target)
{
        struct remains at = { 0 };
        if (platform_open(&at.platform, run, target)) {
                attack(&at);
                if (target->abilities & TARGET_LIFE)
                        probe_portal_look(run, target);
        }
        platform_close(&at.platform);
        bytes_wipe(at.new_pin, sizeof at.new_pin);
        secret_wipe(&at.pin_hash);
        secret_wipe(&at.uv_aes);
        secret_wipe(&at.pin_token);
        secret_wipe(&at.uv_token);
        secret_wipe(&at.aes);
        secret_wipe(&at.hmac);
}

const struct probe probe_p22 = { .id = "P22",
        .title = "What is left behind",
        .title_ja = "メモリ・ログの残留",
        .attack =
                "Use it by PIN and finger, then search memory, files and logs for image, PIN, tokens and keys of it; look into "
                "what a portal has stored, and send it a recorded login.",
        .attack_ja =
                "PINと指で利用した後、メモリ・ファイル・ログを検索し、ポータルの保存内容を調べ、記録した認証を再送する。",
        .must = "Nothing of it is left, no part of the finger goes out, and what the verifier keeps opens nothing.",
        .must_ja = "何も残らず、指の情報は外に出ず、検証者の保存内容からは何も開けない。",
        .responsible = "element",
        .needs = TARGET_CTAP | TARGET_PEEK,
        .attempt = attempt };
