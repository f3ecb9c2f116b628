/* SPDX-License-Identifier: Apache-2.0 */
#include "matcher_state.h"

#include "p256.h"
#include "random_system.h"

#include <sodium.h>
#include <stdlib.h>

/* The file: 16 bytes that name it, 24 bytes of nonce, then the sealed map
 *   { 1: version, 2: scalar, 3: point, 4: set, 5: [ [id, name, template].. ], 6: the element's point, when
 *     paired, 7: the maker's certificate, when there is one, 8: survey, when not zeros, 9: [sensor, class,
 *     modality], when said }.
 * Version 2 had none of 7 to 9, and the one sensor that there was. Version 1 had bare templates. Such a
 * finger has no name, and is known by the beginning of its template's hash. */
enum {
        STATE_VERSION = 3,
        BARE_TEMPLATES = 1,
        ALWAYS_THERE = 5, /* keys 1 to 5, in order */
        MAGIC_SIZE = 16,
        NONCE_SIZE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
        TAG_SIZE = crypto_aead_xchacha20poly1305_ietf_ABYTES,
        HEAD_SIZE = MAGIC_SIZE + NONCE_SIZE,
        ROOM_SIZE = 512 + GATE_CERTIFICATE_MAX,                                  /* for all but the fingers */
        FINGER_ROOM = 5 + MITOME_GATE_FINGER_ID_SIZE + MITOME_GATE_NAME_MAX + 5, /* besides the template */
};

static const char magic[] = "mitome matcher 1"; /* without its terminator */

static void forget_finger(struct matcher_finger *finger)
{
        if (finger->data)
                bytes_wipe(finger->data, finger->size);
        free(finger->data);
        *finger = (struct matcher_finger){ 0 };
}

static mitome_status name_finger(slice name, struct mitome_gate_finger *ret, mitome_error *error)
{
        MITOME_TRY(slice_copy(name, "name", ret->name, sizeof ret->name, error));
        ret->name_size = (uint8_t)name.size;
        return ok();
}

static mitome_status copy_template(slice bytes, struct matcher_finger *ret, mitome_error *error)
{
        if (bytes.size > MATCHER_TEMPLATE_MAX)
                return fail(error, MITOME_E_TOO_LONG, "template", NULL);
        if (!bytes.size)
                return ok(); /* the sensor keeps all of it itself */
        uint8_t *data = malloc(bytes.size);
        if (!data)
                return fail(error, MITOME_E_NO_MEMORY, "template", NULL);
        ret->data = data;
        ret->size = bytes.size;
        return slice_copy(bytes, "template", data, bytes.size, error);
}

static mitome_status copy_sensor(slice name, struct matcher_state *state, mitome_error *error)
{
        char text[MATCHER_SENSOR_MAX + 1] = { 0 };
        MITOME_TRY(slice_copy(name, "sensor", (uint8_t *)text, MATCHER_SENSOR_MAX, error));
        return slice_copy(SLICE(text), "sensor", (uint8_t *)state->sensor, sizeof state->sensor, error);
}

/* ---- writing ---- */

static size_t encoded_size(const struct matcher_state *state)
{
        size_t size = ROOM_SIZE;
        for (size_t i = 0; i < state->finger_count; i++)
                size += FINGER_ROOM + state->fingers[i].size;
        return size;
}

static void encode_finger(const struct matcher_finger *finger, writer *w)
{
        cbor_write_array(w, 3);
        cbor_write_bytes(w, SLICE(finger->known.id));
        cbor_write_text(w, slice_of(finger->known.name, finger->known.name_size));
        cbor_write_bytes(w, slice_of(finger->data, finger->size));
}

static bool has_survey(const struct matcher_state *state)
{
        static const uint8_t nothing[MATCHER_SURVEY_SIZE];
        return !slice_equal(SLICE(state->survey), SLICE(nothing));
}

static void encode_bytes(unsigned key, slice bytes, writer *w)
{
        cbor_write_uint(w, key);
        cbor_write_bytes(w, bytes);
}

static void encode_sensor(const struct matcher_state *state, writer *w)
{
        cbor_write_uint(w, 9);
        cbor_write_array(w, 3);
        cbor_write_text(w, slice_text(state->sensor));
        cbor_write_uint(w, state->class);
        cbor_write_uint(w, state->modality);
}

