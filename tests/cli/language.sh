#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The program speaks the user's language, also where the system lacks that locale.
. "${0%/*}/lib.sh"
source=$(realpath "$2/..")
under() { # under NAME=value … PROGRAM WORD …
    env "$@" >"$scratch/out" 2>"$scratch/err"
    got=$? ok=yes
}
if [ -e "$source/po/es.po" ] && ls "${nadir%/*}"/po/es/LC_MESSAGES/nadir.mo >/dev/null 2>&1; then
    unset LC_ALL
    LANG=es_ES.UTF-8
    export LANG
    fails 2 answers_in_spanish '¿quiso decir run?' runn
    does helps_in_spanish 'Calcular un grafo' run --help
    does tells_in_spanish_how_far_off_a_preview_is 'a menos de un 5.08 % del rango en el nivel 2' help ndvi
    does keeps_names_in_json '"name":"run","brief":"Compute a graph' describe run --json
    under LANGUAGE=es LC_ALL=C.UTF-8 "$nadir" ops --zzzzzz
    ended 2
    says 'no existe la opción --zzzzzz'
    result follows_language_of_gettext
    under NADIR_LOCALE=/nowhere "$nadir" runn
    ended 2
    says 'did you mean run?'
    result is_english_without_a_catalogue
    under LC_ALL=C "$nadir" runn
    ended 2
    says 'did you mean run?'
    result is_english_in_the_c_locale
else
    skip answers_in_spanish 'msgfmt was not there when nadir was built'
fi
finish
