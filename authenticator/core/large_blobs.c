/* SPDX-License-Identifier: Apache-2.0 */
#include "core_internal.h"

/* authenticatorLargeBlobs (CTAP 2.1, 6.10). The array is the core's: every blob in it is sealed by a
 * platform, with a key that the element gives out. A write that spans several requests may have others
 * between; each of its fragments is authorised by itself. */

enum {
        PARAM_READ_MAX = 64,
        PREFIX_SIZE = 32,
        PERMISSION_LBW = 0x10,
        SMALLEST_ARRAY = 1 + CORE_BLOBS_HASH_SIZE,
};

/* [6.10] the initial serialized large-blob array: an empty CBOR array and the beginning of its hash */
static void make_initial(struct core_blobs *blobs)
{
        const uint8_t empty_array = 0x80;
        slice array = slice_of(&empty_array, 1);
        uint8_t hash[SHA256_SIZE];
        sha256(&array, 1, hash);
        writer w = WRITER(blobs->bytes);
        write_slice(&w, array);
        write_slice(&w, slice_of(hash, CORE_BLOBS_HASH_SIZE));
        blobs->size = w.used;
        blobs->loaded = true;
}

/* [6.10] the array ends with LEFT(SHA-256(what is before), 16) */
static bool ends_with_its_hash(slice array)
{
        if (array.size <= CORE_BLOBS_HASH_SIZE)
                return false;
        slice before = slice_of(array.data, array.size - CORE_BLOBS_HASH_SIZE);
        uint8_t hash[SHA256_SIZE];
        sha256(&before, 1, hash);
        return slice_equal(slice_of(before.data + before.size, CORE_BLOBS_HASH_SIZE),
                slice_of(hash, CORE_BLOBS_HASH_SIZE));
}

static void take_loaded(struct core_blobs *blobs, slice array)
{
        /* [6.10] never written, or broken: the initial one */
        if (!ends_with_its_hash(array) ||
                failed(slice_copy(array, "array", blobs->bytes, sizeof blobs->bytes, NULL))) {
                make_initial(blobs);
                return;
        }
        blobs->size = array.size;
        blobs->loaded = true;
}

void core_keep_blobs(struct core *core, const struct core_event *event)
{
        if (event->kind == CORE_BLOBS)
                take_loaded(&core->blobs, event->bytes);
        else if (event->kind == CORE_BLOBS_FAILED)
                core_forget_blobs(core);
}

void core_forget_blobs(struct core *core)
{
        core->blobs.loaded = false;
        core->blobs.expected = core->blobs.written = 0;
}

void core_erase_blobs(struct core *core, core_on_blobs *on_blobs)
{
        core_forget_blobs(core);
        make_initial(&core->blobs);
        core_save_blobs(core, slice_of(core->blobs.bytes, core->blobs.size), on_blobs);
}

/* ---- the request ---- */

static mitome_status read_get(struct cbor_reader *r, const char *field, void *into)
{
        struct core_blobs_request *request = into;
        request->has_get = true;
        return cbor_read_uint(r, field, UINT64_MAX, &request->get);
}

static mitome_status read_set(struct cbor_reader *r, const char *field, void *into)
{
        struct core_blobs_request *request = into;
        request->has_set = true;
        return cbor_read_bytes(r, field, CORE_MESSAGE_MAX, &request->set);
}

static mitome_status read_offset(struct cbor_reader *r, const char *field, void *into)
{
        struct core_blobs_request *request = into;
        request->has_offset = true;
        return cbor_read_uint(r, field, UINT64_MAX, &request->offset);
}

static mitome_status read_length(struct cbor_reader *r, const char *field, void *into)
{
        struct core_blobs_request *request = into;
        request->has_length = true;
        return cbor_read_uint(r, field, UINT64_MAX, &request->length);
}

static mitome_status read_param(struct cbor_reader *r, const char *field, void *into)
{
        struct core_blobs_request *request = into;
        request->has_param = true;
        return cbor_read_bytes(r, field, PARAM_READ_MAX, &request->param);
}

static mitome_status read_protocol(struct cbor_reader *r, const char *field, void *into)
{
        struct core_blobs_request *request = into;
        request->has_protocol = true;
        return cbor_read_uint(r, field, UINT32_MAX, &request->protocol);
}

static mitome_status read_request(const struct core *core, struct core_blobs_request *ret)
{
        static const struct core_member members[] = {
                { .number = 1, .field = "get", .read = read_get },
                { .number = 2, .field = "set", .read = read_set },
                { .number = 3, .field = "offset", .read = read_offset },
                { .number = 4, .field = "length", .read = read_length },
                { .number = 5, .field = "pinUvAuthParam", .read = read_param },
                { .number = 6, .field = "pinUvAuthProtocol", .read = read_protocol },
        };
        struct cbor_reader r = core_cbor(core, "CTAP 2.1 6.10.2");
        struct core_blobs_request request = { 0 };
        MITOME_TRY(core_read_map(&r, "request", members, sizeof members / sizeof *members, &request));
        MITOME_TRY(cbor_end(&r, "request"));
        *ret = request;
        return ok();
}

