/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVE_AUTHENTICATOR_H
#define SERVE_AUTHENTICATOR_H

/* The program's authenticator at work: device, user and ports together. */

#include "device.h"
#include "hand.h"
#include "hid_port.h"
#include "status_server.h"
#include "vpcd.h"

enum { SERVE_COMMANDS = 256 };

struct serve_config {
        const char *hid;      /* as hid_port_open takes it; NULL: none */
        const char *vpcd;     /* HOST:PORT of a virtual reader to be put into; NULL: none */
        bool verbose;         /* say what goes by: names and status, no contents */
        bool may_cycle_power; /* the host may: for tests */
        struct device_config device;
        struct prompter_config prompts;
        const char *const *images; /* of the virtual finger */
        size_t image_count;
};

struct server {
        struct serve_config config;
        struct device device;
        struct prompter *prompter;
        struct hand *hand; /* NULL: fingers are people's */
        struct blob_file *blobs;
        struct hid_port port;
        struct vpcd_slot *reader; /* NULL: none */
        bool reader_waits;        /* for the answer to its command, and the user is awaited */
        struct status_server *status;
        int stop;         /* readable when it is time to end */
        int fido_channel; /* the logical channel that the authenticator has selected its applet on */
        uint8_t command;  /* that is being done */
        bool was_reset;   /* by authenticatorReset: element and matcher do not know each other any more */
        struct mitome_authenticator *authenticator;
        struct {
                unsigned long count, element_commands;
        } costs[SERVE_COMMANDS]; /* by CTAP command */
};

/* serve_authenticator runs until a signal asks for the end, or something breaks. */
MITOME_CHECKED mitome_status serve_authenticator(
        struct server *server, const struct serve_config *config, mitome_error *error);

#endif
