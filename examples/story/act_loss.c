/* SPDX-License-Identifier: Apache-2.0 */

/* She has lost her phone, and telephones. */

#include "tale.h"

enum { SAID_MAX = 4096 };

/* What the call centre does about one certificate; *ret_done: the authority did it. */
static mitome_status telephone(struct tale *tale, const char *what, unsigned kind,
        const struct tale_serial *serial, bool *ret_done, mitome_error *error)
{
        static const char *const kinds[] = { NULL, "signing", "user-verification" };
        char text[2 * TALE_SERIAL_MAX + 1], said[SAID_MAX];
        int code;
        tale_hex(serial, text);
        const char *const words[] = { what, kinds[kind], text, NULL };
        MITOME_TRY(tale_teller(tale, PARTY_CALL_CENTRE, words, said, sizeof said, &code, error));
        stage_sent(&tale->stage, CALL_CENTRE, AUTHORITY, "letter: %s %s %.16s..: %s", what, kinds[kind], text,
                code == 0 ? "done" : "refused");
        *ret_done = code == 0;
        return ok();
}

mitome_status act_loss(struct tale *tale, mitome_error *error)
{
        struct tale_phone *phone = &tale->phones[0];
        bool done, all = true;
        stage_step(&tale->stage, "She has lost the phone, and telephones: a hold, at once");
        for (unsigned kind = 1; kind <= 2; kind++) {
                MITOME_TRY(telephone(tale, "hold", kind, &phone->serials[kind], &done, error));
                all = all && done;
        }
        stage_check(&tale->stage, AUTHORITY, all, "A call puts both certificates on hold",
                all ? "both are on hold" : "not both");
        stage_note(&tale->stage, "whoever found the phone has seen her type the PIN, and tries it:");
        MITOME_TRY(tale_offer_login(tale, phone, "A finder who knows the PIN is not let in",
                MITOME_E_CERTIFICATE_ON_HOLD, error));
        MITOME_TRY(telephone(tale, "release", 2, &phone->serials[2], &done, error));
        stage_check(&tale->stage, AUTHORITY, !done, "A call does not take the hold of a phone back",
                done ? "released" : "refused: it takes the card, and a new certificate");
        tale_phone_off(phone);
        return ok();
}
