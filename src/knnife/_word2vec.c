/* Training word vectors. The plain twin, encoders/_words/training_step.py, says what is done and after whom; the tests hold
   this file against it. Here stands how it is done fast:

   - A word and its negatives are compared with all neighbours at once. That is a product of two small matrices, whose
     rows are loaded once for many products (_word2vec_steps.h).
   - Memory is slow: the negatives of a word are drawn one word ahead, and are on their way to the cache meanwhile.

   The rules of _kernels.c hold: state lives in arrays of the caller; every index that comes out of such an array is
   compared with the length of the array it goes into. The interpreter is let go (GIL) while several threads may change
   the same weights. That is meant so (Hogwild; Niu et al., 2011): now and then a change is lost, no memory is. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { INPUTS = 16, OUTPUTS = 6 }; /* rows of one step, at most; more of them make several, one after the other */
enum { MEASURED = 16 };            /* the loss is measured for every 16th word */

/* ------------------------------------------------------------------------------------------------------- steps */

/* e^x = 2^n * e^r with |r| <= ln 2 / 2, and Taylor's polynomial for the latter: no branch, so the compiler can do
   several at once. What reaches beyond 30 is taken for 30. */
static inline float exponential(float x)
{
    union {
        int32_t bits;
        float number;
    } power;
    x = x > -30 ? x : -30; /* as NaN is */
    x = x < 30 ? x : 30;
    const int32_t n = (int32_t)(x * 1.44269504f + 64.5f) - 64;
    const float r = (x - (float)n * 0.693359375f) + (float)n * 2.12194440e-4f; /* ln 2 in two parts */
    power.bits = (n + 127) * (1 << 23);
    return power.number * (1 + r * (1 + r * (1.f / 2 + r * (1.f / 6 + r * (1.f / 24 + r * (1.f / 120 + r / 720))))));
}

typedef void (*Compare)(float *const *x, size_t n, float *const *y, size_t dim, const float *right, float *wrong);
typedef void (*Move)(float *const *x, size_t n, float *const *y, size_t dim, const float *errors);
typedef void (*Add)(float *to, const float *row, size_t dim, float by);

#if defined(__GNUC__) || defined(__clang__)
#define PREFETCH __builtin_prefetch
#define FEW 4
typedef float Few __attribute__((vector_size(16), may_alias));
#else
#define PREFETCH(address, ...) (void)(address)
#define FEW 1
typedef float Few;
#endif
#define WIDTH FEW
#define TARGET
#define NAME(name) name##_plain
#include "_word2vec_steps.h"

#if (defined(__GNUC__) || defined(__clang__)) && (defined(__x86_64__) || defined(__i386__))
#define X86
#define WIDTH 8
#define TARGET __attribute__((target("avx2,fma")))
#define NAME(name) name##_avx2
#include "_word2vec_steps.h"
#define WIDTH 16
#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,fma")))
#define NAME(name) name##_avx512
#include "_word2vec_steps.h"
#endif

static struct {
    Compare compare;
    Move move;
    Add add;
    size_t width;
    const char *instructions;
} chosen = {compare_plain, move_plain, add_plain, FEW, "those of every processor of this kind"};

static void choose_instructions(void)
{
#ifdef X86
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq")) {
        chosen.compare = compare_avx512, chosen.move = move_avx512, chosen.add = add_avx512;
        chosen.width = 16, chosen.instructions = "AVX-512";
    } else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        chosen.compare = compare_avx2, chosen.move = move_avx2, chosen.add = add_avx2;
        chosen.width = 8, chosen.instructions = "AVX2";
    }
#endif
}

/* ---------------------------------------------------------------------------------------------------- training */

typedef struct {
    float *words, *outputs, *ngrams; /* ngrams: NULL if there are none */
    size_t n_words, n_ngrams, stride, dim;
    const int64_t *starts; /* (n_words + 1,) the n-grams of word w are rows[starts[w]] .. rows[starts[w + 1] - 1] */
    const int32_t *rows;
    const uint32_t *keep, (*aliases)[2];
    size_t window, negatives;
    int cbow;
    const int32_t *ids;
    size_t n_ids;
    float rate_from, rate_to;
    uint64_t state;
} Training;

