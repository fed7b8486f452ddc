# SPDX-License-Identifier: MIT
#
# The tests. A unit test is one file, tests/unit/NAME.c, built for this PC with
# the sanitizers. Lines in its opening comment say what it is linked with:
#     * Links: trace/profile/hist.c base/log.c    sources of the project, from its root
#     * Libs: z jansson                           libraries besides cmocka
#     * Wraps: ioctl mmap                         functions that the test fakes (__wrap_ioctl)
# What a fake that it names lists is its own as well (Links, one level).
# It is linked with nothing else, so a function that it defines itself stands in
# for the real one of a file that it does not link. Any other file in tests/unit
# (headers, shared fakes named in a Links line) is just a source.

UNIT_CC := $(if $(filter default undefined,$(origin CC)),gcc,$(CC))
UNIT_DIR := $(BUILD)/host/$(notdir $(firstword $(UNIT_CC)))
UNIT_TAP := $(BUILD)/test/unit
UNIT_TESTS := $(patsubst tests/unit/%.c,%,$(filter-out tests/unit/fake_%.c,$(wildcard tests/unit/*.c)))

UNIT_CFLAGS := -std=c17 -D_GNU_SOURCE -O1 -g -fno-omit-frame-pointer -Wall -Wextra -Werror \
	-fsanitize=address,undefined -fno-sanitize-recover=all
UNIT_LDFLAGS := -fsanitize=address,undefined -pthread
# libfdt and zlib come without pkg-config files on some releases, and need none.
# Recursive: pkg-config runs only when something is compiled.
UNIT_PKG = $(shell pkg-config --cflags libtracefs libtraceevent)

# The KVM headers of the kernel source, alone: a whole arm64 asm/ would hide this PC's.
KVM_HEADERS := $(BUILD)/host/kvm-include
KVM_HEADER_LIST := linux/kvm.h linux/landlock.h linux/psci.h asm/kvm.h asm/ptrace.h asm/sve_context.h asm/hwcap.h
UNIT_CPPFLAGS := -DTL_KVM_SEAM -I. -I$(BUILD)/gen -I$(BUILD)/host -isystem $(KVM_HEADERS)

.PHONY: test test-unit test-pc $(UNIT_TESTS:%=unit-%)

# Whatever fails, what comes after it still runs; the summary has the last word.
test: | deps-test ## every test: unit tests on this PC, board tests on the board
	$(Q)rm -rf $(BUILD)/test
	$(Q)$(MAKE) --no-print-directory -k test-unit || true
	$(Q)$(MAKE) --no-print-directory test-pc || true
ifneq ($(shell grep -ls '^test-board:' mk/*.mk),)
	$(Q)$(MAKE) --no-print-directory test-board || true
	$(Q)$(MAKE) --no-print-directory lab || true
endif
	$(Q)scripts/test-summary $(UNIT_TESTS:%=$(UNIT_TAP)/%.tap) $(BUILD)/test/pc.tap \
		$(if $(shell grep -ls '^test-board:' mk/*.mk),$(BUILD)/test/board.tap $(LAB_TAP))

test-unit: $(UNIT_TESTS:%=unit-%) ## unit tests on this PC (one: make unit-NAME; CC=clang works)

# Every command's --help, also of those that only arm64 has: what they do is not linked.
HELP_PROGRAM := $(BUILD)/host/help/trapline
HELP_SOURCES := $(filter-out %_pc.c,$(wildcard cli/*.c)) base/log.c base/parse.c
$(HELP_PROGRAM): $(HELP_SOURCES:%.c=$(UNIT_DIR)/%.o)
	$(call say,HOSTLD,$@)
	@mkdir -p $(@D)
	$(Q)$(UNIT_CC) $(UNIT_LDFLAGS) -no-pie -Wl,--unresolved-symbols=ignore-all -o $@ $^

test-pc: $(PC_PROGRAM) $(PC_RECORDING) $(PC_TOP) $(HELP_PROGRAM) board-files | deps-views ## what the program for this PC writes, read by others' programs
	$(Q)scripts/test-pc

$(KVM_HEADERS)/.stamp: $(BUILD)/kernel/include mk/tests.mk
	$(Q)mkdir -p $(KVM_HEADERS)/linux $(KVM_HEADERS)/asm
	$(Q)for h in $(KVM_HEADER_LIST); do cp $(BUILD)/kernel/include/$$h $(KVM_HEADERS)/$$h; done
	$(Q)touch $@

# What the opening comments say, as make variables: NAME_LINKS, NAME_LIBS, NAME_WRAPS.
$(BUILD)/host/unit.mk: $(wildcard tests/unit/*.c) mk/tests.mk
	@mkdir -p $(@D)
	$(Q)awk '/^ \* (Links|Libs|Wraps): / { name = FILENAME; sub(/.*\//, "", name); sub(/\.c$$/, "", name); \
		key = toupper($$2); sub(/:/, "", key); $$1 = $$2 = ""; print name "_" key " +=" $$0 }' \
		$(filter %.c,$^) /dev/null >$@
-include $(BUILD)/host/unit.mk

$(UNIT_DIR)/%.o: %.c mk/tests.mk $(KVM_HEADERS)/.stamp | deps-test
	$(call say,HOSTCC,$<)
	@mkdir -p $(@D)
	$(Q)$(UNIT_CC) $(UNIT_CFLAGS) $(UNIT_CPPFLAGS) $(UNIT_PKG) -MMD -MP -c -o $@ $<

$(UNIT_DIR)/trace/decode/sysreg.o: $(BUILD)/gen/sysreg_table.h
$(UNIT_DIR)/trace/decode/syscall.o: $(BUILD)/gen/syscall_table.h
$(UNIT_DIR)/base/version.o: $(BUILD)/gen/version_gen.h
$(UNIT_DIR)/trace/report/page.o $(UNIT_DIR)/trace/report/page_assets.o: $(PAGE_ASSETS)

# Device trees that machines start from, scripts of HTML pages: data, so the same on this PC.
$(UNIT_DIR)/%.o: %.S $(patsubst %,$(BUILD)/dts/%.dtb,virt vexpress-a15) mk/tests.mk | deps-test
	$(call say,HOSTAS,$<)
	@mkdir -p $(@D)
	$(Q)$(UNIT_CC) -I $(BUILD)/dts -I $(BUILD)/gen -c -o $@ $<

# $(1): name of a unit test: its sources but itself, with those of its fakes.
unit_links = $($(1)_LINKS) $(foreach f,$(filter tests/unit/fake_%.c,$($(1)_LINKS)),$($(basename $(notdir $(f)))_LINKS))

# $(1): name of a unit test.
define unit_rule
$(UNIT_DIR)/unit/$(1): $(UNIT_DIR)/tests/unit/$(1).o $(patsubst %,$(UNIT_DIR)/%.o,$(sort $(basename $(call unit_links,$(1)))))
	$$(call say,HOSTLD,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(UNIT_CC) $$(UNIT_LDFLAGS) $(foreach w,$($(1)_WRAPS),-Wl,--wrap=$(w)) -o $$@ $$^ \
		-lcmocka $(addprefix -l,$($(1)_LIBS))
unit-$(1): $(UNIT_DIR)/unit/$(1)
	$$(Q)scripts/test-unit $$< $(UNIT_TAP)/$(1).tap
endef
$(foreach t,$(UNIT_TESTS),$(eval $(call unit_rule,$(t))))

-include $(shell find $(UNIT_DIR) -name '*.d' 2>/dev/null)
