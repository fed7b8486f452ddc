/* SPDX-License-Identifier: MIT */
/*
 * From a message to its reply. Messages are those of 9P2000.L that Linux sends: 9P2000's, and
 * the ones that its diod extension adds. Numbers of errors are Linux's, which are this host's.
 */
#include "vmm/dev/virtio/p9/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

#define RLERROR       7u
#define RLERROR_BYTES (TL_P9_HEADER + 4u)

/* By the type of the message; the reply's is one more. */
static const struct {
	tl_p9_op *op;
	bool modifies; /* refused where the folder is only to be read */
} ops[128] = {
	[8] = {tl_p9_statfs, false},
	[12] = {tl_p9_lopen, false},
	[14] = {tl_p9_lcreate, true},
	[16] = {tl_p9_symlink, true},
	[18] = {tl_p9_mknod, true},
	[20] = {tl_p9_rename, true},
	[22] = {tl_p9_readlink, false},
	[24] = {tl_p9_getattr, false},
	[26] = {tl_p9_setattr, true},
	[40] = {tl_p9_readdir, false},
	[50] = {tl_p9_fsync, false},
	[52] = {tl_p9_lock, false},
	[54] = {tl_p9_getlock, false},
	[70] = {tl_p9_link, true},
	[72] = {tl_p9_mkdir, true},
	[74] = {tl_p9_renameat, true},
	[76] = {tl_p9_unlinkat, true},
	[100] = {tl_p9_version, false},
	[104] = {tl_p9_attach, false},
	[108] = {tl_p9_flush, false},
	[110] = {tl_p9_walk, false},
	[116] = {tl_p9_read, false},
	[118] = {tl_p9_write, true},
	[120] = {tl_p9_clunk, false},
	[122] = {tl_p9_remove, false}, /* clunks in any case */
};

#define TVERSION 100u

static int carry_out(struct tl_p9 *p9, uint8_t type, struct tl_p9_in *in, struct tl_p9_out *out)
{
	int ret;

	/* Among what is not there: authentication (Tauth) and extended attributes (Txattrwalk). */
	if (type >= sizeof(ops) / sizeof(ops[0]) || !ops[type].op)
		return -EOPNOTSUPP;
	if (type != TVERSION && !p9->msize)
		return -EPROTO;
	if (ops[type].modifies && p9->config.read_only)
		return -EROFS;
	ret = ops[type].op(p9, in, out);
	return ret || !out->full ? ret : -EMSGSIZE;
}

static void put_header(struct tl_p9_out *out, uint8_t type, uint16_t tag)
{
	out->used = 0;
	out->full = false;
	tl_p9_put32(out, 0);
	tl_p9_put8(out, type);
	tl_p9_put16(out, tag);
}

size_t tl_p9_handle(
	struct tl_p9 *p9, const uint8_t *message, size_t size, uint8_t *reply, size_t room)
{
	struct tl_p9_in in = {.at = message, .left = size};
	struct tl_p9_out out = {.at = reply, .size = room};
	uint32_t length = tl_p9_get32(&in);
	uint8_t type = tl_p9_get8(&in);
	uint16_t tag = tl_p9_get16(&in);
	int ret;

	if (in.bad || length < TL_P9_HEADER || length > size || room < RLERROR_BYTES)
		return 0;
	in.left = length - TL_P9_HEADER;
	if (p9->msize && room > p9->msize)
		out.size = p9->msize;
	put_header(&out, (uint8_t)(type + 1), tag);
	ret = p9->msize && length > p9->msize ? -EMSGSIZE : carry_out(p9, type, &in, &out);
	if (ret) {
		put_header(&out, RLERROR, tag);
		tl_p9_put32(&out, (uint32_t)-ret);
	}
	tl_p9_set32(&out, 0, (uint32_t)out.used);
	return out.used;
}

int tl_p9_at_limit(struct tl_p9 *p9, const char *of)
{
	if (!p9->warned)
		tl_log_warn("--share '%s': the guest is at the limit of %s", p9->config.dir, of);
	p9->warned = true;
	return -ENFILE;
}

/* Numbers of files on other file systems, mounted in the folder, are moved out of the way. */
static uint64_t number_of(const struct tl_p9 *p9, const struct stat *st)
{
	uint64_t dev = st->st_dev;

	if (st->st_dev == p9->root_dev)
		return st->st_ino;
	return st->st_ino ^ (dev + 1) * UINT64_C(0x9e3779b97f4a7c15);
}

void tl_p9_make_qid(const struct tl_p9 *p9, const struct stat *st, struct tl_p9_qid *qid)
{
	qid->type = S_ISDIR(st->st_mode)   ? TL_P9_QT_DIR
		    : S_ISLNK(st->st_mode) ? TL_P9_QT_SYMLINK
					   : TL_P9_QT_FILE;
	qid->version = (uint32_t)st->st_mtim.tv_sec ^ (uint32_t)st->st_mtim.tv_nsec ^
		       (uint32_t)st->st_size << 8;
	qid->path = number_of(p9, st);
}

int tl_p9_get_any_fid(struct tl_p9 *p9, struct tl_p9_in *in, struct tl_p9_fid **fid)
{
	*fid = tl_p9_fid_find(&p9->fids, tl_p9_get32(in));
	return *fid ? 0 : -EBADF;
}

int tl_p9_get_fid(struct tl_p9 *p9, struct tl_p9_in *in, struct tl_p9_fid **fid)
{
	int ret = tl_p9_get_any_fid(p9, in, fid);

	return !ret && (*fid)->gone ? -ENOENT : ret;
}

int tl_p9_get_open_fid(struct tl_p9 *p9, struct tl_p9_in *in, struct tl_p9_fid **fid)
{
	int ret = tl_p9_get_any_fid(p9, in, fid);

	return !ret && (*fid)->fd < 0 ? -EBADF : ret;
}

static int fail(const char *dir, int ret)
{
	if (ret == -ENOSYS) {
		tl_log_error("--share '%s': this kernel has no openat2(2), which keeps the guest "
			     "in the folder; it came with Linux 5.6",
			dir);
		return -EIO;
	}
	tl_log_error("--share '%s': %s", dir, ret == -ENOTDIR ? "is not a folder" : strerror(-ret));
	return ret;
}

int tl_p9_create(struct tl_p9 **p9, const struct tl_p9_config *config)
{
	struct tl_p9 *new = calloc(1, sizeof(*new));
	struct stat st;

	*p9 = NULL;
	if (!new)
		return fail(config->dir, -ENOMEM);
	new->config = *config;
	new->root = tl_beneath_root(config->dir);
	if (new->root < 0 || fstat(new->root, &st)) {
		int ret = new->root < 0 ? new->root : -errno;

		tl_p9_destroy(new);
		return fail(config->dir, ret);
	}
	new->root_dev = st.st_dev;
	*p9 = new;
	return 0;
}

void tl_p9_reset(struct tl_p9 *p9)
{
	tl_p9_fid_drop_all(&p9->fids);
	p9->msize = 0;
}

void tl_p9_destroy(struct tl_p9 *p9)
{
	if (!p9)
		return;
	tl_p9_reset(p9);
	if (p9->root >= 0)
		close(p9->root);
	free(p9);
}
