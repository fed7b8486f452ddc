# SPDX-License-Identifier: MIT
#
# results/NAME.md from results/NAME.json: what is worse than a peer or a goal
# first, then a table, then a bar for each figure that has a peer. $title, $bars
# (whether there are bars) and $notes come from bench/lib.sh.

include "misses";
include "digits";

def pad($n): . + " " * ([$n - length, 1] | max);

# Not $max: that would be a function max as well.
def bar($longest): "█" * ([(. / $longest * 40 | round), 1] | max);

def chart:
	([.value, .peers[]] | max) as $longest |
	"\(.name), \(.unit), \(.better) is better",
	([["trapline", .value]] + (.peers | to_entries | map([.key, .value])) | .[] |
		"  \(.[0] | pad(28))\(.[1] | bar($longest)) \(.[1] | digits)"),
	"";

def row: "| " + join(" | ") + " |";

def table:
	([.figures[].peers | keys_unsorted[]] | reduce .[] as $p ([]; if index([$p]) then . else . + [$p] end)) as $peers |
	(["figure", "unit", "trapline", "goal"] + $peers | row),
	(["---", "---", "---:", "---:"] + ($peers | map("---:")) | row),
	(.figures[] | . as $f |
		[.name, .unit, (.value | digits),
		 (if .goal == null then "" else (if .better == "lower" then "≤ " else "≥ " end) + (.goal | digits) end)]
		+ ($peers | map($f.peers[.] // null | if . == null then "" else digits end)) | row);

"# \($title)",
"",
"Made by `\(.command)` at commit \(.commit).",
"Board: \(.board). Kernel: \(.kernel).",
"",
([.figures[] | misses] as $worse |
	if ($worse | length) == 0 then "Nothing here misses its goal or is worse than a peer's."
	else "Misses its goal, or is worse than a peer:", "", ($worse[] | "- " + .) end),
"",
table,
"",
(if $bars and any(.figures[]; .peers != {}) then "```text", (.figures[] | select(.peers != {}) | chart), "```", "" else empty end),
($notes | sub("\n+$"; ""))
