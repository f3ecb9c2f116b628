/* SPDX-License-Identifier: Apache-2.0 */
#include "probe_element.h"
#include "scp03.h"

/* The channel by which an element is managed (SCP03): commands without it, sessions of strangers, the keys
 * that everybody knows, and with its own keys what a relay could do: weaker levels, MACs that are cut,
 * changed or left out, recorded openings and commands. */

#define GET_STATUS 0x80F28002U
#define SET_STATUS 0x80F04080U
#define STORE_DATA 0x80E28000U
#define DELETE 0x80E40000U
#define PUT_KEY 0x80D87F81U
#define INSTALL 0x80E60C00U
#define CONFIRM_PAIRING 0x803C0000U
#define EXTERNAL_AUTHENTICATE 0x84820000U

enum {
        DONE = 0x9000,
        WIRE_MAX = 300,
        CHALLENGE = 8,
        NOBODYS_VERSION = 0x7E,
        TEST_KEY = 16,
        SAFE = SCP03_C_MAC | SCP03_C_DEC,
};

struct channel {
        struct probe_run *run;
        const struct scp03_keys *keys;
        struct scp03_session session;
        uint8_t opening[WIRE_MAX]; /* EXTERNAL AUTHENTICATE as it was sent last */
        size_t opening_size;
        bool holds;
        unsigned tried;
        const char *missed; /* the first form that could not be tried; NULL: all were */
};

static void miss(struct channel *channel, const char *what)
{
        probe_note(channel->run, "not tried: %s", what);
        if (!channel->missed)
                channel->missed = what;
}

/* "Not in a session", and what amounts to it. */
static bool is_shut(int sw)
{
        return sw == SW_SECURITY_STATUS || sw == SW_CONDITIONS || sw == SW_SECURE_MESSAGING ||
               sw == SW_WRONG_CLA || sw == SW_WRONG_INS || sw == SW_CHANNEL_UNSUPPORTED ||
               sw == SW_WRONG_P1P2;
}

/* Done, done with a warning, or looked for: without a session, nobody should have. What the data are like, or
 * how long, may be looked at first, and tells nothing of what comes behind it. */
static bool is_taken(int sw)
{
        const int kind = sw >> 8;
        return sw == DONE || kind == 0x61 || kind == 0x62 || sw == SW_MORE_DATA || sw == SW_NO_REFERENCE ||
               sw == SW_NOT_FOUND;
}

/* False: the attempt is over. */
static bool must_be_shut(struct channel *channel, const char *what, int sw)
{
        if (sw < 0)
                return false;
        probe_note(channel->run, "%s: %04x", what, (unsigned)sw);
        if (is_taken(sw)) {
                channel->holds = false;
                probe_end(channel->run, PROBE_BROKEN, "The element takes %s (%04x).", what, (unsigned)sw);
        }
        if (is_shut(sw) || is_taken(sw))
                channel->tried++;
        else
                miss(channel, what);
        return true;
}

static int send(struct channel *channel, slice wire, slice *ret_data)
{
        return probe_apdu(channel->run, wire, ret_data);
}

/* ---- without keys ---- */

/* Each names what is not there, so that it would change nothing where it is taken. */
static bool manage_plainly(struct channel *channel)
{
        static const uint8_t nobody[] = { 0xF0, 'n', 'o', 'b', 'o', 'd', 'y' };
        static const uint8_t delete_nobody[] = { 0x4F, 0x07, 0xF0, 'n', 'o', 'b', 'o', 'd', 'y' };
        const struct {
                const char *what;
                uint32_t header;
                slice data;
        } commands[] = {
                { "SET STATUS without a session", SET_STATUS, SLICE(nobody) },
                { "DELETE without a session", DELETE, SLICE(delete_nobody) },
                { "STORE DATA without a session", STORE_DATA, SLICE(nobody) },
                { "INSTALL without a session", INSTALL, SLICE(nobody) },
                { "PUT KEY without a session", PUT_KEY, SLICE(nobody) },
                { "SET STATUS as if in a session", SET_STATUS | 0x04000000U, SLICE(nobody) },
                { "DELETE as if in a session", DELETE | 0x04000000U, SLICE(delete_nobody) },
        };
        for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
                if (!must_be_shut(channel, commands[i].what,
                            element_send(channel->run, commands[i].header, commands[i].data, 0, NULL)))
                        return false;
        return true;
}

