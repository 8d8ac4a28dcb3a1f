/* A sentence model, all-MiniLM-L6-v2, as whole numbers: numbers of tokens -> vectors of texts.

   What it computes (BERT: Devlin et al., 2019), in this order:

       embed          each token gets the vector of its word plus that of its place, brought to mean 0 and variance 1
       6 layers of
         look_around  each token asks ("query") all tokens of its text ("key") what they have to say ("value"), and takes
                      of each the more the better its key answers the query; 12 heads ask different things. What they
                      took is mixed, added to the token, and normed
         think        each token by itself is blown up to 1,536 numbers, bent by GELU, mapped back, added and normed
       pool           the vector of a text is the mean of its tokens, brought to length 1

   All tokens of some texts go through together: they are the rows of one matrix, and only look_around knows texts. Nine
   tenths of the time goes into products with matrices of weights. They are products of bytes: a row is scaled so that
   its largest component is 127, and rounded.

   The same bits everywhere. A vector does not depend on the processor, the instructions it has, the number of threads or
   the texts beside it, and encoders/_minilm/twin.py gives the same in NumPy. So what one machine has written into a
   space, another one finds. That is because

   - products of bytes are sums of whole numbers, and those of attention too, scaled to 13 and 11 bits so that no sum is
     too large for 32: the order in which they are added makes no difference;
   - floats are added, multiplied and divided one operation after the other, as IEEE 754 rounds them. Their products are
     not fused with sums (setup.py forbids it), and many are added up in one order: see tree() and sum_of();
   - exponentials and GELU are polynomials of that kind, not functions of a library.

   The file of weights is described in encoders/_minilm/weights.py. _minilm_layers.h is the network, and is included once
   for each set of instructions, behind a header that says what these can do:

       _minilm_avx512.h   AVX-512 with VNNI       _minilm_neon.h    64-bit ARM with dot products
       _minilm_avx2.h     AVX2, and AVX-VNNI      _minilm_plain.h   any processor

   The rules of this file are those of _kernels.c: state lives in arrays of the caller, every number that comes out of
   one is compared with the length of the array it goes into, and the interpreter is let go while it computes. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__) || (defined(_M_X64) && !defined(_M_ARM64EC))
#define X86
#include <immintrin.h>
#ifdef __GNUC__
#include <cpuid.h>
#define ALLOWED(INSTRUCTIONS) __attribute__((target(INSTRUCTIONS)))
#else
#include <intrin.h>
#define ALLOWED(INSTRUCTIONS)
#endif
#elif defined(__aarch64__) && (defined(__ARM_FEATURE_DOTPROD) || __clang_major__ >= 16 || (!defined(__clang__) && __GNUC__ >= 8))
#define ARM /* older compilers have its dot products only where all of a program may use them */
#include <arm_neon.h>
#ifdef __linux__
#include <sys/auxv.h>
#endif
#endif

#if defined(FLT_EVAL_METHOD) && FLT_EVAL_METHOD != 0
#error "This compiler computes with more digits than float has, which gives other bits: the plain twin has to serve."
#endif
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "The file of weights is read where it lies, and is little-endian: the plain twin has to serve."
#endif

#if defined(_MSC_VER) && !defined(__clang__)
#define ALIGNED(DECLARATION) __declspec(align(64)) DECLARATION
#define ALWAYS __forceinline
#define NEVER __declspec(noinline)
#pragma fp_contract(off)
#else
#define ALIGNED(DECLARATION) DECLARATION __attribute__((aligned(64)))
#define ALWAYS inline __attribute__((always_inline))
#define NEVER __attribute__((noinline))
#endif
#define INLINE TARGET static ALWAYS
#define STEP TARGET static NEVER /* by itself in the code: GCC finds registers for it */

enum { LANES = 16, HEAD = 32, SOME = 48, MOST_INPUTS = 2048, MOST_POSITIONS = 512, MOST_LAYERS = 256, MOST_TOKENS = 1 << 24 };

#define QUERY_STEPS 5792.0f /* of queries and keys: 32 * 5,792^2 < 2^30, so that differences fit into 32 bits too */
#define SHARE_STEPS 2047.0f /* of values, and of what is taken of them: 512 * 2,047^2 < 2^31 */
#define SCORE 0.255034854f /* 1 / sqrt(32) * 1 / log(2): powers are of two */

/* How many steps 1 is, where the largest is to be `count` of them */
static float steps(float most, float count)
{
    return most >= 1e-30f ? count / most : 0;
}

