# SPDX-License-Identifier: MIT
#
# Every target of the project. Each area's rules are in its own file in mk/;
# a target with a `##` comment behind it shows up in `make help`.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:

BUILD ?= build
V ?= 0
# One line a step; V=1 shows the commands instead.
Q := $(if $(filter 0,$(V)),@,)
say = $(if $(filter 0,$(V)),@printf '  %-7s %s\n' $(1) $(2),@:)

.PHONY: all help
.DEFAULT_GOAL := help

help: ## what each target does
	@printf 'Targets (make TARGET):\n'
	@grep -hE '^[a-z][a-z0-9-]*:.*##' $(MAKEFILE_LIST) | \
		sed -E 's/^([a-z0-9-]+):.*## */\1\t/' | sort -u | \
		while IFS=$$'\t' read -r name text; do printf '  %-14s %s\n' "$$name" "$$text"; done
	@printf '\nVariables: V=1 shows commands; BOARD=qemu|native; KERNEL_SRC=tree or tarball.\n'

# A rule's prerequisites are expanded where it stands, so what is named comes first.
MK_FIRST := mk/deps.mk mk/kernel.mk mk/guests.mk mk/page.mk mk/program.mk mk/board.mk
include $(MK_FIRST) $(filter-out $(MK_FIRST),$(sort $(wildcard mk/*.mk)))
