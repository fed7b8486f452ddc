# SPDX-License-Identifier: MIT
#
# Numbers for people.

# 1234567.5 as "1 234 567.5", so that people can read it.
def digits:
	tostring | capture("^(?<sign>-?)(?<int>[0-9]+)(?<rest>.*)$") |
	.sign + (.int | explode | reverse | [_nwise(3)] | map(reverse | implode) | reverse | join(" ")) + .rest;
