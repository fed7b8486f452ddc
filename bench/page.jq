# SPDX-License-Identifier: MIT
#
# What bench/page needs of the figures of one benchmark: with --arg want misses, bars or counts.

include "misses";
include "digits";

# How many times better than that we are, whichever way is better.
def ratio($than): if .better == "lower" then $than / .value else .value / $than end;

# A line of bench/bars.awk for each goal and each peer.
def bars:
	.figures[] | . as $f | select(.value > 0) |
	((if .goal == null then empty else {key: "goal", value: .goal} end), (.peers | to_entries[])) |
	select(.value > 0) | . as $other |
	[$f.name, .key, ($f | ratio($other.value)), "\($f.value | digits) \($f.unit); \(.key) \(.value | digits)"];

def counts:
	[.figures[] | select(.goal != null)] as $goals |
	[.figures[] | select(.goal != null and worse(.goal))] as $missed |
	[.figures[] | . as $f | .peers[] | . as $p | $f | worse($p)] as $beside |
	["\(.figures | length) figure\(if .figures[1] then "s" else "" end).",
	 if $goals == [] then empty else "Goals: \($goals | length), met: \(($goals | length) - ($missed | length))." end,
	 if $beside == [] then empty else "Comparisons with others: \($beside | length), worse: \([$beside[] | select(.)] | length)." end]
	| join(" ");

if $want == "misses" then .figures[] | misses
elif $want == "bars" then bars | @tsv
else counts end
