# SPDX-License-Identifier: MIT
#
# What `make bench-check` prints: each figure that misses its goal or is worse
# than a peer's, and by how much.

def worse($than): if .better == "lower" then .value > $than else .value < $than end;

def against($what; $than):
	"\(.name): \(.value) \(.unit), \($what) \($than)" +
	(if $than != 0 then " (\((.value / $than * 100 | round) / 100)x)" else "" end);

def misses:
	(select(.goal != null and worse(.goal)) | against("goal"; .goal)),
	(. as $f | .peers | to_entries[] | .key as $peer | .value as $than |
		$f | select(worse($than)) | against($peer; $than));
