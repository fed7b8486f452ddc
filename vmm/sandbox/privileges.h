/* SPDX-License-Identifier: MIT */
/*
 * Who a thread is to the kernel: its user, its groups, its capabilities. All of it is a
 * thread's own, so each thread gives it up for itself.
 */
#ifndef TL_VMM_SANDBOX_PRIVILEGES_H
#define TL_VMM_SANDBOX_PRIVILEGES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct tl_privileges {
	bool change; /* to this user and group, and no other group; else whoever it was stays */
	uid_t uid;
	gid_t gid;
};

/*
 * Finds "USER[:GROUP]", names of /etc/passwd and /etc/group or numbers. Without a group it is
 * the user's, or for a number that has no name the same number. Returns 0 or -EINVAL (logged).
 */
int tl_privileges_find(struct tl_privileges *privileges, const char *text);

/* The user nobody, or 65534 where it has no name. */
void tl_privileges_nobody(struct tl_privileges *privileges);

/*
 * For the calling thread, for ever: no_new_privs, user and groups, and no capability but those
 * of `keep` (bit N is capability N) that it has, none of them for another user. Returns 0 or
 * -errno.
 */
int tl_privileges_give_up(const struct tl_privileges *privileges, uint64_t keep);

#endif
