# SPDX-License-Identifier: MIT
#
# The demonstration that the README begins with.

.PHONY: demo

demo: board-files ## boot Linux on the board under trapline and print its trap profile
	$(Q)scripts/demo
