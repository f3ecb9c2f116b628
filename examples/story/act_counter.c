/* SPDX-License-Identifier: Apache-2.0 */

/* The lost phone turns up at a shop that buys phones. The remote erasure never reached it: the counter sees
 * that, and then sees the receipt. */

#include "tale.h"

#include "counter_port.h"
#include "kept_receipts.h"
#include "unix_socket.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SCREEN_MAX = 8192, NOT_CLEAR = 1 };

static bool touch(void *context)
{
        (void)context;
        return true; /* who hands it in touches it */
}

static mitome_status keep(void *context, uint32_t number, slice receipt, mitome_error *error)
{
        return kept_receipts_put(context, number, receipt, error);
}

/* The phone's page answers the clerk's program until that has hung up. */
static mitome_status answer_counter(
        struct tale *tale, struct tale_phone *phone, int listener, mitome_error *error)
{
        struct mitome_enforcer *enforcer;
        char kept[TALE_PATH_MAX];
        int line;
        MITOME_TRY(tale_path(tale, kept, error, "%s/" LIFE_KEPT, phone->identity));
        MITOME_TRY(unix_socket_accept(listener, &line, error));
        mitome_status status = mitome_enforcer_new(&phone->link, &tale->software, &enforcer, error);
        if (!failed(status)) {
                struct counter_port port = {
                        .enforcer = enforcer, .context = kept, .touch = touch, .keep = keep
                };
                mitome_status ended = counter_port_serve(&port, line, NULL);
                mitome_enforcer_free(enforcer);
                if (failed(ended) && ended.code != MITOME_E_LINK)
                        status = fail(error, ended.code, "counter", NULL);
        }
        close(line);
        return status;
}

static mitome_status visit(struct tale *tale, struct tale_phone *phone, int listener, const char *socket,
        char said[SCREEN_MAX], int *ret_exit, mitome_error *error)
{
        char log[TALE_PATH_MAX], ca[TALE_PATH_MAX], shop[TALE_PATH_MAX], where[TALE_PATH_MAX + 8];
        size_t size;
        pid_t clerk;
        int code;
        snprintf(where, sizeof where, "unix:%s", socket);
        MITOME_TRY(tale_path(tale, log, error, "check-device.said"));
        MITOME_TRY(tale_path(tale, ca, error, "device-ca.cer"));
        MITOME_TRY(tale_path(tale, shop, error, "%s", PARTY_SHOP));
        const char *const words[] = { "mitome", "check-device", "--identity", phone->identity, "--maker-ca",
                ca, "--phone", where, "--authority", shop, "--directory", tale->directory_path, "--language",
                "en", NULL };
        MITOME_TRY(tale_start(tale, log, words, &clerk, error));
        MITOME_TRY(answer_counter(tale, phone, listener, error));
        if (waitpid(clerk, &code, 0) != clerk || !WIFEXITED(code))
                return fail(error, MITOME_E_PROCESS, "mitome check-device", NULL);
        *ret_exit = WEXITSTATUS(code);
        return tale_read(log, said, SCREEN_MAX, &size, error);
}

static void print_screen(struct stage *stage, const char *screen)
{
        for (const char *at = screen; *at;) {
                const int length = (int)strcspn(at, "\n");
                if (length)
                        stage_note(stage, "  | %.*s", length, at);
                at += (size_t)length + (at[length] != '\0');
        }
}

mitome_status tale_ask_counter(struct tale *tale, struct tale_phone *phone, const char *what,
        const char *verdict, bool clear, mitome_error *error)
{
        char socket[TALE_PATH_MAX], screen[SCREEN_MAX];
        int listener, code;
        MITOME_TRY(tale_path(tale, socket, error, "%s/counter.sock", phone->identity));
        MITOME_TRY(unix_socket_listen(socket, &listener, error));
        mitome_status status = visit(tale, phone, listener, socket, screen, &code, error);
        close(listener);
        unlink(socket);
        MITOME_TRY(status);
        stage_sent(&tale->stage, SHOP, ELEMENT, "mitome check-device --identity %s", phone->identity);
        print_screen(&tale->stage, screen);
        const bool said = strstr(screen, verdict) != NULL;
        stage_check(&tale->stage, SHOP, said && code == (clear ? 0 : NOT_CLEAR), what, "%s, exit status %d",
                said ? verdict : "something else", code);
        return ok();
}

/* The phone has a network again: it is woken, relays, and brings the receipt home. */
static mitome_status let_it_speak(struct tale *tale, struct tale_phone *phone, mitome_error *error)
{
        enum { TURN_MS = 250 };
        struct life_state state = { .present = LIFE_BOTH };
        bool woken = false;
        for (unsigned waited = 0; waited < TALE_WAIT_S * 1000 && state.present; waited += TURN_MS) {
                MITOME_TRY(life_cycle_poll(phone->app, &woken, error));
                MITOME_TRY(life_cycle_look(phone->app, &state, error));
                tale_pause(TURN_MS);
        }
        stage_sent(&tale->stage, SP_TSM, APP, "a wake, which tells nothing of what for");
        stage_sent(&tale->stage, SP_TSM, ELEMENT, "erase both keys, by the phone's relay, sealed by SCP03");
        stage_sent(&tale->stage, ELEMENT, SP_TSM, "signed receipt");
        stage_check(&tale->stage, ELEMENT, !state.present, "The erasure that failed is made up for",
                "certificates in the phone: %u", (state.present & LIFE_SIGNING) + (state.present >> 1));
        return ok();
}

mitome_status act_counter(struct tale *tale, mitome_error *error)
{
        struct tale_phone *phone = &tale->phones[0];
        stage_step(&tale->stage, "The lost phone turns up at a shop: the remote erasure never reached it");
        MITOME_TRY(tale_phone_on(tale, phone, error));
        MITOME_TRY(tale_ask_counter(tale, phone, "The counter catches a phone that was not erased",
                "REVOKED, NOT ERASED", false, error));
        MITOME_TRY(let_it_speak(tale, phone, error));
        return tale_ask_counter(tale, phone, "With a receipt it is clear to be sold",
                "ERASED, RECEIPT VERIFIED", true, error);
}