typedef struct {
    int32_t *kept; /* the words that are looked at, without the ends of sentences */
    size_t n_kept, *ends, n_ends;
    float **x;           /* (2 * window + 1,) the rows of the neighbours of one word */
    size_t *chosen[2];   /* (1 + negatives,) a word and its negatives: this word's, the next one's */
    float *spare, *mean; /* (2, stride) a row that stands where there is none; the mean of the neighbours, twice */
    float *made;         /* (n_slots, 2, stride) with n-grams: the rows of the words around, as they were and are */
    size_t n_slots, n_made;
    double loss;
    int64_t pairs;
} Work;

/* SplitMix64 (Steele, Lea and Flood, 2014): number `at` of the sequence that `state` begins */
static inline uint64_t drawn(uint64_t state, uint64_t at)
{
    uint64_t z = state + (at + 1) * 0x9E3779B97F4A7C15;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return z ^ z >> 31;
}

static inline size_t below(size_t n, uint64_t number)
{
    return (size_t)((number >> 32) * (uint64_t)n >> 32);
}

/* Which words are looked at; 0 if an id is none. */
static int keep_words(const Training *t, Work *w)
{
    w->n_kept = w->n_ends = 0;
    for (size_t i = 0; i < t->n_ids; i++) {
        const int32_t id = t->ids[i];
        if (id == -1) {
            w->ends[w->n_ends++] = w->n_kept;
        } else if (id < 0 || (size_t)id >= t->n_words) {
            return 0;
        } else {
            w->kept[w->n_kept] = id;
            w->n_kept += drawn(t->state, i) >> 32 <= t->keep[id];
        }
    }
    w->ends[w->n_ends++] = w->n_kept;
    return 1;
}

static inline void prefetch(const float *row, size_t n)
{
    for (size_t k = 0; k < n; k += 16)
        PREFETCH(row + k, 0, 2);
}

/* The word at a position and its negatives. A negative that is the word itself becomes n_words: it is skipped. */
static void choose(const Training *t, const Work *w, size_t position, size_t *outputs)
{
    const uint64_t first = t->n_ids + (uint64_t)position * (1 + t->negatives) + 1;
    const size_t word = outputs[0] = (size_t)w->kept[position];
    prefetch(t->outputs + word * t->stride, t->dim);
    for (size_t j = 0; j < t->negatives; j++) {
        const uint64_t number = drawn(t->state, first + j);
        size_t row = below(t->n_words, number);
        if ((uint32_t)number >= t->aliases[row][0])
            row = t->aliases[row][1];
        outputs[1 + j] = row < t->n_words && row != word ? row : t->n_words;
        if (row < t->n_words)
            prefetch(t->outputs + row * t->stride, t->dim);
    }
}

/* All pairs of x[0 .. n - 1] and one step's outputs[0 .. m - 1], of which the first is right, or none. */
static void step(const Training *t, Work *w, float **x, size_t n, const size_t *outputs, size_t m, int has_word,
                 float rate, int measured)
{
    static const float nobody[INPUTS * OUTPUTS], first[INPUTS * OUTPUTS] = {
        1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0,
        0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0,
        0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0};
    float wrong[INPUTS * OUTPUTS], *y[OUTPUTS], rates[OUTPUTS] = {0}, *after = x[n];
    for (size_t j = 0; j < OUTPUTS; j++) {
        const int used = j < m && outputs[j] < t->n_words;
        y[j] = used ? t->outputs + outputs[j] * t->stride : w->spare;
        rates[j] = used ? rate : 0;
    }
    if (n % 2)
        x[n] = w->spare; /* compared in vain, with what is next to the last */
    chosen.compare(x, n, y, t->dim, has_word ? first : nobody, wrong);
    x[n] = after;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < OUTPUTS; j++) {
            float *one = &wrong[i * OUTPUTS + j];
            if (measured && y[j] != w->spare) {
                const float likely = 1 - fabsf(*one);
                w->loss -= logf(likely > 1e-7f ? likely : 1e-7f), w->pairs++;
            }
            *one *= rates[j];
        }
    chosen.move(x, n, y, t->dim, wrong);
}

