/* SPDX-License-Identifier: MIT */
/*
 * Reads /proc, which tells all that is needed without asking the VMM.
 */
#include "trace/tool/process.h"

#include <stdio.h>
#include <string.h>

#define ARGS_MAX  512
#define BYTES_MAX 65536

void tl_process_name(pid_t pid, char *name, size_t size)
{
	char path[40];
	FILE *file;

	name[0] = 0;
	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return;
	if (fgets(name, (int)size, file))
		name[strcspn(name, "\n")] = 0;
	fclose(file);
}

const char *tl_process_kernel_of(char *const *argv)
{
	/* QEMU; kvmtool; ours and others take it as it is, so a file named Image is a guess. */
	static const char *const options[] = {"-kernel", "--kernel", "-k"};

	for (unsigned int i = 0; argv[i] && argv[i + 1]; i++) {
		for (unsigned int o = 0; o < sizeof(options) / sizeof(options[0]); o++) {
			if (!strcmp(argv[i], options[o]))
				return argv[i + 1];
		}
	}
	for (unsigned int i = 1; argv[0] && argv[i]; i++) {
		const char *name = strrchr(argv[i], '/');

		name = name ? name + 1 : argv[i];
		if (!strcmp(name, "Image") || !strncmp(name, "vmlinux", 7) ||
			(strlen(name) > 4 && !strcmp(name + strlen(name) - 4, ".elf")))
			return argv[i];
	}
	return NULL;
}

/* The process's command line, ended by NULL; NULL: it is gone. Good until the next call. */
static char **read_arguments(pid_t pid)
{
	static char bytes[BYTES_MAX];
	static char *argv[ARGS_MAX];
	unsigned int argc = 0;
	size_t length;
	char path[40];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return NULL;
	length = fread(bytes, 1, sizeof(bytes) - 1, file);
	fclose(file);
	bytes[length] = 0;
	for (size_t at = 0; at < length && argc < ARGS_MAX - 1; at += strlen(bytes + at) + 1)
		argv[argc++] = bytes + at;
	argv[argc] = NULL;
	return argv;
}

int tl_process_kernel(pid_t pid, char *path, size_t size)
{
	char **argv = read_arguments(pid);
	const char *kernel = argv ? tl_process_kernel_of(argv) : NULL;

	if (!kernel)
		return 0;
	/* It may have another root and another folder than we. */
	snprintf(path, size, "/proc/%d/%s/%s", (int)pid, kernel[0] == '/' ? "root" : "cwd", kernel);
	return 1;
}

void tl_process_vm_name_of(char *const *argv, char *name, size_t size)
{
	/* QEMU and its like: "-name guest=NAME,..." or "-name NAME"; kvmtool; Firecracker. */
	static const char *const options[] = {"-name", "--name", "--id"};
	const char *value = NULL;

	for (unsigned int i = 0; argv[0] && argv[i] && argv[i + 1]; i++) {
		for (unsigned int o = 0; o < sizeof(options) / sizeof(options[0]); o++) {
			if (!strcmp(argv[i], options[o]))
				value = argv[i + 1];
		}
	}
	name[0] = 0;
	if (!value)
		return;
	if (!strncmp(value, "guest=", 6))
		value += 6;
	snprintf(name, size, "%.*s", (int)strcspn(value, ","), value);
}

void tl_process_vm_name(pid_t pid, char *name, size_t size)
{
	char **argv = read_arguments(pid);

	name[0] = 0;
	if (argv)
		tl_process_vm_name_of(argv, name, size);
}
