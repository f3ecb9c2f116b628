/* SPDX-License-Identifier: Apache-2.0 */
#include "finger_template.h"

/* libfprint's form: type, driver, device, stored, finger, user, description, date, further members, and the
 * minutiae: for each impression the columns, rows and angles. */
#define TEMPLATE_TYPE G_VARIANT_TYPE("(issbymsmsia{sv}v)")
#define IMPRESSIONS_TYPE G_VARIANT_TYPE("(a(aiaiai))")
#define IMPRESSION_TYPE G_VARIANT_TYPE("(aiaiai)")

enum { TYPE_MINUTIAE = 2, MEMBERS = 10, MEMBER_TYPE = 0, MEMBER_MINUTIAE = 9, MAGIC_SIZE = 3 };

static const uint8_t magic[MAGIC_SIZE] = { 'F', 'P', '3' };

/* The form is little-endian everywhere. */
static GVariant *in_file_order(GVariant *variant)
{
#if G_BYTE_ORDER == G_BIG_ENDIAN
        GVariant *swapped = g_variant_byteswap(variant);
        g_variant_unref(variant);
        return swapped;
#else
        return variant;
#endif
}

static GVariant *read_template(slice kept)
{
        slice start;
        reader r = reader_over(kept, NULL, NULL);
        if (failed(read_bytes(&r, "template", MAGIC_SIZE, &start)) || !slice_equal(start, SLICE(magic)))
                return NULL;
        slice rest = read_rest(&r);
        g_autoptr(GBytes) bytes = g_bytes_new(rest.data, rest.size);
        GVariant *variant =
                in_file_order(g_variant_ref_sink(g_variant_new_from_bytes(TEMPLATE_TYPE, bytes, FALSE)));
        gint32 type = -1;
        if (g_variant_is_normal_form(variant))
                g_variant_get_child(variant, MEMBER_TYPE, "i", &type);
        if (type == TYPE_MINUTIAE)
                return variant;
        g_variant_unref(variant);
        return NULL;
}

/* The impressions of a template, an array; NULL: there are none. */
static GVariant *impressions_of(GVariant *template)
{
        g_autoptr(GVariant) boxed = g_variant_get_child_value(template, MEMBER_MINUTIAE);
        g_autoptr(GVariant) minutiae = g_variant_get_variant(boxed);
        return g_variant_is_of_type(minutiae, IMPRESSIONS_TYPE) ? g_variant_get_child_value(minutiae, 0)
                                                                : NULL;
}

/* `template` with `impressions` in the place of its own; consumes them. */
static GByteArray *write_template(GVariant *template, GVariant *impressions)
{
        GVariant *members[MEMBERS];
        for (gsize i = 0; i < MEMBER_MINUTIAE; i++)
                members[i] = g_variant_get_child_value(template, i);
        members[MEMBER_MINUTIAE] = g_variant_new_variant(g_variant_new_tuple(&impressions, 1));
        GVariant *whole = in_file_order(g_variant_ref_sink(g_variant_new_tuple(members, MEMBERS)));
        GByteArray *bytes = g_byte_array_new();
        g_byte_array_append(bytes, magic, MAGIC_SIZE);
        g_byte_array_append(bytes, g_variant_get_data(whole), (guint)g_variant_get_size(whole));
        for (gsize i = 0; i < MEMBER_MINUTIAE; i++)
                g_variant_unref(members[i]);
        g_variant_unref(whole);
        return bytes;
}

static void free_secret(GByteArray *bytes)
{
        bytes_wipe(bytes->data, bytes->len);
        g_byte_array_unref(bytes);
}

static FpPrint *print_of(GVariant *template, GVariant *impression)
{
        GByteArray *bytes = write_template(template, g_variant_new_array(IMPRESSION_TYPE, &impression, 1));
        FpPrint *print = fp_print_deserialize(bytes->data, bytes->len, NULL);
        free_secret(bytes);
        return print ? g_object_take_ref(print) : NULL;
}

static bool append_impressions(GVariant *template, GVariant *impressions, GPtrArray *prints)
{
        gsize count = g_variant_n_children(impressions);
        const guint before = prints->len;
        for (gsize i = 0; i < count && count <= FINGER_TEMPLATE_IMPRESSIONS_MAX; i++) {
                g_autoptr(GVariant) impression = g_variant_get_child_value(impressions, i);
                FpPrint *print = print_of(template, impression);
                if (!print)
                        break;
                g_ptr_array_add(prints, print);
        }
        if (count > 0 && prints->len - before == count)
                return true;
        g_ptr_array_set_size(prints, (gint)before);
        return false;
}