/* ---- get, 6.10.2 4 ---- */

static void tell_fragment(struct core *core)
{
        const struct core_blobs_request *request = &core->blobs_request;
        const struct core_blobs *blobs = &core->blobs;
        /* [6.10.2 4.4] the offset is behind the end: INVALID_PARAMETER */
        if (request->offset > blobs->size) {
                core_answer(core, CTAP1_ERR_INVALID_PARAMETER);
                return;
        }
        /* [6.10.2 4.5] what there is from there on, up to as many bytes as were asked for */
        reader rest = reader_over(slice_of(blobs->bytes, blobs->size), NULL, NULL);
        slice passed, fragment;
        size_t left = blobs->size - (size_t)request->offset;
        size_t size = request->get < left ? (size_t)request->get : left;
        if (failed(read_bytes(&rest, "offset", (size_t)request->offset, &passed)) ||
                failed(read_bytes(&rest, "config", size, &fragment))) {
                core_answer(core, CTAP1_ERR_OTHER);
                return;
        }
        writer w = core_body(core);
        cbor_write_map(&w, 1);
        cbor_write_uint(&w, 1);
        cbor_write_bytes(&w, fragment);
        core_send(core, &w);
}

static void tell_loaded(struct core *core, bool done)
{
        if (done)
                tell_fragment(core);
        else
                core_answer(core, CTAP1_ERR_OTHER);
}

static void get_fragment(struct core *core)
{
        const struct core_blobs_request *request = &core->blobs_request;
        if (request->has_length || request->has_param || request->has_protocol)
                /* [6.10.2 4.1] with a length: INVALID_PARAMETER
                 * [6.10.2 4.2] with a pinUvAuthParam or its protocol: INVALID_PARAMETER */
                core_answer(core, CTAP1_ERR_INVALID_PARAMETER);
        else if (request->get > CORE_FRAGMENT_MAX)
                /* [6.10.2 4.3] more than maxFragmentLength: INVALID_LENGTH */
                core_answer(core, CTAP1_ERR_INVALID_LENGTH);
        else if (core->blobs.loaded)
                tell_fragment(core);
        else
                core_load_blobs(core, tell_loaded);
}

/* ---- set, 6.10.2 5 ---- */

static void abandon_write(struct core_blobs *blobs)
{
        blobs->expected = blobs->written = 0;
}

static void begin_write(struct core_blobs *blobs, size_t length)
{
        blobs->expected = length;
        blobs->written = 0;
}

static void take_saved(struct core *core, bool done)
{
        struct core_blobs *blobs = &core->blobs;
        /* What was pending is what is saved now; where that failed, the place is asked what it has. */
        if (done)
                take_loaded(blobs, slice_of(blobs->pending, blobs->expected));
        abandon_write(blobs);
        core_answer(core, done ? CTAP2_OK : CTAP1_ERR_OTHER);
}

/* [6.10.2 5.10] the last fragment is here
 * [6.10.2 5.10.1] the array does not end with its hash: INTEGRITY_FAILURE
 * [6.10.2 5.10.2] it takes the place of the former */
static void commit(struct core *core)
{
        slice array = slice_of(core->blobs.pending, core->blobs.expected);
        if (ends_with_its_hash(array)) {
                core_save_blobs(core, array, take_saved);
                return;
        }
        abandon_write(&core->blobs);
        core_answer(core, CTAP2_ERR_INTEGRITY_FAILURE);
}

static void add_fragment(struct core *core)
{
        const struct core_blobs_request *request = &core->blobs_request;
        struct core_blobs *blobs = &core->blobs;
        /* [6.10.2 5.2.4] the length that the first fragment gives
         * [6.10.2 5.2.5] is expected from its beginning,
         * [6.10.2 5.7] in an empty place */
        if (request->offset == 0)
                begin_write(blobs, (size_t)request->length);
        /* [6.10.2 5.6] more than was said at first: INVALID_PARAMETER */
        if (request->set.size > blobs->expected - blobs->written) {
                core_answer(core, CTAP1_ERR_INVALID_PARAMETER);
                return;
        }
        /* [6.10.2 5.8] the fragment is put behind the last one
         * [6.10.2 5.9] and the next is expected behind it */
        writer w = writer_over(blobs->pending, sizeof blobs->pending);
        w.used = blobs->written;
        write_slice(&w, request->set);
        blobs->written = w.used;
        if (blobs->written == blobs->expected)
                commit(core);
        else
                core_answer(core, CTAP2_OK); /* [6.10.2 5.11] more is awaited */
}

