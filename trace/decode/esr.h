/* SPDX-License-Identifier: MIT */
/*
 * What kind of exit a kvm_exit event tells of: the exception class of ESR_EL2
 * where the guest trapped (DDI 0487, ESR_EL2.EC), and what KVM calls the rest
 * (interrupt, SError, illegal state) where there is no syndrome.
 */
#ifndef TL_TRACE_ESR_H
#define TL_TRACE_ESR_H

#include <stdint.h>

#define TL_ESR_EC_COUNT 64
#define TL_ESR_EC_WFX   0x01

/*
 * Exit classes: small numbers to index tables with. The first few are what KVM
 * returns when the exit was no synchronous exception; the exception classes follow.
 */
enum {
	TL_CLASS_IRQ,      /* a host interrupt came while the guest ran */
	TL_CLASS_SERROR,   /* the guest was interrupted by an SError */
	TL_CLASS_IL,       /* illegal execution state on return to the guest */
	TL_CLASS_HYP_GONE, /* EL2 is back in the boot stub: KVM is shutting down */
	TL_CLASS_OTHER,    /* a code that no kernel known here returns */
	TL_CLASS_EC,       /* exception class 0, and 63 more */
	TL_CLASS_COUNT = TL_CLASS_EC + TL_ESR_EC_COUNT,
};

#define TL_CLASS_WFX (TL_CLASS_EC + TL_ESR_EC_WFX)

/*
 * The class of an exit from the two fields of the event: ret (bit 31, "an SError
 * is pending as well", does not matter) and esr_ec. Always below TL_CLASS_COUNT.
 */
unsigned int tl_esr_class(uint32_t ret, uint32_t ec);

/* Short name as in the kernel's ESR_ELx_EC_*, "IRQ", ...; never NULL, for any number. */
const char *tl_esr_class_name(unsigned int exit_class);

/* What the class is in a few words (at most 27 characters); "" if there is nothing to add. */
const char *tl_esr_class_text(unsigned int exit_class);

#endif
