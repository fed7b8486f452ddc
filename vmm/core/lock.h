/* SPDX-License-Identifier: MIT */
/*
 * A lock for what is held for a few instructions at every access to a device. With nobody
 * else there it costs two atomic instructions, inlined; a pthread mutex costs 70, a fifth of
 * what an exit costs in all. Who has to wait sleeps in the kernel (futex(2)). It is not
 * recursive, and knows nothing of its owner.
 */
#ifndef TL_VMM_CORE_LOCK_H
#define TL_VMM_CORE_LOCK_H

#include <stdbool.h>
#include <stdint.h>

enum { TL_LOCK_FREE, TL_LOCK_HELD, TL_LOCK_AWAITED };

/* All zero is a free lock; there is nothing to destroy. */
struct tl_lock {
	uint32_t state;
};

/* What the functions below do when they are not alone. */
void tl_lock_wait(struct tl_lock *lock);
void tl_lock_wake(struct tl_lock *lock);

/* True if it is now the caller's. */
static inline bool tl_lock_try(struct tl_lock *lock)
{
	uint32_t state = TL_LOCK_FREE;

	/* Pairs with the release in tl_lock_release(). */
	return __atomic_compare_exchange_n(
		&lock->state, &state, TL_LOCK_HELD, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static inline void tl_lock_acquire(struct tl_lock *lock)
{
	if (!tl_lock_try(lock))
		tl_lock_wait(lock);
}

static inline void tl_lock_release(struct tl_lock *lock)
{
	/* Pairs with the acquires in tl_lock_try() and tl_lock_wait(). */
	if (__atomic_exchange_n(&lock->state, TL_LOCK_FREE, __ATOMIC_RELEASE) == TL_LOCK_AWAITED)
		tl_lock_wake(lock);
}

#endif