/* -------------------------------------------------------------------------------------- the weights in their file */

typedef struct {
    const int8_t *matrix; /* (outputs / 32, inputs / 4, 32, 4) */
    const float *scale, *bias;
    const int32_t *start; /* what a sum begins with where 128 is the byte of 0 */
    size_t inputs;
} Product;

typedef struct {
    const float *stretch, *shift;
} Norm;

typedef struct {
    Product attend, out, up, down;
    Norm first, second;
} Layer;

typedef struct {
    size_t tokens, positions, n_layers, width, inner;
    const int8_t *words;
    const float *scales, *places;
    Norm norm;
    Layer layers[MOST_LAYERS];
} Network;

typedef struct {
    const char *data;
    size_t at;
} File;

/* The next array; they begin at multiples of 64 bytes. */
static const void *take(File *f, size_t bytes)
{
    const void *array = f->data + (f->at = (f->at + 63) & ~(size_t)63);
    f->at += bytes;
    return array;
}

static Product take_product(File *f, size_t inputs, size_t outputs)
{
    Product p;
    p.inputs = inputs;
    p.matrix = take(f, inputs * outputs);
    p.scale = take(f, 4 * outputs), p.bias = take(f, 4 * outputs), p.start = take(f, 4 * outputs);
    return p;
}

static Norm take_norm(File *f, size_t width)
{
    Norm n;
    n.stretch = take(f, 4 * width), n.shift = take(f, 4 * width);
    return n;
}

static int between(size_t least, size_t n, size_t most)
{
    return least <= n && n <= most;
}

/* Where everything is; 0 if the file is something else, or has another size than its header says. */
static int read_weights(Network *net, const char *data, size_t size)
{
    uint32_t header[7];
    File f = {data, 64};
    if (size < 64 || memcmp(data, "KNBERT\r\n", 8) || (uintptr_t)data % sizeof(float))
        return 0;
    memcpy(header, data + 8, sizeof header);
    net->tokens = header[1], net->positions = header[2], net->n_layers = header[3];
    net->width = header[4], net->inner = header[5];
    if (header[0] != 1 || header[6] != 64 || !between(1, net->tokens, MOST_TOKENS) ||
        !between(1, net->positions, MOST_POSITIONS) || !between(1, net->n_layers, MOST_LAYERS) ||
        !between(1, net->width, MOST_INPUTS) || !between(1, net->inner, MOST_INPUTS) || net->width % HEAD ||
        net->inner % HEAD)
        return 0;
    net->words = take(&f, net->tokens * net->width), net->scales = take(&f, 4 * net->tokens);
    net->places = take(&f, 4 * net->positions * net->width), net->norm = take_norm(&f, net->width);
    for (size_t i = 0; i < net->n_layers; i++) {
        Layer *layer = net->layers + i;
        layer->attend = take_product(&f, net->width, 3 * net->width);
        layer->out = take_product(&f, net->width, net->width), layer->first = take_norm(&f, net->width);
        layer->up = take_product(&f, net->width, net->inner);
        layer->down = take_product(&f, net->inner, net->width), layer->second = take_norm(&f, net->width);
    }
    return f.at == size;
}

/* ------------------------------------------------------------------------------------------------ texts and room */

typedef struct {
    const int32_t *ids;
    size_t n; /* texts */
    float *out; /* (n, width) */
} Texts;

/* All that is remembered of some texts on their way: one row a token, and one more, as rows go by two. */
typedef struct {
    uint32_t *starts; /* (n + 1,) */
    float *x, *mixed, *x_most; /* the tokens, what their heads have taken, the largest component of each */
    uint8_t *x_bytes, *h_bytes;
    float *q, *k, *v;      /* of one head, (n, 32) */
    float *h, *h_most;     /* the inner layer of some */
    int16_t *queries, *keys, *values, *shares; /* of one head of one text */
    int32_t *scores;
} Room;

static void *place(char *base, size_t *at, size_t bytes)
{
    char *array = base ? base + *at : NULL;
    *at += (bytes + 127) & ~(size_t)63; /* and 64 bytes between them */
    return array;
}

