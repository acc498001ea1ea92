#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Commands, options and their mistakes: what the program says and how it ends.
. "${0%/*}/lib.sh"

does tells_its_version 'nadir 0.' --version
does explains_itself_without_words Commands
does explains_itself_when_asked Commands --help
does explains_a_command 'nadir describe [NAME]' describe --help
does explains_a_command_by_help 'nadir describe [NAME]' help describe
does describes_a_command_as_json '"name":"ops"' describe ops --json
does tells_how_far_off_a_preview_is '"level_error_percent":5.08,"level_error_at":2' describe ndvi --json
does explains_how_far_off_a_preview_is 'within 5.08 % of the range at level 2' help ndvi
run describe dvi --json # a difference: its levels were exact
! grep -q level_error "$scratch/out" || ok=no
ended 0
result claims_no_error_where_none_was_measured
fails 2 answers_a_misspelt_command 'did you mean describe?' descrbe
fails 2 answers_an_unknown_command 'see nadir help' qqqqqqqq
fails 2 answers_a_misspelt_option 'did you mean --quiet?' ops --qiet
fails 2 refuses_an_unknown_option 'there is no option --zzzzzz' ops --zzzzzz
fails 2 refuses_too_many_words 'has no use for much' help ops much
fails 2 refuses_help_for_nothing_known 'there is no command or operator' help qqqqqqqq

run describe --json
python3 -c 'import json, sys; d = json.load(open(sys.argv[1]))
assert d["version"] and d["commands"] and "operators" in d' "$scratch/out" || ok=no
ended 0
result describes_everything_as_strict_json

"$nadir" help >/dev/full 2>"$scratch/err"
got=$? ok=yes
ended 1
two_lines
says 'the output cannot be written'
result fails_on_a_full_disk

run help
if grep -q "$(printf '\033')" "$scratch/out"; then ok=no; fi
result has_no_colour_in_a_file

finish
