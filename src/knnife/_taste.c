/* Learning from interactions and ranking by what was learned. The plain twins, which the tests hold this file against:

       solve_rows      encoders/_taste/als.py        conjugate gradients for the factors of some rows
       add_links       encoders/_taste/links.py      what the items of histories say for all items
       best            encoders/_taste/best_items.py the k best of each row, without what was seen

   The rules of _kernels.c hold: state lives in arrays of the caller; every index that comes out of such an array is
   compared with the length of the array it goes into; the interpreter is let go (GIL) meanwhile. Sums are taken in
   LANES parts, so that the compiler makes vector instructions of them; products and sums may be fused, as each processor
   does best, so two kinds of processors differ in the last bits. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { LANES = 16, MOST_FACTORS = 4096 };
static const float TINY = 1e-20f; /* a residual below is none */

typedef struct {
    const int64_t *starts;
    const int32_t *others;
    const float *counts, *fixed, *gram;
    size_t dim, steps;
} Equations;

/* to = gram . x + sum of count * (y . x) * y, over the pairs of a row; with right: sum of (1 + count) * y minus that */
#define SOLVE(NAME, TARGET)                                                                                         \
    TARGET static inline float NAME##_dot(const float *restrict a, const float *restrict b, size_t dim)             \
    {                                                                                                               \
        float lane[LANES] = {0}, sum = 0;                                                                           \
        size_t k = 0;                                                                                               \
        for (; k + LANES <= dim; k += LANES)                                                                        \
            for (size_t l = 0; l < LANES; l++)                                                                      \
                lane[l] += a[k + l] * b[k + l];                                                                     \
        for (; k < dim; k++)                                                                                        \
            sum += a[k] * b[k];                                                                                     \
        for (size_t l = 0; l < LANES; l++)                                                                          \
            sum += lane[l];                                                                                         \
        return sum;                                                                                                 \
    }                                                                                                               \
    TARGET static inline void NAME##_add(float *restrict to, const float *restrict row, size_t dim, float by)       \
    {                                                                                                               \
        for (size_t k = 0; k < dim; k++)                                                                            \
            to[k] += by * row[k];                                                                                   \
    }                                                                                                               \
    TARGET static void NAME##_times(const Equations *e, size_t row, const float *x, float *to, int right)           \
    {                                                                                                               \
        const float sign = right ? -1 : 1;                                                                          \
        memset(to, 0, e->dim * sizeof *to);                                                                         \
        for (size_t k = 0; k < e->dim; k++)                                                                         \
            NAME##_add(to, e->gram + k * e->dim, e->dim, sign * x[k]);                                              \
        for (int64_t i = e->starts[row]; i < e->starts[row + 1]; i++) {                                             \
            const float *y = e->fixed + (size_t)e->others[i] * e->dim, count = e->counts[i];                        \
            NAME##_add(to, y, e->dim, sign *count *NAME##_dot(y, x, e->dim) + (right ? 1 + count : 0));             \
        }                                                                                                           \
    }                                                                                                               \
    TARGET static void NAME(const Equations *e, size_t row, float *x, float *work)                                  \
    {                                                                                                               \
        float *residual = work, *direction = work + e->dim, *ahead = work + 2 * e->dim;                             \
        NAME##_times(e, row, x, residual, 1);                                                                       \
        memcpy(direction, residual, e->dim * sizeof *residual);                                                     \
        float size = NAME##_dot(residual, residual, e->dim);                                                        \
        for (size_t step = 0; step < e->steps && size > TINY; step++) {                                             \
            NAME##_times(e, row, direction, ahead, 0);                                                              \
            const float by = size / NAME##_dot(direction, ahead, e->dim), before = size;                            \
            NAME##_add(x, direction, e->dim, by);                                                                   \
            NAME##_add(residual, ahead, e->dim, -by);                                                               \
            size = NAME##_dot(residual, residual, e->dim);                                                          \
            for (size_t k = 0; k < e->dim; k++)                                                                     \
                direction[k] = residual[k] + size / before * direction[k];                                          \
        }                                                                                                           \
    }

