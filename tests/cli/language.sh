#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The program speaks the user's language, also where the system lacks that locale.
. "${0%/*}/lib.sh"
data=$(realpath "$2")
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
    # speaks TITLE OWN ACCEPT LANGUAGE …: a page's failure in the language asked for
    speaks() {
        title=$1 own=$2
        shift 2
        env LC_ALL="$own" python3 - "$nadir" "$data/29RKH/B04.tif" "$@" >"$scratch/out" 2>"$scratch/err" <<'PYTHON'
import http.client, signal, subprocess, sys, urllib.parse
nadir, scene, *pairs = sys.argv[1:]
server = subprocess.Popen([nadir, "map", scene, "--no-browser", "--port", "0"], stdout=subprocess.PIPE, text=True)
url = urllib.parse.urlsplit(server.stdout.readline().strip())
wrong = 0
for accept, language in zip(pairs[::2], pairs[1::2]):
    client = http.client.HTTPConnection("127.0.0.1", url.port, timeout=30)
    head = {"Authorization": "Bearer " + urllib.parse.parse_qs(url.query)["t"][0]}
    if accept != "none":
        head["Accept-Language"] = accept
    for turn in range(100):
        client.request("POST", "/api/event", '{"page":"map","values":{"nothing.x":"1"}}',
                       {**head, "Content-Type": "application/json", "Nadir-View": "aa.1"})
        told = client.getresponse().read().decode()
        if "nothing" in told:
            break
    is_spanish = "no existe el paso" in told
    if is_spanish != (language == "es") or not (is_spanish or "there is no step" in told):
        print(repr(accept), "gives", told)
        wrong += 1
server.send_signal(signal.SIGINT)
server.wait(timeout=20)
sys.exit(wrong > 0)
PYTHON
        got=$? ok=yes
        ended 0
        result "$title"
    }
    speaks answers_a_browser_in_its_language C es es ES es es-MX es 'fr, es' es esx en fr en '' en none en '*' en \
        'en, es' en 'es;q=0.2, en;q=0.3' en 'en;q=0.2,es ; q=0.3' es 'es;q=0, en;q=0.1' en 'es;q=0' en \
        'de-DE,de;q=0.9,es;q=0.8,en;q=0.7' es '*, es;q=0.5' en ',,es' es
    speaks answers_in_its_own_where_any_will_do es_ES.UTF-8 none es '*' es 'fr, *;q=0.1' es en en 'fr' en
else
    skip answers_in_spanish 'msgfmt was not there when nadir was built'
fi
finish