static void take_authorised(struct core *core, slice data, uint16_t sw)
{
        (void)data;
        if (sw == SW_OK)
                add_fragment(core);
        else
                core_answer(core, ctap_status_of_sw(INS_AUTHORISE, sw));
}

/* [6.10.2 5.5.4] authenticated is 32 bytes FF || 0C 00 || offset, little-endian || SHA-256(set) */
static void authorise(struct core *core)
{
        const struct core_blobs_request *request = &core->blobs_request;
        uint8_t bytes[PREFIX_SIZE + 2 + 4], hash[SHA256_SIZE];
        writer head = WRITER(bytes);
        for (size_t i = 0; i < PREFIX_SIZE; i++)
                write_u8(&head, 0xFF);
        write_u8(&head, COMMAND_LARGE_BLOBS);
        write_u8(&head, 0);
        for (unsigned shift = 0; shift < 32; shift += 8)
                write_u8(&head, (uint8_t)(request->offset >> shift));
        sha256(&request->set, 1, hash);
        writer *data = core_data(core);
        tlv_write_u8(data, 0x83, PERMISSION_LBW);
        tlv_write(data, 0x84, request->param);
        tlv_write_head(data, 0x85, sizeof bytes + sizeof hash);
        write_slice(data, writer_view(&head));
        write_slice(data, SLICE(hash));
        core_transmit(core, INS_AUTHORISE, take_authorised);
}

/* [6.10.2 5.5] protected by some form of user verification, or alwaysUv
 * [6.10.2 5.5.1] no pinUvAuthParam: PUAT_REQUIRED
 * [6.10.2 5.5.2] no protocol: MISSING_PARAMETER
 * [6.10.2 5.5.3] one that is not supported: INVALID_PARAMETER
 * [6.10.2 5.5.5] the element asks for the permission lbw, too */
static void set_with_state(struct core *core)
{
        const struct core_state *state = &core->state;
        const struct core_blobs_request *request = &core->blobs_request;
        if (!state->pin_set && !state->enrolled && !state->always_uv) {
                add_fragment(core);
                return;
        }
        enum ctap_status refusal = request->has_param ? core_check_param(request->has_protocol,
                                                                request->protocol, request->param)
                                                      : CTAP2_ERR_PUAT_REQUIRED;
        if (refusal != CTAP2_OK)
                core_answer(core, refusal);
        else
                authorise(core);
}

/* [6.10.2 5.2] the first fragment says how long the array will be
 * [6.10.2 5.2.1] it does not: INVALID_PARAMETER
 * [6.10.2 5.2.2] too long: LARGE_BLOB_STORAGE_FULL
 * [6.10.2 5.2.3] too short: INVALID_PARAMETER */
static enum ctap_status check_first(const struct core_blobs_request *request)
{
        if (!request->has_length)
                return CTAP1_ERR_INVALID_PARAMETER;
        if (request->length > CORE_BLOBS_MAX)
                return CTAP2_ERR_LARGE_BLOB_STORAGE_FULL;
        return request->length >= SMALLEST_ARRAY ? CTAP2_OK : CTAP1_ERR_INVALID_PARAMETER;
}

static enum ctap_status check_set(const struct core *core)
{
        const struct core_blobs_request *request = &core->blobs_request;
        /* [6.10.2 5.1] more than maxFragmentLength: INVALID_LENGTH */
        if (request->set.size > CORE_FRAGMENT_MAX)
                return CTAP1_ERR_INVALID_LENGTH;
        if (request->offset == 0)
                return check_first(request);
        /* [6.10.2 5.3] only the first fragment has a length: INVALID_PARAMETER */
        if (request->has_length)
                return CTAP1_ERR_INVALID_PARAMETER;
        /* [6.10.2 5.4] not where the last one ended: INVALID_SEQ */
        return request->offset == core->blobs.written ? CTAP2_OK : CTAP1_ERR_INVALID_SEQ;
}

static void set_fragment(struct core *core)
{
        enum ctap_status refusal = check_set(core);
        if (refusal != CTAP2_OK)
                core_answer(core, refusal);
        else
                core_fetch_state(core, set_with_state);
}

/* ---- which ---- */

void core_large_blobs(struct core *core)
{
        struct core_blobs_request *request = &core->blobs_request;
        mitome_status status = read_request(core, request);
        if (!core->config.blobs)
                core_answer(core, CTAP1_ERR_INVALID_COMMAND); /* there is no place for the array */
        else if (failed(status))
                core_answer(core, ctap_status_of_code(status.code));
        /* [6.10.2 1] no offset: INVALID_PARAMETER
         * [6.10.2 2] neither get nor set: INVALID_PARAMETER
         * [6.10.2 3] both: INVALID_PARAMETER */
        else if (!request->has_offset || request->has_get == request->has_set)
                core_answer(core, CTAP1_ERR_INVALID_PARAMETER);
        else
                (request->has_get ? get_fragment : set_fragment)(core);
}
