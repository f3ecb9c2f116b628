/* SPDX-License-Identifier: Apache-2.0 */
#include "counter_port.h"

#include "counter_message.h"
#include "evidence_app.h"
#include "frame.h"

enum { QUESTION_MAX = 256, QUESTION_MS = 120000 };

static const uint8_t fido_aid[] = { 0xF0, 0x4D, 0x49, 0x54, 0x4F, 0x4D, 0x45, 0x01 };

/* The applet is held no longer than one question takes: others on the phone use it as well. */
static bool hold(struct counter_port *port)
{
        return !failed(mitome_enforcer_select(port->enforcer, SLICE(fido_aid), NULL));
}

/* Who has declined is not asked until he gives in. */
static bool is_touched(struct counter_port *port)
{
        if (!port->touched && !port->declined) {
                port->touched = port->touch(port->context);
                port->declined = !port->touched;
        }
        return port->touched;
}

static void fetch(struct counter_port *port, const struct counter_question *question,
        struct evidence_answer *evidence, struct counter_answer *ret)
{
        enum evidence_kind kind =
                question->kind == COUNTER_ASKS_RECEIPT ? EVIDENCE_RECEIPT : EVIDENCE_STATEMENT;
        uint8_t nonce[COUNTER_SIGNED_SIZE];
        uint16_t sw = 0;
        counter_nonce(question->nonce, nonce);
        if (!is_touched(port)) {
                ret->kind = COUNTER_DECLINED;
                return;
        }
        bool given = hold(port) &&
                     !failed(evidence_fetch(port->enforcer, kind, SLICE(nonce), evidence, &sw, NULL));
        mitome_enforcer_close(port->enforcer);
        if (given)
                ret->evidence = evidence->evidence;
        else
                ret->kind = sw == SW_NO_REFERENCE ? COUNTER_NONE : COUNTER_FAILED;
}

/* The oldest, which is the only one that a counter can have been given, as the app keeps it. */
static bool keep(
        struct counter_port *port, const struct counter_question *question, struct evidence_answer *receipt)
{
        uint16_t sw = 0;
        uint32_t number = 0;
        if (failed(evidence_fetch(port->enforcer, EVIDENCE_RECEIPT, (slice){ 0 }, receipt, &sw, NULL)))
                return false;
        reader r = reader_over(receipt->number, NULL, NULL);
        return !failed(read_u32(&r, "number", &number)) && number == question->number &&
               slice_equal(receipt->digest, question->digest) &&
               !failed(port->keep(port->context, number, receipt->evidence, NULL));
}

/* The digest is no proof that the authority has the receipt: who was given it can compute it. So the app
 * keeps what the element forgets. */
static void acknowledge(struct counter_port *port, const struct counter_question *question,
        struct evidence_answer *receipt, struct counter_answer *ret)
{
        uint16_t sw = 0;
        if (!is_touched(port)) {
                ret->kind = COUNTER_DECLINED;
                return;
        }
        bool done = port->keep && hold(port) && keep(port, question, receipt) &&
                    !failed(evidence_acknowledge(port->enforcer, receipt, &sw, NULL));
        mitome_enforcer_close(port->enforcer);
        ret->kind = done ? COUNTER_GIVEN : COUNTER_FAILED;
}

mitome_status counter_port_answer(
        struct counter_port *port, slice question_bytes, writer *answer, mitome_error *error)
{
        struct counter_question question;
        struct evidence_answer evidence;
        struct counter_answer said = { .kind = COUNTER_GIVEN };
        slice all;
        MITOME_TRY(counter_read_question(question_bytes, &question, error));
        if (question.kind == COUNTER_ACKNOWLEDGES)
                acknowledge(port, &question, &evidence, &said);
        else
                fetch(port, &question, &evidence, &said);
        counter_write_answer(answer, &said);
        return writer_finish(answer, "answer", &all, error);
}

mitome_status counter_port_serve(struct counter_port *port, int fd, mitome_error *error)
{
        uint8_t question[QUESTION_MAX], bytes[COUNTER_MESSAGE_MAX];
        for (;;) {
                slice frame;
                writer answer = WRITER(bytes);
                MITOME_TRY(frame_receive_long(fd, question, sizeof question, QUESTION_MS, &frame, error));
                MITOME_TRY(counter_port_answer(port, frame, &answer, error));
                MITOME_TRY(frame_send(fd, writer_view(&answer), QUESTION_MS, error));
        }
}
