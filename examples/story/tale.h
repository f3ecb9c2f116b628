/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALE_H
#define TALE_H

/* What the acts of the second story, the life cycle, share: the parties' programs, people with cards, phones
 * with elements that are processes, and a relying party. */

/* Before fido.h, which has macros of the same names. */
#include "apdu.h"
#include "verify_evidence.h"

#include "account.h"
#include "browser.h"
#include "card_link.h"
#include "http_client.h"
#include "life_cycle_app.h"
#include "phone_factory.h"
#include "post_http.h"
#include "stage.h"

#include <mitome/rp.h>

#include <sys/types.h>

/* The parties that are services. */
enum tale_service { TALE_MAKER, TALE_AUTHORITY, TALE_SEI_TSM, TALE_SP_TSM, TALE_SERVICES };

enum {
        TALE_PATH_MAX = 256,
        TALE_URL_MAX = 64,
        TALE_PERSON_HEX = 33,
        TALE_SERIAL_MAX = 20,
        TALE_PEOPLE = 2,
        TALE_PHONES = 2,
        TALE_WORDS_MAX = 24,
        TALE_WAIT_S = 30, /* what has not happened by then does not happen */
};

struct tale_running {
        pid_t process;
        uint16_t port;
        char url[TALE_URL_MAX];
};

/* Somebody who does not exist, and the card. */
struct tale_person {
        const char *name, *address, *gender, *born, *card_serial, *account;
        char id[TALE_PERSON_HEX]; /* as the authority calls the person, in hexadecimal */
        struct factory_element card;
};

struct tale_serial {
        uint8_t bytes[TALE_SERIAL_MAX];
        size_t size;
};

/* A CA's certificate, DER. */
struct tale_ca {
        uint8_t bytes[4096];
        size_t size;
};

struct tale_phone {
        const char *identity; /* as it is printed on it */
        char folder[TALE_PATH_MAX], socket[TALE_PATH_MAX];
        pid_t element;
        struct card_link *card;  /* NULL: it is off, or silent, or lies where nobody uses it */
        struct mitome_link link; /* to the element: the phone's own software's */
        struct life_app *app;
        const char *pin, *password;
        uint8_t credential[ACCOUNT_CREDENTIAL_MAX];
        size_t credential_size;
        struct tale_serial serials[3]; /* by kind, 1 signing, 2 user verification: the newest */
};

/* What the relying party found out of a login. */
struct tale_login {
        mitome_code code; /* OK: let in */
        uint32_t sign_count;
        char reason[STAGE_TEXT_MAX];
};

struct tale {
        struct stage stage;
        struct mitome_random random;
        const char *out;   /* the folder in which all is left */
        const char *build; /* where the programs are */
        struct directory directory;
        char directory_path[TALE_PATH_MAX];
        struct tale_running services[TALE_SERVICES];
        struct tale_person people[TALE_PEOPLE];
        struct tale_phone phones[TALE_PHONES];
        struct mitome_app app, software; /* the JPKI app, and the phones' own software */
        struct phone_way_http *sei_way, *sp_way, *maker_way;
        struct post_http *http;
        struct party *portal;
        struct tale_ca jpki_ca, attestation_ca; /* of user-verification certificates, of passkeys */
        struct tale_serial first; /* her first user-verification certificate, for the journals */
        unsigned asked;           /* how many questions went to the responder */
};

/* The names of the parties, as the stage prints them. */
#define AUTHORITY "authority"
#define MUNICIPALITY "municipality"
#define CALL_CENTRE "call centre"
#define SEI_TSM "SEI-TSM"
#define SP_TSM "SP-TSM"
#define MAKER "maker"
#define SHOP "shop"
#define PORTAL "relying party"
#define APP "phone app"
#define ELEMENT "element"
#define CARD "card"

#define TALE_CARD_PIN "1234"
#define TALE_CARD_PASSWORD "PASSWORD1"

/* ---- the acts, each in a file of its own ---- */