static int initialize(struct channel *channel, uint8_t version, slice challenge,
        uint8_t ret[SCP03_ANSWER_MAX], size_t *ret_size)
{
        uint8_t bytes[WIRE_MAX];
        writer w = WRITER(bytes), kept = writer_over(ret, SCP03_ANSWER_MAX);
        slice data = { 0 };
        scp03_host_initialize(version, challenge, &w);
        int sw = send(channel, writer_view(&w), &data);
        write_slice(&kept, sw == DONE ? data : (slice){ 0 });
        *ret_size = kept.overflowed ? 0 : kept.used;
        return sw;
}

/* The keys of the specification's examples, and zeros: an element that knows them is anybody's. The card
 * shows it by its own cryptogram, so that no try is spent. */
static void try_known_keys(struct channel *channel, slice challenge, slice answer)
{
        for (unsigned kind = 0; kind < 2; kind++) {
                struct scp03_keys keys = { .size = TEST_KEY };
                struct scp03_session session = { 0 };
                uint8_t bytes[WIRE_MAX];
                writer w = WRITER(bytes);
                for (uint8_t i = 0; kind == 0 && i < TEST_KEY; i++)
                        keys.enc[i] = keys.mac[i] = keys.dek[i] = (uint8_t)(0x40 + i);
                const mitome_status status = scp03_host_authenticate(
                        &session, &keys, SCP03_C_MAC, (slice){ 0 }, challenge, answer, &w, NULL);
                channel->tried++;
                if (!failed(status)) {
                        channel->holds = false;
                        probe_end(channel->run, PROBE_BROKEN, "Its keys are those that everybody knows (%s).",
                                kind == 0 ? "40 to 4F" : "zeros");
                }
                scp03_close(&session);
        }
}

/* False: the attempt is over. */
static bool open_badly(struct channel *channel, slice challenge)
{
        uint8_t none[SCP03_ANSWER_MAX];
        size_t size;
        int sw = initialize(channel, NOBODYS_VERSION, challenge, none, &size);
        const bool of_nobody = sw == DONE;
        if (sw < 0 || initialize(channel, 0, slice_of(challenge.data, CHALLENGE / 2), none, &size) < 0)
                return false;
        channel->tried += 2;
        if (of_nobody || size > 0) {
                channel->holds = false;
                probe_end(channel->run, PROBE_BROKEN, "It begins a session with %s.",
                        of_nobody ? "a key set that it does not have" : "a challenge of 4 bytes");
        }
        return true;
}

/* Opens a session with what a stranger has: zeros, or the element's own cryptogram. False: the attempt is
 * over. */
static bool authenticate_as(struct channel *channel, bool reflects)
{
        uint8_t challenge[CHALLENGE] = { 0 }, answer[SCP03_ANSWER_MAX], sent[2 * CHALLENGE] = { 0 };
        size_t size;
        slice head, cryptogram;
        writer w = WRITER(sent);
        int sw = initialize(channel, 0, SLICE(challenge), answer, &size);
        reader r = reader_over(slice_of(answer, size), NULL, NULL);
        if (sw < 0)
                return false;
        if (sw != DONE || failed(read_bytes(&r, "answer", 13 + CHALLENGE, &head)) ||
                failed(read_bytes(&r, "cryptogram", CHALLENGE, &cryptogram))) {
                miss(channel, "an opening by a stranger");
                return true;
        }
        if (reflects)
                write_slice(&w, cryptogram);
        sw = element_send(channel->run, EXTERNAL_AUTHENTICATE | SCP03_C_MAC << 8, SLICE(sent), 0, NULL);
        channel->tried++;
        if (sw == DONE) {
                channel->holds = false;
                probe_end(channel->run, PROBE_BROKEN, "A stranger opens a session.");
        }
        return sw >= 0;
}

/* ---- with its keys: what a relay could do ---- */