static void encode(const struct matcher_state *state, writer *w)
{
        cbor_write_map(w, 5u + state->paired + (state->certificate_size > 0) + has_survey(state) +
                                  (state->sensor[0] != 0));
        cbor_write_uint(w, 1);
        cbor_write_uint(w, STATE_VERSION);
        encode_bytes(2, secret_view(&state->scalar), w);
        encode_bytes(3, SLICE(state->point), w);
        encode_bytes(4, SLICE(state->set), w);
        cbor_write_uint(w, 5);
        cbor_write_array(w, state->finger_count);
        for (size_t i = 0; i < state->finger_count; i++)
                encode_finger(&state->fingers[i], w);
        if (state->paired)
                encode_bytes(6, SLICE(state->element_point), w);
        if (state->certificate_size)
                encode_bytes(7, slice_of(state->certificate, state->certificate_size), w);
        if (has_survey(state))
                encode_bytes(8, SLICE(state->survey), w);
        if (state->sensor[0])
                encode_sensor(state, w);
}

/* `image` has room for the head, the tag and all of `plain`. */
static void seal(const struct matcher_state *state, slice plain, writer *image)
{
        unsigned long long sealed_size = 0;
        write_slice(image, slice_text(magic));
        uint8_t *nonce = write_space(image, NONCE_SIZE);
        uint8_t *sealed = write_space(image, plain.size + TAG_SIZE);
        if (!nonce || !sealed)
                return;
        randombytes_buf(nonce, NONCE_SIZE);
        crypto_aead_xchacha20poly1305_ietf_encrypt(sealed, &sealed_size, plain.data, plain.size,
                slice_text(magic).data, MAGIC_SIZE, NULL, nonce, state->storage_key.data);
}

static mitome_status save_through(
        const struct matcher_state *state, uint8_t *plain, uint8_t *image, size_t size, mitome_error *error)
{
        writer w = writer_over(plain, size);
        writer sealed = writer_over(image, HEAD_SIZE + size + TAG_SIZE);
        slice view;
        encode(state, &w);
        MITOME_TRY(writer_finish(&w, "matcher state", &view, error));
        seal(state, view, &sealed);
        bytes_wipe(plain, size);
        MITOME_TRY(writer_finish(&sealed, "matcher state", &view, error));
        return state->storage.replace(state->storage.context, view, error);
}

static mitome_status save(const struct matcher_state *state, mitome_error *error)
{
        size_t size = encoded_size(state);
        uint8_t *plain = malloc(size), *image = malloc(HEAD_SIZE + size + TAG_SIZE);
        mitome_status status = plain && image ? save_through(state, plain, image, size, error)
                                              : fail(error, MITOME_E_NO_MEMORY, "matcher state", NULL);
        free(plain);
        free(image);
        return status;
}

/* ---- reading ---- */

static mitome_status decode_bare(struct cbor_reader *r, struct matcher_finger *ret)
{
        uint8_t hash[SHA256_SIZE];
        slice template;
        MITOME_TRY(cbor_read_bytes(r, "state.finger", MATCHER_TEMPLATE_MAX, &template));
        sha256(&template, 1, hash);
        MITOME_TRY(slice_copy(slice_of(hash, sizeof ret->known.id), "state.finger", ret->known.id,
                sizeof ret->known.id, r->bytes.error));
        return copy_template(template, ret, r->bytes.error);
}

static mitome_status decode_known(struct cbor_reader *r, struct matcher_finger *ret)
{
        struct cbor_members parts;
        slice id, name, template;
        MITOME_TRY(cbor_open_array(r, "state.finger", 3, &parts));
        if (parts.left != 3)
                return reader_fail(&r->bytes, MITOME_E_STORE_FOREIGN, "state.finger");
        (void)cbor_next_element(r, &parts);
        MITOME_TRY(cbor_read_fixed(r, "state.finger.id", GATE_FINGER_ID_SIZE, &id));
        (void)cbor_next_element(r, &parts);
        MITOME_TRY(cbor_read_text(r, "state.finger.name", GATE_NAME_MAX, &name));
        (void)cbor_next_element(r, &parts);
        MITOME_TRY(cbor_read_bytes(r, "state.finger.template", MATCHER_TEMPLATE_MAX, &template));
        (void)cbor_next_element(r, &parts);
        MITOME_TRY(slice_copy(id, "state.finger.id", ret->known.id, sizeof ret->known.id, r->bytes.error));
        MITOME_TRY(name_finger(name, &ret->known, r->bytes.error));
        return copy_template(template, ret, r->bytes.error);
}

