/* The loops that NumPy cannot express. Each has a plain twin in Python which the tests hold it against:

       index_words, sum_words      encoders/wordpiece.py             a text -> the weighted sum of the vectors of its words
       number_words                encoders/wordpiece.py             a text -> the numbers of its tokens
       read_vocabulary             encoders/wordpiece.py             the JSON of a vocabulary -> what index_words gives
       read_lines, read_records    encoders/_words/word_rows.py      a block of a file -> words and their vectors
       words_at                    encoders/_words/word_rows.py      places in a block -> words
       dot_rows                    encoders/_words/questions.py      a word -> how near it is to all others, about
       near_rows                   tools/_duplicates/products.py        points -> which may be near which
       shared_by_texts             tools/_duplicates/sketches.py     chosen pieces of texts -> texts that share several
       shared_pieces               tools/_duplicates/shingles.py     pairs of texts -> how many pieces they share

   The rules of this file, so that no input, however hostile, reaches memory that is not its own:

   - State lives in arrays of the caller (NumPy's, or bytes). Nothing is kept here between calls.
   - Every index that comes out of such an array is compared with the length of the array it goes into.
   - The interpreter is let go (GIL) only while plain C reads arrays that nobody changes.

   Only Python's stable interface is used, so one build serves every Python from 3.11 on. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <float.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#if (defined(__GNUC__) || defined(__clang__)) && (defined(__x86_64__) || defined(__i386__))
#include <immintrin.h>
#endif

/* ---------------------------------------------------------------------------------------------- sums of rows

   sum += weight[0] * row[0] + weight[1] * row[1] + ..., four rows at a time: the sum is then loaded and stored once
   for four. The compiler makes vector instructions of it, once for every set of instructions that is worth it, and the
   widest that the processor has is taken when the module loads. The order of the additions is always the same, and
   setup.py forbids to fuse them with the products: every processor gives the same bits. */

#define ADD_ROWS(NAME, TYPE, TARGET)                                                                                \
    TARGET static void NAME(float *restrict sum, const void *restrict all, const uint32_t *row, const float *weight, \
                            size_t n, size_t dim)                                                                   \
    {                                                                                                               \
        const TYPE *restrict rows = all;                                                                            \
        size_t i = 0;                                                                                               \
        for (; i + 4 <= n; i += 4) {                                                                                \
            const TYPE *a = rows + row[i] * dim, *b = rows + row[i + 1] * dim;                                      \
            const TYPE *c = rows + row[i + 2] * dim, *d = rows + row[i + 3] * dim;                                  \
            const float u = weight[i], v = weight[i + 1], w = weight[i + 2], x = weight[i + 3];                     \
            for (size_t k = 0; k < dim; k++)                                                                        \
                sum[k] += (u * (float)a[k] + v * (float)b[k]) + (w * (float)c[k] + x * (float)d[k]);                \
        }                                                                                                           \
        for (; i < n; i++)                                                                                          \
            for (size_t k = 0; k < dim; k++)                                                                        \
                sum[k] += weight[i] * (float)rows[row[i] * dim + k];                                                \
    }

/* ------------------------------------------------------------------------------------------------ products of rows

   dot[i] = rows[i] . other, in whole numbers, which wrap around where they are too large. Bytes are a quarter of what
   floats take, and to read them from memory is all that the time goes into. */

#define DOT_ROWS(NAME, TARGET)                                                                                      \
    TARGET static void NAME(const int8_t *restrict rows, const int16_t *restrict other, uint32_t *restrict dot,     \
                            size_t n, size_t width)                                                                 \
    {                                                                                                               \
        for (size_t i = 0; i < n; i++) {                                                                            \
            const int8_t *row = rows + i * width;                                                                   \
            uint32_t sum = 0;                                                                                       \
            for (size_t k = 0; k < width; k++) {                                                                    \
                const int16_t component = row[k];                                                                   \
                sum += (uint32_t)(component * other[k]);                                                            \
            }                                                                                                       \
            dot[i] = sum;                                                                                           \
        }                                                                                                           \
    }

typedef void (*AddRows)(float *, const void *, const uint32_t *, const float *, size_t, size_t);
typedef void (*DotRows)(const int8_t *, const int16_t *, uint32_t *, size_t, size_t);

ADD_ROWS(add_bytes, int8_t, )
ADD_ROWS(add_floats, float, )
DOT_ROWS(dot_bytes, )

#if (defined(__GNUC__) || defined(__clang__)) && (defined(__x86_64__) || defined(__i386__))
#define AVX2 __attribute__((target("avx2")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq")))
ADD_ROWS(add_bytes_avx2, int8_t, AVX2)
ADD_ROWS(add_floats_avx2, float, AVX2)
ADD_ROWS(add_bytes_avx512, int8_t, AVX512)
ADD_ROWS(add_floats_avx512, float, AVX512)
DOT_ROWS(dot_bytes_avx2, AVX2)
#endif

/* ------------------------------------------------------------------------------------------- which rows are near

   Of one row of bytes with a block of 64 others: bit c of the word is set where row . other[c] >= least + more[c]. The
   others of a block lie side by side, four bytes of each: one instruction then multiplies the same four bytes of a row
   with those of sixteen others. ROWS_AT_ONCE rows go through a block together, so that it is loaded once for these. */

enum { NEAR_BLOCK = 64, GROUP = 4 * NEAR_BLOCK, ROWS_AT_ONCE = 4, STAYS = 1 << 18 /* bytes: in the cache beside a core */ };

typedef struct {
    const uint8_t *rows;
    const int8_t *others;
    const int32_t *least, *more;
    uint64_t *near;
    size_t n, groups, blocks;
} Near;

typedef void (*NearBlock)(const Near *, const size_t row[ROWS_AT_ONCE], size_t block);

static void near_plain(const Near *n, const size_t row[ROWS_AT_ONCE], size_t block)
{
    const int32_t *more = n->more + block * NEAR_BLOCK;
    for (int r = 0; r < ROWS_AT_ONCE; r++) {
        const uint8_t *a = n->rows + row[r] * n->groups * 4;
        const int8_t *b = n->others + block * n->groups * GROUP;
        uint32_t sums[NEAR_BLOCK] = {0};
        uint64_t near = 0;
        for (size_t g = 0; g < n->groups; g++, a += 4, b += GROUP)
            for (int c = 0; c < NEAR_BLOCK; c++)
                sums[c] += (uint32_t)(a[0] * b[4 * c] + a[1] * b[4 * c + 1] + a[2] * b[4 * c + 2] + a[3] * b[4 * c + 3]);
        for (int c = 0; c < NEAR_BLOCK; c++)
            near |= (uint64_t)((int32_t)sums[c] >= (int32_t)((uint32_t)n->least[row[r]] + (uint32_t)more[c])) << c;
        n->near[row[r] * n->blocks + block] = near;
    }
}