/* A status word; less than 0: the attempt is over. */
static int open(struct channel *channel, enum element_applet applet, uint8_t level)
{
        uint8_t challenge[CHALLENGE], answer[SCP03_ANSWER_MAX];
        size_t size;
        scp03_close(&channel->session);
        probe_random(channel->run, challenge, sizeof challenge);
        int sw = element_select(channel->run, applet);
        if (sw == DONE)
                sw = initialize(channel, 0, SLICE(challenge), answer, &size);
        if (sw != DONE)
                return sw;
        writer w = WRITER(channel->opening);
        if (failed(scp03_host_authenticate(&channel->session, channel->keys, level, (slice){ 0 },
                    SLICE(challenge), slice_of(answer, size), &w, NULL)))
                return SW_AUTHENTICATION_FAILED; /* the element's cryptogram is of other keys */
        channel->opening_size = w.used;
        return send(channel, writer_view(&w), NULL);
}

/* Whether its challenge is drawn from a counter that moves on with a session that was opened, and not before:
 * SCP02, or SCP03 with that bit of "i". Behind 10 bytes of its own the answer has version, protocol and "i".
 */
static bool is_pseudo_random(slice answer)
{
        enum { PROTOCOL_AT = 11, I_AT = 12, SCP02 = 0x02, PSEUDO_RANDOM = 0x10 };
        return answer.data[PROTOCOL_AT] == SCP02 || answer.data[I_AT] & PSEUDO_RANDOM;
}

/* Where its keys are known, a session is opened between the two: then nothing may be the same. */
static bool open_strangely(struct channel *channel)
{
        uint8_t challenge[CHALLENGE], first[SCP03_ANSWER_MAX], second[SCP03_ANSWER_MAX];
        size_t first_size, second_size;
        bool opened = false;
        probe_random(channel->run, challenge, sizeof challenge);
        int sw = initialize(channel, 0, SLICE(challenge), first, &first_size);
        if (sw == DONE && channel->keys) {
                const int own = open(channel, ELEMENT_ISSUER, SAFE);
                opened = own == DONE;
                sw = own < 0 ? own : sw;
        }
        if (sw == DONE)
                sw = initialize(channel, 0, SLICE(challenge), second, &second_size);
        if (sw < 0)
                return false;
        if (sw != DONE || second_size < 3 * CHALLENGE) {
                miss(channel, "sessions: it begins none with a challenge of 8 bytes");
                return true;
        }
        const bool same = slice_equal(slice_of(first, first_size), slice_of(second, second_size));
        if (same && !opened && is_pseudo_random(slice_of(second, second_size))) {
                miss(channel,
                        "whether its challenge moves on with a session, for which its keys would have to be known here");
        } else if (same) {
                channel->holds = false;
                probe_end(channel->run, PROBE_BROKEN,
                        "Its challenge is the same twice: a recorded session opens it again.");
        }
        channel->tried += !same;
        try_known_keys(channel, SLICE(challenge), slice_of(second, second_size));
        return open_badly(channel, SLICE(challenge));
}

static slice wrap(struct channel *channel, uint32_t header, slice data, size_t expected, writer *w)
{
        const struct apdu_command plain = { .cla = (uint8_t)(header >> 24),
                .ins = (uint8_t)(header >> 16),
                .p1 = (uint8_t)(header >> 8),
                .p2 = (uint8_t)header,
                .data = data,
                .expected = expected };
        return failed(scp03_host_wrap(&channel->session, &plain, w, NULL)) ? (slice){ 0 } : writer_view(w);
}

static const uint8_t any_application[] = { 0x4F, 0x00 };

/* A command of a session of its own, as it would be sent. */
static int one_command(struct channel *channel, writer *w)
{
        const int sw = open(channel, ELEMENT_ISSUER, SCP03_C_MAC);
        if (sw != DONE)
                return sw;
        return wrap(channel, GET_STATUS, SLICE(any_application), 256, w).size > 0 ? DONE : SW_UNKNOWN;
}

/* Ways to spoil a command, which as it is would be taken. */
static slice repeat(uint8_t *bytes, size_t size)
{
        return slice_of(bytes, size);
}

static slice change_mac(uint8_t *bytes, size_t size)
{
        bytes[size - 2] ^= 0x01; /* the MAC's last byte: Le is behind it */
        return slice_of(bytes, size);
}

