/* SPDX-License-Identifier: MIT */
/*
 * The messages by which a client comes, finds files and lets go of them (9P2000: version,
 * attach, walk, clunk, flush).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "vmm/dev/virtio/p9/server.h"

#define WALK_MAX 16u /* names of one Twalk (9P2000, walk) */

int tl_p9_version(struct tl_p9 *p9, struct tl_p9_in *in, struct tl_p9_out *out)
{
	char version[TL_P9_NAME + 1];
	uint32_t msize = tl_p9_get32(in);
	int ret = tl_p9_get_text(in, version, TL_P9_NAME);

	if (ret || !tl_p9_get_end(in))
		return ret ? ret : -EPROTO;
	/* Whatever it had open belongs to the session before. */
	tl_p9_reset(p9);
	if (msize < TL_P9_MSIZE_MIN)
		return -EMSGSIZE;
	msize = msize < TL_P9_MSIZE_MAX ? msize : TL_P9_MSIZE_MAX;
	tl_p9_put32(out, msize);
	if (strcmp(version, "9P2000.L") != 0) {
		tl_p9_put_text(out, "unknown");
		return 0;
	}
	tl_p9_put_text(out, version);
	p9->msize = msize;
	return 0;
}

static int new_fid(struct tl_p9 *p9, uint32_t number, const char *path, uint8_t type)
{
	int ret = tl_p9_fid_add(&p9->fids, number, path, type);

	return ret == -ENFILE ? tl_p9_at_limit(p9, "files that it may know at a time") : ret;
}

int tl_p9_attach(struct tl_p9 *p9, struct tl_p9_in *in, struct tl_p9_out *out)
{
	char user[TL_P9_NAME + 1], tree[TL_P9_NAME + 1];
	uint32_t number = tl_p9_get32(in), auth = tl_p9_get32(in);
	int ret = tl_p9_get_text(in, user, TL_P9_NAME);
	struct tl_p9_qid qid;
	struct stat st;

	ret = ret ? ret : tl_p9_get_text(in, tree, TL_P9_NAME);
	/* The user's number makes no difference: to the host, all is done by one user. */
	(void)tl_p9_get32(in);
	if (ret || !tl_p9_get_end(in))
		return ret ? ret : -EPROTO;
	if (auth != TL_P9_NOFID)
		return -EINVAL;
	if (*tree && strcmp(tree, "/") != 0)
		return -ENOENT;
	ret = tl_beneath_stat(p9->root, "", &st);
	if (ret)
		return ret;
	tl_p9_make_qid(p9, &st, &qid);
	tl_p9_put_qid(out, &qid);
	return new_fid(p9, number, "", qid.type);
}

/* One step of a walk; ".." of the root is the root. */
static int step(const struct tl_p9 *p9, char *path, const char *name, struct tl_p9_qid *qid)
{
	struct stat st;
	int ret = 0;

	if (qid->type != TL_P9_QT_DIR)
		return -ENOTDIR;
	if (!strcmp(name, "..")) {
		char *slash = strrchr(path, '/');

		*(slash ? slash : path) = 0;
	} else {
		ret = tl_beneath_join(path, path, name);
	}
	ret = ret ? ret : tl_beneath_stat(p9->root, path, &st);
	if (!ret)
		tl_p9_make_qid(p9, &st, qid);
	return ret;
}

/* The fid where the walk ended. */
static int arrive(
	struct tl_p9 *p9, struct tl_p9_fid *from, uint32_t number, const char *path, uint8_t type)
{
	if (number != from->number)
		return new_fid(p9, number, path, type);
	if (tl_p9_fid_set_path(&p9->fids, from, path))
		return tl_p9_at_limit(p9, "files that it may know at a time");
	from->type = type;
	return 0;
}

int tl_p9_walk(struct tl_p9 *p9, struct tl_p9_in *in, struct tl_p9_out *out)
{
	char names[WALK_MAX][TL_P9_NAME + 1], path[TL_P9_PATH];
	struct tl_p9_qid qids[WALK_MAX], qid;
	struct tl_p9_fid *from;
	unsigned int count, done = 0;
	uint32_t number;
	int ret = tl_p9_get_fid(p9, in, &from);

	number = tl_p9_get32(in);
	count = tl_p9_get16(in);
	if (ret || in->bad || count > WALK_MAX)
		return ret ? ret : -EPROTO;
	for (unsigned int i = 0; i < count && !ret; i++)
		ret = tl_p9_get_name(in, names[i], true);
	if (ret || !tl_p9_get_end(in))
		return ret ? ret : -EPROTO;
	/* An open file stays where it is. */
	if (number == from->number ? count && from->fd >= 0
				   : tl_p9_fid_find(&p9->fids, number) != NULL)
		return -EINVAL;
	snprintf(path, sizeof(path), "%s", from->path);
	qid.type = from->type;
	while (done < count && !ret) {
		ret = step(p9, path, names[done], &qid);
		if (!ret)
			qids[done++] = qid;
	}
	/* A walk that ends early says how far it came, and makes no fid (9P2000, walk). */
	ret = !ret ? arrive(p9, from, number, path, qid.type) : done ? 0 : ret;
	if (ret)
		return ret;
	tl_p9_put16(out, (uint16_t)done);
	for (unsigned int i = 0; i < done; i++)
		tl_p9_put_qid(out, &qids[i]);
	return 0;
}

int tl_p9_clunk(struct tl_p9 *p9, struct tl_p9_in *in, struct tl_p9_out *out)
{
	struct tl_p9_fid *fid;
	int ret = tl_p9_get_any_fid(p9, in, &fid);

	(void)out;
	if (ret || !tl_p9_get_end(in))
		return ret ? ret : -EPROTO;
	tl_p9_fid_drop(&p9->fids, fid);
	return 0;
}

/* One message is carried out after the other, so the old one has its reply already. */
int tl_p9_flush(struct tl_p9 *p9, struct tl_p9_in *in, struct tl_p9_out *out)
{
	(void)p9;
	(void)out;
	(void)tl_p9_get16(in);
	return tl_p9_get_end(in) ? 0 : -EPROTO;
}