typedef void (*Solve)(const Equations *, size_t, float *, float *);
SOLVE(solve_plain, )
#if (defined(__GNUC__) || defined(__clang__)) && (defined(__x86_64__) || defined(__i386__))
#define X86
SOLVE(solve_avx2, __attribute__((target("avx2,fma"))))
SOLVE(solve_avx512, __attribute__((target("avx512f,avx512vl,avx512dq,fma,prefer-vector-width=512"))))
#endif
static struct {
    Solve solve;
    const char *instructions;
} chosen = {solve_plain, "plain"};

/* Whether starts ascend within `length`, and all numbers lie below `below`. */
static int numbers_fit(const Py_buffer *starts, size_t first, size_t last, const int32_t *numbers, size_t length, size_t below)
{
    const int64_t *at = starts->buf;
    if (last < first || (last + 1) * sizeof *at > (size_t)starts->len)
        return 0;
    for (size_t row = first; row < last; row++)
        if (at[row] < 0 || at[row] > at[row + 1])
            return 0;
    if (at[last] < 0 || (uint64_t)at[last] > length)
        return 0;
    for (int64_t i = at[first]; i < at[last]; i++)
        if (numbers[i] < 0 || (size_t)numbers[i] >= below)
            return 0;
    return 1;
}

static PyObject *released(Py_buffer *buffers, size_t n, int fit)
{
    for (size_t i = 0; i < n; i++)
        PyBuffer_Release(&buffers[i]);
    if (!fit)
        return PyErr_SetString(PyExc_ValueError, "the arrays do not fit together"), NULL;
    return Py_NewRef(Py_None);
}

PyDoc_STRVAR(solve_rows_doc, "solve_rows(starts, others, counts, fixed, gram, moved, dim, first, last, steps)\n--\n\n"
                             "Conjugate gradients for the factors of some rows; see _taste.pyi.");

static PyObject *solve_rows(PyObject *self, PyObject *args)
{
    Py_buffer b[6] = {{0}};
    Py_ssize_t dim, first, last, steps;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*y*y*y*y*w*nnnn", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5], &dim, &first, &last, &steps))
        return NULL;
    int fit = dim > 0 && dim <= MOST_FACTORS && first >= 0 && steps >= 0 && last >= first;
    const size_t d = fit ? (size_t)dim : 1, width = d * sizeof(float), pairs = (size_t)b[1].len / sizeof(int32_t);
    fit = fit && b[2].len == b[1].len && (size_t)b[4].len == d * width && (size_t)last <= (size_t)b[5].len / width &&
          numbers_fit(&b[0], (size_t)first, (size_t)last, b[1].buf, pairs, (size_t)b[3].len / width);
    float *work = fit ? malloc(3 * width) : NULL;
    if (fit && !work) {
        released(b, 6, 1);
        return PyErr_NoMemory();
    }
    if (fit) {
        const Equations e = {b[0].buf, b[1].buf, b[2].buf, b[3].buf, b[4].buf, d, (size_t)steps};
        Py_BEGIN_ALLOW_THREADS
        for (size_t row = (size_t)first; row < (size_t)last; row++) {
            float *x = (float *)b[5].buf + row * d;
            if (e.starts[row] == e.starts[row + 1])
                memset(x, 0, width);
            else
                chosen.solve(&e, row, x, work);
        }
        Py_END_ALLOW_THREADS
    }
    free(work);
    return released(b, 6, fit);
}

PyDoc_STRVAR(add_links_doc, "add_links(begins, items, weights, starts, to, says, scores)\n--\n\n"
                            "What the items of histories say for all items; see _taste.pyi.");

static PyObject *add_links(PyObject *self, PyObject *args)
{
    Py_buffer b[7] = {{0}};
    (void)self;
    if (!PyArg_ParseTuple(args, "y*y*y*y*y*y*w*", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5], &b[6]))
        return NULL;
    const size_t eight = sizeof(int64_t), four = sizeof(int32_t);
    int fit = (size_t)b[0].len >= eight && (size_t)b[3].len >= eight && b[1].len == b[2].len && b[4].len == b[5].len;
    const size_t q = fit ? (size_t)b[0].len / eight - 1 : 0, m = fit ? (size_t)b[3].len / eight - 1 : 0;
    fit = fit && (size_t)b[6].len == q * m * four && numbers_fit(&b[0], 0, q, b[1].buf, (size_t)b[1].len / four, m) &&
          numbers_fit(&b[3], 0, m, b[4].buf, (size_t)b[4].len / four, m);
    if (fit) {
        const int64_t *begins = b[0].buf, *starts = b[3].buf;
        const int32_t *items = b[1].buf, *to = b[4].buf;
        const float *weights = b[2].buf, *says = b[5].buf;
        Py_BEGIN_ALLOW_THREADS
        for (size_t row = 0; row < q; row++) {
            float *scores = (float *)b[6].buf + row * m;
            for (int64_t i = begins[row]; i < begins[row + 1]; i++)
                for (int64_t l = starts[items[i]]; l < starts[items[i] + 1]; l++)
                    scores[to[l]] += weights[i] * says[l];
        }
        Py_END_ALLOW_THREADS
    }
    return released(b, 7, fit);
}

