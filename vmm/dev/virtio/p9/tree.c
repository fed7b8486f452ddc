/* SPDX-License-Identifier: MIT */
/*
 * Names: making, moving and removing them (9P2000.L: mkdir, mknod, symlink, link, rename,
 * renameat, unlinkat, remove). The calls used here follow no link in the last name, which is a
 * single one, and that was checked.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "vmm/dev/virtio/p9/server.h"

#define UNLINK_DIR 0x200u /* of Tunlinkat: AT_REMOVEDIR */

/* Where something new is to be: reads a fid, of a folder, and a name. */
struct target {
	struct tl_p9_fid *fid;
	char name[TL_P9_NAME + 1];
};

static int get_target(struct tl_p9 *p9, struct tl_p9_in *in, struct target *target)
{
	int ret = tl_p9_get_fid(p9, in, &target->fid);

	return ret ? ret : tl_p9_get_name(in, target->name, false);
}

static int open_target(struct tl_p9 *p9, const struct target *target, struct tl_p9_place *place)
{
	char path[TL_P9_PATH];
	/* What is made must have a path by which it can be reached. */
	int ret = tl_beneath_join(path, target->fid->path, target->name);

	ret = ret ? ret : tl_beneath_dir(p9->root, target->fid->path, place);
	place->name = target->name;
	return ret;
}

/* The qid of what was made; with its mode as the client wants it, whatever our umask. */
static int put_made(struct tl_p9 *p9, const struct tl_p9_place *place, const mode_t *mode,
	struct tl_p9_out *out)
{
	struct tl_p9_qid qid;
	struct stat st;

	if (fstatat(place->dir, place->name, &st, AT_SYMLINK_NOFOLLOW))
		return -errno;
	if (mode && (st.st_mode & 0777) != (*mode & 0777))
		(void)fchmodat(place->dir, place->name, *mode, AT_SYMLINK_NOFOLLOW);
	tl_p9_make_qid(p9, &st, &qid);
	tl_p9_put_qid(out, &qid);
	return 0;
}

int tl_p9_mkdir(struct tl_p9 *p9, struct tl_p9_in *in, struct tl_p9_out *out)
{
	struct tl_p9_place place;
	struct target target;
	int ret = get_target(p9, in, &target);
	mode_t mode = tl_p9_get32(in) & TL_P9_MODE;

	(void)tl_p9_get32(in); /* the group */
	if (ret || !tl_p9_get_end(in))
		return ret ? ret : -EPROTO;
	ret = open_target(p9, &target, &place);
	if (ret)
		return ret;
	ret = mkdirat(place.dir, place.name, mode) ? -errno : put_made(p9, &place, &mode, out);
	tl_beneath_leave(&place);
	return ret;
}

int tl_p9_mknod(struct tl_p9 *p9, struct tl_p9_in *in, struct tl_p9_out *out)
{
	struct tl_p9_place place;
	struct target target;
	int ret = get_target(p9, in, &target);
	uint32_t asked = tl_p9_get32(in);
	mode_t mode = asked & TL_P9_MODE, type = asked & S_IFMT;

	(void)tl_p9_get_bytes(in, 12); /* major[4] minor[4] gid[4] */
	if (ret || !tl_p9_get_end(in))
		return ret ? ret : -EPROTO;
	/* A device would be the host's. */
	if (type && type != S_IFREG && type != S_IFIFO && type != S_IFSOCK)
		return -EPERM;
	ret = open_target(p9, &target, &place);
	if (ret)
		return ret;
	ret = mknodat(place.dir, place.name, type | mode, 0) ? -errno
							     : put_made(p9, &place, &mode, out);
	tl_beneath_leave(&place);
	return ret;
}

/* Links say what the guest likes: it is only ever the guest that follows them. */
int tl_p9_symlink(struct tl_p9 *p9, struct tl_p9_in *in, struct tl_p9_out *out)
{
	char to[TL_P9_PATH];
	struct tl_p9_place place;
	struct target target;
	int ret = get_target(p9, in, &target);

	ret = ret ? ret : tl_p9_get_text(in, to, sizeof(to) - 1);
	(void)tl_p9_get32(in); /* the group */
	if (ret || !tl_p9_get_end(in))
		return ret ? ret : -EPROTO;
	ret = open_target(p9, &target, &place);
	if (ret)
		return ret;
	ret = symlinkat(to, place.dir, place.name) ? -errno : put_made(p9, &place, NULL, out);
	tl_beneath_leave(&place);
	return ret;
}

/* Has `call` done from one place to another, both of which it opens. */
static int between(struct tl_p9 *p9, const char *from, const char *to,
	int (*call)(const struct tl_p9_place *from, const struct tl_p9_place *to))
{
	struct tl_p9_place old, new;
	int ret;

	/* The folder that is shared stays where it is. */
	if (!*from || !*to)
		return -EBUSY;
	ret = tl_beneath_place(p9->root, from, &old);
	if (ret)
		return ret;
	ret = tl_beneath_place(p9->root, to, &new);
	if (!ret) {
		ret = call(&old, &new) ? -errno : 0;
		tl_beneath_leave(&new);
	}
	tl_beneath_leave(&old);
	return ret;
}

