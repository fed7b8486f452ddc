# SPDX-License-Identifier: MIT
# shellcheck shell=dash
# shellcheck disable=SC2154 # WORK is the runner's, status that of run
#
# `trapline diff` of recordings, and its page in a headless Chromium (tests/views/diff.mjs has
# the checks).

# shellcheck source=tests/pc/page.sh
. "$TL_TESTS/page.sh"

begin 'diff: a recording and itself, and the profile that is saved of it'
recording "$WORK/one" 20000
run trapline report --format json "$WORK/one"
status_is 0
cp "$WORK/out" "$WORK/one.json"
run trapline diff "$WORK/one" "$WORK/one.json"
status_is 0
error_lines 0
output_has '^No difference: [0-9]+ kinds of exits, the same counts and times\.$'
run trapline diff --format html "$WORK/one" "$WORK/none"
refused 3 "^trapline: '$WORK/none': No such file or directory\$"
end

begin 'diff: what has another name is new, and gone'
cp -r "$WORK/one" "$WORK/two"
sed -i 's|"pl011"|"</script><b>evil"|' "$WORK/two/vm.json"
printf 'exits <= 20000\ndetail * <= 1s\nnew <= 0\n' >"$WORK/budget"
run trapline diff --format html --budget "$WORK/budget" "$WORK/one" "$WORK/two"
status_is 1
error_lines 0
cp "$WORK/out" "$WORK/diff.html"
printf 'exits <= 20000\n' >"$WORK/budget"
run trapline diff --format html --budget "$WORK/budget" "$WORK/two"
status_is 0
cp "$WORK/out" "$WORK/budget.html"
run trapline diff --format json "$WORK/one" "$WORK/two"
equal 'new and gone' "$(jq -c '[.appeared > 0, .appeared == .vanished, .figures.exits.a == .figures.exits.b]' "$WORK/out")" '[true,true,true]'
end

page_checks 'diff: html' diff "$WORK/diff.html" "$WORK/budget.html"