/* Puts everything behind `base`; gives the bytes that it takes. With NULL it only counts. */
static size_t lay(Room *r, char *base, size_t width, size_t inner, size_t tokens)
{
    const size_t n = tokens + 2, some = SOME + 2, longest = (tokens < MOST_POSITIONS ? tokens : MOST_POSITIONS) + 2 * HEAD;
    size_t at = 0;
    r->starts = place(base, &at, 4 * n);
    r->x = place(base, &at, 4 * n * width), r->mixed = place(base, &at, 4 * n * width);
    r->x_most = place(base, &at, 4 * n), r->x_bytes = place(base, &at, n * width);
    r->q = place(base, &at, 4 * n * HEAD), r->k = place(base, &at, 4 * n * HEAD), r->v = place(base, &at, 4 * n * HEAD);
    r->h = place(base, &at, 4 * some * (inner + HEAD)), r->h_most = place(base, &at, 4 * some);
    r->h_bytes = place(base, &at, some * inner);
    r->queries = place(base, &at, 2 * longest * HEAD), r->keys = place(base, &at, 2 * longest * HEAD);
    r->values = place(base, &at, 2 * longest * HEAD), r->shares = place(base, &at, 2 * longest * HEAD);
    r->scores = place(base, &at, 4 * longest * HEAD);
    return at;
}

/* ------------------------------------------------------------------------------------------ one set after the other */

#define PASTE_NOW(a, b) a##b
#define PASTE(a, b) PASTE_NOW(a, b)
#define NAME(name) PASTE(name, SUFFIX)

/* What each set of instructions has under a name of its own */
#define TILE NAME(TILE)
#define floats NAME(floats)
#define ints NAME(ints)
#define load NAME(load)
#define store NAME(store)
#define all NAME(all)
#define add NAME(add)
#define sub NAME(sub)
#define mul NAME(mul)
#define larger NAME(larger)
#define smaller NAME(smaller)
#define magnitude NAME(magnitude)
#define load_ints NAME(load_ints)
#define store_ints NAME(store_ints)
#define all_ints NAME(all_ints)
#define add_ints NAME(add_ints)
#define sub_ints NAME(sub_ints)
#define larger_ints NAME(larger_ints)
#define shifted NAME(shifted)
#define to_floats NAME(to_floats)
#define as_ints NAME(as_ints)
#define as_floats NAME(as_floats)
#define rounded NAME(rounded)
#define load_bytes NAME(load_bytes)
#define store_bytes NAME(store_bytes)
#define shorts NAME(shorts)
#define store_shorts NAME(store_shorts)
#define pairs NAME(pairs)
#define sum_of NAME(sum_of)
#define largest_of NAME(largest_of)
#define bytes_2 NAME(bytes_2)
#define bytes_4 NAME(bytes_4)
#define bytes_6 NAME(bytes_6)
#define bytes_8 NAME(bytes_8)
#define bytes_10 NAME(bytes_10)
#define bytes_12 NAME(bytes_12)
#define bytes_14 NAME(bytes_14)
#define pairs_2 NAME(pairs_2)
#define pairs_4 NAME(pairs_4)
#define pairs_6 NAME(pairs_6)
#define pairs_8 NAME(pairs_8)
#define pairs_10 NAME(pairs_10)
#define pairs_12 NAME(pairs_12)
#define pairs_14 NAME(pairs_14)
#define rows_of_2 NAME(rows_of_2)
#define rows_of_4 NAME(rows_of_4)
#define multiply_bytes NAME(multiply_bytes)
#define multiply_pairs NAME(multiply_pairs)
#define tree NAME(tree)
#define norm_row NAME(norm_row)
#define largest NAME(largest)
#define bytes_of NAME(bytes_of)
#define gelu NAME(gelu)
#define power NAME(power)
#define panel NAME(panel)
#define write_panel NAME(write_panel)
#define gelu_panel NAME(gelu_panel)
#define add_panel NAME(add_panel)
#define lay_out NAME(lay_out)
#define softmax NAME(softmax)
#define attend_head NAME(attend_head)
#define embed NAME(embed)
#define look_around NAME(look_around)
#define think NAME(think)
#define pool NAME(pool)
#define run NAME(run)

/* The same for each row of a tile */
#define ROWS_2(DO) DO(0) DO(1)
#define ROWS_4(DO) ROWS_2(DO) DO(2) DO(3)
#define ROWS_6(DO) ROWS_4(DO) DO(4) DO(5)
#define ROWS_8(DO) ROWS_6(DO) DO(6) DO(7)
#define ROWS_10(DO) ROWS_8(DO) DO(8) DO(9)
#define ROWS_12(DO) ROWS_10(DO) DO(10) DO(11)
#define ROWS_14(DO) ROWS_12(DO) DO(12) DO(13)

#define SUFFIX _plain
#define TARGET
#include "_minilm_plain.h"
#include "_minilm_layers.h"
#undef SUFFIX
#undef TARGET