#ifdef AVX2
#define VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")))
/* Sums are variables with names, and the instruction is written as such: GCC 12 would keep them in memory */
#define ADD_PRODUCTS(SUM, A, B) __asm__("vpdpbusd %2, %1, %0" : "+v"(SUM) : "v"(A), "v"(B))
#define BEGIN_SUMS(r) __m512i s##r##0 = _mm512_setzero_si512(), s##r##1 = s##r##0, s##r##2 = s##r##0, s##r##3 = s##r##0;
#define ADD_GROUP(r)                                                                                                \
    memcpy(&four, a##r + 4 * g, 4), t = _mm512_set1_epi32(four);                                                    \
    ADD_PRODUCTS(s##r##0, t, u);                                                                                    \
    ADD_PRODUCTS(s##r##1, t, v);                                                                                    \
    ADD_PRODUCTS(s##r##2, t, w);                                                                                    \
    ADD_PRODUCTS(s##r##3, t, x);
#define ENOUGH(r, q) (uint64_t)_mm512_cmpge_epi32_mask(s##r##q, _mm512_add_epi32(t, _mm512_loadu_si512(more + 16 * q))) << (16 * q)
#define END_SUMS(r)                                                                                                 \
    t = _mm512_set1_epi32(n->least[row[r]]);                                                                        \
    n->near[row[r] * n->blocks + block] = ENOUGH(r, 0) | ENOUGH(r, 1) | ENOUGH(r, 2) | ENOUGH(r, 3);

VNNI static void near_vnni(const Near *n, const size_t row[ROWS_AT_ONCE], size_t block)
{
    const size_t width = n->groups * 4;
    const uint8_t *a0 = n->rows + row[0] * width, *a1 = n->rows + row[1] * width;
    const uint8_t *a2 = n->rows + row[2] * width, *a3 = n->rows + row[3] * width;
    const int8_t *b = n->others + block * n->groups * GROUP;
    const int32_t *more = n->more + block * NEAR_BLOCK;
    int32_t four;
    __m512i t;
    BEGIN_SUMS(0) BEGIN_SUMS(1) BEGIN_SUMS(2) BEGIN_SUMS(3)
    for (size_t g = 0; g < n->groups; g++, b += GROUP) {
        const __m512i u = _mm512_loadu_si512(b), v = _mm512_loadu_si512(b + 64);
        const __m512i w = _mm512_loadu_si512(b + 128), x = _mm512_loadu_si512(b + 192);
        ADD_GROUP(0) ADD_GROUP(1) ADD_GROUP(2) ADD_GROUP(3)
    }
    END_SUMS(0) END_SUMS(1) END_SUMS(2) END_SUMS(3)
}

/* Of two rows with four others: pairs of products, in 16 bits each, added in 32 */
#define ADD_FOUR(q)                                                                                                 \
    t = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)(b + 16 * q)));                         \
    s##q = _mm256_add_epi32(s##q, _mm256_madd_epi16(u, t));                                                         \
    z##q = _mm256_add_epi32(z##q, _mm256_madd_epi16(v, t));
#define EIGHT(A, B) _mm256_permute4x64_epi64(_mm256_hadd_epi32(A, B), 0xD8)
#define TOO_LITTLE(A, B, least, q)                                                                                  \
    (uint64_t)(uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpgt_epi32(                                  \
        _mm256_add_epi32(least, _mm256_loadu_si256((const __m256i *)(const void *)(more + 8 * q))), EIGHT(A, B))))  \
        << (8 * q)

AVX2 static void near_sixteen(const uint8_t *a, const uint8_t *other, const int8_t *b, size_t groups, const int32_t *more,
                              const int32_t least[2], uint64_t little[2])
{
    __m256i s0 = _mm256_setzero_si256(), s1 = s0, s2 = s0, s3 = s0, z0 = s0, z1 = s0, z2 = s0, z3 = s0, t;
    int32_t four, four_more;
    for (size_t g = 0; g < groups; g++, b += GROUP) {
        memcpy(&four, a + 4 * g, 4), memcpy(&four_more, other + 4 * g, 4);
        const __m256i u = _mm256_cvtepu8_epi16(_mm_set1_epi32(four)), v = _mm256_cvtepu8_epi16(_mm_set1_epi32(four_more));
        ADD_FOUR(0) ADD_FOUR(1) ADD_FOUR(2) ADD_FOUR(3)
    }
    t = _mm256_set1_epi32(least[0]), little[0] = TOO_LITTLE(s0, s1, t, 0) | TOO_LITTLE(s2, s3, t, 1);
    t = _mm256_set1_epi32(least[1]), little[1] = TOO_LITTLE(z0, z1, t, 0) | TOO_LITTLE(z2, z3, t, 1);
}

AVX2 static void near_avx2(const Near *n, const size_t row[ROWS_AT_ONCE], size_t block)
{
    const size_t width = n->groups * 4;
    for (int r = 0; r < ROWS_AT_ONCE; r += 2) {
        const int32_t least[2] = {n->least[row[r]], n->least[row[r + 1]]};
        uint64_t little[2], near[2] = {0, 0};
        for (size_t q = 0; q < 4; q++) {
            near_sixteen(n->rows + row[r] * width, n->rows + row[r + 1] * width, n->others + block * n->groups * GROUP + 64 * q,
                         n->groups, n->more + block * NEAR_BLOCK + 16 * q, least, little);
            near[0] |= (little[0] ^ 0xFFFF) << (16 * q), near[1] |= (little[1] ^ 0xFFFF) << (16 * q);
        }
        n->near[row[r] * n->blocks + block] = near[0], n->near[row[r + 1] * n->blocks + block] = near[1];
    }
}
#endif

static struct {
    AddRows bytes, floats;
    DotRows dots;
    NearBlock near;
    const char *instructions;
} chosen = {add_bytes, add_floats, dot_bytes, near_plain, "those of every processor of this kind"};

static void choose_instructions(void)
{
#ifdef AVX2
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2"))
        chosen.dots = dot_bytes_avx2, chosen.near = near_avx2;
    if (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw"))
        chosen.near = near_vnni;
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")) {
        chosen.bytes = add_bytes_avx512, chosen.floats = add_floats_avx512, chosen.instructions = "AVX-512";
    } else if (__builtin_cpu_supports("avx2")) {
        chosen.bytes = add_bytes_avx2, chosen.floats = add_floats_avx2, chosen.instructions = "AVX2";
    }
#endif
}

/* ---------------------------------------------------------------------------------------------- the vocabulary

   A hash table with open addressing: a token is looked for from the slot of its hash onwards until an empty slot.
   Tokens that begin a word and tokens that continue one ("##ing") are different keys with, perhaps, equal bytes. The
   slots are small, and what they point to stands in the order of the vocabulary, common tokens first: what is needed
   most lies close together, and stays in the cache. */

typedef struct {
    uint32_t hash, key; /* where the key begins, counted from 1; 0: the slot is empty */
} Slot;

typedef struct {
    int32_t token;
    uint16_t length, continues;
    /* and the bytes of the token */
} Key;

typedef struct {
    const Slot *slots;
    size_t n_slots; /* a power of two */
    const uint8_t *keys;
    size_t n_keys, longest; /* bytes of all keys, of the longest key */
} Vocabulary;

enum { LONGEST = 1024 }; /* bytes of a word or a token; encoders/wordpiece.py knows no longer ones */

/* FNV-1a (Fowler, Noll and Vo): made byte by byte, so that each prefix of a word has its hash in passing */
static const uint64_t BEGINS = 0xcbf29ce484222325, CONTINUES = 0x9ae16a3b2f90404f;

static inline uint64_t hashed(uint64_t hash, uint8_t byte)
{
    return (hash ^ byte) * 0x100000001b3;
}

static inline size_t slot_of(uint64_t hash, size_t n_slots)
{
    return (size_t)(hash ^ (hash >> 32)) & (n_slots - 1);
}

/* The number of a token, -1 for none. */
static int32_t find(const Vocabulary *v, uint64_t hash, const uint8_t *bytes, size_t n, int continues)
{
    size_t at = slot_of(hash, v->n_slots);
    for (size_t left = v->n_slots; left--; at = (at + 1) & (v->n_slots - 1)) {
        const Slot slot = v->slots[at];
        Key key;
        if (!slot.key)
            return -1;
        if (slot.hash != (uint32_t)hash || (uint64_t)slot.key - 1 + sizeof key + n > v->n_keys)
            continue;
        memcpy(&key, v->keys + slot.key - 1, sizeof key);
        if (key.length == n && key.continues == continues && !memcmp(v->keys + slot.key - 1 + sizeof key, bytes, n))
            return key.token;
    }
    return -1;
}

/* Adds a key behind the others, which take `end` bytes; gives what they take then, 0 where it is there already. */
static size_t put(Slot *slots, size_t n_slots, uint8_t *keys, size_t end, Key key, const char *bytes)
{
    uint64_t hash = key.continues ? CONTINUES : BEGINS;
    for (size_t i = 0; i < key.length; i++)
        hash = hashed(hash, (uint8_t)bytes[i]);
    size_t at = slot_of(hash, n_slots);
    for (; slots[at].key; at = (at + 1) & (n_slots - 1)) { /* there is room: a third of the slots stay empty */
        Key other;
        if (slots[at].hash != (uint32_t)hash)
            continue;
        memcpy(&other, keys + slots[at].key - 1, sizeof other);
        if (other.length == key.length && other.continues == key.continues &&
            !memcmp(keys + slots[at].key - 1 + sizeof other, bytes, key.length))
            return 0;
    }
    slots[at] = (Slot){(uint32_t)hash, (uint32_t)end + 1};
    memcpy(keys + end, &key, sizeof key);
    memcpy(keys + end + sizeof key, bytes, key.length);
    return end + sizeof key + key.length;
}

PyDoc_STRVAR(index_words_doc, "index_words(vocabulary, prefix)\n--\n\n"
                              "The hash table of a vocabulary: (slots, keys, bytes of the longest key).");

static PyObject *index_words(PyObject *self, PyObject *args)
{
    PyObject *vocabulary, *token, *number, *slots, *keys, *table = NULL;
    const char *prefix, *bytes;
    Py_ssize_t n_prefix, n, at = 0, longest = 0, n_keys = 0, size = 0;
    size_t n_slots = 16;
    (void)self;
    if (!PyArg_ParseTuple(args, "O!s#", &PyDict_Type, &vocabulary, &prefix, &n_prefix))
        return NULL;
    while (PyDict_Next(vocabulary, &at, &token, &number)) {
        long value = PyLong_AsLong(number);
        if (!(bytes = PyUnicode_AsUTF8AndSize(token, &n)) || (value == -1 && PyErr_Occurred()))
            return NULL;
        int continues = n > n_prefix && !memcmp(bytes, prefix, (size_t)n_prefix);
        n_keys += 1 + continues;
        size += (1 + continues) * ((Py_ssize_t)sizeof(Key) + n);
        longest = n > longest ? n : longest;
        if (value < 0 || value > INT32_MAX || size > INT32_MAX) {
            PyErr_SetString(PyExc_ValueError, "tokens are numbered from 0, and all of them take less than 2 GB");
            return NULL;
        }
    }
    while (2 * n_slots < 3 * (size_t)n_keys)
        n_slots *= 2;
    slots = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(n_slots * sizeof(Slot)));
    keys = PyBytes_FromStringAndSize(NULL, size);
    if (slots && keys) {
        Slot *s = memset(PyBytes_AsString(slots), 0, n_slots * sizeof(Slot));
        uint8_t *k = memset(PyBytes_AsString(keys), 0, (size_t)size);
        size_t end = 0;
        for (at = 0; PyDict_Next(vocabulary, &at, &token, &number);) {
            Key key = {(int32_t)PyLong_AsLong(number), 0, 0};
            bytes = PyUnicode_AsUTF8AndSize(token, &n);
            if (n > LONGEST)
                continue; /* nothing that is read can be equal to it */
            key.length = (uint16_t)n;
            if (n)
                end = put(s, n_slots, k, end, key, bytes);
            if (n > n_prefix && !memcmp(bytes, prefix, (size_t)n_prefix)) {
                key.length = (uint16_t)(n - n_prefix), key.continues = 1;
                end = put(s, n_slots, k, end, key, bytes + n_prefix);
            }
        }
        table = Py_BuildValue("OOn", slots, keys, longest);
    }
    Py_XDECREF(slots);
    Py_XDECREF(keys);
    return table;
}

