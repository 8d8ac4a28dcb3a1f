/* 16 floats, 16 whole numbers, and products of bytes, in C that every compiler reads. Includes itself nothing: see
   _minilm_layers.h, which says what each of these is for. */

typedef struct {
    float v[LANES];
} floats;

typedef struct {
    int32_t v[LANES];
} ints;

enum { TILE = 16 }; /* rows that are multiplied at once */

#define EACH for (int i = 0; i < LANES; i++)

INLINE floats load(const float *p) { floats r; memcpy(r.v, p, sizeof r.v); return r; }
INLINE void store(float *p, floats x) { memcpy(p, x.v, sizeof x.v); }
INLINE floats all(float x) { floats r; EACH r.v[i] = x; return r; }
INLINE floats add(floats a, floats b) { EACH a.v[i] += b.v[i]; return a; }
INLINE floats sub(floats a, floats b) { EACH a.v[i] -= b.v[i]; return a; }
INLINE floats mul(floats a, floats b) { EACH a.v[i] *= b.v[i]; return a; }
INLINE floats larger(floats a, floats b) { EACH a.v[i] = a.v[i] > b.v[i] ? a.v[i] : b.v[i]; return a; }
INLINE floats smaller(floats a, floats b) { EACH a.v[i] = a.v[i] < b.v[i] ? a.v[i] : b.v[i]; return a; }
INLINE floats magnitude(floats a) { EACH a.v[i] = fabsf(a.v[i]); return a; }
INLINE ints load_ints(const int32_t *p) { ints r; memcpy(r.v, p, sizeof r.v); return r; }
INLINE void store_ints(int32_t *p, ints x) { memcpy(p, x.v, sizeof x.v); }
INLINE ints all_ints(int32_t x) { ints r; EACH r.v[i] = x; return r; }
/* By way of uint32_t, which may wrap around: numbers of a damaged file do */
INLINE ints add_ints(ints a, ints b) { EACH a.v[i] = (int32_t)((uint32_t)a.v[i] + (uint32_t)b.v[i]); return a; }
INLINE ints sub_ints(ints a, ints b) { EACH a.v[i] = (int32_t)((uint32_t)a.v[i] - (uint32_t)b.v[i]); return a; }
INLINE ints larger_ints(ints a, ints b) { EACH a.v[i] = a.v[i] > b.v[i] ? a.v[i] : b.v[i]; return a; }
INLINE ints shifted(ints a, int by) { EACH a.v[i] = (int32_t)((uint32_t)a.v[i] << by); return a; }
INLINE floats to_floats(ints a) { floats r; EACH r.v[i] = (float)a.v[i]; return r; }
INLINE ints as_ints(floats a) { ints r; memcpy(r.v, a.v, sizeof r.v); return r; }
INLINE floats as_floats(ints a) { floats r; memcpy(r.v, a.v, sizeof r.v); return r; }
/* To the nearest, or the even one of two, up to 2^22: see power() */
INLINE ints rounded(floats a) { return sub_ints(as_ints(add(a, all(12582912.0f))), all_ints(0x4B400000)); }
INLINE ints load_bytes(const int8_t *p) { ints r; EACH r.v[i] = p[i]; return r; }
INLINE void store_bytes(uint8_t *p, ints x) { EACH p[i] = (uint8_t)x.v[i]; } /* as int8_t, 0 for 0 */
INLINE void store_shorts(int16_t *p, ints x) { EACH p[i] = (int16_t)x.v[i]; }
INLINE ints pairs(ints even, ints odd)
{
    EACH even.v[i] = (int32_t)(((uint32_t)even.v[i] & 0xFFFF) | (uint32_t)odd.v[i] << 16);
    return even;
}

INLINE float sum_of(floats a)
{
    for (int n = LANES / 2; n; n /= 2)
        for (int i = 0; i < n; i++)
            a.v[i] += a.v[i + n];
    return a.v[0];
}

INLINE float largest_of(floats a)
{
    float most = a.v[0];
    EACH most = a.v[i] > most ? a.v[i] : most;
    return most;
}

enum { BLOCK = 32 }; /* inputs whose weights are laid out anew, each by itself: so compilers see vectors */

/* `m` rows of `inputs` bytes times 32 columns. Four products of a byte and 64 steps fit into 16 bits. */
STEP void multiply_bytes(size_t m, const uint8_t *rows, size_t inputs, const int8_t *w, const int32_t *start, int32_t *sums)
{
    (void)start; /* here 0 is the byte of 0 */
    memset(sums, 0, m * HEAD * sizeof *sums);
    for (size_t first = 0; first < inputs; first += BLOCK, w += BLOCK * HEAD) {
        int16_t weights[BLOCK][HEAD];
        for (int k = 0; k < BLOCK; k++)
            for (int j = 0; j < HEAD; j++)
                weights[k][j] = w[k / 4 * 4 * HEAD + 4 * j + k % 4];
        for (size_t r = 0; r < m; r++) {
            const int8_t *a = (const int8_t *)rows + r * inputs + first;
            int32_t sum[HEAD];
            memcpy(sum, sums + r * HEAD, sizeof sum);
            for (int k = 0; k < BLOCK; k += 4) {
                const int16_t a0 = a[k], a1 = a[k + 1], a2 = a[k + 2], a3 = a[k + 3];
                const int16_t *w0 = weights[k], *w1 = weights[k + 1], *w2 = weights[k + 2], *w3 = weights[k + 3];
                for (int j = 0; j < HEAD; j++)
                    sum[j] += (int16_t)((int16_t)(a0 * w0[j] + a1 * w1[j]) + (int16_t)(a2 * w2[j] + a3 * w3[j]));
            }
            memcpy(sums + r * HEAD, sum, sizeof sum);
        }
    }
}

/* `m` rows of pairs of whole numbers, `row` apart, the pairs `step` apart, times 32 columns of `n` pairs. */
STEP void multiply_pairs(size_t m, const int16_t *rows, size_t row, size_t step, size_t n, const int16_t *columns,
                         int32_t *sums)
{
    for (size_t r = 0; r < m; r++, sums += HEAD) {
        const int16_t *a = rows + r * row, *b = columns;
        int32_t sum[HEAD] = {0};
        for (size_t k = 0; k < n; k++, a += step, b += 2 * HEAD)
            for (int j = 0; j < HEAD; j++)
                sum[j] = (int32_t)((uint32_t)sum[j] + (uint32_t)(a[0] * b[2 * j]) + (uint32_t)(a[1] * b[2 * j + 1]));
        memcpy(sums, sum, sizeof sum);
    }
}

#undef EACH
