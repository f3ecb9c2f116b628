/* SPDX-License-Identifier: Apache-2.0 */
#include "counter_line.h"

#include "counter_message.h"
#include "frame.h"

static mitome_status ask(struct counter_line *line, const struct counter_question *question,
        uint8_t buffer[COUNTER_MESSAGE_MAX], struct counter_answer *ret, mitome_error *error)
{
        uint8_t bytes[256];
        writer w = WRITER(bytes);
        slice message;
        counter_write_question(&w, question);
        MITOME_TRY(writer_finish(&w, "question", &message, error));
        MITOME_TRY(frame_send(line->fd, message, COUNTER_TOUCH_MS, error));
        MITOME_TRY(
                frame_receive_long(line->fd, buffer, COUNTER_MESSAGE_MAX, COUNTER_TOUCH_MS, &message, error));
        return counter_read_answer(message, ret, error);
}

static mitome_status fetch(void *context, enum evidence_kind kind, slice nonce, uint8_t buffer[EVIDENCE_MAX],
        size_t *ret_size, mitome_error *error)
{
        uint8_t bytes[COUNTER_MESSAGE_MAX];
        struct counter_answer answer;
        bool receipt = kind == EVIDENCE_RECEIPT;
        const struct counter_question question = {
                .kind = receipt ? COUNTER_ASKS_RECEIPT : COUNTER_ASKS_STATEMENT, .nonce = nonce
        };
        MITOME_TRY(ask(context, &question, bytes, &answer, error));
        bool none = receipt && answer.kind == COUNTER_NONE;
        if (!none && (answer.kind != COUNTER_GIVEN || !answer.evidence.size))
                return fail(error, MITOME_E_COUNTER_PHONE, receipt ? "a receipt" : "a statement", NULL);
        MITOME_TRY(slice_copy(answer.evidence, "evidence", buffer, EVIDENCE_MAX, error));
        *ret_size = answer.evidence.size;
        return ok();
}

static mitome_status acknowledge(
        void *context, uint32_t number, const uint8_t digest[SHA256_SIZE], mitome_error *error)
{
        uint8_t bytes[COUNTER_MESSAGE_MAX];
        struct counter_answer answer;
        const struct counter_question question = {
                .kind = COUNTER_ACKNOWLEDGES, .number = number, .digest = slice_of(digest, SHA256_SIZE)
        };
        MITOME_TRY(ask(context, &question, bytes, &answer, error));
        return answer.kind == COUNTER_GIVEN ? ok()
                                            : fail(error, MITOME_E_COUNTER_PHONE, "its receipt up", NULL);
}

struct counter_phone counter_line_phone(struct counter_line *line)
{
        return (struct counter_phone){ .context = line, .fetch = fetch, .acknowledge = acknowledge };
}