static slice halve_mac(uint8_t *bytes, size_t size)
{
        enum { LC = 4, HALF = SCP03_S8 / 2 };
        bytes[LC] -= HALF;
        bytes[size - 1 - HALF] = bytes[size - 1]; /* Le */
        return slice_of(bytes, size - HALF);
}

static const struct {
        const char *what;
        bool first; /* it is sent as it is before */
        slice (*spoil)(uint8_t *bytes, size_t size);
} spoils[] = {
        { "a command that it has had before", true, repeat },
        { "a command with a changed MAC", false, change_mac },
        { "a command with half a MAC", false, halve_mac },
};

/* False: the attempt is over. */
static bool spoil_commands(struct channel *channel)
{
        for (size_t i = 0; i < sizeof spoils / sizeof *spoils; i++) {
                uint8_t bytes[WIRE_MAX];
                writer w = WRITER(bytes);
                int sw = one_command(channel, &w);
                if (sw == DONE && spoils[i].first)
                        sw = send(channel, writer_view(&w), NULL);
                if (sw < 0)
                        return false;
                if (sw != DONE)
                        miss(channel, spoils[i].what);
                else if (!must_be_shut(channel, spoils[i].what,
                                 send(channel, spoils[i].spoil(bytes, w.used), NULL)))
                        return false;
        }
        const int sw = open(channel, ELEMENT_ISSUER, SCP03_C_MAC);
        if (sw >= 0 && sw != DONE)
                miss(channel, "a command without MAC in a session");
        return sw == DONE ? must_be_shut(channel, "a command without MAC in a session",
                                    element_send(channel->run, GET_STATUS, SLICE(any_application), 256, NULL))
                          : sw >= 0;
}

/* What opens a session though it should not. False: the attempt is over. */
static bool must_not_open(struct channel *channel, const char *what, slice wire)
{
        const int sw = send(channel, wire, NULL);
        probe_note(channel->run, "%s: %04x", what, (unsigned)sw & 0xFFFF);
        channel->tried++;
        if (sw == DONE) {
                channel->holds = false;
                probe_end(channel->run, PROBE_BROKEN, "%s opens a session.", what);
        }
        return sw >= 0;
}

/* Behind an opening that the element has just taken, and before another challenge. */
static bool open_again(struct channel *channel)
{
        uint8_t challenge[CHALLENGE] = { 0 }, answer[SCP03_ANSWER_MAX], old[WIRE_MAX];
        size_t size;
        writer recorded = WRITER(old);
        int sw = open(channel, ELEMENT_ISSUER, SAFE);
        write_slice(&recorded, slice_of(channel->opening, channel->opening_size));
        if (sw == DONE)
                sw = initialize(channel, 0, SLICE(challenge), answer, &size);
        if (sw >= 0 && sw != DONE)
                miss(channel, "a recorded opening");
        return sw == DONE ? must_not_open(channel, "A recorded opening", writer_view(&recorded)) : sw >= 0;
}

/* The level is in P1: what was wrapped for MAC and encryption asks for a MAC alone. */
static bool open_weaker(struct channel *channel)
{
        uint8_t challenge[CHALLENGE], answer[SCP03_ANSWER_MAX], bytes[WIRE_MAX];
        size_t size;
        writer w = WRITER(bytes);
        probe_random(channel->run, challenge, sizeof challenge);
        const int sw = initialize(channel, 0, SLICE(challenge), answer, &size);
        if (sw < 0)
                return false;
        if (sw != DONE || failed(scp03_host_authenticate(&channel->session, channel->keys, SAFE, (slice){ 0 },
                                  SLICE(challenge), slice_of(answer, size), &w, NULL))) {
                miss(channel, "an opening that was weakened on the way");
                return true;
        }
        bytes[2] = SCP03_C_MAC;
        return must_not_open(channel, "An opening that was weakened on the way", writer_view(&w));
}

/* An applet's own management wants more than a MAC. That it cannot be done now for another reason says
 * nothing. */
