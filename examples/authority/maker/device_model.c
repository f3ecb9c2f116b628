/* SPDX-License-Identifier: Apache-2.0 */
#include "device_model.h"

#include "der.h"

#include <openssl/objects.h>
#include <openssl/x509v3.h>

enum { DER_UTF8_STRING = 0x0C };

bool device_model_is_plain(slice model)
{
        for (size_t i = 0; i < model.size; i++) {
                uint8_t c = model.data[i];
                if (!(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
                        return false;
        }
        return model.size > 0 && model.size <= DEVICE_MODEL_MAX;
}

/* ---- the maker writes ---- */

static void write_hex(writer *out, uint8_t byte)
{
        static const char digits[] = "0123456789abcdef";
        write_u8(out, (uint8_t)digits[byte >> 4]);
        write_u8(out, (uint8_t)digits[byte & 15]);
}

mitome_status device_model_write(slice model, writer *out, mitome_error *error)
{
        slice written;
        if (!device_model_is_plain(model))
                return fail(error, MITOME_E_VALUE, "the model", NULL);
        write_slice(out, slice_text(DEVICE_MODEL_OID " = DER:"));
        write_hex(out, DER_UTF8_STRING);
        write_hex(out, (uint8_t)model.size);
        for (size_t i = 0; i < model.size; i++)
                write_hex(out, model.data[i]);
        write_slice(out, slice_text("\n"));
        return writer_finish(out, "the model", &written, error);
}

/* ---- who takes a certificate reads ---- */

static slice find_value(const X509 *certificate)
{
        ASN1_OBJECT *name = OBJ_txt2obj(DEVICE_MODEL_OID, 1);
        int at = name ? X509_get_ext_by_OBJ(certificate, name, -1) : -1;
        bool once = at >= 0 && X509_get_ext_by_OBJ(certificate, name, at) < 0;
        ASN1_OBJECT_free(name);
        if (!once)
                return (slice){ 0 };
        const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(X509_get_ext(certificate, at));
        return slice_of(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));
}

void device_model_read(slice certificate, char ret[DEVICE_MODEL_MAX + 1])
{
        slice model = { 0 };
        const unsigned char *at = certificate.data;
        X509 *x509 = certificate.size ? d2i_X509(NULL, &at, (long)certificate.size) : NULL;
        bytes_wipe(ret, DEVICE_MODEL_MAX + 1);
        if (x509) {
                reader r = reader_over(find_value(x509), NULL, NULL);
                if (!failed(der_read(&r, "model", DER_UTF8_STRING, &model, NULL)) &&
                        !failed(read_end(&r, "model")) && device_model_is_plain(model) &&
                        failed(slice_copy(model, "model", (uint8_t *)ret, DEVICE_MODEL_MAX, NULL)))
                        ret[0] = '\0';
        }
        X509_free(x509);
}