PyDoc_STRVAR(best_doc, "best(scores, begins, seen, m, numbers, found)\n--\n\n"
                       "The k best of each row, without what was seen; see _taste.pyi.");

/* Puts a score where it belongs among the k best so far; equal ones stay behind those that came before. */
static void put_in(float score, int32_t number, int32_t *numbers, float *found, size_t k)
{
    size_t place = k - 1;
    for (; place > 0 && found[place - 1] < score; place--)
        found[place] = found[place - 1], numbers[place] = numbers[place - 1];
    found[place] = score, numbers[place] = number;
}

static void best_of(float *scores, size_t m, int32_t *numbers, float *found, size_t k)
{
    for (size_t i = 0; i < k; i++)
        found[i] = -INFINITY, numbers[i] = -1;
    size_t item = 0;
    for (; item + LANES <= m; item += LANES) {
        const float least = found[k - 1];
        int any = 0;
        for (size_t l = 0; l < LANES; l++)
            any |= scores[item + l] > least;
        if (any)
            for (size_t l = 0; l < LANES; l++)
                if (scores[item + l] > found[k - 1])
                    put_in(scores[item + l], (int32_t)(item + l), numbers, found, k);
    }
    for (; item < m; item++)
        if (scores[item] > found[k - 1])
            put_in(scores[item], (int32_t)item, numbers, found, k);
}

static PyObject *best(PyObject *self, PyObject *args)
{
    Py_buffer b[5] = {{0}};
    Py_ssize_t m;
    (void)self;
    if (!PyArg_ParseTuple(args, "w*y*y*nw*w*", &b[0], &b[1], &b[2], &m, &b[3], &b[4]))
        return NULL;
    const size_t four = sizeof(int32_t), items = m > 0 ? (size_t)m : 1;
    const size_t q = (size_t)b[0].len / four / items, k = q ? (size_t)b[3].len / four / q : 0;
    const int fit = m > 0 && m <= INT32_MAX && k && (size_t)b[0].len == q * items * four && (size_t)b[3].len == q * k * four &&
                    b[3].len == b[4].len && (size_t)b[1].len == (q + 1) * sizeof(int64_t) &&
                    numbers_fit(&b[1], 0, q, b[2].buf, (size_t)b[2].len / four, items);
    if (fit) {
        const int64_t *begins = b[1].buf;
        const int32_t *seen = b[2].buf;
        Py_BEGIN_ALLOW_THREADS
        for (size_t row = 0; row < q; row++) {
            float *scores = (float *)b[0].buf + row * items;
            for (int64_t i = begins[row]; i < begins[row + 1]; i++)
                scores[seen[i]] = -INFINITY;
            best_of(scores, items, (int32_t *)b[3].buf + row * k, (float *)b[4].buf + row * k, k);
        }
        Py_END_ALLOW_THREADS
    }
    return released(b, 5, fit);
}

/* -------------------------------------------------------------------------------------------------- the module */

static PyMethodDef functions[] = {
    {"solve_rows", solve_rows, METH_VARARGS, solve_rows_doc},
    {"add_links", add_links, METH_VARARGS, add_links_doc},
    {"best", best, METH_VARARGS, best_doc},
    {NULL, NULL, 0, NULL},
};

static int fill(PyObject *module)
{
#ifdef X86
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        chosen.solve = solve_avx2, chosen.instructions = "AVX2";
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"))
        chosen.solve = solve_avx512, chosen.instructions = "AVX-512";
#endif
    return PyModule_AddStringConstant(module, "INSTRUCTIONS", chosen.instructions);
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, fill}, {0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_taste", "Learning from interactions, and ranking.", 0, functions, slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__taste(void)
{
    return PyModuleDef_Init(&definition);
}
