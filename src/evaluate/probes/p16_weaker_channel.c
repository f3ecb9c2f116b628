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
};

/* "Not in a session" and what amounts to it; anything else was looked at without one. */
static bool is_shut(int sw)
{
        return sw == SW_SECURITY_STATUS || sw == SW_CONDITIONS || sw == SW_SECURE_MESSAGING ||
               sw == SW_WRONG_CLA || sw == SW_WRONG_INS || sw == SW_CHANNEL_UNSUPPORTED ||
               sw == SW_WRONG_P1P2;
}

/* False: the attempt is over. */
static bool must_be_shut(struct channel *channel, const char *what, int sw)
{
        if (sw < 0)
                return false;
        probe_note(channel->run, "%s: %04x", what, (unsigned)sw);
        channel->tried++;
        if (!is_shut(sw)) {
                channel->holds = false;
                probe_end(channel->run, PROBE_BROKEN, "The element takes %s (%04x).", what, (unsigned)sw);
        }
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
        if (element_select(channel->run, ELEMENT_ISSUER) != DONE)
                return false;
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

static bool open_strangely(struct channel *channel)
{
        uint8_t challenge[CHALLENGE], first[SCP03_ANSWER_MAX], second[SCP03_ANSWER_MAX],
                none[SCP03_ANSWER_MAX];
        size_t first_size, second_size, size;
        struct probe_run *run = channel->run;
        probe_random(run, challenge, sizeof challenge);
        int sw = initialize(channel, 0, SLICE(challenge), first, &first_size);
        if (sw != DONE) {
                probe_end(run, PROBE_NOT_TESTABLE, "It opens no session with a challenge of 8 bytes (%04x).",
                        (unsigned)sw & 0xFFFF);
                return false;
        }
        if (initialize(channel, 0, SLICE(challenge), second, &second_size) != DONE)
                return false;
        if (slice_equal(slice_of(first, first_size), slice_of(second, second_size))) {
                channel->holds = false;
                probe_end(run, PROBE_BROKEN,
                        "Its challenge is the same twice: a recorded session opens it again.");
        }
        try_known_keys(channel, SLICE(challenge), slice_of(second, second_size));
        sw = initialize(channel, NOBODYS_VERSION, SLICE(challenge), none, &size);
        if (sw < 0 || (sw != DONE && initialize(channel, 0, slice_of(challenge, 4), none, &size) < 0))
                return false;
        if (sw == DONE || size > 0) {
                channel->holds = false;
                probe_end(run, PROBE_BROKEN, "It begins a session with %s.",
                        sw == DONE ? "a key set that it does not have" : "a challenge of 4 bytes");
        }
        return true;
}

/* What a stranger can send for an opening; each costs a try of the key set. */
static bool authenticate_strangely(struct channel *channel)
{
        static const uint8_t zeros[2 * CHALLENGE];
        uint8_t challenge[CHALLENGE] = { 0 }, answer[SCP03_ANSWER_MAX], reflected[2 * CHALLENGE] = { 0 };
        size_t size;
        slice head, cryptogram;
        int sw = initialize(channel, 0, SLICE(challenge), answer, &size);
        if (sw != DONE || size < 3 * CHALLENGE)
                return sw >= 0;
        sw = element_send(channel->run, EXTERNAL_AUTHENTICATE, SLICE(zeros), 0, NULL);
        if (sw < 0 || initialize(channel, 0, SLICE(challenge), answer, &size) != DONE)
                return false;
        bool opened = sw == DONE;
        reader r = reader_over(slice_of(answer, size), NULL, NULL);
        writer w = WRITER(reflected);
        if (failed(read_bytes(&r, "answer", 13 + CHALLENGE, &head)) ||
                failed(read_bytes(&r, "cryptogram", CHALLENGE, &cryptogram)))
                return true;
        write_slice(&w, cryptogram);
        sw = element_send(channel->run, EXTERNAL_AUTHENTICATE | SCP03_C_MAC << 8, SLICE(reflected), 0, NULL);
        opened = opened || sw == DONE;
        channel->tried += 2;
        if (opened) {
                channel->holds = false;
                probe_end(channel->run, PROBE_BROKEN, "A stranger opens a session.");
        }
        return sw >= 0;
}

/* ---- with its keys: what a relay could do ---- */

static bool open(struct channel *channel, enum element_applet applet, uint8_t level)
{
        uint8_t challenge[CHALLENGE], answer[SCP03_ANSWER_MAX];
        size_t size;
        scp03_close(&channel->session);
        probe_random(channel->run, challenge, sizeof challenge);
        if (element_select(channel->run, applet) != DONE ||
                initialize(channel, 0, SLICE(challenge), answer, &size) != DONE)
                return false;
        writer w = WRITER(channel->opening);
        if (failed(scp03_host_authenticate(&channel->session, channel->keys, level, (slice){ 0 },
                    SLICE(challenge), slice_of(answer, size), &w, NULL)))
                return false;
        channel->opening_size = w.used;
        return send(channel, writer_view(&w), NULL) == DONE;
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

/* A command of a session of its own, as sent; false: that is not possible here. */
static bool one_command(struct channel *channel, uint8_t level, writer *w)
{
        return open(channel, ELEMENT_ISSUER, level) &&
               wrap(channel, GET_STATUS, SLICE(any_application), 256, w).size > 0;
}

static bool spoil_commands(struct channel *channel)
{
        uint8_t bytes[WIRE_MAX];
        struct apdu_command command;
        writer w = WRITER(bytes);
        if (!one_command(channel, SCP03_C_MAC, &w) || send(channel, writer_view(&w), NULL) != DONE) {
                probe_end(channel->run, PROBE_NOT_TESTABLE,
                        "No session could be opened with the keys that were given.");
                return false;
        }
        if (!must_be_shut(channel, "a command that it has had before", send(channel, writer_view(&w), NULL)))
                return false;
        w = WRITER(bytes);
        if (!one_command(channel, SCP03_C_MAC, &w))
                return false;
        bytes[w.used - 2] ^= 0x01; /* the MAC's last byte: Le is behind it */
        if (!must_be_shut(channel, "a command with a changed MAC", send(channel, writer_view(&w), NULL)))
                return false;
        w = WRITER(bytes);
        if (!one_command(channel, SCP03_C_MAC, &w) ||
                failed(apdu_read_command(writer_view(&w), &command, NULL)))
                return false;
        const slice half = slice_of(command.data.data, command.data.size - SCP03_S8 / 2);
        if (!must_be_shut(channel, "a command with half a MAC",
                    element_send(channel->run, GET_STATUS | 0x04000000U, half, 256, NULL)))
                return false;
        if (!open(channel, ELEMENT_ISSUER, SCP03_C_MAC))
                return false;
        return must_be_shut(channel, "a command without MAC in a session",
                element_send(channel->run, GET_STATUS, SLICE(any_application), 256, NULL));
}

/* A recorded opening, one whose level was changed on the way, and commands that want more than the level. */
static bool weaken_sessions(struct channel *channel)
{
        static const uint8_t confirmation[32] = { 0 };
        uint8_t challenge[CHALLENGE] = { 0 }, answer[SCP03_ANSWER_MAX], bytes[WIRE_MAX], old[WIRE_MAX];
        size_t size;
        writer recorded = WRITER(old), w = WRITER(bytes);
        if (!open(channel, ELEMENT_ISSUER, SAFE))
                return false;
        write_slice(&recorded, slice_of(channel->opening, channel->opening_size));
        if (initialize(channel, 0, SLICE(challenge), answer, &size) != DONE)
                return false;
        int sw = send(channel, writer_view(&recorded), NULL);
        if (sw < 0)
                return false;
        bool opened = sw == DONE;
        probe_random(channel->run, challenge, sizeof challenge);
        if (initialize(channel, 0, SLICE(challenge), answer, &size) != DONE ||
                failed(scp03_host_authenticate(&channel->session, channel->keys, SAFE, (slice){ 0 },
                        SLICE(challenge), slice_of(answer, size), &w, NULL)))
                return false;
        bytes[2] = 0x00; /* the level, P1 */
        sw = send(channel, writer_view(&w), NULL);
        opened = opened || sw == DONE;
        channel->tried += 2;
        if (opened) {
                channel->holds = false;
                probe_end(channel->run, PROBE_BROKEN,
                        "A recorded opening, or one that was weakened on the way, opens a session.");
        }
        w = WRITER(bytes);
        if (sw < 0 || !open(channel, ELEMENT_FIDO, SCP03_C_MAC))
                return sw >= 0;
        const slice wire = wrap(channel, CONFIRM_PAIRING, SLICE(confirmation), 0, &w);
        return must_be_shut(channel, "an applet's management, not encrypted", send(channel, wire, NULL)) &&
               open(channel, ELEMENT_ISSUER, SAFE); /* gives the tries of the keys back */
}

/* ---- the attempt ---- */

static void attempt(struct probe_run *run, struct target *target)
{
        struct channel channel = { .run = run, .keys = target->keys, .holds = true };
        const bool may_spend = target->keys || target->may_destroy;
        int sw = element_select(run, ELEMENT_ISSUER);
        if (sw != DONE) {
                if (sw >= 0)
                        probe_end(run, PROBE_NOT_TESTABLE, "There is no issuer's security domain (%04x).",
                                (unsigned)sw);
                return;
        }
        bool whole = manage_plainly(&channel) && open_strangely(&channel);
        if (whole && may_spend)
                whole = authenticate_strangely(&channel);
        if (whole && target->keys)
                whole = spoil_commands(&channel) && weaken_sessions(&channel);
        scp03_close(&channel.session);
        if (!whole) {
                probe_end(run, PROBE_PARTLY, "Ended before all was tried.");
                return;
        }
        probe_fact_bool(run, LEVEL_CHANNEL_NO_DOWNGRADE, channel.holds, !target->keys);
        probe_end(run, target->keys ? PROBE_HOLDS : PROBE_PARTLY, "Refused: %u commands and sessions%s.",
                channel.tried,
                target->keys ? ", some of them by its own keys" : "; its keys are not known here");
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
        .harm = "Wrong keys are given to the issuer's domain, which may lock it against everybody for good.",
        .harm_ja =
                "発行者のセキュリティドメインに誤った鍵を送る。誰にも管理できない状態に恒久的にロックされることがある。",
        .responsible = "TSM",
        .needs = TARGET_ELEMENT,
        .attempt = attempt,
};