static void steps(const Training *t, Work *w, float **x, size_t n, const size_t *outputs, float rate, int measured)
{
    const size_t m = 1 + t->negatives;
    for (size_t i = 0; i < n; i += INPUTS)
        for (size_t j = 0; j < m; j += OUTPUTS)
            step(t, w, x + i, n - i < INPUTS ? n - i : INPUTS, outputs + j, m - j < OUTPUTS ? m - j : OUTPUTS, j == 0,
                 rate, measured);
}

/* CBOW: the mean of the neighbours learns, and each of them moves as it does. */
static void steps_of_mean(const Training *t, Work *w, size_t n, const size_t *outputs, float rate, int measured)
{
    const float share = (float)(1. / (double)n);
    float *mean = w->mean, *before = w->mean + t->stride, *x[2] = {mean, mean};
    memset(mean, 0, 2 * t->stride * sizeof *mean);
    for (size_t i = 0; i < n; i++)
        chosen.add(mean, w->x[i], t->dim, share);
    chosen.add(before, mean, t->dim, 1);
    steps(t, w, x, 1, outputs, rate, measured);
    chosen.add(mean, before, t->dim, -1);
    for (size_t i = 0; i < n; i++)
        chosen.add(w->x[i], mean, t->dim, 1);
}

/* ------------------------------------------------------------------------------------ rows of words with n-grams */

static inline float *made(const Training *t, const Work *w, size_t position)
{
    return w->made + position % w->n_slots * 2 * t->stride;
}

/* How many n-grams a word has, and their rows; fits_together has seen that all of them lie within the arrays. */
static size_t grams_of(const Training *t, size_t word, const int32_t **rows)
{
    *rows = t->rows + t->starts[word];
    return (size_t)(t->starts[word + 1] - t->starts[word]);
}

static void make(const Training *t, Work *w, size_t position)
{
    const int32_t *rows;
    const size_t word = (size_t)w->kept[position], n = grams_of(t, word, &rows);
    float *before = made(t, w, position), *now = before + t->stride;
    const float share = (float)(1. / (double)(1 + n));
    memset(before, 0, 2 * t->stride * sizeof *before);
    chosen.add(before, t->words + word * t->stride, t->dim, share);
    for (size_t i = 0; i < n; i++)
        chosen.add(before, t->ngrams + (size_t)rows[i] * t->stride, t->dim, share);
    chosen.add(now, before, t->dim, 1);
}

static void give(const Training *t, Work *w, size_t position)
{
    const int32_t *rows;
    const size_t word = (size_t)w->kept[position], n = grams_of(t, word, &rows);
    float *before = made(t, w, position), *now = before + t->stride;
    chosen.add(now, before, t->dim, -1);
    chosen.add(t->words + word * t->stride, now, t->dim, 1);
    for (size_t i = 0; i < n; i++)
        chosen.add(t->ngrams + (size_t)rows[i] * t->stride, now, t->dim, 1);
}

/* ------------------------------------------------------------------------------------------------- the whole block */

static void learn_word(const Training *t, Work *w, size_t position, size_t start, size_t end, const size_t *outputs)
{
    const uint64_t number = drawn(t->state, t->n_ids + (uint64_t)position * (1 + t->negatives));
    const size_t reach = 1 + below(t->window, number);
    const size_t first = position - start > reach ? position - reach : start;
    const size_t last = end - position > reach ? position + reach + 1 : end;
    const double passed = (double)position / (double)w->n_kept;
    const float rate = (float)(t->rate_from + ((double)t->rate_to - t->rate_from) * passed);
    size_t n = 0;
    for (size_t i = first; i < last; i++)
        if (i != position)
            w->x[n++] = t->ngrams ? made(t, w, i) + t->stride : t->words + (size_t)w->kept[i] * t->stride;
    if (n && t->cbow)
        steps_of_mean(t, w, n, outputs, rate, position % MEASURED == 0);
    else
        steps(t, w, w->x, n, outputs, rate, position % MEASURED == 0);
}

