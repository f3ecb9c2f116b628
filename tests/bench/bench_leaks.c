/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the element's time tells how near a guess of a PIN or a MAC was. Every guess is wrong; the fixed
 * one agrees with the right one up to its last byte, the random ones hardly at all. A comparison that stops
 * at the first difference takes longer for the fixed one. */
#include "bench_welch.h"
#include "element_internal.h"
#include "element_rig.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUST(condition)                                                                  \
        do {                                                                             \
                if (!(condition)) {                                                      \
                        fprintf(stderr, "bench_leaks.c:%d: %s\n", __LINE__, #condition); \
                        exit(2);                                                         \
                }                                                                        \
        } while (0)

/* Where the verdicts of what is measured go, so that no compiler leaves it out. */
static volatile unsigned sink;

/* ---- comparisons alone ---- */

struct comparing {
        uint8_t right[32];
        size_t size;
};

static void prepare_guess(void *state, bool fixed, const uint8_t *random, uint8_t *ret_input)
{
        const struct comparing *comparing = state;
        memcpy(ret_input, fixed ? comparing->right : random, comparing->size);
        if (fixed)
                ret_input[comparing->size - 1] ^= 0x01;
}

/* The control: the way not to do it. */
static void run_early_exit(void *state, const uint8_t *input)
{
        const struct comparing *comparing = state;
        size_t i = 0;
        while (i < comparing->size && ((const volatile uint8_t *)input)[i] == comparing->right[i])
                i++;
        sink += i == comparing->size;
}

static void run_secret_equal(void *state, const uint8_t *input)
{
        const struct comparing *comparing = state;
        sink += secret_equal(slice_of(comparing->right, comparing->size), slice_of(input, comparing->size));
}

/* ---- VERIFY of the PIN ---- */

struct verifying {
        struct element_rig rig;
        uint8_t response[MITOME_APDU_MAX];
};

static const uint8_t verify_head[] = { 0x00, 0x20, 0x00, 0x80, 4 };

static void transmit_verify(struct verifying *verifying, const char *pin, uint16_t wanted)
{
        uint8_t apdu[9];
        writer w = WRITER(apdu);
        write_slice(&w, SLICE(verify_head));
        write_slice(&w, slice_text(pin));
        MUST(element_rig_transmit(&verifying->rig, writer_view(&w)) == wanted);
}

static void open_verifying(struct verifying *verifying)
{
        element_rig_open(&verifying->rig);
        element_rig_personalise(&verifying->rig);
        MUST(element_rig_select(&verifying->rig, element_rig_jpki) == SW_OK);
        MUST(element_rig_select_file(&verifying->rig, 0x0018) == SW_OK);
}

/* The PIN is 1234: fixed 1235, random any other wrong one. */
static void prepare_pin(void *state, bool fixed, const uint8_t *random, uint8_t *ret_input)
{
        (void)state;
        memcpy(ret_input, verify_head, sizeof verify_head);
        char digits[8];
        unsigned number = (unsigned)(random[0] | random[1] << 8 | random[2] << 16) % 10000;
        snprintf(digits, sizeof digits, "%04u", number == 1234 ? 4321 : number);
        memcpy(ret_input + sizeof verify_head, fixed ? "1235" : digits, 4);
}

/* The tries are given back, and both classes come after the same. */
static void settle_pin(void *state)
{
        transmit_verify(state, ELEMENT_RIG_PIN, SW_OK);
}

static void run_pin(void *state, const uint8_t *input)
{
        struct verifying *verifying = state;
        size_t size;
        MUST(!failed(mitome_element_transmit(
                verifying->rig.element, slice_of(input, 9), verifying->response, &size, NULL)));
        sink += verifying->response[1];
}

/* ---- C-MAC ---- */

struct wrapping {
        struct scp03_session before, card;
        struct apdu_command command;
        uint8_t bytes[64], mac[SCP03_MAC_MAX];
};

static void open_wrapping(struct wrapping *wrapping)
{
        const struct scp03_keys keys = element_rig_host_keys(&element_rig_keys);
        static const uint8_t challenge[SCP03_S16] = { 1 };
        const struct scp03_offer offer = { .key_version = 1, .i = 0x61, .challenge = SLICE(challenge) };
        struct scp03_session host;
        uint8_t answer[SCP03_ANSWER_MAX], bytes[64];
        writer w = WRITER(answer), authenticate = WRITER(bytes), wrapped = WRITER(wrapping->bytes);
        struct apdu_command command;
        MUST(!failed(scp03_card_initialize(&wrapping->before, &keys, &offer, SLICE(challenge), &w, NULL)));
        MUST(!failed(scp03_host_authenticate(&host, &keys, SCP03_LEVEL_ALL, (slice){ 0 }, SLICE(challenge),
                writer_view(&w), &authenticate, NULL)));
        MUST(!failed(apdu_read_command(writer_view(&authenticate), &command, NULL)));
        MUST(!failed(scp03_card_authenticate(&wrapping->before, &command, NULL)));
        const struct apdu_command plain = { .cla = 0x80, .ins = 0x10, .data = slice_text("data") };
        MUST(!failed(scp03_host_wrap(&host, &plain, &wrapped, NULL)));
        MUST(!failed(apdu_read_command(writer_view(&wrapped), &wrapping->command, NULL)));
        memcpy(wrapping->mac, &wrapping->command.data.data[16], sizeof wrapping->mac);
}

static void prepare_mac(void *state, bool fixed, const uint8_t *random, uint8_t *ret_input)
{
        const struct wrapping *wrapping = state;
        memcpy(ret_input, wrapping->command.data.data, 16);
        memcpy(ret_input + 16, fixed ? wrapping->mac : random, sizeof wrapping->mac);
        if (fixed)
                ret_input[31] ^= 0x01;
}

static void settle_mac(void *state)
{
        struct wrapping *wrapping = state;
        wrapping->card = wrapping->before;
}

static void run_mac(void *state, const uint8_t *input)
{
        struct wrapping *wrapping = state;
        uint8_t buffer[64];
        struct apdu_command command = wrapping->command, plain;
        command.data = slice_of(input, 32);
        sink += failed(scp03_card_unwrap(&wrapping->card, &command, buffer, sizeof buffer, &plain, NULL));
}

/* ---- unlock token ---- */

struct unlocking {
        uint8_t key[32], token[UNLOCK_TOKEN_SIZE];
};

enum { TOKEN_MAC_AT = UNLOCK_TOKEN_SIZE - SHA256_SIZE };

static void open_unlocking(struct unlocking *unlocking)
{
        const struct unlock_token token = { .purpose = UNLOCK_VERIFIED, .modality = UNLOCK_FINGER };
        memset(unlocking->key, 0x4B, sizeof unlocking->key);
        unlock_token_seal(&token, SLICE(unlocking->key), unlocking->token);
}

static void prepare_token(void *state, bool fixed, const uint8_t *random, uint8_t *ret_input)
{
        const struct unlocking *unlocking = state;
        memcpy(ret_input, unlocking->token, UNLOCK_TOKEN_SIZE);
        if (fixed)
                ret_input[UNLOCK_TOKEN_SIZE - 1] ^= 0x01;
        else
                memcpy(ret_input + TOKEN_MAC_AT, random, SHA256_SIZE);
}

static void run_token(void *state, const uint8_t *input)
{
        const struct unlocking *unlocking = state;
        struct unlock_token token;
        sink += failed(
                unlock_token_open(slice_of(input, UNLOCK_TOKEN_SIZE), SLICE(unlocking->key), &token, NULL));
}

/* ---- pinUvAuthParam ---- */

struct authorising {
        struct fido fido;
        uint8_t right[SHA256_SIZE];
};

static const uint8_t client_data_hash[SHA256_SIZE] = { 0xCD };

static void open_authorising(struct authorising *authorising)
{
        struct fido_token *token = &authorising->fido.token;
        static const uint8_t value[32] = { 0x70 };
        const slice message = SLICE(client_data_hash);
        MUST(!failed(secret_set(&token->value, SLICE(value), NULL)));
        token->permissions = 0xFF;
        hmac_sha256(SLICE(value), &message, 1, authorising->right);
}

static void prepare_param(void *state, bool fixed, const uint8_t *random, uint8_t *ret_input)
{
        const struct authorising *authorising = state;
        memcpy(ret_input, fixed ? authorising->right : random, SHA256_SIZE);
        if (fixed)
                ret_input[SHA256_SIZE - 1] ^= 0x01;
}

static void run_param(void *state, const uint8_t *input)
{
        struct authorising *authorising = state;
        sink += fido_token_authorises(&authorising->fido, 0x01, SLICE(client_data_hash),
                SLICE(client_data_hash), slice_of(input, SHA256_SIZE));
}

/* ---- report ---- */

/* False: a control that was not seen to leak, or a subject that was. */
static bool report(const struct welch_subject *subject, const struct welch_verdict *verdict)
{
        bool shown = verdict->t > welch_shown;
        const char *word = shown ? "leaks" : verdict->t > welch_suspected ? "suspected" : "nothing found";
        printf("%-44s %9llu measurements   |t| %8.2f   difference %8.1f ticks   %s%s\n", subject->name,
                (unsigned long long)verdict->measurements, verdict->t, verdict->difference, word,
                subject->control ? shown ? ", as the control must" : ": THE TEST DOES NOT SEE" : "");
        return shown == subject->control;
}

int main(int argc, char **argv)
{
        static struct comparing eight = { .right = { 1, 2, 3, 4, 5, 6, 7, 8 }, .size = 8 };
        static struct comparing whole = { .right = { 1, 2, 3, 4, 5, 6, 7, 8 }, .size = 32 };
        static struct verifying verifying;
        static struct wrapping wrapping;
        static struct unlocking unlocking;
        static struct authorising authorising;
        const struct welch_subject subjects[] = {
                { "control: comparison that ends early", true, 1, 32, prepare_guess, NULL, run_early_exit,
                        &whole },
                { "secret_equal of 8 bytes", false, 1, 8, prepare_guess, NULL, run_secret_equal, &eight },
                { "secret_equal of 32 bytes", false, 1, 32, prepare_guess, NULL, run_secret_equal, &whole },
                { "SCP03 C-MAC (S16) of a command", false, 1, 32, prepare_mac, settle_mac, run_mac,
                        &wrapping },
                { "MAC of an unlock token", false, 1, UNLOCK_TOKEN_SIZE, prepare_token, NULL, run_token,
                        &unlocking },
                { "pinUvAuthParam", false, 1, SHA256_SIZE, prepare_param, NULL, run_param, &authorising },
                { "VERIFY of the PIN, the whole command", false, 6, 9, prepare_pin, settle_pin, run_pin,
                        &verifying },
        };
        enum { SUBJECTS = sizeof subjects / sizeof *subjects };
        static const struct option known[] = { { "seconds", required_argument, NULL, 's' }, { 0 } };
        double seconds = 36;
        for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
                if (option != 's' || (seconds = atof(optarg)) <= 0) {
                        fputs("usage: bench_leaks [--seconds N]\n", stderr);
                        return 2;
                }
        }
        open_verifying(&verifying);
        open_wrapping(&wrapping);
        open_unlocking(&unlocking);
        open_authorising(&authorising);
        setvbuf(stdout, NULL, _IOLBF, 0);
        printf("suspected above |t| = %.1f, taken as shown above %.0f\n", welch_suspected, welch_shown);
        bool good = true;
        unsigned shares = 0;
        for (size_t i = 0; i < SUBJECTS; i++)
                shares += subjects[i].shares;
        for (size_t i = 0; i < SUBJECTS; i++) {
                struct welch_verdict verdict =
                        welch_measure(&subjects[i], seconds * subjects[i].shares / shares, 1 + i);
                good = report(&subjects[i], &verdict) && good;
        }
        element_rig_close(&verifying.rig);
        return good ? 0 : 1;
}
