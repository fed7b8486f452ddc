# SPDX-License-Identifier: MIT
#
# The program with a back door for a test of its sandbox: see tests/misbehave/misbehave.c.

MISBEHAVE := $(BUILD)/arm64/trapline-misbehave

$(MISBEHAVE): $(PROGRAM_OBJ)/tests/misbehave/misbehave.c.o $(PROGRAM_OBJECTS)
	$(call say,LD,$@)
	$(Q)$(PROGRAM_CC) -static -s -Wl,--wrap=tl_machine_add_devices -o $@ $^ -L $(SYSROOT_LIB) $(PROGRAM_LIBS) 2>$@.log || \
		{ cat $@.log >&2; exit 1; }
	$(Q)rm -f $@.log