/* ------------------------------------------------------------------------------------ a vocabulary as it is written

   {"the": 5, "##ing": 6, ...} in UTF-8. To make a dictionary of it first takes four times as long as all the rest. What
   is not as plain as that (a fraction, half a surrogate pair, a word twice or of more than LONGEST bytes) is left to
   who makes dictionaries. */

typedef struct {
    const uint8_t *p, *end; /* what is left */
    char bytes[LONGEST + 4]; /* of the token that was read, and how many there are of it */
    size_t n;
    int32_t number;
} Pair;

static void pass_white(Pair *r)
{
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\n' || *r->p == '\r' || *r->p == '\t'))
        r->p++;
}

static int passed(Pair *r, uint8_t c)
{
    pass_white(r);
    return r->p < r->end && *r->p == c ? (r->p++, 1) : 0;
}

/* Four hexadecimal digits; -1 where there are none. */
static int32_t four_digits(Pair *r)
{
    int32_t value = 0;
    if (r->end - r->p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        const uint8_t c = *r->p++, low = c | 32;
        if (!((c >= '0' && c <= '9') || (low >= 'a' && low <= 'f')))
            return -1;
        value = value * 16 + (c <= '9' ? c - '0' : low - 'a' + 10);
    }
    return value;
}

/* What stands behind a backslash, put behind the token; 0 where it is none. */
static int escaped(Pair *r)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const uint8_t kind = r->p < r->end ? *r->p++ : 0;
    const char *found = kind ? strchr(from, kind) : NULL;
    if (found)
        return r->bytes[r->n++] = to[found - from], 1;
    int32_t c = kind == 'u' ? four_digits(r) : -1;
    if (c >= 0xd800 && c < 0xdc00) { /* the first half of a pair */
        const int there = r->end - r->p >= 2 && r->p[0] == '\\' && r->p[1] == 'u';
        const int32_t second = there ? (r->p += 2, four_digits(r)) : -1;
        c = second >= 0xdc00 && second < 0xe000 ? 0x10000 + ((c - 0xd800) << 10) + (second - 0xdc00) : -1;
    }
    if (c < 0 || (c >= 0xdc00 && c < 0xe000))
        return 0;
    if (c < 0x80)
        return r->bytes[r->n++] = (char)c, 1;
    const int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    r->bytes[r->n++] = (char)((0xff00 >> (more + 1) & 0xff) | c >> 6 * more);
    for (int i = more - 1; i >= 0; i--)
        r->bytes[r->n++] = (char)(0x80 | (c >> 6 * i & 0x3f));
    return 1;
}

/* A token and its number; 0 where there is something else. */
static int read_pair(Pair *r)
{
    int64_t number = 0;
    r->n = 0;
    if (!passed(r, '"'))
        return 0;
    while (r->p < r->end && *r->p != '"' && *r->p >= 0x20 && r->n <= LONGEST)
        if (*r->p != '\\')
            r->bytes[r->n++] = (char)*r->p++;
        else if (r->p++, !escaped(r))
            return 0;
    if (r->n > LONGEST || !passed(r, '"') || !passed(r, ':'))
        return 0;
    pass_white(r);
    const uint8_t *first = r->p;
    for (; r->p < r->end && (uint8_t)(*r->p - '0') < 10 && number <= INT32_MAX; r->p++)
        number = number * 10 + (*r->p - '0');
    r->number = (int32_t)number;
    return r->p > first && number <= INT32_MAX && (*first != '0' || r->p == first + 1);
}

PyDoc_STRVAR(read_vocabulary_doc, "read_vocabulary(definition, start, prefix, unknown)\n--\n\n"
                                  "The hash table of a vocabulary that is written at a place of some JSON; see _kernels.pyi.");

static PyObject *read_vocabulary(PyObject *self, PyObject *args)
{
    Py_buffer definition;
    const char *prefix, *unknown;
    Py_ssize_t start, n_prefix, n_unknown, count = 0;
    size_t n_slots = 16, n_keys = 0, size = 0, longest = 0, end = 0;
    int32_t highest = 0, number_of_unknown = -1;
    PyObject *slots = NULL, *keys = NULL, *table = NULL;
    int good = 1;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*ns#s#", &definition, &start, &prefix, &n_prefix, &unknown, &n_unknown))
        return NULL;
    const uint8_t *text = definition.buf, *behind = text;
    for (int filling = 0; good && filling < 2; filling++) { /* once to see how much room it takes */
        Pair r = {.p = text + start, .end = text + definition.len};
        good = start >= 0 && start <= definition.len;
        do {
            good = good && read_pair(&r);
            const int continues = good && r.n > (size_t)n_prefix && !memcmp(r.bytes, prefix, (size_t)n_prefix);
            if (good && filling) {
                Slot *s = (Slot *)PyBytes_AsString(slots);
                uint8_t *k = (uint8_t *)PyBytes_AsString(keys);
                if (r.n)
                    good = (end = put(s, n_slots, k, end, (Key){r.number, (uint16_t)r.n, 0}, r.bytes)) > 0;
                if (good && continues)
                    good = (end = put(s, n_slots, k, end, (Key){r.number, (uint16_t)(r.n - (size_t)n_prefix), 1},
                                      r.bytes + n_prefix)) > 0;
            } else if (good) {
                n_keys += 1 + (size_t)continues, size += (1 + (size_t)continues) * (sizeof(Key) + r.n), count++;
                longest = r.n > longest ? r.n : longest, highest = r.number > highest ? r.number : highest;
                if (r.n == (size_t)n_unknown && !memcmp(r.bytes, unknown, r.n))
                    number_of_unknown = r.number;
            }
        } while (good && passed(&r, ','));
        good = good && passed(&r, '}') && number_of_unknown >= 0 && size <= INT32_MAX;
        behind = r.p;
        while (2 * n_slots < 3 * n_keys)
            n_slots *= 2;
        if (good && !filling) {
            slots = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(n_slots * sizeof(Slot)));
            keys = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)size);
            good = slots && keys;
            if (good) {
                memset(PyBytes_AsString(slots), 0, n_slots * sizeof(Slot));
                memset(PyBytes_AsString(keys), 0, size);
            }
        }
    }
    if (good)
        table = Py_BuildValue("OOnnnin", slots, keys, (Py_ssize_t)longest, (Py_ssize_t)number_of_unknown, count, highest,
                              (Py_ssize_t)(behind - text));
    else if (!PyErr_Occurred())
        table = Py_NewRef(Py_None);
    Py_XDECREF(slots);
    Py_XDECREF(keys);
    PyBuffer_Release(&definition);
    return table;
}

