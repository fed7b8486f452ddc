/* SPDX-License-Identifier: MIT */
/*
 * A lock that is held by another. Whoever has slept takes it as awaited: there may be more
 * sleepers, of which nobody keeps count, so its release wakes one in vain at worst.
 */
#include "vmm/core/lock.h"

#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

void tl_lock_wait(struct tl_lock *lock)
{
	/* Pairs with the release in tl_lock_release(). */
	while (__atomic_exchange_n(&lock->state, TL_LOCK_AWAITED, __ATOMIC_ACQUIRE) != TL_LOCK_FREE)
		(void)syscall(SYS_futex, &lock->state, FUTEX_WAIT_PRIVATE, TL_LOCK_AWAITED, NULL);
}

void tl_lock_wake(struct tl_lock *lock)
{
	(void)syscall(SYS_futex, &lock->state, FUTEX_WAKE_PRIVATE, 1);
}
