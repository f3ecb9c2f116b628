/* SPDX-License-Identifier: Apache-2.0 */
#include "libfprint_context.h"

static FpContext *context_with(const char *virtual_path)
{
        static const char path[] = "FP_VIRTUAL_IMAGE", drivers[] = "FP_DRIVERS_WHITELIST";
        g_unsetenv("FP_VIRTUAL_DEVICE");
        g_unsetenv("FP_VIRTUAL_DEVICE_STORAGE");
        if (virtual_path) {
                g_setenv(path, virtual_path, TRUE);
                g_setenv(drivers, "virtual_image", TRUE);
        } else {
                g_unsetenv(path);
                g_unsetenv(drivers);
        }
        FpContext *context = fp_context_new();
        fp_context_enumerate(context);
        return context;
}

FpContext *libfprint_virtual(const char *path)
{
        return context_with(path);
}

FpContext *libfprint_readers(void)
{
        return context_with(NULL);
}

FpDevice *libfprint_imager(FpContext *context)
{
        GPtrArray *devices = fp_context_get_devices(context);
        for (guint i = 0; i < devices->len; i++) {
                FpDevice *device = g_ptr_array_index(devices, i);
                if (fp_device_has_feature(device, FP_DEVICE_FEATURE_CAPTURE) &&
                        !fp_device_has_feature(device, FP_DEVICE_FEATURE_STORAGE))
                        return device;
        }
        return NULL;
}