/* ------------------------------------------------------------------------------------------------ the alphabet

   What the tokenizer makes of each character, as encoders/wordpiece.py found by trying: one uint32 a character, in
   pages of 256. The low three bits are the kind, the next five a length, the others the offset of the bytes that the
   character becomes, among the forms. A page that nobody has asked for is page 0. */

enum { SPACE, LETTER, ALONE, STRANGE }; /* ends a word; is part of one; is one; must be left to the tokenizer */
enum { PAGE = 256, PAGES = 0x110000 / PAGE };

typedef struct {
    const uint16_t *page_of; /* (PAGES,) */
    const uint32_t *entries;
    size_t n_pages;
    const uint8_t *forms;
    size_t n_forms;
} Alphabet;

/* The next character of UTF-8. Bytes that are no UTF-8 give U+FFFD, one at a time. */
static uint32_t next_character(const uint8_t **at, const uint8_t *end)
{
    const uint8_t *p = *at;
    size_t more = *p < 0x80 ? 0 : *p < 0xc0 ? 4 : *p < 0xe0 ? 1 : *p < 0xf0 ? 2 : *p < 0xf8 ? 3 : 4;
    uint32_t c = more ? *p & (0x3f >> more) : *p;
    *at = p + 1;
    if (more > 3 || (size_t)(end - p) <= more)
        return 0xfffd;
    for (size_t i = 1; i <= more; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0xfffd;
        c = c << 6 | (p[i] & 0x3f);
    }
    *at = p + 1 + more;
    return c < 0x110000 ? c : 0xfffd;
}

/* The entry of a character; STRANGE if it lies outside of the arrays. */
static inline uint32_t entry_of(const Alphabet *a, uint32_t c)
{
    size_t page = a->page_of[c / PAGE];
    if (page >= a->n_pages)
        return STRANGE;
    uint32_t entry = a->entries[page * PAGE + c % PAGE];
    return (entry >> 8) + (entry >> 3 & 31) <= a->n_forms ? entry : STRANGE;
}

/* Whether all characters of a text are known and none is strange; pages nobody asked for are marked in `missing`. */
static int readable(const Alphabet *a, const uint8_t *p, const uint8_t *end, uint8_t *missing, int *complete)
{
    int good = 1;
    while (p < end) {
        uint64_t eight;
        if (end - p >= 8 && (memcpy(&eight, p, 8), !(eight & 0x8080808080808080))) {
            p += 8; /* eight characters of ASCII, whose page is always there */
            continue;
        }
        uint32_t c = next_character(&p, end);
        if (!a->page_of[c / PAGE])
            missing[c / PAGE] = 1, *complete = 0;
        else if ((entry_of(a, c) & 7) == STRANGE)
            good = 0;
    }
    return good;
}

/* --------------------------------------------------------------------------------------------- reading a text */

#ifdef __GNUC__
#define PREFETCH __builtin_prefetch
#else
#define PREFETCH(address) (void)(address)
#endif

typedef struct {
    Alphabet alphabet;
    Vocabulary vocabulary;
    const int32_t *row_of;
    const float *weight_of;
    size_t n_tokens;
    const void *rows;
    size_t n_rows, dim, row_bytes;
    AddRows add;
    int32_t unknown; /* the token that stands for words not known */
    int longest;     /* characters; a longer word is not known */
} Model;

typedef struct {
    size_t start, n; /* its place among the bytes of the reader, and how many there are of it */
    uint64_t hash;
    int characters;
} Word;

/* Memory is slow, so nothing is waited for: some words are split off before the first is looked up, and some rows are
   found before the first is added. Meanwhile what will be needed is on its way to the cache. */
enum { WORDS = 64, FULL = 256 }; /* float32 loses too much in adding up many more than FULL rows one by one */

typedef struct {
    uint8_t bytes[WORDS * 16 + LONGEST]; /* of the words that wait to be looked up; room for one more of any length */
    Word words[WORDS];
    size_t n_words;
    Word word; /* the one that is being read */
    uint32_t row[FULL + LONGEST]; /* what waits to be added up */
    float weight[FULL + LONGEST];
    size_t n_rows;
    int64_t known, not_known;
    float *part;  /* (dim,) */
    int32_t *ids; /* where the numbers of tokens go; NULL: their vectors are added up instead */
    size_t n_ids, room;
    int64_t cut; /* tokens that there was no room for */
    int whole;   /* whether to go on reading, only to count those */
} Reader;

static void add_rows(const Model *m, Reader *r, float *sum)
{
    memset(r->part, 0, m->dim * sizeof *r->part);
    m->add(r->part, m->rows, r->row, r->weight, r->n_rows, m->dim);
    for (size_t k = 0; k < m->dim; k++)
        sum[k] += r->part[k];
    r->n_rows = 0;
}

static void take(const Model *m, Reader *r, int32_t token)
{
    if (r->ids) {
        if (r->n_ids < r->room)
            r->ids[r->n_ids++] = token;
        else
            r->cut++;
        return;
    }
    if (token == m->unknown || (size_t)token >= m->n_tokens || (size_t)m->row_of[token] >= m->n_rows) {
        r->not_known++;
        return;
    }
    const char *row = (const char *)m->rows + (size_t)m->row_of[token] * m->row_bytes;
    for (size_t k = 0; k < m->row_bytes; k += 64)
        PREFETCH(row + k);
    r->row[r->n_rows] = (uint32_t)m->row_of[token];
    r->weight[r->n_rows++] = m->weight_of[token];
    r->known++;
}

/* WordPiece (Schuster and Nakajima, 2012): the longest token that the word begins with, then the longest that
   continues it, to the end; if there is none somewhere, the whole word is not known. Gives the number of tokens. */
static size_t pieces(const Model *m, const uint8_t *word, size_t length, int32_t *found)
{
    uint64_t hashes[LONGEST];
    size_t count = 0;
    for (size_t start = 0, n; start < length; start += n) {
        uint64_t hash = start ? CONTINUES : BEGINS;
        int32_t token = -1;
        for (n = 0; start + n < length && n < m->vocabulary.longest; n++)
            hashes[n] = hash = hashed(hash, word[start + n]);
        while (n && (token = find(&m->vocabulary, hashes[n - 1], word + start, n, start > 0)) < 0)
            n--;
        if (!n)
            return 0;
        found[count++] = token;
    }
    return count;
}

static void look_words_up(const Model *m, Reader *r, float *sum)
{
    for (size_t i = 0; i < r->n_words; i++) {
        const Word *w = &r->words[i];
        const uint8_t *bytes = r->bytes + w->start;
        int32_t found[LONGEST];
        size_t count = 1;
        if (w->characters > m->longest)
            count = 0;
        else if ((found[0] = find(&m->vocabulary, w->hash, bytes, w->n, 0)) < 0) /* most words are a token */
            count = pieces(m, bytes, w->n, found);
        if (!count)
            found[0] = m->unknown, count = 1;
        for (size_t k = 0; k < count; k++)
            take(m, r, found[k]);
        if (r->n_rows >= FULL)
            add_rows(m, r, sum);
    }
    r->n_words = 0;
    r->word.start = 0;
}

static void begin_word(Reader *r, size_t start)
{
    r->word = (Word){start, 0, BEGINS, 0};
}

static void end_word(const Model *m, Reader *r, float *sum)
{
    if (!r->word.characters)
        return;
    PREFETCH(&m->vocabulary.slots[slot_of(r->word.hash, m->vocabulary.n_slots)]);
    r->words[r->n_words++] = r->word;
    begin_word(r, r->word.start + r->word.n);
    if (r->n_words == WORDS || r->word.start > sizeof r->bytes - LONGEST)
        look_words_up(m, r, sum);
}

static inline void append(const Model *m, Reader *r, const uint8_t *form, size_t n)
{
    Word *w = &r->word;
    if (w->characters > m->longest || n > LONGEST - w->n) {
        w->characters = m->longest + 1; /* too long, however it goes on */
        return;
    }
    for (size_t i = 0; i < n; i++) {
        r->bytes[w->start + w->n++] = form[i];
        w->hash = hashed(w->hash, form[i]);
        w->characters += (form[i] & 0xc0) != 0x80;
    }
}

