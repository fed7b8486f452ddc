# SPDX-License-Identifier: MIT
# shellcheck shell=dash
# shellcheck disable=SC2154 # WORK and TL_TOP are the runner's, status that of run
#
# The page of all results (bench/page) and its pictures, of two benchmarks that never were.

mkdir -p "$WORK/results/second"
echo '# First <of> two' >"$WORK/results/first.md"
cat >"$WORK/results/first.json" <<'END'
{"bench": "first", "command": "make bench-first", "commit": "abc", "board": "a board", "kernel": "6.12", "figures": [
	{"name": "met", "unit": "ns", "value": 1000, "better": "lower", "goal": 2000, "peers": {"A & B": 4000}},
	{"name": "missed", "unit": "exits", "value": 12345, "better": "lower", "goal": 12344, "peers": {}},
	{"name": "slow", "unit": "events/s", "value": 10, "better": "higher", "goal": null, "peers": {"A & B": 40}}]}
END
echo '# Second' >"$WORK/results/second/README.md"
cat >"$WORK/results/second/figures.json" <<'END'
{"bench": "second", "command": "make second", "commit": "def", "board": "a board", "kernel": "6.12", "figures": [
	{"name": "alone", "unit": "ns", "value": 0, "better": "lower", "goal": null, "peers": {}}]}
END

# lines_from PATTERN TO: of the page, without what comes from TO on.
lines_from() {
	sed -n "/^## $1/,/^## $2/p" "$WORK/results/README.md" | grep '^- '
}

begin 'bench/page: what misses its goal or is worse than another comes first'
run "$TL_TOP/bench/page" "$WORK/results"
status_is 0
equal 'the worst' "$(lines_from 'What misses' 'Who')" \
	'- [first](first.md): missed: 12345 exits, goal 12344 (1x)
- [first](first.md): slow: 10 events/s, A & B 40 (0.25x)'
equal 'chapters' "$(sed -n 's/^## //p' "$WORK/results/README.md" | tail -n 2 | tr '\n' ',')" 'First <of> two,Second,'
file_has "$WORK/results/README.md" '^3 figures\. Goals: 2, met: 1\. Comparisons with others: 2, worse: 1\..*\(first\.md\).*make bench-first. at commit abc'
file_has "$WORK/results/README.md" '^1 figure\. All of it: \[second/README\.md\]\(second/README\.md\)'
end

begin 'bench/page: a picture has a bar for each goal and each peer, and what is worse in red'
picture=$WORK/results/pictures/first.svg
file_has "$picture" '^<text [^>]*>First &lt;of&gt; two</text>$'
file_has "$picture" '^<text [^>]*>1 000 ns; A &amp; B 4 000</text>$'
equal 'bars that are worse' "$(count "$picture" '^<rect class="worse"')" 2
equal 'bars that are not' "$(count "$picture" '^<rect class="c[12]" x="[0-9.]+" y="[0-9.]+" width="[0-9.]+" height="14"/>')" 2
equal 'tags that are open' "$(count "$picture" '<(svg|text|style)[ >]')" "$(count "$picture" '</(svg|text|style)>')"
[ ! -e "$WORK/results/pictures/second.svg" ] || problem 'there is a picture of nothing'
end

begin 'bench/page: all goals met and nothing slower, and no results at all'
sed -i 's/12344/12346/; s/"value": 10,/"value": 50,/' "$WORK/results/first.json"
run "$TL_TOP/bench/page" "$WORK/results"
status_is 0
file_has "$WORK/results/README.md" '^Nothing\.$'
mkdir "$WORK/empty"
run "$TL_TOP/bench/page" "$WORK/empty"
refused 1 'there is no result'
end

begin 'bench/bars.awk: a line for a mark, and bars in proportion'
printf 'one\tA\t10\none\tB\t20\ntwo\tA\t5\thalf\n' |
	awk -v title=Bars -v mark=20 -v unit=things -f "$TL_TOP/bench/bars.awk" >"$WORK/bars.svg"
equal 'widths' "$(sed -n 's/^<rect class="c[12]".* width="\([0-9.]*\)" height="14".*/\1/p' "$WORK/bars.svg" | tr '\n' ' ')" \
	'271.0 541.0 136.0 '
equal 'marks' "$(count "$WORK/bars.svg" '^<line x1="556.0"')" 1
file_has "$WORK/bars.svg" '>half</text>'
end