static mitome_status decode_fingers(struct cbor_reader *r, uint64_t version, struct matcher_state *state)
{
        struct cbor_members array;
        MITOME_TRY(cbor_open_array(r, "state.fingers", GATE_FINGERS_MAX, &array));
        while (cbor_next_element(r, &array)) {
                struct matcher_finger *finger = &state->fingers[state->finger_count];
                MITOME_TRY(version == BARE_TEMPLATES ? decode_bare(r, finger) : decode_known(r, finger));
                state->finger_count++;
        }
        return ok();
}

static mitome_status decode_fixed(struct cbor_reader *r, const char *field, size_t size, uint8_t *ret)
{
        slice bytes;
        MITOME_TRY(cbor_read_fixed(r, field, size, &bytes));
        return slice_copy(bytes, field, ret, size, r->bytes.error);
}

static mitome_status decode_certificate(struct cbor_reader *r, struct matcher_state *state)
{
        slice bytes;
        MITOME_TRY(cbor_read_bytes(r, "state.certificate", GATE_CERTIFICATE_MAX, &bytes));
        if (bytes.size == 0) /* none is not written */
                return reader_fail(&r->bytes, MITOME_E_STORE_FOREIGN, "state.certificate");
        state->certificate_size = bytes.size;
        return slice_copy(
                bytes, "state.certificate", state->certificate, sizeof state->certificate, r->bytes.error);
}

static mitome_status decode_sensor(struct cbor_reader *r, struct matcher_state *state)
{
        struct cbor_members parts;
        uint64_t class, modality;
        slice name;
        MITOME_TRY(cbor_open_array(r, "state.sensor", 3, &parts));
        if (parts.left != 3)
                return reader_fail(&r->bytes, MITOME_E_STORE_FOREIGN, "state.sensor");
        (void)cbor_next_element(r, &parts);
        MITOME_TRY(cbor_read_text(r, "state.sensor.name", MATCHER_SENSOR_MAX, &name));
        (void)cbor_next_element(r, &parts);
        MITOME_TRY(cbor_read_uint(r, "state.sensor.class", MATCHER_STRONG, &class));
        (void)cbor_next_element(r, &parts);
        MITOME_TRY(cbor_read_uint(r, "state.sensor.modality", UNLOCK_IRIS, &modality));
        (void)cbor_next_element(r, &parts);
        state->class = (uint8_t) class;
        state->modality = (uint8_t)modality;
        MITOME_TRY(copy_sensor(name, state, r->bytes.error));
        const bool is_one = name.size && slice_text(state->sensor).size == name.size && modality;
        return is_one ? ok() : reader_fail(&r->bytes, MITOME_E_STORE_FOREIGN, "state.sensor");
}

static mitome_status decode_member(
        struct cbor_reader *r, int64_t key, uint64_t *version, struct matcher_state *state)
{
        slice scalar;
        switch (key) {
        case 1:
                MITOME_TRY(cbor_read_uint(r, "state.version", STATE_VERSION, version));
                return *version ? ok() : reader_fail(&r->bytes, MITOME_E_STORE_FOREIGN, "state.version");
        case 2:
                MITOME_TRY(cbor_read_fixed(r, "state.scalar", P256_SCALAR_SIZE, &scalar));
                return secret_set(&state->scalar, scalar, r->bytes.error);
        case 3:
                return decode_fixed(r, "state.point", sizeof state->point, state->point);
        case 4:
                return decode_fixed(r, "state.set", sizeof state->set, state->set);
        case 5:
                return decode_fingers(r, *version, state);
        case 6:
                state->paired = true;
                return decode_fixed(r, "state.element", sizeof state->element_point, state->element_point);
        case 7:
                return decode_certificate(r, state);
        case 8:
                return decode_fixed(r, "state.survey", sizeof state->survey, state->survey);
        case 9:
                return decode_sensor(r, state);
        default:
                return reader_fail(&r->bytes, MITOME_E_STORE_FOREIGN, "matcher state");
        }
}

