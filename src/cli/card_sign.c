/* SPDX-License-Identifier: Apache-2.0 */
#include "card_sign.h"

#include "cms_write.h"
#include "jpki_card.h"
#include "secret_prompt.h"

#include <stdio.h>
#include <stdlib.h>

static mitome_status read_file(const char *path, uint8_t *buffer, slice *ret, mitome_error *error)
{
        FILE *file = fopen(path, "rb");
        if (!file)
                return fail(error, MITOME_E_FILE_READ, "the application", NULL);
        size_t size = fread(buffer, 1, CARD_APPLICATION_MAX, file);
        bool more = fgetc(file) != EOF, broken = ferror(file) != 0;
        fclose(file);
        if (broken)
                return fail(error, MITOME_E_FILE_READ, "the application", NULL);
        if (more)
                return fail(error, MITOME_E_TOO_LONG, "the application", NULL);
        if (size == 0)
                return fail(error, MITOME_E_MISSING, "the application", NULL);
        *ret = slice_of(buffer, size);
        return ok();
}

/* ---- the password ---- */

static mitome_status tell(void *context, int tries, struct secret *ret, mitome_error *error)
{
        const struct card_sign *order = context;
        char prompt[96];
        if (order->password_fd >= 0)
                return secret_prompt_line(
                        order->password_fd, "the signing password", MITOME_E_SECRET_FORM, ret, error);
        snprintf(prompt, sizeof prompt, "The card's signing password (署名用パスワード; %d %s left): ", tries,
                tries == 1 ? "try" : "tries");
        return secret_prompt_ask(prompt, "the signing password", MITOME_E_SECRET_FORM, ret, error);
}

static void say_tries(void *context, int tries)
{
        (void)context;
        fprintf(stderr, "mitome card: %d %s left for the signing password\n", tries,
                tries == 1 ? "try is" : "tries are");
}

/* ---- the signature ---- */

static mitome_status write_out(const char *path, slice bytes, mitome_error *error)
{
        FILE *file = path ? fopen(path, "wb") : stdout;
        if (!file)
                return fail(error, MITOME_E_FILE_WRITE, "the signed application", NULL);
        bool good = fwrite(bytes.data, 1, bytes.size, file) == bytes.size;
        good &= (path ? fclose(file) : fflush(file)) == 0;
        return good ? ok() : fail(error, MITOME_E_FILE_WRITE, "the signed application", NULL);
}

static mitome_status sign(
        const struct mitome_link *link, const struct card_sign *order, slice content, mitome_error *error)
{
        struct card_sign copy = *order;
        const struct card_holder holder = { .context = &copy, .tell = tell, .wrong = say_tries };
        size_t capacity = content.size + JPKI_FILE_MAX + CMS_OVERHEAD;
        uint8_t *bytes = malloc(capacity);
        if (!bytes)
                return fail(error, MITOME_E_NO_MEMORY, "the signed application", NULL);
        writer out = writer_over(bytes, capacity);
        mitome_status status =
                card_application_sign(link, content, order->application.now, &holder, &out, error);
        if (!failed(status))
                status = write_out(order->out, writer_view(&out), error);
        free(bytes);
        return status;
}

mitome_status card_sign(const struct mitome_link *link, const struct card_sign *order, mitome_error *error)
{
        slice content = { 0 };
        uint8_t *buffer = malloc(CARD_APPLICATION_MAX);
        if (!buffer)
                return fail(error, MITOME_E_NO_MEMORY, "the application", NULL);
        mitome_status status = order->in
                                       ? read_file(order->in, buffer, &content, error)
                                       : card_application_write(&order->application, buffer, &content, error);
        if (!failed(status))
                status = sign(link, order, content, error);
        free(buffer);
        return status;
}