static void read_text(const Model *m, Reader *r, const uint8_t *p, const uint8_t *end, float *sum)
{
    const Alphabet *a = &m->alphabet;
    uint32_t ascii[128]; /* a copy of what is needed most: no looking for pages, no comparing */
    for (uint32_t c = 0; c < 128; c++)
        ascii[c] = entry_of(a, c);
    r->n_words = r->n_rows = 0, r->known = r->not_known = 0;
    begin_word(r, 0);
    while (p < end && (r->whole || !r->cut)) {
        uint32_t entry = *p < 128 ? ascii[*p++] : entry_of(a, next_character(&p, end));
        int kind = entry & 7;
        if (kind != LETTER)
            end_word(m, r, sum);
        append(m, r, a->forms + (entry >> 8), entry >> 3 & 31);
        if (kind == ALONE)
            end_word(m, r, sum);
    }
    end_word(m, r, sum);
    look_words_up(m, r, sum);
}

PyDoc_STRVAR(sum_words_doc, "sum_words(texts, owners, alphabet, vocabulary, model, sums, counts)\n--\n\n"
                            "Adds the vectors of the words of texts[i] to sums[owners[i]]; see _kernels.pyi.");

enum { PAGE_OF, ENTRIES, FORMS, SLOTS, KEYS, TABLES, OWNERS = TABLES, ROW_OF, WEIGHT_OF, ROWS, SUMS, COUNTS, ARRAYS };

/* The arrays of the alphabet and of the vocabulary as parts of a model; 0 if their sizes are wrong. */
static int tables_fit(const Py_buffer *b, size_t longest_key, int longest_word, Model *m)
{
    m->alphabet = (Alphabet){b[PAGE_OF].buf, b[ENTRIES].buf, (size_t)b[ENTRIES].len / (PAGE * sizeof(uint32_t)),
                             b[FORMS].buf, (size_t)b[FORMS].len};
    m->vocabulary.slots = b[SLOTS].buf, m->vocabulary.n_slots = (size_t)b[SLOTS].len / sizeof(Slot);
    m->vocabulary.keys = b[KEYS].buf, m->vocabulary.n_keys = (size_t)b[KEYS].len;
    m->vocabulary.longest = longest_key < LONGEST ? longest_key : LONGEST;
    m->longest = longest_word < LONGEST / 4 ? longest_word : LONGEST / 4; /* no character takes more than four bytes */
    return (size_t)b[PAGE_OF].len == PAGES * sizeof(uint16_t) && m->vocabulary.n_slots &&
           !(m->vocabulary.n_slots & (m->vocabulary.n_slots - 1));
}

/* The arrays of the arguments as a model, an array of owners and so on; 0 with an error set if their sizes disagree. */
static int fits_together(const Py_buffer *b, Py_ssize_t n_texts, size_t longest_key, int longest_word, Model *m)
{
    size_t size = (size_t)b[ROWS].itemsize, n_sums = (size_t)b[COUNTS].len / (2 * sizeof(int64_t));
    const uint32_t *owners = b[OWNERS].buf;
    m->row_of = b[ROW_OF].buf, m->weight_of = b[WEIGHT_OF].buf;
    m->n_tokens = (size_t)b[ROW_OF].len / sizeof(int32_t);
    m->rows = b[ROWS].buf, m->add = size == 1 ? chosen.bytes : chosen.floats;
    m->dim = n_sums ? (size_t)b[SUMS].len / (n_sums * sizeof(float)) : 0;
    m->row_bytes = m->dim * size;
    m->n_rows = m->dim ? (size_t)b[ROWS].len / m->row_bytes : 0;

    int good = tables_fit(b, longest_key, longest_word, m);
    good = good && m->dim && (size_t)b[ROWS].len == m->n_rows * m->row_bytes;
    good = good && (size_t)b[OWNERS].len == n_texts * sizeof(uint32_t);
    good = good && m->n_rows <= UINT32_MAX && b[WEIGHT_OF].len == b[ROW_OF].len && (size == 1 || size == sizeof(float));
    good = good && (size_t)b[SUMS].len == n_sums * m->dim * sizeof(float);
    for (Py_ssize_t i = 0; good && i < n_texts; i++)
        good = owners[i] < n_sums;
    if (!good)
        PyErr_SetString(PyExc_ValueError, "the arrays given to sum_words do not fit together");
    return good;
}

/* Texts as UTF-8, which can be read without the interpreter. */
typedef struct {
    PyObject **utf8; /* what keeps the bytes */
    const uint8_t **begin, **end;
    Py_ssize_t n;
} Texts;

static void close_texts(Texts *t)
{
    while (t->n > 0)
        Py_DECREF(t->utf8[--t->n]);
    PyMem_Free(t->utf8), PyMem_Free(t->begin), PyMem_Free(t->end);
}

/* The texts of a tuple; 0 with an error set where one of them is none. Half a surrogate pair becomes a question mark. */
static int open_texts(PyObject *texts, Texts *t)
{
    const Py_ssize_t n = PyTuple_Size(texts);
    const size_t room = (size_t)n + 1;
    *t = (Texts){PyMem_Calloc(room, sizeof *t->utf8), PyMem_Calloc(room, sizeof *t->begin), PyMem_Calloc(room, sizeof *t->end), 0};
    if (!t->utf8 || !t->begin || !t->end)
        return PyErr_NoMemory(), 0;
    for (; t->n < n; t->n++) {
        PyObject *bytes = PyUnicode_AsEncodedString(PyTuple_GetItem(texts, t->n), "utf-8", "replace");
        if (!bytes)
            return 0;
        t->utf8[t->n] = bytes;
        t->begin[t->n] = (const uint8_t *)PyBytes_AsString(bytes);
        t->end[t->n] = t->begin[t->n] + PyBytes_Size(bytes);
    }
    return 1;
}

static PyObject *sum_texts(const Model *m, const Texts *t, const uint32_t *owners, float *sums, int64_t (*counts)[2])
{
    uint8_t missing[PAGES] = {0};
    int complete = 1;
    Reader r = {.whole = 1, .part = PyMem_Malloc(m->dim * sizeof *r.part)};
    if (!r.part)
        return PyErr_NoMemory();
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t i = 0; i < t->n; i++)
        if (!readable(&m->alphabet, t->begin[i], t->end[i], missing, &complete))
            counts[owners[i]][0] = -1;
    for (Py_ssize_t i = 0; complete && i < t->n; i++) {
        int64_t *count = counts[owners[i]];
        float *sum = sums + owners[i] * m->dim;
        if (count[0] < 0)
            continue;
        read_text(m, &r, t->begin[i], t->end[i], sum);
        add_rows(m, &r, sum);
        count[0] += r.known, count[1] += r.not_known;
    }
    Py_END_ALLOW_THREADS
    PyMem_Free(r.part);
    return PyBytes_FromStringAndSize((const char *)missing, complete ? 0 : PAGES);
}

static PyObject *sum_words(PyObject *self, PyObject *args)
{
    PyObject *texts, *answer = NULL;
    Py_buffer b[ARRAYS];
    Model m;
    Texts t = {0};
    int longest_word;
    Py_ssize_t longest_key;
    (void)self;
    if (!PyArg_ParseTuple(args, "O!y*(y*y*y*)(y*y*nii)(y*y*y*)w*w*", &PyTuple_Type, &texts, &b[OWNERS], &b[PAGE_OF],
                          &b[ENTRIES], &b[FORMS], &b[SLOTS], &b[KEYS], &longest_key, &m.unknown, &longest_word,
                          &b[ROW_OF], &b[WEIGHT_OF], &b[ROWS], &b[SUMS], &b[COUNTS]))
        return NULL;
    if (fits_together(b, PyTuple_Size(texts), (size_t)longest_key, longest_word, &m) && open_texts(texts, &t))
        answer = sum_texts(&m, &t, b[OWNERS].buf, b[SUMS].buf, b[COUNTS].buf);
    close_texts(&t);
    for (int i = 0; i < ARRAYS; i++)
        PyBuffer_Release(&b[i]);
    return answer;
}

PyDoc_STRVAR(number_words_doc, "number_words(texts, alphabet, vocabulary, around, room, whole, ids, starts, cut)\n--\n\n"
                               "The numbers of the tokens of texts, one text behind the other; see _kernels.pyi.");

/* Text i: around[0], the first tokens of the text, around[1], at ids[starts[i]] to ids[starts[i + 1]]: nothing where a
   character of it is strange. There is room for two and `r->room` tokens of each. */