static void learn_sentence(const Training *t, Work *w, size_t start, size_t end)
{
    size_t n_made = start;
    for (size_t p = start; p < end; p++) {
        if (p + 1 < w->n_kept)
            choose(t, w, p + 1, w->chosen[(p + 1) % 2]);
        if (p + t->window + 1 < w->n_kept)
            prefetch(t->words + (size_t)w->kept[p + t->window + 1] * t->stride, t->dim);
        if (t->ngrams)
            for (; n_made < end && n_made <= p + t->window; n_made++)
                make(t, w, n_made);
        learn_word(t, w, p, start, end, w->chosen[p % 2]);
        if (t->ngrams && p >= start + t->window)
            give(t, w, p - t->window);
    }
    if (t->ngrams)
        for (size_t p = end - start > t->window ? end - t->window : start; p < end; p++)
            give(t, w, p);
}

static int learn_block(const Training *t, Work *w)
{
    if (!keep_words(t, w))
        return 0;
    if (w->n_kept)
        choose(t, w, 0, w->chosen[0]);
    for (size_t s = 0, start = 0; s < w->n_ends; start = w->ends[s++])
        learn_sentence(t, w, start, w->ends[s]);
    return 1;
}

/* ---------------------------------------------------------------------------------------------------- the module */

enum { WORD_ROWS, OUTPUT_ROWS, NGRAM_ROWS, STARTS, ROWS, KEEP, ALIASES, IDS, ARRAYS };

/* The arrays as a training; 0 if their sizes disagree. */
static int fits_together(const Py_buffer *b, Py_ssize_t dim, int window, int negatives, Training *t)
{
    t->words = b[WORD_ROWS].buf, t->outputs = b[OUTPUT_ROWS].buf, t->ngrams = b[NGRAM_ROWS].buf;
    t->keep = b[KEEP].buf, t->aliases = b[ALIASES].buf, t->ids = b[IDS].buf;
    t->starts = b[STARTS].buf, t->rows = b[ROWS].buf;
    t->n_words = (size_t)b[KEEP].len / sizeof *t->keep, t->n_ids = (size_t)b[IDS].len / sizeof *t->ids;
    t->stride = t->n_words ? (size_t)b[WORD_ROWS].len / sizeof(float) / t->n_words : 0;
    t->dim = ((size_t)dim + chosen.width - 1) / chosen.width * chosen.width;
    t->window = (size_t)window, t->negatives = (size_t)negatives;

    int good = dim > 0 && t->dim <= t->stride;
    good = good && window > 0 && window < 1 << 20 && negatives >= 0 && negatives < 1 << 20;
    good = good && t->n_words < INT32_MAX && (size_t)b[WORD_ROWS].len == t->n_words * t->stride * sizeof(float);
    good = good && b[OUTPUT_ROWS].len == b[WORD_ROWS].len && (size_t)b[ALIASES].len == t->n_words * sizeof *t->aliases;
    if (!good || !t->ngrams)
        return good;
    t->n_ngrams = (size_t)b[NGRAM_ROWS].len / sizeof(float) / t->stride;
    good = (size_t)b[NGRAM_ROWS].len == t->n_ngrams * t->stride * sizeof(float);
    good = good && (size_t)b[STARTS].len == (t->n_words + 1) * sizeof *t->starts && t->starts[0] == 0;
    for (size_t i = 0; good && i < t->n_words; i++)
        good = t->starts[i] <= t->starts[i + 1];
    good = good && (size_t)t->starts[t->n_words] == (size_t)b[ROWS].len / sizeof *t->rows;
    for (size_t i = 0; good && i < (size_t)b[ROWS].len / sizeof *t->rows; i++)
        good = t->rows[i] >= 0 && (size_t)t->rows[i] < t->n_ngrams;
    return good;
}