MITOME_CHECKED mitome_status act_parties(struct tale *tale, mitome_error *error);
MITOME_CHECKED mitome_status act_application(struct tale *tale, mitome_error *error);
MITOME_CHECKED mitome_status act_visit(struct tale *tale, mitome_error *error);
MITOME_CHECKED mitome_status act_forgotten(struct tale *tale, mitome_error *error);
MITOME_CHECKED mitome_status act_renewal(struct tale *tale, mitome_error *error);
MITOME_CHECKED mitome_status act_loss(struct tale *tale, mitome_error *error);
MITOME_CHECKED mitome_status act_model_change(struct tale *tale, mitome_error *error);
MITOME_CHECKED mitome_status act_counter(struct tale *tale, mitome_error *error);
MITOME_CHECKED mitome_status act_transfer(struct tale *tale, mitome_error *error);
MITOME_CHECKED mitome_status act_set_back(struct tale *tale, mitome_error *error);
MITOME_CHECKED mitome_status act_journals(struct tale *tale, mitome_error *error);

/* ---- programs (tale_process.c) ---- */

/* tale_start starts a program, whose words go to the file `log`; tale_run waits for its end. The words are
 * the program's path below the folder of programs and its arguments, ended by NULL. */
MITOME_CHECKED mitome_status tale_start(
        const struct tale *tale, const char *log, const char *const *words, pid_t *ret, mitome_error *error);
MITOME_CHECKED mitome_status tale_run(const struct tale *tale, const char *log, const char *const *words,
        int *ret_exit, mitome_error *error);

/* tale_read reads a file as text, ended by 0. */
MITOME_CHECKED mitome_status tale_read(
        const char *path, char *buffer, size_t capacity, size_t *ret_size, mitome_error *error);
MITOME_CHECKED mitome_status tale_write(const char *path, slice content, mitome_error *error);

/* tale_await waits until the file has the text. */
MITOME_CHECKED mitome_status tale_await(const char *path, const char *text, mitome_error *error);
void tale_pause(unsigned ms);

/* tale_path is a path in the folder of the story. */
MITOME_CHECKED mitome_status tale_path(const struct tale *tale, char path[TALE_PATH_MAX], mitome_error *error,
        const char *format, ...) __attribute__((format(printf, 4, 5)));

/* ---- the parties' services (tale_service.c) ---- */

/* tale_introduce makes everybody's key, and the directory of all; tale_serve starts one with more options,
 * or again. */
MITOME_CHECKED mitome_status tale_introduce(struct tale *tale, mitome_error *error);
MITOME_CHECKED mitome_status tale_serve(
        struct tale *tale, enum tale_service which, const char *const *options, mitome_error *error);
void tale_stop(struct tale *tale, enum tale_service which);

/* tale_teller has a clerk do something: words as of tale_run; what was printed is in `said`. */
MITOME_CHECKED mitome_status tale_teller(struct tale *tale, const char *party, const char *const *words,
        char *said, size_t capacity, int *ret_exit, mitome_error *error);

/* tale_export has everybody write out the journal; the services have been stopped. */
enum { TALE_JOURNALS = 8 };
struct tale_journals {
        size_t count;
        char paths[TALE_JOURNALS][TALE_PATH_MAX];
};
MITOME_CHECKED mitome_status tale_export(struct tale *tale, struct tale_journals *ret, mitome_error *error);

/* tale_fetch has the program `fetch` get a page, or ask the responder with the request in a file. */
MITOME_CHECKED mitome_status tale_fetch(
        const struct tale *tale, const char *url, const char *request, const char *file, mitome_error *error);

/* ---- people and phones (tale_person.c, tale_phone.c) ---- */

MITOME_CHECKED mitome_status tale_person_make(
        struct tale *tale, struct tale_person *person, mitome_error *error);

/* tale_phone_make starts the element, and has the maker equip it. */
MITOME_CHECKED mitome_status tale_phone_make(
        struct tale *tale, struct tale_phone *phone, mitome_error *error);