static PyObject *number_texts(const Model *m, const Texts *t, const int around[2], Reader *r, int32_t *ids,
                              int64_t *starts, int64_t *cut)
{
    uint8_t missing[PAGES] = {0};
    int complete = 1;
    starts[0] = 0;
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t i = 0; i < t->n; i++)
        cut[i] = readable(&m->alphabet, t->begin[i], t->end[i], missing, &complete) ? 0 : -1;
    for (Py_ssize_t i = 0; complete && i < t->n; i++) {
        starts[i + 1] = starts[i];
        if (cut[i] < 0)
            continue;
        r->ids = ids + starts[i] + 1, r->n_ids = 0, r->cut = 0;
        read_text(m, r, t->begin[i], t->end[i], NULL);
        ids[starts[i]] = around[0], r->ids[r->n_ids] = around[1];
        starts[i + 1] += (int64_t)r->n_ids + 2;
        cut[i] = r->cut;
    }
    Py_END_ALLOW_THREADS
    return PyBytes_FromStringAndSize((const char *)missing, complete ? 0 : PAGES);
}

static PyObject *number_words(PyObject *self, PyObject *args)
{
    enum { IDS = TABLES, STARTS, CUT, ALL };
    PyObject *texts, *answer = NULL;
    Py_buffer b[ALL];
    Model m = {0};
    Texts t = {0};
    Reader r = {0};
    int longest_word, around[2];
    Py_ssize_t longest_key, room;
    (void)self;
    if (!PyArg_ParseTuple(args, "O!(y*y*y*)(y*y*nii)(ii)npw*w*w*", &PyTuple_Type, &texts, &b[PAGE_OF], &b[ENTRIES],
                          &b[FORMS], &b[SLOTS], &b[KEYS], &longest_key, &m.unknown, &longest_word, &around[0],
                          &around[1], &room, &r.whole, &b[IDS], &b[STARTS], &b[CUT]))
        return NULL;
    const Py_ssize_t n = PyTuple_Size(texts), has = b[IDS].len / (Py_ssize_t)sizeof(int32_t);
    r.room = (size_t)room;
    int good = tables_fit(b, (size_t)longest_key, longest_word, &m) && room >= 0 && (!n || room <= has / n - 2);
    good = good && b[STARTS].len == (n + 1) * (Py_ssize_t)sizeof(int64_t) && b[CUT].len == n * (Py_ssize_t)sizeof(int64_t);
    if (!good)
        PyErr_SetString(PyExc_ValueError, "the arrays given to number_words do not fit together");
    else if (open_texts(texts, &t))
        answer = number_texts(&m, &t, around, &r, b[IDS].buf, b[STARTS].buf, b[CUT].buf);
    close_texts(&t);
    for (int i = 0; i < ALL; i++)
        PyBuffer_Release(&b[i]);
    return answer;
}

/* -------------------------------------------------------------------------------------------- numbers in text

   A number of decimal digits becomes the float that Python makes of it: the nearest double, rounded to a float.

   The first 19 digits fit a uint64. As a double, times or through a power of ten, they are off by two units in the
   last place of a double at most. (Where the digits are below 2**53 and the power is 10**22 or less, both are exact and
   so is the rounding: W. Clinger, How to read floating point numbers accurately, 1990.) A float has 29 bits less, so
   it is certain unless the double lies next to the middle between two floats. That happens to one number in some ten
   millions; those, and numbers near the ends of what a float holds, are left to Python. */

static const double POWERS[] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22, 1e23, 1e24, 1e25, 1e26, 1e27, 1e28, 1e29, 1e30, 1e31, 1e32, 1e33,
    1e34, 1e35, 1e36, 1e37, 1e38, 1e39, 1e40, 1e41, 1e42, 1e43, 1e44, 1e45, 1e46, 1e47, 1e48, 1e49, 1e50,
};
enum { HIGHEST = 50, DIGITS = 19, LONGEST_NUMBER = 400 }; /* a power of ten; what a uint64 holds; bytes */

typedef struct {
    uint64_t digits; /* the first of them */
    int scale;       /* times this power of ten */
    const uint8_t *end;
} Decimal;

static inline int is_digit(const uint8_t *p, const uint8_t *end)
{
    return p < end && (uint8_t)(*p - '0') < 10;
}

/* The digits of a number again, where they are more than a uint64 holds: those from the 20th on are left out. */
static void first_digits(const uint8_t *p, Decimal *d)
{
    int kept = 0, behind_point = 0;
    d->digits = 0, d->scale = 0;
    for (; p < d->end && (*p | 32) != 'e'; p++) {
        if (*p == '.') {
            behind_point = 1;
        } else if (kept < DIGITS) {
            d->digits = d->digits * 10 + (*p - '0');
            kept += d->digits > 0;
            d->scale -= behind_point;
        } else {
            d->scale += !behind_point;
        }
    }
}

/* Reads digits, at most one point, an exponent; `end` is NULL where there is no number. */
static inline Decimal decimal(const uint8_t *p, const uint8_t *end)
{
    const uint8_t *first = p, *point;
    Decimal d = {0, 0, NULL};
    for (; is_digit(p, end); p++)
        d.digits = d.digits * 10 + (*p - '0');
    Py_ssize_t n = p - first;
    if (p < end && *p == '.') {
        for (point = ++p; is_digit(p, end); p++)
            d.digits = d.digits * 10 + (*p - '0');
        d.scale = -(int)(p - point);
        n += p - point;
    }
    if (!n || p - first > LONGEST_NUMBER)
        return d;
    d.end = p;
    if (n > DIGITS)
        first_digits(first, &d);
    if (p < end && (*p | 32) == 'e') {
        int exponent = 0, down = ++p < end && *p == '-';
        p += p < end && (*p == '-' || *p == '+');
        d.end = is_digit(p, end) ? p : NULL;
        for (; is_digit(p, end); p++)
            exponent = exponent < 9999 ? exponent * 10 + (*p - '0') : exponent;
        d.end = d.end && p - first <= LONGEST_NUMBER ? p : NULL;
        d.scale += down ? -exponent : exponent;
    }
    return d;
}

/* The number as Python reads it, for which it is taken back. */
static double asked_of_python(const uint8_t *p, size_t n, PyThreadState **python)
{
    char text[LONGEST_NUMBER + 1];
    memcpy(text, p, n);
    text[n] = 0;
    PyEval_RestoreThread(*python);
    double value = PyOS_string_to_double(text, NULL, NULL);
    PyErr_Clear();
    *python = PyEval_SaveThread();
    return value;
}

/* A number, with its sign; gives where it ends, NULL where there is none that a float can hold. */
static inline const uint8_t *number(const uint8_t *p, const uint8_t *end, float *value, PyThreadState **python)
{
    int negative = p < end && *p == '-';
    p += p < end && (*p == '-' || *p == '+');
    Decimal d = decimal(p, end);
    if (!d.end)
        return NULL;
    double x = (double)d.digits;
    if (d.digits) {
        int far = d.scale < -HIGHEST || d.scale > HIGHEST;
        uint64_t bits;
        if (!far)
            x = d.scale < 0 ? x / POWERS[-d.scale] : x * POWERS[d.scale];
        memcpy(&bits, &x, sizeof bits);
        if (far || x < 1e-37 || x > 1e38 || (bits & 0x1fffffff) - 0xffffff0 <= 0x20)
            x = asked_of_python(p, (size_t)(d.end - p), python);
        if (!((float)x <= FLT_MAX))
            return NULL;
    }
    *value = (float)(negative ? -x : x);
    return d.end;
}

/* ---------------------------------------------------------------------------------- lines of a word and numbers */

static inline int is_gap(uint8_t c)
{
    return c == ' ' || c == '\t';
}

/* As many numbers, each behind a gap, as there are up to `most`; `at` is moved behind them. */
static size_t numbers(const uint8_t **at, const uint8_t *end, size_t most, float *row, PyThreadState **python)
{
    size_t n = 0;
    for (const uint8_t *p = *at; n < most && p < end && is_gap(*p); n++) {
        while (p < end && is_gap(*p))
            p++;
        p = number(p, end, row + n, python);
        if (!p || (p < end && !is_gap(*p)))
            break;
        *at = p;
    }
    return n;
}

/* Whether all that stands between is numbers, each behind a gap. */
static int only_numbers(const uint8_t *p, const uint8_t *end, PyThreadState **python)
{
    float ignored;
    while (p < end && numbers(&p, end, 1, &ignored, python))
        ;
    return p == end;
}

/* A line of a word and `dim` numbers, with no white space behind them. Gives where the word ends, NULL where it is no
   such line. The word itself may hold gaps, if what is behind them is not all numbers: then those at the end of the
   line are the vector. */
static const uint8_t *read_line(const uint8_t *line, const uint8_t *end, size_t dim, float *row, PyThreadState **python)
{
    const uint8_t *first = line, *p;
    while (first < end && !is_gap(*first))
        first++;
    p = first;
    if (numbers(&p, end, dim, row, python) == dim && p == end)
        return first;
    p = end;
    for (size_t fields = dim; fields && p > first; fields--) { /* back over as many fields as there are numbers */
        while (p > first && !is_gap(p[-1]))
            p--;
        while (p > first && is_gap(p[-1]))
            p--;
    }
    const uint8_t *word = p;
    if (word == first || only_numbers(first, word, python))
        return NULL;
    return numbers(&p, end, dim, row, python) == dim && p == end ? word : NULL;
}