static bool manage_in_clear(struct channel *channel)
{
        static const char what[] = "an applet's management, not encrypted";
        static const uint8_t confirmation[32] = { 0 };
        uint8_t bytes[WIRE_MAX];
        writer w = WRITER(bytes);
        int sw = open(channel, ELEMENT_FIDO, SCP03_C_MAC);
        const bool opened = sw == DONE;
        if (opened)
                sw = send(channel, wrap(channel, CONFIRM_PAIRING, SLICE(confirmation), 0, &w), NULL);
        if (sw >= 0 && (!opened || sw == SW_CONDITIONS)) {
                miss(channel, what);
                return true;
        }
        return must_be_shut(channel, what, sw);
}

/* Gives the tries of the keys back, wherever it ended. */
static void settle(struct channel *channel)
{
        const int sw = open(channel, ELEMENT_ISSUER, SAFE);
        if (sw != DONE)
                probe_note(channel->run,
                        "no session opens any more: the tries of its keys are not full (%04x)",
                        (unsigned)sw & 0xFFFF);
}

/* ---- the attempt ---- */

/* Each session that is begun and not opened may cost a try of the keys, which an element may have few of, for
 * ever. Where they are known, they give the tries back in the end. False: the attempt is over. */
static bool try_strangers(struct channel *channel, bool may_spend)
{
        if (!manage_plainly(channel))
                return false;
        if (may_spend)
                return open_strangely(channel) && authenticate_as(channel, false) &&
                       authenticate_as(channel, true);
        miss(channel, "sessions of a stranger, each of which may cost a try of the keys (--destructive)");
        return true;
}

static bool try_own_keys(struct channel *channel)
{
        if (!channel->keys) {
                miss(channel, "what a relay could do, for which its keys would have to be known here");
                return true;
        }
        return spoil_commands(channel) && open_again(channel) && open_weaker(channel) &&
               manage_in_clear(channel);
}

static void conclude(struct channel *channel, bool whole)
{
        struct probe_run *run = channel->run;
        const bool part = !whole || channel->missed;
        if (!channel->holds || channel->tried)
                probe_fact_bool(run, LEVEL_CHANNEL_NO_DOWNGRADE, channel->holds, channel->holds && part);
        if (!whole)
                probe_end(run, PROBE_PARTLY, "Ended before all was tried.");
        else if (channel->missed)
                probe_end(run, PROBE_PARTLY, "Refused: %u commands and sessions. Not tried: %s.",
                        channel->tried, channel->missed);
        else
                probe_end(run, PROBE_HOLDS,
                        "Refused: %u commands and sessions, some of them by its own keys.", channel->tried);
}

static void attempt(struct probe_run *run, struct target *target)
{
        struct channel channel = { .run = run, .keys = target->keys, .holds = true };
        int sw = element_select(run, ELEMENT_ISSUER);
        if (sw != DONE) {
                if (sw >= 0)
                        probe_end(run, PROBE_NOT_TESTABLE, "There is no issuer's security domain (%04x).",
                                (unsigned)sw);
                return;
        }
        const bool whole =
                try_strangers(&channel, target->keys || target->may_destroy) && try_own_keys(&channel);
        if (target->keys) {
                probe_puts_back(run);
                settle(&channel);
        }
        scp03_close(&channel.session);
        conclude(&channel, whole);
}

const struct probe probe_p16 = {
        .id = "P16",
        .title = "A weaker management channel",
        .title_ja = "管理チャネルの弱体化",
        .attack =
                "Management without a session, by known keys, at weaker levels, with MACs cut, changed or left out, and recorded openings and commands.",
        .attack_ja =
                "セッションなし・既知の鍵・弱いレベル・欠けたMAC・記録された開設やコマンドで管理を試みる。",
        .must = "Nothing is managed but in a fresh session of the right keys, at the level that the command wants.",
        .must_ja = "正しい鍵による新しいセッションと必要なレベルでのみ管理できること。",
        .harm = "Sessions are begun with the issuer's domain and not opened, or with wrong keys, which may lock it against everybody for good.",
        .harm_ja =
                "発行者のセキュリティドメインとのセッションを始めたまま開設せず、又は誤った鍵を送る。誰にも管理できない状態に恒久的にロックされることがある。",
        .responsible = "TSM",
        .needs = TARGET_ELEMENT,
        .attempt = attempt,
};
