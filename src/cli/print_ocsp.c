/* SPDX-License-Identifier: Apache-2.0 */
/* OCSP responses, RFC 6960 4.2. */
#include "print_x509.h"

#include <openssl/ocsp.h>

static const char clause[] = "RFC 6960 4.2.1";

static void print_responder(const struct print_place *place, const OCSP_BASICRESP *answer)
{
        const ASN1_OCTET_STRING *key = NULL;
        const X509_NAME *name = NULL;
        if (OCSP_resp_get0_id(answer, &key, &name) != 1)
                return;
        if (name)
                print_x509_name(place, "responder", name);
        else if (key)
                print_hex_line(place, "responder's key", print_x509_string(key));
}

static void print_identity(const struct print_place *place, const OCSP_CERTID *id)
{
        ASN1_OCTET_STRING *name_hash, *key_hash;
        ASN1_OBJECT *digest;
        ASN1_INTEGER *serial;
        /* OpenSSL only reads it here, and its declaration does not say so. */
        OCSP_CERTID *copy = OCSP_CERTID_dup(id);
        if (!copy)
                return;
        if (OCSP_id_get0_info(&name_hash, &digest, &key_hash, &serial, copy) == 1) {
                print_x509_number(place, "serial", serial);
                print_hex_line(place, "issuer's name", print_x509_string(name_hash));
                print_hex_line(place, "issuer's key", print_x509_string(key_hash));
                print_name(place, "hashed by");
                print_x509_object(place->out, digest);
                fputc('\n', place->out);
        }
        OCSP_CERTID_free(copy);
}

static void print_single(const struct print_place *place, OCSP_SINGLERESP *single)
{
        ASN1_GENERALIZEDTIME *revoked = NULL, *from = NULL, *until = NULL;
        int reason = -1, status = OCSP_single_get0_status(single, &reason, &revoked, &from, &until);
        print_line(place, "status", "%s", OCSP_cert_status_str(status));
        struct print_place within = *place;
        within.indent += 2;
        if (revoked)
                print_x509_time(&within, "since", revoked);
        if (reason >= 0)
                print_line(&within, "reason", "%s", OCSP_crl_reason_str(reason));
        print_identity(&within, OCSP_SINGLERESP_get0_id(single));
        print_x509_time(&within, "thisUpdate", from);
        print_x509_time(&within, "nextUpdate", until);
}

static void print_basic(const struct print_place *place, OCSP_BASICRESP *answer)
{
        const STACK_OF(X509) *certificates = OCSP_resp_get0_certs(answer);
        print_responder(place, answer);
        print_x509_time(place, "producedAt", OCSP_resp_get0_produced_at(answer));
        print_x509_algorithm(place, "signed by", OCSP_resp_get0_tbs_sigalg(answer));
        for (int i = 0; i < OCSP_resp_count(answer); i++)
                print_single(place, OCSP_resp_get0(answer, i));
        for (int i = 0; i < sk_X509_num(certificates); i++)
                print_x509_name(place, "certificate", X509_get_subject_name(sk_X509_value(certificates, i)));
}

mitome_status print_ocsp_response(const struct print_place *place, slice der)
{
        MITOME_TRY(print_der_check(place, der, "OCSP response", clause));
        OCSP_RESPONSE *response = print_x509_decode(der, ASN1_ITEM_rptr(OCSP_RESPONSE));
        if (!response)
                return fail_at(place->error, MITOME_E_DER, place->at, "OCSP response", clause);
        int status = OCSP_response_status(response);
        OCSP_BASICRESP *answer = OCSP_response_get1_basic(response);
        print_line(place, "response", "%s (%d)", OCSP_response_status_str(status), status);
        if (answer)
                print_basic(place, answer);
        else if (status == OCSP_RESPONSE_STATUS_SUCCESSFUL)
                print_wrong(place, &(mitome_error){ MITOME_E_OCSP_FORM, place->at, "OCSP response", clause });
        OCSP_BASICRESP_free(answer);
        OCSP_RESPONSE_free(response);
        return ok();
}