/* What the seal holds was written by a matcher, perhaps by a newer one. */
static mitome_status decode(slice plain, struct matcher_state *state, mitome_error *error)
{
        struct cbor_reader r = cbor_over(plain, NULL, error);
        struct cbor_members map;
        struct cbor_key key;
        bool more;
        int64_t last = 0;
        uint64_t version = 0;
        MITOME_TRY(cbor_open_map(&r, "matcher state", 9, &map));
        MITOME_TRY(cbor_next_key(&r, &map, &key, &more));
        while (more) {
                if (key.is_text || (last < ALWAYS_THERE && key.number != last + 1))
                        return reader_fail(&r.bytes, MITOME_E_STORE_FOREIGN, "matcher state");
                last = key.number;
                MITOME_TRY(decode_member(&r, key.number, &version, state));
                MITOME_TRY(cbor_next_key(&r, &map, &key, &more));
        }
        if (last < ALWAYS_THERE)
                return reader_fail(&r.bytes, MITOME_E_STORE_FOREIGN, "matcher state");
        return cbor_end(&r, "matcher state");
}

static mitome_status unseal(slice nonce, slice sealed, struct matcher_state *state, mitome_error *error)
{
        size_t size = sealed.size - TAG_SIZE;
        unsigned long long plain_size = 0;
        uint8_t *plain = malloc(size + 1);
        if (!plain)
                return fail(error, MITOME_E_NO_MEMORY, "matcher state", NULL);
        mitome_status status;
        if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain, &plain_size, NULL, sealed.data, sealed.size,
                    slice_text(magic).data, MAGIC_SIZE, nonce.data, state->storage_key.data) != 0)
                status = fail(error, MITOME_E_STORE_SEAL, "matcher state", NULL);
        else
                status = decode(slice_of(plain, (size_t)plain_size), state, error);
        bytes_wipe(plain, size);
        free(plain);
        return status;
}

static mitome_status read_image(slice image, struct matcher_state *state, mitome_error *error)
{
        reader r = reader_over(image, NULL, NULL);
        slice name, nonce;
        if (failed(read_bytes(&r, "name", MAGIC_SIZE, &name)) || !slice_is(name, magic))
                return fail(error, MITOME_E_STORE_FOREIGN, "matcher state", NULL);
        if (failed(read_bytes(&r, "nonce", NONCE_SIZE, &nonce)) || r.rest.size < TAG_SIZE)
                return fail(error, MITOME_E_STORE_SEAL, "matcher state", NULL);
        return unseal(nonce, read_rest(&r), state, error);
}

/* ---- opening ---- */

static mitome_status make_new(struct matcher_state *state, mitome_error *error)
{
        const struct mitome_random random = random_system();
        MITOME_TRY(p256_generate(&random, &state->scalar, state->point, error));
        randombytes_buf(state->set, sizeof state->set);
        return save(state, error);
}

static mitome_status load(struct matcher_state *state, mitome_error *error)
{
        uint8_t *image = NULL;
        size_t size = 0;
        MITOME_TRY(state->storage.load(state->storage.context, &image, &size, error));
        if (!image)
                return make_new(state, error);
        mitome_status status = read_image(slice_of(image, size), state, error);
        free(image);
        return status;
}

mitome_status matcher_state_open(const struct mitome_storage *storage, slice storage_key,
        struct matcher_state **ret, mitome_error *error)
{
        struct matcher_state *state = calloc(1, sizeof *state);
        if (!state)
                return fail(error, MITOME_E_NO_MEMORY, "matcher state", NULL);
        state->storage = *storage;
        mitome_status status = storage_key.size == crypto_aead_xchacha20poly1305_ietf_KEYBYTES
                                       ? secret_set(&state->storage_key, storage_key, error)
                                       : fail(error, MITOME_E_ARGUMENT, "storage key", NULL);
        if (!failed(status))
                status = load(state, error);
        if (failed(status)) {
                matcher_state_free(state);
                return status;
        }
        *ret = state;
        return ok();
}

void matcher_state_free(struct matcher_state *state)
{
        if (!state)
                return;
        for (size_t i = 0; i < GATE_FINGERS_MAX; i++)
                forget_finger(&state->fingers[i]);
        bytes_wipe(state, sizeof *state);
        free(state);
}

/* ---- whose state it is ---- */