#ifdef X86
#define SUFFIX _avx2
#define TARGET ALLOWED("avx2")
#include "_minilm_avx2.h"
#include "_minilm_layers.h"
#undef SUFFIX

#define SUFFIX _avxvnni
#define VNNI
#include "_minilm_avx2.h"
#include "_minilm_layers.h"
#undef VNNI
#undef SUFFIX
#undef TARGET

#define SUFFIX _avx512
#define TARGET ALLOWED("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")
#include "_minilm_avx512.h"
#include "_minilm_layers.h"
#undef SUFFIX
#undef TARGET

#elif defined(ARM)
#define SUFFIX _neon
#ifdef __ARM_FEATURE_DOTPROD
#define TARGET
#else
#define TARGET __attribute__((target("arch=armv8.2-a+dotprod")))
#endif
#include "_minilm_neon.h"
#include "_minilm_layers.h"
#undef SUFFIX
#undef TARGET
#endif

#undef run

/* ------------------------------------------------------------------------------------- what this processor can do */

typedef int (*Run)(const Network *, const Texts *, const Room *);

typedef struct {
    const char *name;
    Run run;
    int usable;
} Path;

/* From the quickest to the one that serves everywhere */
static Path paths[] = {
#ifdef X86
    {"AVX-512 VNNI", run_avx512, 0},
    {"AVX-VNNI", run_avxvnni, 0},
    {"AVX2", run_avx2, 0},
#endif
#ifdef ARM
    {"NEON", run_neon, 0},
#endif
    {"plain", run_plain, 1},
};
enum { N_PATHS = sizeof paths / sizeof *paths };

#ifdef X86
static void ask_processor(uint32_t leaf, uint32_t part, uint32_t *answer) /* EAX, EBX, ECX, EDX */
{
#ifdef __GNUC__
    if (!__get_cpuid_count(leaf, part, answer, answer + 1, answer + 2, answer + 3))
        memset(answer, 0, 4 * sizeof *answer);
#else
    int highest[4];
    __cpuid(highest, 0);
    memset(answer, 0, 4 * sizeof *answer);
    if ((uint32_t)highest[0] >= leaf)
        __cpuidex((int *)answer, (int)leaf, (int)part);
#endif
}

/* Which registers the operating system keeps when it changes threads */
static uint64_t kept_registers(void)
{
#ifdef __GNUC__
    uint32_t low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
#else
    return _xgetbv(0);
#endif
}

static void choose_paths(void)
{
    uint32_t one[4], seven[4], more[4];
    ask_processor(1, 0, one), ask_processor(7, 0, seven), ask_processor(7, 1, more);
    const uint64_t kept = one[2] >> 27 & 1 ? kept_registers() : 0; /* if it may be asked */
    const uint32_t wide = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31;  /* AVX-512 F, DQ, BW, VL */
    const int avx2 = (kept & 0x06) == 0x06 && (seven[1] >> 5 & 1);
    paths[0].usable = avx2 && (kept & 0xE6) == 0xE6 && (seven[1] & wide) == wide && (seven[2] >> 11 & 1);
    paths[1].usable = avx2 && (more[0] >> 4 & 1);
    paths[2].usable = avx2;
}
#elif defined(ARM)
static void choose_paths(void)
{
#if defined(__APPLE__)
    paths[0].usable = 1;
#elif defined(__linux__)
    paths[0].usable = getauxval(AT_HWCAP) >> 20 & 1; /* ASIMDDP */
#endif
}
#else
static void choose_paths(void)
{
}
#endif

/* ---------------------------------------------------------------------------------------------------- the module */

/* Where each text begins, into the room; an error of Python, or NULL. */
static const char *read_starts(const Network *net, const int64_t *starts, size_t n, size_t n_ids, uint32_t *to)
{
    if (starts[0] != 0 || starts[n] < 0 || (uint64_t)starts[n] != n_ids)
        return "the starts do not go from 0 to the number of tokens";
    for (size_t i = 0; i < n; i++) {
        if (starts[i + 1] <= starts[i] || starts[i + 1] - starts[i] > (int64_t)net->positions || starts[i + 1] > (int64_t)n_ids)
            return "a text has no tokens, or more than there are positions";
        to[i + 1] = (uint32_t)starts[i + 1];
    }
    to[0] = 0;
    return NULL;
}

static Run path_named(const char *name)
{
    for (int i = 0; i < N_PATHS; i++)
        if (paths[i].usable && !strcmp(paths[i].name, name))
            return paths[i].run;
    return NULL;
}

