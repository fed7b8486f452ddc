/* SPDX-License-Identifier: MIT */
/*
 * By system calls and not by the C library's setresuid() and its like: those change all threads
 * at once. See capabilities(7) and credentials(7).
 */
#include "vmm/sandbox/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "base/parse.h"

#define NOBODY 65534
/* (uid_t)-1 means "as it is" to setresuid(2). */
#define ID_MAX UINT64_C(4294967294)

/* The files and not getpwnam(3), for which a static program would load libraries. */
static bool find_user(const char *name, struct tl_privileges *privileges)
{
	FILE *file = fopen("/etc/passwd", "re");
	const struct passwd *user = NULL;

	while (file && (user = fgetpwent(file)) && strcmp(user->pw_name, name) != 0)
		;
	if (user) {
		privileges->uid = user->pw_uid;
		privileges->gid = user->pw_gid;
	}
	if (file)
		fclose(file);
	return user;
}

static bool find_group(const char *name, struct tl_privileges *privileges)
{
	FILE *file = fopen("/etc/group", "re");
	const struct group *group = NULL;

	while (file && (group = fgetgrent(file)) && strcmp(group->gr_name, name) != 0)
		;
	if (group)
		privileges->gid = group->gr_gid;
	if (file)
		fclose(file);
	return group;
}

int tl_privileges_find(struct tl_privileges *privileges, const char *text)
{
	const char *colon = strchr(text, ':');
	char user[64];
	uint64_t id;

	*privileges = (struct tl_privileges){.change = true};
	snprintf(
		user, sizeof(user), "%.*s", (int)(colon ? colon - text : (long)strlen(text)), text);
	if (!tl_parse_u64(user, 0, ID_MAX, &id)) {
		privileges->uid = (uid_t)id;
		privileges->gid = (gid_t)id;
	} else if (!find_user(user, privileges)) {
		tl_log_error("--user '%s': there is no user '%s' in /etc/passwd", text, user);
		return -EINVAL;
	}
	if (!colon)
		return 0;
	if (!tl_parse_u64(colon + 1, 0, ID_MAX, &id)) {
		privileges->gid = (gid_t)id;
	} else if (!find_group(colon + 1, privileges)) {
		tl_log_error("--user '%s': there is no group '%s' in /etc/group", text, colon + 1);
		return -EINVAL;
	}
	return 0;
}

void tl_privileges_nobody(struct tl_privileges *privileges)
{
	*privileges = (struct tl_privileges){.change = true, .uid = NOBODY, .gid = NOBODY};
	(void)find_user("nobody", privileges);
}

static int set_capabilities(uint64_t keep)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};

	if (syscall(SYS_capget, &header, data))
		return -errno;
	for (unsigned int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		data[i].permitted &= (uint32_t)(keep >> 32 * i);
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

/* What a program that is executed could ever get. Only who may do so can lower it. */
static void drop_bounds(void)
{
	unsigned long cap = 0;

	/* Until there is none of that number; at once for who may not. */
	while (!prctl(PR_CAPBSET_DROP, cap, 0, 0, 0))
		cap++;
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

static int change_user(const struct tl_privileges *privileges)
{
	if (syscall(SYS_setgroups, 0, NULL) ||
		syscall(SYS_setresgid, privileges->gid, privileges->gid, privileges->gid) ||
		syscall(SYS_setresuid, privileges->uid, privileges->uid, privileges->uid))
		return -errno;
	return 0;
}

int tl_privileges_give_up(const struct tl_privileges *privileges, uint64_t keep)
{
	int ret = 0;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	drop_bounds();
	if (privileges->change)
		ret = change_user(privileges);
	return ret ? ret : set_capabilities(privileges->change ? 0 : keep);
}