/* Before version 3 there was one kind of sensor. */
static bool is_its_own(const struct matcher_state *state, const char *name, uint8_t class, uint8_t modality)
{
        if (!state->sensor[0])
                return slice_is(slice_text(name), "fingerprint") && modality == UNLOCK_FINGER;
        return slice_is(slice_text(name), state->sensor) && modality == state->modality &&
               class >= state->class;
}

mitome_status matcher_state_sensor(
        struct matcher_state *state, const char *name, uint8_t class, uint8_t modality, mitome_error *error)
{
        const bool bound = state->paired || state->certificate_size;
        if (slice_text(name).size > MATCHER_SENSOR_MAX)
                return fail(error, MITOME_E_TOO_LONG, "--sensor", NULL);
        if (bound && !is_its_own(state, name, class, modality))
                return fail(error, MITOME_E_GATE_SENSOR_KIND, "--sensor", NULL);
        if (bound && state->sensor[0])
                return ok(); /* of a class that was raised since, the former one stays */
        MITOME_TRY(copy_sensor(slice_text(name), state, error));
        state->class = class;
        state->modality = modality;
        return ok();
}

/* ---- changing: the next state is written first, and becomes the present one only then ---- */

mitome_status matcher_state_pair(struct matcher_state *state, slice element_point, mitome_error *error)
{
        SECRET(key);
        if (state->paired && slice_equal(SLICE(state->element_point), element_point))
                return ok();
        MITOME_TRY(pairing_derive(
                secret_view(&state->scalar), element_point, element_point, SLICE(state->point), &key, error));
        struct matcher_state next = *state;
        mitome_status status = slice_copy(
                element_point, "element's point", next.element_point, sizeof next.element_point, error);
        next.paired = true;
        bytes_wipe(next.survey, sizeof next.survey);
        next.finger_count = 0;
        randombytes_buf(next.set, sizeof next.set);
        if (!failed(status))
                status = save(&next, error);
        if (!failed(status)) {
                for (size_t i = 0; i < state->finger_count; i++)
                        forget_finger(&next.fingers[i]);
                *state = next;
        }
        bytes_wipe(&next, sizeof next);
        return status;
}

static mitome_status find_place(const struct matcher_state *state, slice id, size_t *ret, mitome_error *error)
{
        for (size_t i = 0; i < state->finger_count; i++) {
                if (slice_equal(id, SLICE(state->fingers[i].known.id))) {
                        *ret = i;
                        return ok();
                }
        }
        return fail(error, MITOME_E_GATE_UNKNOWN_FINGER, "finger", NULL);
}

const struct matcher_finger *matcher_state_find(const struct matcher_state *state, slice id)
{
        size_t place;
        return failed(find_place(state, id, &place, NULL)) ? NULL : &state->fingers[place];
}

/* Writes `next`, whose fingers are the same memory as the state's, and makes it the state. */
static mitome_status adopt(struct matcher_state *state, struct matcher_state *next, mitome_error *error)
{
        mitome_status status = save(next, error);
        if (!failed(status))
                *state = *next;
        bytes_wipe(next, sizeof *next);
        return status;
}

static mitome_status fill_finger(slice id, slice template, struct matcher_finger *ret, mitome_error *error)
{
        if (id.size != sizeof ret->known.id)
                return fail(error, MITOME_E_ARGUMENT, "finger", NULL);
        *ret = (struct matcher_finger){ 0 };
        MITOME_TRY(slice_copy(id, "finger", ret->known.id, sizeof ret->known.id, error));
        return copy_template(template, ret, error);
}

static mitome_status note_survey(struct matcher_state *next, slice survey, mitome_error *error)
{
        if (survey.size && survey.size != sizeof next->survey)
                return fail(error, MITOME_E_ARGUMENT, "survey", NULL);
        bytes_wipe(next->survey, sizeof next->survey);
        return slice_copy(survey, "survey", next->survey, sizeof next->survey, error);
}

mitome_status matcher_state_compare(struct matcher_state *state, slice survey, mitome_error *error)
{
        if (survey.size ? slice_equal(survey, SLICE(state->survey)) : !has_survey(state))
                return ok();
        struct matcher_state next = *state;
        mitome_status status = note_survey(&next, survey, error);
        if (failed(status)) {
                bytes_wipe(&next, sizeof next);
                return status;
        }
        if (state->finger_count) /* else there is nothing that could open, and the set has no number */
                randombytes_buf(next.set, sizeof next.set);
        return adopt(state, &next, error);
}