/* ------------------------------------------------------------------------------------- the files of word vectors */

enum { BLOCK, VALUES, PLACES, PARTS };

typedef struct {
    Py_buffer parts[PARTS];
    const uint8_t *begin, *end;
    int64_t (*place)[2];
    Py_ssize_t dim, room; /* floats of a row, rows that there is room for */
} Rows;

/* The arguments of the functions below; 0 with an error set if they are none. */
static int rows_of(PyObject *args, Rows *r)
{
    const Py_ssize_t size = (Py_ssize_t)sizeof(float), place = (Py_ssize_t)sizeof *r->place;
    Py_buffer *b = r->parts;
    if (!PyArg_ParseTuple(args, "y*nw*w*", &b[BLOCK], &r->dim, &b[VALUES], &b[PLACES]))
        return 0;
    r->begin = b[BLOCK].buf, r->end = r->begin + b[BLOCK].len, r->place = b[PLACES].buf;
    if (r->dim > 0 && r->dim <= PY_SSIZE_T_MAX / size) {
        r->room = b[VALUES].len / (r->dim * size);
        r->room = r->room < b[PLACES].len / place ? r->room : b[PLACES].len / place;
        return 1;
    }
    PyErr_SetString(PyExc_ValueError, "a row has one number at least");
    return 0;
}

static void let_go(Rows *r)
{
    for (int i = 0; i < PARTS; i++)
        PyBuffer_Release(&r->parts[i]);
}

PyDoc_STRVAR(read_lines_doc, "read_lines(block, dim, values, places)\n--\n\n"
                             "The words and the numbers of lines, up to one that is wrong; see _kernels.pyi.");

static PyObject *read_lines(PyObject *self, PyObject *args)
{
    Rows r = {0};
    Py_ssize_t done = 0, used = 0;
    (void)self;
    if (rows_of(args, &r)) {
        PyThreadState *python = PyEval_SaveThread();
        for (const uint8_t *line = r.begin, *next; line < r.end; line = next) {
            const uint8_t *newline = memchr(line, '\n', (size_t)(r.end - line)), *end = newline ? newline : r.end;
            next = newline ? newline + 1 : r.end;
            while (end > line && (is_gap(end[-1]) || end[-1] == '\r'))
                end--;
            if (end > line) { /* blank lines are passed over */
                if (done == r.room)
                    break;
                float *row = (float *)r.parts[VALUES].buf + done * r.dim;
                const uint8_t *word = read_line(line, end, (size_t)r.dim, row, &python);
                if (!word)
                    break;
                r.place[done][0] = line - r.begin, r.place[done][1] = word - r.begin;
                done++;
            }
            used = next - r.begin;
        }
        PyEval_RestoreThread(python);
    }
    let_go(&r);
    return PyErr_Occurred() ? NULL : Py_BuildValue("nn", done, used);
}

PyDoc_STRVAR(read_records_doc, "read_records(block, dim, values, places)\n--\n\n"
                               "The words and the floats of word2vec's binary form; see _kernels.pyi.");

static PyObject *read_records(PyObject *self, PyObject *args)
{
    Rows r = {0};
    Py_ssize_t done = 0, used = 0;
    (void)self;
    if (rows_of(args, &r)) {
        Py_BEGIN_ALLOW_THREADS
        const uint8_t *word = r.begin, *space;
        const size_t size = (size_t)r.dim * sizeof(float);
        for (; done < r.room; done++) {
            while (word < r.end && *word == '\n') /* some programs end each vector with it */
                word++;
            space = memchr(word, ' ', (size_t)(r.end - word));
            if (!space || (size_t)(r.end - space - 1) < size)
                break;
            memcpy((char *)r.parts[VALUES].buf + (size_t)done * size, space + 1, size);
            r.place[done][0] = word - r.begin, r.place[done][1] = space - r.begin;
            word = space + 1 + size;
            used = word - r.begin;
        }
        Py_END_ALLOW_THREADS
    }
    let_go(&r);
    return PyErr_Occurred() ? NULL : Py_BuildValue("nn", done, used);
}

PyDoc_STRVAR(words_at_doc, "words_at(block, places, errors)\n--\n\n"
                           "The words that stand at places of some bytes, as str; see _kernels.pyi.");

static PyObject *words_at(PyObject *self, PyObject *args)
{
    Py_buffer block = {0}, places = {0};
    const char *errors;
    PyObject *words = NULL;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*y*s", &block, &places, &errors))
        return NULL;
    const int64_t(*place)[2] = places.buf;
    const Py_ssize_t n = places.len / (Py_ssize_t)sizeof *place;
    words = PyList_New(n);
    for (Py_ssize_t i = 0; words && i < n; i++) {
        const int64_t from = place[i][0], to = place[i][1];
        PyObject *word = NULL;
        if (from < 0 || to < from || to > block.len)
            PyErr_SetString(PyExc_ValueError, "a word lies outside of the bytes");
        else
            word = PyUnicode_DecodeUTF8((const char *)block.buf + from, (Py_ssize_t)(to - from), errors);
        if (!word || PyList_SetItem(words, i, word) < 0)
            Py_CLEAR(words);
    }
    PyBuffer_Release(&block), PyBuffer_Release(&places);
    return words;
}

/* ------------------------------------------------------------------------------------------- the nearest of words */

PyDoc_STRVAR(dot_rows_doc, "dot_rows(rows, other, dots)\n--\n\n"
                           "The products of rows of bytes with another row; see _kernels.pyi.");

static PyObject *dot_rows(PyObject *self, PyObject *args)
{
    Py_buffer rows = {0}, other = {0}, dots = {0};
    (void)self;
    if (!PyArg_ParseTuple(args, "y*y*w*", &rows, &other, &dots))
        return NULL;
    const Py_ssize_t width = other.len / (Py_ssize_t)sizeof(int16_t), n = dots.len / (Py_ssize_t)sizeof(uint32_t);
    const int fit = width > 0 && rows.len / width == n && rows.len % width == 0;
    if (fit) {
        Py_BEGIN_ALLOW_THREADS
        chosen.dots(rows.buf, other.buf, dots.buf, (size_t)n, (size_t)width);
        Py_END_ALLOW_THREADS
    } else {
        PyErr_SetString(PyExc_ValueError, "the arrays do not fit together");
    }
    PyBuffer_Release(&rows), PyBuffer_Release(&other), PyBuffer_Release(&dots);
    return fit ? Py_NewRef(Py_None) : NULL;
}

/* ------------------------------------------------------------------------------------------- the nearest of points */

PyDoc_STRVAR(near_rows_doc, "near_rows(rows, least, others, more, near)\n--\n\n"
                            "Which rows of bytes have a large product with which others; see _kernels.pyi.");

static void all_near(const Near *n)
{
    const size_t stay = STAYS / (n->groups * GROUP) + 1;
    for (size_t from = 0; from < n->blocks; from += stay) {
        const size_t to = n->blocks - from < stay ? n->blocks : from + stay;
        for (size_t i = 0; i < n->n; i += ROWS_AT_ONCE) {
            size_t row[ROWS_AT_ONCE];
            for (size_t r = 0; r < ROWS_AT_ONCE; r++)
                row[r] = i + r < n->n ? i + r : n->n - 1;
            for (size_t block = from; block < to; block++)
                chosen.near(n, row, block);
        }
    }
}

static PyObject *near_rows(PyObject *self, PyObject *args)
{
    Py_buffer rows = {0}, least = {0}, others = {0}, more = {0}, near = {0};
    (void)self;
    if (!PyArg_ParseTuple(args, "y*y*y*y*w*", &rows, &least, &others, &more, &near))
        return NULL;
    const size_t n = (size_t)least.len / sizeof(int32_t), blocks = (size_t)more.len / (NEAR_BLOCK * sizeof(int32_t));
    const size_t groups = n ? (size_t)rows.len / n / 4 : 0;
    const int fit = groups && blocks && (size_t)rows.len == n * groups * 4 && (size_t)least.len == n * sizeof(int32_t) &&
                    (size_t)others.len == blocks * groups * GROUP &&
                    (size_t)more.len == blocks * NEAR_BLOCK * sizeof(int32_t) && (size_t)near.len == n * blocks * sizeof(uint64_t);
    if (fit) {
        const Near all = {rows.buf, others.buf, least.buf, more.buf, near.buf, n, groups, blocks};
        Py_BEGIN_ALLOW_THREADS
        all_near(&all);
        Py_END_ALLOW_THREADS
    } else {
        PyErr_SetString(PyExc_ValueError, "the arrays do not fit together");
    }
    PyBuffer_Release(&rows), PyBuffer_Release(&least), PyBuffer_Release(&others), PyBuffer_Release(&more);
    PyBuffer_Release(&near);
    return fit ? Py_NewRef(Py_None) : NULL;
}

