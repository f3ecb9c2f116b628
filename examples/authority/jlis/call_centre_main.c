/* SPDX-License-Identifier: Apache-2.0 */

/* The authority's call centre, played: somebody calls, is found by what he says of himself, and has his
 * certificates held. */

#include "teller_main.h"

#include <stdio.h>

static void print_certificate(const struct teller_certificate *certificate)
{
        static const char *const kinds[] = { "?", "signing", "user-verification" };
        static const char *const places[] = { "?", "card", "phone" };
        static const char *const states[] = { "good", "on hold", "revoked", "unknown" };
        printf("%s ", kinds[certificate->kind]);
        teller_print_hex(certificate->serial, certificate->serial_size);
        printf(" %s %s%s%s\n", places[certificate->place], states[certificate->status],
                certificate->device[0] ? " in " : "", certificate->device);
}

static mitome_status run_find(
        struct party *party, char **arguments, mitome_code *ret_refusal, mitome_error *error)
{
        struct teller_found found;
        int birth[3];
        MITOME_TRY(teller_read_date(arguments[1], birth, error));
        MITOME_TRY(teller_find(party, arguments[0], birth, arguments[2], &found, ret_refusal, error));
        for (size_t i = 0; i < found.count; i++)
                print_certificate(&found.certificates[i]);
        return ok();
}

int main(int argc, char **argv)
{
        static const struct teller_command commands[] = {
                { "find", "NAME YYYY-MM-DD ADDRESS", "lists what of the caller's is not revoked", 3,
                        run_find },
                { "hold", "KIND SERIAL", "puts a certificate on hold, at once (一時保留)", .count = 2 },
                { "release", "KIND SERIAL",
                        "takes a hold back; of a phone's certificate only where the authority allows it: else it is issued\n"
                        "        anew with the card, in whichever phone",
                        .count = 2 },
                /* keyCompromise: whoever has the phone may try its PIN */
                { "revoke", "KIND SERIAL", "revokes it, for good", .count = 2, .reason = 1 },
        };
        static const struct teller_program program = {
                .party = PARTY_CALL_CENTRE,
                .program = "call-centre",
                .asked = "telephone",
                .about =
                        "The call centre, played: KIND is signing or user-verification. A call that was taken takes effect: when\n"
                        "the authority does not answer, the next command says it again. Who calls is believed by name, birthday\n"
                        "and address, which is why nothing is released that an impostor could want.",
                .commands = commands,
                .command_count = sizeof commands / sizeof commands[0],
        };
        return teller_main(&program, argc, argv);
}