static int make_room(const Training *t, Work *w)
{
    w->kept = malloc((t->n_ids + 1) * sizeof *w->kept);
    w->ends = malloc((t->n_ids + 1) * sizeof *w->ends);
    w->x = calloc(2 * t->window + 2, sizeof *w->x);
    w->chosen[0] = calloc(1 + t->negatives, sizeof **w->chosen);
    w->chosen[1] = calloc(1 + t->negatives, sizeof **w->chosen);
    w->spare = calloc(t->stride, sizeof *w->spare), w->mean = calloc(2 * t->stride, sizeof *w->mean);
    w->n_slots = t->ngrams ? 2 * t->window + 1 : 1;
    w->made = calloc(w->n_slots * 2 * t->stride, sizeof *w->made);
    return w->kept && w->ends && w->x && w->chosen[0] && w->chosen[1] && w->spare && w->mean && w->made;
}

static void give_room_back(Work *w)
{
    free(w->kept), free(w->ends), free(w->x), free(w->chosen[0]), free(w->chosen[1]);
    free(w->spare), free(w->mean), free(w->made);
}

PyDoc_STRVAR(train_block_doc, "train_block(weights, sampler, settings, ids, rates, state)\n--\n\n"
                              "Learns from a block of words; see _word2vec.pyi.");

static PyObject *learn(const Training *t)
{
    Work w = {0};
    int room = make_room(t, &w), good = 0;
    if (room) {
        Py_BEGIN_ALLOW_THREADS
        good = learn_block(t, &w);
        Py_END_ALLOW_THREADS
    }
    give_room_back(&w);
    if (!room)
        return PyErr_NoMemory();
    if (good)
        return Py_BuildValue("dL", w.loss, (long long)w.pairs);
    PyErr_SetString(PyExc_ValueError, "an id is none of the words, nor -1, the end of a sentence");
    return NULL;
}

static PyObject *train_block(PyObject *self, PyObject *args)
{
    PyObject *grams, *answer = NULL;
    Py_buffer b[ARRAYS] = {0};
    Training t = {0};
    Py_ssize_t dim;
    int window, negatives;
    unsigned long long state;
    (void)self;
    if (!PyArg_ParseTuple(args, "(w*w*O)(y*y*)(niip)y*(ff)K", &b[WORD_ROWS], &b[OUTPUT_ROWS], &grams, &b[KEEP],
                          &b[ALIASES], &dim, &window, &negatives, &t.cbow, &b[IDS], &t.rate_from, &t.rate_to, &state))
        return NULL;
    t.state = state;
    if (grams != Py_None && !PyTuple_Check(grams)) {
        PyErr_SetString(PyExc_TypeError, "the n-grams are neither None nor a tuple of their rows, starts and numbers");
    } else if (grams == Py_None || PyArg_ParseTuple(grams, "w*y*y*", &b[NGRAM_ROWS], &b[STARTS], &b[ROWS])) {
        if (fits_together(b, dim, window, negatives, &t))
            answer = learn(&t);
        else
            PyErr_SetString(PyExc_ValueError, "the arrays given to train_block do not fit together");
    }
    for (int i = 0; i < ARRAYS; i++)
        if (b[i].obj)
            PyBuffer_Release(&b[i]);
    return answer;
}

static PyMethodDef functions[] = {
    {"train_block", train_block, METH_VARARGS, train_block_doc},
    {NULL, NULL, 0, NULL},
};

static int fill(PyObject *module)
{
    choose_instructions();
    return PyModule_AddStringConstant(module, "INSTRUCTIONS", chosen.instructions);
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, fill}, {0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_word2vec", "Training word vectors.", 0, functions, slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__word2vec(void)
{
    return PyModuleDef_Init(&definition);
}