mitome_status matcher_state_add(
        struct matcher_state *state, slice id, slice template, slice survey, mitome_error *error)
{
        struct matcher_finger added;
        if (state->finger_count == GATE_FINGERS_MAX)
                return fail(error, MITOME_E_GATE_FULL, "enrolment set", NULL);
        if (matcher_state_find(state, id))
                return fail(error, MITOME_E_GATE_KNOWN_FINGER, "enrolment set", NULL);
        MITOME_TRY(fill_finger(id, template, &added, error));
        struct matcher_state next = *state;
        next.fingers[next.finger_count++] = added;
        randombytes_buf(next.set, sizeof next.set);
        mitome_status status = note_survey(&next, survey, error);
        if (!failed(status))
                status = adopt(state, &next, error);
        if (failed(status))
                forget_finger(&added);
        return status;
}

mitome_status matcher_state_rename(struct matcher_state *state, slice id, slice name, mitome_error *error)
{
        size_t place;
        MITOME_TRY(find_place(state, id, &place, error));
        struct matcher_state next = *state;
        MITOME_TRY(name_finger(name, &next.fingers[place].known, error));
        return adopt(state, &next, error);
}

mitome_status matcher_state_remove(struct matcher_state *state, slice id, slice survey, mitome_error *error)
{
        size_t place;
        MITOME_TRY(find_place(state, id, &place, error));
        struct matcher_finger removed = state->fingers[place];
        struct matcher_state next = *state;
        MITOME_TRY(note_survey(&next, survey, error));
        next.finger_count--;
        for (size_t i = place; i < next.finger_count; i++)
                next.fingers[i] = next.fingers[i + 1];
        next.fingers[next.finger_count] = (struct matcher_finger){ 0 };
        if (next.finger_count)
                randombytes_buf(next.set, sizeof next.set);
        else
                bytes_wipe(next.set, sizeof next.set);
        mitome_status status = adopt(state, &next, error);
        if (!failed(status))
                forget_finger(&removed);
        return status;
}

mitome_status matcher_state_forget(struct matcher_state *state, mitome_error *error)
{
        struct matcher_finger former[GATE_FINGERS_MAX];
        const size_t count = state->finger_count;
        struct matcher_state next = *state;
        for (size_t i = 0; i < count; i++) {
                former[i] = next.fingers[i];
                next.fingers[i] = (struct matcher_finger){ 0 };
        }
        next.finger_count = 0;
        next.paired = false;
        bytes_wipe(next.survey, sizeof next.survey);
        bytes_wipe(next.element_point, sizeof next.element_point);
        bytes_wipe(next.set, sizeof next.set);
        MITOME_TRY(adopt(state, &next, error));
        for (size_t i = 0; i < count; i++)
                forget_finger(&former[i]);
        return ok();
}

mitome_status matcher_state_certify(struct matcher_state *state, slice certificate, mitome_error *error)
{
        const slice present = slice_of(state->certificate, state->certificate_size);
        if (certificate.size == 0 || certificate.size > GATE_CERTIFICATE_MAX)
                return fail(error, MITOME_E_ARGUMENT, "certificate", NULL);
        if (present.size && slice_equal(present, certificate))
                return ok();
        if (present.size)
                return fail(error, MITOME_E_GATE_CERTIFIED, "certificate", NULL);
        struct matcher_state next = *state;
        MITOME_TRY(slice_copy(certificate, "certificate", next.certificate, sizeof next.certificate, error));
        next.certificate_size = certificate.size;
        return adopt(state, &next, error);
}

mitome_status matcher_state_key(
        const struct matcher_state *state, struct secret *ret_key, mitome_error *error)
{
        if (!state->paired)
                return fail(error, MITOME_E_GATE_UNPAIRED, "matcher", NULL);
        return pairing_derive(secret_view(&state->scalar), SLICE(state->element_point),
                SLICE(state->element_point), SLICE(state->point), ret_key, error);
}

mitome_status matcher_state_confirmation(
        const struct matcher_state *state, uint8_t ret[SHA256_SIZE], mitome_error *error)
{
        SECRET(key);
        MITOME_TRY(matcher_state_key(state, &key, error));
        pairing_confirmation(
                secret_view(&key), PAIRING_MATCHER, SLICE(state->element_point), SLICE(state->point), ret);
        return ok();
}