/* ------------------------------------------------------------------------------------------- texts with pieces in common */

PyDoc_STRVAR(shared_by_texts_doc, "shared_by_texts(keys, texts, starts, places, steps, least, first, seen, found)\n--\n\n"
                                  "Pairs of texts that share several pieces; see _kernels.pyi.");

typedef struct {
    const uint32_t *keys;
    const int32_t *texts, *starts, *places;
    size_t n, n_places;
} Postings;

/* How often each text follows the pieces of one, in seen[0]; which these are, in seen[1]; how many, or -1 if a number is wrong */
static Py_ssize_t count_following(const Postings *p, size_t text, size_t steps, int32_t *count, int32_t *met)
{
    Py_ssize_t n_met = 0;
    for (int32_t i = p->starts[text]; i < p->starts[text + 1]; i++) {
        if (i < 0 || (size_t)i >= p->n_places || p->places[i] < 0 || (size_t)p->places[i] >= p->n_places)
            return -1;
        const size_t at = (size_t)p->places[i], end = p->n_places - at <= steps ? p->n_places : at + steps + 1;
        for (size_t next = at + 1; next < end && p->keys[next] == p->keys[at]; next++) {
            const int32_t other = p->texts[next];
            if (other < 0 || (size_t)other >= p->n)
                return -1;
            if (!count[other]++)
                met[n_met++] = other;
        }
    }
    return n_met;
}

static Py_ssize_t share_pieces(const Postings *p, size_t steps, int32_t least, Py_ssize_t *first, int32_t *seen,
                               int32_t (*found)[3], size_t room)
{
    size_t n_found = 0;
    for (size_t text = (size_t)*first; text < p->n; text++, *first = (Py_ssize_t)text) {
        if (room - n_found < p->n)
            break;
        const Py_ssize_t n_met = count_following(p, text, steps, seen, seen + p->n);
        if (n_met < 0)
            return -1;
        for (Py_ssize_t i = 0; i < n_met; i++) {
            const int32_t other = seen[p->n + (size_t)i], count = seen[other];
            seen[other] = 0;
            if (count >= least)
                found[n_found][0] = (int32_t)text, found[n_found][1] = other, found[n_found++][2] = count;
        }
    }
    return (Py_ssize_t)n_found;
}

static PyObject *shared_by_texts(PyObject *self, PyObject *args)
{
    Py_buffer b[6] = {{0}};
    int steps, least;
    Py_ssize_t first, n_found = -1;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*y*y*y*iinw*w*", &b[0], &b[1], &b[2], &b[3], &steps, &least, &first, &b[4], &b[5]))
        return NULL;
    const Py_ssize_t four = sizeof(int32_t), n = b[2].len / four - 1;
    if (n >= 0 && first >= 0 && first <= n && steps >= 0 && b[0].len == b[1].len && b[0].len == b[3].len &&
        b[4].len == 2 * n * four && b[5].len / (3 * four) >= n) {
        const Postings p = {b[0].buf, b[1].buf, b[2].buf, b[3].buf, (size_t)n, (size_t)(b[0].len / four)};
        Py_BEGIN_ALLOW_THREADS
        n_found = share_pieces(&p, (size_t)steps, least, &first, b[4].buf, b[5].buf, (size_t)(b[5].len / (3 * four)));
        Py_END_ALLOW_THREADS
    }
    for (int i = 0; i < 6; i++)
        PyBuffer_Release(&b[i]);
    if (n_found < 0)
        return PyErr_SetString(PyExc_ValueError, "the arrays do not fit together"), NULL;
    return Py_BuildValue("nn", n_found, first);
}

PyDoc_STRVAR(shared_pieces_doc, "shared_pieces(keys, starts, a, b, weights, shared)\n--\n\n"
                                "How many keys pairs of sorted sets share, or what they weigh; see _kernels.pyi.");

typedef struct {
    const uint32_t *keys;
    const int64_t *starts, *a, *b;
    const double *weights; /* of the places of keys; NULL: each counts 1 */
    double *shared;
    int64_t n_keys, n;
    size_t n_pairs;
} Sets;

/* Whether this is a set whose keys are all there */
static inline int is_set(const Sets *s, int64_t i)
{
    return i >= 0 && i < s->n && s->starts[i] >= 0 && s->starts[i] <= s->starts[i + 1] && s->starts[i + 1] <= s->n_keys;
}

/* The weights are those of the smaller set, of equal ones of the first; they are added in the order of the keys */
static double shared_of(const Sets *s, int64_t a, int64_t b)
{
    const int64_t size_a = s->starts[a + 1] - s->starts[a], size_b = s->starts[b + 1] - s->starts[b];
    const int64_t small = size_a <= size_b ? a : b, large = size_a <= size_b ? b : a;
    int64_t i = s->starts[small], j = s->starts[large];
    const int64_t end_i = s->starts[small + 1], end_j = s->starts[large + 1];
    double sum = 0;
    while (i < end_i && j < end_j) {
        const uint32_t x = s->keys[i], y = s->keys[j];
        if (x == y)
            sum += s->weights ? s->weights[i] : 1;
        i += x <= y, j += y <= x;
    }
    return sum;
}

static int share_all(const Sets *s)
{
    for (size_t pair = 0; pair < s->n_pairs; pair++) {
        if (!is_set(s, s->a[pair]) || !is_set(s, s->b[pair]))
            return 0;
        s->shared[pair] = shared_of(s, s->a[pair], s->b[pair]);
    }
    return 1;
}

static PyObject *shared_pieces(PyObject *self, PyObject *args)
{
    Py_buffer b[6] = {{0}};
    int fit;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*y*y*y*y*w*", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5]))
        return NULL;
    const Py_ssize_t n_keys = b[0].len / (Py_ssize_t)sizeof(uint32_t), eight = sizeof(double);
    fit = b[1].len >= eight && b[2].len == b[3].len && b[2].len == b[5].len && (b[4].len == 0 || b[4].len == n_keys * eight);
    if (fit) {
        const Sets sets = {b[0].buf, b[1].buf, b[2].buf, b[3].buf, b[4].len ? b[4].buf : NULL, b[5].buf, n_keys,
                           b[1].len / eight - 1, (size_t)(b[2].len / eight)};
        Py_BEGIN_ALLOW_THREADS
        fit = share_all(&sets);
        Py_END_ALLOW_THREADS
    }
    for (int i = 0; i < 6; i++)
        PyBuffer_Release(&b[i]);
    if (!fit)
        return PyErr_SetString(PyExc_ValueError, "the arrays do not fit together"), NULL;
    return Py_NewRef(Py_None);
}

/* -------------------------------------------------------------------------------------------------- the module */

static PyMethodDef functions[] = {
    {"index_words", index_words, METH_VARARGS, index_words_doc},
    {"read_vocabulary", read_vocabulary, METH_VARARGS, read_vocabulary_doc},
    {"sum_words", sum_words, METH_VARARGS, sum_words_doc},
    {"number_words", number_words, METH_VARARGS, number_words_doc},
    {"read_lines", read_lines, METH_VARARGS, read_lines_doc},
    {"read_records", read_records, METH_VARARGS, read_records_doc},
    {"words_at", words_at, METH_VARARGS, words_at_doc},
    {"dot_rows", dot_rows, METH_VARARGS, dot_rows_doc},
    {"near_rows", near_rows, METH_VARARGS, near_rows_doc},
    {"shared_by_texts", shared_by_texts, METH_VARARGS, shared_by_texts_doc},
    {"shared_pieces", shared_pieces, METH_VARARGS, shared_pieces_doc},
    {NULL, NULL, 0, NULL},
};

static int fill(PyObject *module)
{
    choose_instructions();
    if (PyModule_AddIntConstant(module, "PRODUCTS_OF_BYTES", chosen.near != near_plain) < 0)
        return -1;
    return PyModule_AddStringConstant(module, "INSTRUCTIONS", chosen.instructions);
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, fill}, {0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_kernels", "The loops of knnife that NumPy cannot express.", 0, functions, slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__kernels(void)
{
    return PyModuleDef_Init(&definition);
}