/* tale_phone_on gives it its power and the app; tale_phone_off takes both. */
MITOME_CHECKED mitome_status tale_phone_on(struct tale *tale, struct tale_phone *phone, mitome_error *error);
void tale_phone_off(struct tale_phone *phone);
void tale_phone_end(struct tale_phone *phone);

/* tale_apply is an application from end to end, by the person's card; tale_go_on what follows. */
MITOME_CHECKED mitome_status tale_apply(struct tale *tale, struct tale_phone *phone,
        const struct tale_person *person, enum life_purpose purpose, unsigned kinds, struct life_state *ret,
        mitome_error *error);
MITOME_CHECKED mitome_status tale_go_on(
        struct tale *tale, struct tale_phone *phone, struct life_state *ret, mitome_error *error);

/* tale_offer_login has the phone log in, and puts on the stage whether that came out as it must: `expected`
 * is OK or why it has to be refused. */
MITOME_CHECKED mitome_status tale_offer_login(struct tale *tale, struct tale_phone *phone, const char *what,
        mitome_code expected, mitome_error *error);

/* tale_check_order puts on the stage whether an order is done, with these certificates in the phone and no
 * secret but the holder's own. */
void tale_check_order(struct tale *tale, const char *what, const struct life_state *state, unsigned present);

/* tale_ask_counter has the shop's clerk check the phone, prints the screen, and puts on the stage whether it
 * says `verdict`, and whether by its exit status there is anything left to do (`clear`: there is not). */
MITOME_CHECKED mitome_status tale_ask_counter(struct tale *tale, struct tale_phone *phone, const char *what,
        const char *verdict, bool clear, mitome_error *error);

/* tale_learn_serials asks the call centre for the person's certificates in the phone. */
MITOME_CHECKED mitome_status tale_learn_serials(
        struct tale *tale, struct tale_phone *phone, const struct tale_person *person, mitome_error *error);
void tale_hex(const struct tale_serial *serial, char text[2 * TALE_SERIAL_MAX + 1]);

/* ---- the relying party (tale_portal.c, tale_passkey.c) ---- */

/* tale_register makes a passkey in the phone, and has its holder stand behind it with the certificate, after
 * the PIN; the account of that name is opened, or moved from the certificate before. *ret tells what the
 * relying party said. */
enum tale_wish { TALE_OPEN_ACCOUNT, TALE_MOVE_ACCOUNT };
MITOME_CHECKED mitome_status tale_register(struct tale *tale, struct tale_phone *phone, const char *account,
        enum tale_wish wish, struct tale_login *ret, mitome_error *error);
MITOME_CHECKED mitome_status tale_log_in(
        struct tale *tale, struct tale_phone *phone, struct tale_login *ret, mitome_error *error);

/* What a browser on the phone does for a page, after the PIN. CTAP_STATUS: the authenticator refused. */
#define TALE_RP_ID "portal.example"
#define TALE_ORIGIN "https://portal.example"
MITOME_CHECKED mitome_status tale_make_passkey(struct tale *tale, struct tale_phone *phone, slice challenge,
        struct browser_answer *ret, mitome_error *error);
MITOME_CHECKED mitome_status tale_use_passkey(struct tale *tale, struct tale_phone *phone, slice challenge,
        struct browser_answer *ret, mitome_error *error);

/* tale_sign has the certificate's key sign a message that begins as such messages must (PROTOCOL.md, SIGN),
 * after the PIN; the certificate goes along. */
enum { TALE_CERTIFICATE_MAX = 4096, TALE_SIGNATURE_SIZE = 256 };
struct tale_proof {
        uint8_t certificate[TALE_CERTIFICATE_MAX], signature[TALE_SIGNATURE_SIZE];
        size_t certificate_size;
};
MITOME_CHECKED mitome_status tale_sign(struct tale *tale, struct tale_phone *phone, slice message,
        struct tale_proof *ret, mitome_error *error);

/* tale_reason is what the explanation of a failure says, without its advice. */
void tale_reason(mitome_status status, const mitome_error *cause, char text[STAGE_TEXT_MAX]);

#endif
