/* SPDX-License-Identifier: MIT */
/*
 * A thread that goes to sleep is asleep until it is woken, then ready until it runs; one
 * that was preempted is ready at once.
 */
#include "trace/profile/switch.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

/* The state that ends here lasted until `ts`. */
static void account(struct tl_profile_vcpu *vcpu, uint64_t ts)
{
	uint64_t ns = ts > vcpu->thread_ts ? ts - vcpu->thread_ts : 0;

	if (vcpu->where != TL_VCPU_HOST)
		ns = 0;
	if (vcpu->thread == TL_THREAD_ASLEEP)
		vcpu->open.slept += ns;
	else if (vcpu->thread == TL_THREAD_READY)
		vcpu->open.delayed += ns;
	vcpu->thread_ts = ts;
}

static void name_irq(struct tl_profile *profile, const struct tl_event *event)
{
	char *name;

	if (event->irq >= TL_PROFILE_IRQS || !event->label || profile->irq_names[event->irq])
		return;
	name = strdup(event->label);
	if (name)
		tl_utf8_clean(name);
	profile->irq_names[event->irq] = name;
}

void tl_switch_event(
	struct tl_profile *profile, struct tl_profile_vcpu *vcpu, const struct tl_event *event)
{
	switch (event->kind) {
	case TL_EVENT_SWITCH:
		vcpu->has_switches = 1;
		account(vcpu, event->ts);
		if (vcpu->tid == event->other_tid)
			vcpu->thread = TL_THREAD_RUNNING;
		else
			vcpu->thread = event->preempted ? TL_THREAD_READY : TL_THREAD_ASLEEP;
		break;
	case TL_EVENT_WAKE:
		if (vcpu->tid != event->other_tid || vcpu->thread != TL_THREAD_ASLEEP)
			break;
		account(vcpu, event->ts);
		vcpu->thread = TL_THREAD_READY;
		break;
	case TL_EVENT_IRQ:
		/* Its handler runs before the exit that it caused is traced. */
		if (vcpu->tid != event->tid)
			break;
		name_irq(profile, event);
		vcpu->irq = event->irq;
		vcpu->irq_ts = event->ts;
		break;
	default:
		break;
	}
}
