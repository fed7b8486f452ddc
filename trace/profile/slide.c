/* SPDX-License-Identifier: MIT */
/*
 * Linux calls by __arm_smccc_hvc and __arm_smccc_smc (arch/arm64/kernel/smccc-call.S), where
 * it does not have the instruction inline. Kernels move by multiples of 64 KiB (EFI_KIMG_ALIGN in
 * arch/arm64/include/asm/efi.h), so each call that comes from such a function names one distance,
 * and one that comes from elsewhere hardly ever names any.
 */
#include "trace/profile/slide.h"

#include <inttypes.h>

#include "base/log.h"
#include "trace/decode/esr.h"

#define CLASS_HVC (TL_CLASS_EC + 0x16)
#define CLASS_SMC (TL_CLASS_EC + 0x17)

#define STEP UINT64_C(0x10000)
/* The instruction is within so many bytes of the function. */
#define REACH 64

struct callers {
	int has_hvc, has_smc;
	uint64_t hvc, smc;
};

int tl_slide_is_call(unsigned int exit_class)
{
	return exit_class == CLASS_HVC || exit_class == CLASS_SMC;
}

/* The distance that a call names. Returns whether it names any; none goes down. */
static int distance_of(
	const struct callers *callers, const struct tl_profile_detail *call, uint64_t *distance)
{
	int smc = call->exit_class == CLASS_SMC;
	uint64_t function = smc ? callers->smc : callers->hvc;

	if (!(smc ? callers->has_smc : callers->has_hvc) || call->pc < function)
		return 0;
	*distance = (call->pc - function) & ~(STEP - 1);
	return ((call->pc - function) & (STEP - 1)) < REACH;
}

/* The only distance that most of them may have named (Boyer and Moore's vote). */
static uint64_t likely(const struct callers *callers, const struct tl_details *details)
{
	uint64_t winner = 0, lead = 0, distance;

	for (size_t i = 0; i < details->count; i++) {
		const struct tl_profile_detail *d = &details->list[i];

		if (!tl_slide_is_call(d->exit_class) || !distance_of(callers, d, &distance))
			continue;
		if (distance == winner) {
			lead += d->count;
		} else if (lead >= d->count) {
			lead -= d->count;
		} else {
			winner = distance;
			lead = d->count - lead;
		}
	}
	return winner;
}

/* Whether most of those that name a distance name this one. */
static int is_most(const struct callers *callers, const struct tl_details *details, uint64_t wanted)
{
	uint64_t yes = 0, no = 0, distance;

	for (size_t i = 0; i < details->count; i++) {
		const struct tl_profile_detail *d = &details->list[i];

		if (!tl_slide_is_call(d->exit_class) || !distance_of(callers, d, &distance))
			continue;
		if (distance == wanted)
			yes += d->count;
		else
			no += d->count;
	}
	return yes > no;
}

/* Whether most of all calls, inline ones as well, come from where there are symbols. */
static int fits(const struct tl_symbols *symbols, const struct tl_details *details)
{
	uint64_t yes = 0, no = 0, offset;

	for (size_t i = 0; i < details->count; i++) {
		const struct tl_profile_detail *d = &details->list[i];

		/* PC 0 is one that there was no room for. */
		if (!tl_slide_is_call(d->exit_class) || !d->pc)
			continue;
		if (tl_symbols_find(symbols, d->pc, &offset))
			yes += d->count;
		else
			no += d->count;
	}
	return yes > no;
}

uint64_t tl_slide_set(struct tl_symbols *symbols, const struct tl_details *details)
{
	struct callers callers = {0};
	uint64_t distance;

	if (!symbols)
		return 0;
	tl_symbols_set_slide(symbols, 0);
	callers.has_hvc = tl_symbols_address(symbols, "__arm_smccc_hvc", &callers.hvc);
	callers.has_smc = tl_symbols_address(symbols, "__arm_smccc_smc", &callers.smc);
	if ((!callers.has_hvc && !callers.has_smc) || fits(symbols, details))
		return 0;
	distance = likely(&callers, details);
	if (!distance || !is_most(&callers, details, distance))
		return 0;
	tl_symbols_set_slide(symbols, distance);
	if (!fits(symbols, details)) {
		tl_symbols_set_slide(symbols, 0);
		return 0;
	}
	tl_log_info(
		"KASLR: the guest kernel runs 0x%" PRIx64 " above where it was linked", distance);
	return distance;
}
