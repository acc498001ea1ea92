// SPDX-License-Identifier: Apache-2.0
// Texts of a run's folder: whole or not there.
#include "learn/run.h"
#include <nadir/file.h>

nd_status learn_file_text(const char *path, nd_buffer *text)
{
    const char *all = nd_buffer_text(text);
    return all && path ? nd_file_write(path, all, text->length) : ND_E_MEMORY;
}

nd_status learn_file_show(const char *path, nd_buffer *text)
{
    const char *all = nd_buffer_text(text);
    return all && path ? nd_file_show(path, all, text->length) : ND_E_MEMORY;
}
