// SPDX-License-Identifier: Apache-2.0
// Notes to the user: rooms say them, the program that listens decides where they go.
#include <libintl.h>
#include <nadir/text.h>
#include <stdarg.h>
#include <stdio.h>

// The one mutable global beside the catalogue's: set once, before threads start.
static struct {
    nd_listener *call;
    void *user;
} listener;

void nd_listen(nd_listener *call, void *user)
{
    listener.call = call;
    listener.user = user;
}

void nd_say(nd_loudness loudness, const char *format, ...)
{
    if (!listener.call) return;
    char line[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, dgettext("nadir", format), args);
    va_end(args);
    listener.call(loudness, line, listener.user);
}

const char *nd_gettext(const char *words)
{
    return *words ? dgettext("nadir", words) : words;
}