enum { WEIGHTS, IDS, STARTS, ROOM, OUT, ARRAYS };

/* What is wrong, or NULL when the vectors are written. */
static const char *encode_arrays(const Py_buffer *b, Run run)
{
    Network net;
    Room room;
    Texts t;
    const char *wrong;
    if (!read_weights(&net, b[WEIGHTS].buf, (size_t)b[WEIGHTS].len))
        return "the weights are something else, or not all there";
    const size_t n_ids = (size_t)b[IDS].len / sizeof(int32_t), n_starts = (size_t)b[STARTS].len / sizeof(int64_t);
    const uintptr_t odd = (uintptr_t)b[IDS].buf % 4 | (uintptr_t)b[OUT].buf % 4 | (uintptr_t)b[STARTS].buf % 8;
    if (!n_starts || odd || n_ids > INT32_MAX / 2 || n_starts - 1 > n_ids)
        return "the arrays given to encode do not fit together";
    char *base = (char *)(((uintptr_t)b[ROOM].buf + 63) & ~(uintptr_t)63);
    const size_t needed = lay(&room, base, net.width, net.inner, n_ids) + 63;
    t.ids = b[IDS].buf, t.n = n_starts - 1, t.out = b[OUT].buf;
    if ((size_t)b[OUT].len != t.n * net.width * sizeof(float) || (size_t)b[ROOM].len < needed)
        return "the room or the vectors given to encode have another size than the texts need";
    if ((wrong = read_starts(&net, b[STARTS].buf, t.n, n_ids, room.starts)))
        return wrong;
    int good;
    Py_BEGIN_ALLOW_THREADS
    good = run(&net, &t, &room);
    Py_END_ALLOW_THREADS
    return good ? NULL : "a token is none of those that the network knows";
}

PyDoc_STRVAR(encode_doc, "encode(weights, ids, starts, room, vectors, path)\n--\n\n"
                         "Writes the vectors of texts; see _minilm.pyi.");

static PyObject *encode(PyObject *self, PyObject *args)
{
    Py_buffer b[ARRAYS] = {0};
    const char *name, *wrong;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*y*y*w*w*s", &b[WEIGHTS], &b[IDS], &b[STARTS], &b[ROOM], &b[OUT], &name))
        return NULL;
    const Run chosen = path_named(name);
    wrong = chosen ? encode_arrays(b, chosen) : "this processor has no such instructions";
    for (int i = 0; i < ARRAYS; i++)
        PyBuffer_Release(&b[i]);
    if (wrong) {
        PyErr_SetString(PyExc_ValueError, wrong);
        return NULL;
    }
    Py_RETURN_NONE;
}

PyDoc_STRVAR(room_doc, "room(width, inner, tokens)\n--\n\nBytes of room that `encode` needs for texts of so many tokens.");

static PyObject *room_for(PyObject *self, PyObject *args)
{
    Py_ssize_t width, inner, tokens;
    Room room;
    (void)self;
    if (!PyArg_ParseTuple(args, "nnn", &width, &inner, &tokens))
        return NULL;
    if (width < 0 || width > MOST_INPUTS || inner < 0 || inner > MOST_INPUTS || tokens < 0 || tokens > INT32_MAX / 2) {
        PyErr_SetString(PyExc_ValueError, "no network is that large");
        return NULL;
    }
    return PyLong_FromSize_t(lay(&room, NULL, (size_t)width, (size_t)inner, (size_t)tokens) + 63);
}

static PyMethodDef functions[] = {
    {"encode", encode, METH_VARARGS, encode_doc},
    {"room", room_for, METH_VARARGS, room_doc},
    {NULL, NULL, 0, NULL},
};

static int fill(PyObject *module)
{
    PyObject *names = PyList_New(0), *usable = NULL;
    choose_paths();
    for (int i = 0; names && i < N_PATHS; i++) {
        PyObject *name = paths[i].usable ? PyUnicode_FromString(paths[i].name) : NULL;
        if (paths[i].usable && (!name || PyList_Append(names, name)))
            Py_CLEAR(names);
        Py_XDECREF(name);
    }
    usable = names ? PyList_AsTuple(names) : NULL;
    Py_XDECREF(names);
    const int failed = !usable || PyModule_AddObjectRef(module, "PATHS", usable);
    Py_XDECREF(usable);
    return failed ? -1 : 0;
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, fill}, {0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_minilm", "A sentence model in whole numbers.", 0, functions, slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__minilm(void)
{
    return PyModuleDef_Init(&definition);
}