static int call_link(const struct tl_p9_place *from, const struct tl_p9_place *to)
{
	return linkat(from->dir, from->name, to->dir, to->name, 0);
}

static int call_rename(const struct tl_p9_place *from, const struct tl_p9_place *to)
{
	return renameat(from->dir, from->name, to->dir, to->name);
}

static int rename_path(struct tl_p9 *p9, const char *from, const struct target *target)
{
	char old[TL_P9_PATH], to[TL_P9_PATH];
	int ret = tl_beneath_join(to, target->fid->path, target->name);

	ret = ret ? ret : between(p9, from, to, call_rename);
	if (ret)
		return ret;
	/* `from` may be the path of a fid, which changes. */
	snprintf(old, sizeof(old), "%s", from);
	tl_p9_fid_moved(&p9->fids, old, to);
	return 0;
}

int tl_p9_link(struct tl_p9 *p9, struct tl_p9_in *in, struct tl_p9_out *out)
{
	char to[TL_P9_PATH];
	struct target target;
	struct tl_p9_fid *fid;
	int ret = tl_p9_get_fid(p9, in, &target.fid);

	(void)out;
	ret = ret ? ret : tl_p9_get_fid(p9, in, &fid);
	ret = ret ? ret : tl_p9_get_name(in, target.name, false);
	if (ret || !tl_p9_get_end(in))
		return ret ? ret : -EPROTO;
	ret = tl_beneath_join(to, target.fid->path, target.name);
	return ret ? ret : between(p9, fid->path, to, call_link);
}

int tl_p9_rename(struct tl_p9 *p9, struct tl_p9_in *in, struct tl_p9_out *out)
{
	struct target target;
	struct tl_p9_fid *fid;
	int ret = tl_p9_get_fid(p9, in, &fid);

	(void)out;
	ret = ret ? ret : get_target(p9, in, &target);
	if (ret || !tl_p9_get_end(in))
		return ret ? ret : -EPROTO;
	return rename_path(p9, fid->path, &target);
}

int tl_p9_renameat(struct tl_p9 *p9, struct tl_p9_in *in, struct tl_p9_out *out)
{
	char from[TL_P9_PATH];
	struct target old, target;
	int ret = get_target(p9, in, &old);

	(void)out;
	ret = ret ? ret : get_target(p9, in, &target);
	if (ret || !tl_p9_get_end(in))
		return ret ? ret : -EPROTO;
	ret = tl_beneath_join(from, old.fid->path, old.name);
	return ret ? ret : rename_path(p9, from, &target);
}

static int remove_path(struct tl_p9 *p9, const char *path, int flags)
{
	char copy[TL_P9_PATH];
	struct tl_p9_place place;
	int ret;

	if (!*path)
		return -EBUSY;
	ret = tl_beneath_place(p9->root, path, &place);
	if (ret)
		return ret;
	ret = unlinkat(place.dir, place.name, flags) ? -errno : 0;
	tl_beneath_leave(&place);
	if (ret)
		return ret;
	snprintf(copy, sizeof(copy), "%s", path);
	tl_p9_fid_removed(&p9->fids, copy);
	return 0;
}

int tl_p9_unlinkat(struct tl_p9 *p9, struct tl_p9_in *in, struct tl_p9_out *out)
{
	char path[TL_P9_PATH];
	struct target target;
	int ret = get_target(p9, in, &target);
	uint32_t flags = tl_p9_get32(in);

	(void)out;
	if (ret || !tl_p9_get_end(in))
		return ret ? ret : -EPROTO;
	if (flags & ~UNLINK_DIR)
		return -EINVAL;
	ret = tl_beneath_join(path, target.fid->path, target.name);
	return ret ? ret : remove_path(p9, path, flags & UNLINK_DIR ? AT_REMOVEDIR : 0);
}

/* Whether or not it can be removed, the fid is clunked (9P2000, remove). */
int tl_p9_remove(struct tl_p9 *p9, struct tl_p9_in *in, struct tl_p9_out *out)
{
	struct tl_p9_fid *fid;
	int ret = tl_p9_get_any_fid(p9, in, &fid);

	(void)out;
	if (ret || !tl_p9_get_end(in))
		return ret ? ret : -EPROTO;
	if (p9->config.read_only)
		ret = -EROFS;
	else if (fid->gone)
		ret = -ENOENT;
	else
		ret = remove_path(p9, fid->path, fid->type == TL_P9_QT_DIR ? AT_REMOVEDIR : 0);
	tl_p9_fid_drop(&p9->fids, fid);
	return ret;
}