mitome_status finger_template_split(slice kept, GPtrArray *prints, mitome_error *error)
{
        g_autoptr(GVariant) template = read_template(kept);
        g_autoptr(GVariant) impressions = template ? impressions_of(template) : NULL;
        return impressions && append_impressions(template, impressions, prints)
                       ? ok()
                       : fail(error, MITOME_E_VALUE, "template", NULL);
}

/* A template as libfprint itself writes it. */
static GVariant *template_of(FpPrint *print)
{
        guchar *data = NULL;
        gsize size = 0;
        if (!fp_print_serialize(print, &data, &size, NULL))
                return NULL;
        GVariant *template = read_template(slice_of(data, size));
        bytes_wipe(data, size);
        g_free(data);
        return template;
}

static bool gather(FpPrint *print, GVariantBuilder *builder)
{
        g_autoptr(GVariant) template = template_of(print);
        g_autoptr(GVariant) impressions = template ? impressions_of(template) : NULL;
        for (gsize i = 0; impressions && i < g_variant_n_children(impressions); i++) {
                g_autoptr(GVariant) impression = g_variant_get_child_value(impressions, i);
                g_variant_builder_add_value(builder, impression);
        }
        return impressions;
}

mitome_status finger_template_join(GPtrArray *prints, GByteArray **ret, mitome_error *error)
{
        g_autoptr(GVariant) first = prints->len > 0 ? template_of(g_ptr_array_index(prints, 0)) : NULL;
        bool whole = first;
        GVariantBuilder builder;
        g_variant_builder_init(&builder, G_VARIANT_TYPE("a(aiaiai)"));
        for (guint i = 0; whole && i < prints->len; i++)
                whole = gather(g_ptr_array_index(prints, i), &builder);
        if (!whole) {
                g_variant_builder_clear(&builder);
                return fail(error, MITOME_E_VALUE, "template", NULL);
        }
        *ret = write_template(first, g_variant_builder_end(&builder));
        return ok();
}

/* ---- minutiae ---- */

enum { COLUMNS = 3, MINUTIAE_MAX = 200 };

static GVariant *column_of(const struct finger_minutia *minutiae, size_t count, unsigned column)
{
        gint32 values[MINUTIAE_MAX];
        for (size_t i = 0; i < count; i++) {
                const gint32 members[COLUMNS] = { minutiae[i].x, minutiae[i].y, minutiae[i].angle };
                values[i] = members[column];
        }
        return g_variant_new_fixed_array(G_VARIANT_TYPE_INT32, values, count, sizeof values[0]);
}

FpPrint *finger_template_print(const struct finger_minutia *minutiae, size_t count)
{
        if (count > MINUTIAE_MAX)
                return NULL;
        GVariant *columns[COLUMNS];
        for (unsigned i = 0; i < COLUMNS; i++)
                columns[i] = column_of(minutiae, count, i);
        g_autoptr(GVariant) impression = g_variant_ref_sink(g_variant_new_tuple(columns, COLUMNS));
        /* No finger, no person, no date. */
        g_autoptr(GVariant) nobody = g_variant_ref_sink(g_variant_new_parsed(
                "(2, 'virtual_image', '0', false, byte 0, @ms nothing, @ms nothing, -2147483648, @a{sv} {}, "
                "<([@(aiaiai) ([], [], [])],)>)"));
        return print_of(nobody, impression);
}

static void take_column(GVariant *impression, unsigned column, struct finger_minutia *ret, size_t capacity)
{
        g_autoptr(GVariant) values = g_variant_get_child_value(impression, column);
        for (gsize i = 0; i < g_variant_n_children(values) && i < capacity; i++) {
                gint32 value;
                g_variant_get_child(values, i, "i", &value);
                int16_t *const members[COLUMNS] = { &ret[i].x, &ret[i].y, &ret[i].angle };
                *members[column] = (int16_t)value;
        }
}

size_t finger_template_minutiae(FpPrint *print, struct finger_minutia *ret, size_t capacity)
{
        g_autoptr(GVariant) template = template_of(print);
        g_autoptr(GVariant) impressions = template ? impressions_of(template) : NULL;
        if (!impressions || g_variant_n_children(impressions) == 0)
                return 0;
        g_autoptr(GVariant) impression = g_variant_get_child_value(impressions, 0);
        g_autoptr(GVariant) first = g_variant_get_child_value(impression, 0);
        for (unsigned i = 0; i < COLUMNS; i++)
                take_column(impression, i, ret, capacity);
        return g_variant_n_children(first);
}
