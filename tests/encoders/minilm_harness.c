/* _minilm.c as a program of its own, for processors that this machine has not: test_minilm_elsewhere.py emulates them.

       harness                                       the sets of instructions that it finds, one a line
       harness weights ids starts path vectors       files of what encode() takes; the last is written */

#include "../../src/knnife/_minilm.c"
#include <stdio.h>
#include <stdlib.h>

PyObject *PyExc_ValueError, _Py_NoneStruct; /* there is no interpreter here, and nothing that asks for one */

static void *file(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    if (!f || fseek(f, 0, SEEK_END))
        exit(2);
    *size = (size_t)ftell(f);
    rewind(f);
    void *content = aligned_alloc(64, (*size + 63) & ~(size_t)63);
    if (!content || fread(content, 1, *size, f) != *size)
        exit(2);
    fclose(f);
    return content;
}

int main(int count, char **given)
{
    static Network net;
    Room room;
    Texts texts;
    size_t n_weights, n_ids, n_starts;
    choose_paths();
    if (count != 6) {
        for (int i = 0; i < N_PATHS; i++)
            if (paths[i].usable)
                puts(paths[i].name);
        return 0;
    }
    const char *weights = file(given[1], &n_weights);
    const int64_t *starts;
    texts.ids = file(given[2], &n_ids), starts = file(given[3], &n_starts);
    n_ids /= sizeof(int32_t), texts.n = n_starts / sizeof(int64_t) - 1;
    Run run = NULL;
    for (int i = 0; i < N_PATHS; i++)
        if (!strcmp(paths[i].name, given[4]))
            run = paths[i].run;
    if (!run || !read_weights(&net, weights, n_weights))
        return 3;
    const size_t needed = lay(&room, NULL, net.width, net.inner, n_ids);
    lay(&room, aligned_alloc(64, (needed + 63) & ~(size_t)63), net.width, net.inner, n_ids);
    texts.out = malloc(texts.n * net.width * sizeof(float));
    if (read_starts(&net, starts, texts.n, n_ids, room.starts) || !run(&net, &texts, &room))
        return 4;
    FILE *f = fopen(given[5], "wb");
    return !f || fwrite(texts.out, sizeof(float) * net.width, texts.n, f) != texts.n || fclose(f);
}

