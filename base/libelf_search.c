/* SPDX-License-Identifier: MIT */
/*
 * Some releases of Debian (13) package a static libelf without a part of its own, the
 * search trees that it keeps with each open file (lib/eu-search.h in elfutils). These
 * stand in where they are missing, as thin layers over tsearch(3); where libelf brings
 * its own, those are linked. Without locks: an Elf is used by one thread at a time.
 */
#include <search.h>
#include <stddef.h>

/* The real one has a lock behind the root, which is not ours to touch. */
struct search_tree {
	void *root;
};

typedef int (*compare_fn)(const void *, const void *);

void eu_search_tree_init(struct search_tree *tree);
void eu_search_tree_fini(struct search_tree *tree, void (*free_node)(void *));
void *eu_tsearch(const void *key, struct search_tree *tree, compare_fn compare);
void *eu_tfind(const void *key, struct search_tree *tree, compare_fn compare);
void *eu_tdelete(const void *key, struct search_tree *tree, compare_fn compare);

__attribute__((weak)) void eu_search_tree_init(struct search_tree *tree)
{
	tree->root = NULL;
}

__attribute__((weak)) void eu_search_tree_fini(struct search_tree *tree, void (*free_node)(void *))
{
	tdestroy(tree->root, free_node);
	tree->root = NULL;
}

__attribute__((weak)) void *eu_tsearch(
	const void *key, struct search_tree *tree, compare_fn compare)
{
	return tsearch(key, &tree->root, compare);
}

__attribute__((weak)) void *eu_tfind(const void *key, struct search_tree *tree, compare_fn compare)
{
	return tfind(key, &tree->root, compare);
}

__attribute__((weak)) void *eu_tdelete(
	const void *key, struct search_tree *tree, compare_fn compare)
{
	return tdelete(key, &tree->root, compare);
}
