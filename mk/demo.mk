# SPDX-License-Identifier: MIT
#
# The demonstration that the README begins with, and the pictures in it.

.PHONY: demo

demo: board-files ## boot Linux on the board under trapline and print its trap profile
	$(Q)scripts/demo

.PHONY: pictures

pictures: board-files $(PC_PROGRAM) | deps-views ## the pictures in the documents, from what the commands write
	$(Q)scripts/pictures
