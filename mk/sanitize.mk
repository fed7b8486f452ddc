# SPDX-License-Identifier: MIT
#
# The program with sanitizers, for the board: build/asan/trapline (AddressSanitizer and
# UndefinedBehaviorSanitizer) and build/tsan/trapline (ThreadSanitizer). Neither can be static,
# so an archive behind the board's own has the C library and the loader, and the program in the
# place of the other (scripts/board --sanitizer).

SANITIZERS := asan tsan
# Sanitizers call what no VMM should.
asan_CFLAGS := -DTL_NO_SANDBOX -fsanitize=address,undefined -fno-sanitize-recover=undefined
asan_LIBS := -static-libasan -static-libubsan
# Fences of two sides are not seen by ThreadSanitizer, and there are none in what it watches.
tsan_CFLAGS := -DTL_NO_SANDBOX -fsanitize=thread
tsan_LIBS := -static-libtsan
# Instrumented code makes the compiler warn of what is not so.
SANITIZE_CFLAGS := -fno-omit-frame-pointer -fno-stack-protector -w
SANITIZE_LIBC := $(if $(filter aarch64,$(shell uname -m)),/lib/aarch64-linux-gnu,/usr/aarch64-linux-gnu/lib)
SANITIZE_LOADED := libc.so.6 libm.so.6 libgcc_s.so.1 ld-linux-aarch64.so.1

# $(1): asan or tsan. What is assembled is as it is.
define sanitizer_rules
$(BUILD)/$(1)/obj/%.c.o: %.c mk/sanitize.mk mk/program.mk $(BUILD)/gen/sysreg_table.h $(BUILD)/gen/syscall_table.h \
		$(BUILD)/gen/terminfo_table.h $(BUILD)/gen/version_gen.h $(PAGE_ASSETS) | deps-build $(SYSROOT) $(BUILD)/kernel/include
	$$(call say,CC-$(1),$$<)
	@mkdir -p $$(@D)
	$$(Q)$$(PROGRAM_CC) $$(PROGRAM_CFLAGS) $$(SANITIZE_CFLAGS) $$($(1)_CFLAGS) -MMD -MP -c -o $$@ $$<

$(BUILD)/$(1)/trapline: $(PROGRAM_SOURCES:%=$(BUILD)/$(1)/obj/%.o) $(filter %.S.o,$(PROGRAM_OBJECTS))
	$$(call say,LD-$(1),$$@)
	$$(Q)$$(PROGRAM_CC) $$($(1)_CFLAGS) -o $$@ $$^ $$($(1)_LIBS) -L $$(SYSROOT_LIB) \
		-Wl,-Bstatic $$(filter-out -lpthread,$$(PROGRAM_LIBS)) -Wl,-Bdynamic -lpthread

$(BUILD)/board/$(1).cpio: $(BUILD)/$(1)/trapline scripts/initramfs mk/sanitize.mk
	$$(call say,CPIO,$$@)
	@mkdir -p $$(@D)
	$$(Q)scripts/initramfs $$@ bin/trapline=$$< $$(foreach l,$$(SANITIZE_LOADED),lib/$$(l)=$$(SANITIZE_LIBC)/$$(l))

-include $$(shell find $(BUILD)/$(1)/obj -name '*.d' 2>/dev/null)
endef
$(foreach s,$(SANITIZERS),$(eval $(call sanitizer_rules,$(s))))

.PHONY: test-sanitizers
test-sanitizers: board-files $(SANITIZERS:%=$(BUILD)/board/%.cpio) ## board tests with the program built with AddressSanitizer, then ThreadSanitizer
	$(Q)status=0; for s in $(SANITIZERS); do scripts/test-board --only $$s || status=1; done; exit $$status
