/* SPDX-License-Identifier: MIT */
/*
 * Files that are written as a whole.
 */
#ifndef TL_BASE_FILE_H
#define TL_BASE_FILE_H

/*
 * Writes `text` to `path`. A regular file is replaced as a whole or not at all; anything
 * else that exists (a pipe, /dev/stdout) is written to as it is. One thread: it changes the
 * umask for a moment. Returns 0 or -errno (not logged).
 */
int tl_file_replace(const char *path, const char *text);

#endif
