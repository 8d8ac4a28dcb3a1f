/* 16 floats, 16 whole numbers, and products of bytes, for processors with AVX2, by two halves. With VNNI defined, four
   products are added at once (AVX-VNNI); else two by `maddubs`, in 16 bits, for which 2 * 255 * 64 is just small enough,
   and these by `madd`. _minilm_plain.h says what each of these does. */

typedef struct {
    __m256 a, b;
} floats;

typedef struct {
    __m256i a, b;
} ints;

#ifdef VNNI
enum { TILE = 6 }; /* rows that are multiplied at once: 12 of the 16 registers hold sums */
#else
enum { TILE = 4 };
#endif

#define FLOATS(A, B) ((floats){A, B})
#define INTS(A, B) ((ints){A, B})

INLINE floats load(const float *p) { return FLOATS(_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)); }
INLINE void store(float *p, floats x) { _mm256_storeu_ps(p, x.a), _mm256_storeu_ps(p + 8, x.b); }
INLINE floats all(float x) { return FLOATS(_mm256_set1_ps(x), _mm256_set1_ps(x)); }
INLINE floats add(floats x, floats y) { return FLOATS(_mm256_add_ps(x.a, y.a), _mm256_add_ps(x.b, y.b)); }
INLINE floats sub(floats x, floats y) { return FLOATS(_mm256_sub_ps(x.a, y.a), _mm256_sub_ps(x.b, y.b)); }
INLINE floats mul(floats x, floats y) { return FLOATS(_mm256_mul_ps(x.a, y.a), _mm256_mul_ps(x.b, y.b)); }
INLINE floats larger(floats x, floats y) { return FLOATS(_mm256_max_ps(x.a, y.a), _mm256_max_ps(x.b, y.b)); }
INLINE floats smaller(floats x, floats y) { return FLOATS(_mm256_min_ps(x.a, y.a), _mm256_min_ps(x.b, y.b)); }
INLINE floats magnitude(floats x)
{
    const __m256 sign = _mm256_set1_ps(-0.0f);
    return FLOATS(_mm256_andnot_ps(sign, x.a), _mm256_andnot_ps(sign, x.b));
}
INLINE ints load_ints(const int32_t *p)
{
    return INTS(_mm256_loadu_si256((const __m256i *)(const void *)p),
                _mm256_loadu_si256((const __m256i *)(const void *)(p + 8)));
}
INLINE void store_ints(int32_t *p, ints x)
{
    _mm256_storeu_si256((__m256i *)(void *)p, x.a), _mm256_storeu_si256((__m256i *)(void *)(p + 8), x.b);
}
INLINE ints all_ints(int32_t x) { return INTS(_mm256_set1_epi32(x), _mm256_set1_epi32(x)); }
INLINE ints add_ints(ints x, ints y) { return INTS(_mm256_add_epi32(x.a, y.a), _mm256_add_epi32(x.b, y.b)); }
INLINE ints sub_ints(ints x, ints y) { return INTS(_mm256_sub_epi32(x.a, y.a), _mm256_sub_epi32(x.b, y.b)); }
INLINE ints larger_ints(ints x, ints y) { return INTS(_mm256_max_epi32(x.a, y.a), _mm256_max_epi32(x.b, y.b)); }
INLINE ints shifted(ints x, const int by) { return INTS(_mm256_slli_epi32(x.a, by), _mm256_slli_epi32(x.b, by)); }
INLINE floats to_floats(ints x) { return FLOATS(_mm256_cvtepi32_ps(x.a), _mm256_cvtepi32_ps(x.b)); }
INLINE ints as_ints(floats x) { return INTS(_mm256_castps_si256(x.a), _mm256_castps_si256(x.b)); }
INLINE floats as_floats(ints x) { return FLOATS(_mm256_castsi256_ps(x.a), _mm256_castsi256_ps(x.b)); }
INLINE ints rounded(floats x) { return INTS(_mm256_cvtps_epi32(x.a), _mm256_cvtps_epi32(x.b)); }
INLINE ints load_bytes(const int8_t *p)
{
    return INTS(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)p)),
                _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)(p + 8))));
}
/* In 16 bits, in order: packing is by quarters, crosswise */
INLINE __m256i shorts(ints x) { return _mm256_permute4x64_epi64(_mm256_packs_epi32(x.a, x.b), 0xD8); }
INLINE void store_bytes(uint8_t *p, ints x) /* 128 for 0 */
{
    const __m256i s = shorts(add_ints(x, all_ints(128)));
    _mm_storeu_si128((__m128i *)(void *)p, _mm_packus_epi16(_mm256_castsi256_si128(s), _mm256_extracti128_si256(s, 1)));
}
INLINE void store_shorts(int16_t *p, ints x) { _mm256_storeu_si256((__m256i *)(void *)p, shorts(x)); }
INLINE ints pairs(ints even, ints odd)
{
    return INTS(_mm256_blend_epi16(even.a, _mm256_slli_epi32(odd.a, 16), 0xAA),
                _mm256_blend_epi16(even.b, _mm256_slli_epi32(odd.b, 16), 0xAA));
}

INLINE float sum_of(floats x)
{
    const __m256 h = _mm256_add_ps(x.a, x.b);
    const __m128 q = _mm_add_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1));
    const __m128 p = _mm_add_ps(q, _mm_movehl_ps(q, q));
    return _mm_cvtss_f32(_mm_add_ss(p, _mm_shuffle_ps(p, p, 1)));
}

INLINE float largest_of(floats x)
{
    const __m256 h = _mm256_max_ps(x.a, x.b);
    const __m128 q = _mm_max_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1));
    const __m128 p = _mm_max_ps(q, _mm_movehl_ps(q, q));
    return _mm_cvtss_f32(_mm_max_ss(p, _mm_shuffle_ps(p, p, 1)));
}

/* Four products of bytes, two of 16 bits, added to a sum of 32 bits */
#if defined(VNNI) && defined(__GNUC__)
#ifndef VEX
#define VEX "%{vex%} " /* the same instructions, as AVX-VNNI encodes them and not AVX-512: a test takes the other */
#endif
#define ADD_BYTES(SUM, A, W) __asm__(VEX "vpdpbusd %2, %1, %0" : "+x"(SUM) : "x"(A), "x"(W))
#define ADD_PAIRS(SUM, A, B) __asm__(VEX "vpdpwssd %2, %1, %0" : "+x"(SUM) : "x"(A), "x"(B))
#elif defined(VNNI)
#define ADD_BYTES(SUM, A, W) (SUM = _mm256_dpbusd_avx_epi32(SUM, A, W))
#define ADD_PAIRS(SUM, A, B) (SUM = _mm256_dpwssd_avx_epi32(SUM, A, B))
#else
#define ADD_BYTES(SUM, A, W) (SUM = _mm256_add_epi32(SUM, _mm256_madd_epi16(_mm256_maddubs_epi16(A, W), one)))
#define ADD_PAIRS(SUM, A, B) (SUM = _mm256_add_epi32(SUM, _mm256_madd_epi16(A, B)))
#endif

/* 16 columns at a time: sums of 4 or 6 rows of these are in registers. They have to be variables with names. */
#define BEGIN(r) __m256i x##r = x, y##r = y;
#define BYTES_OF(r)                                                                                                     \
    memcpy(&four, a + r * inputs, 4), t = _mm256_set1_epi32(four);                                                      \
    ADD_BYTES(x##r, t, u);                                                                                              \
    ADD_BYTES(y##r, t, v);
#define PAIR_OF(r)                                                                                                      \
    memcpy(&two, a + r * row, 4), t = _mm256_set1_epi32(two);                                                           \
    ADD_PAIRS(x##r, t, u);                                                                                              \
    ADD_PAIRS(y##r, t, v);
#define END(r)                                                                                                          \
    _mm256_storeu_si256((__m256i *)(void *)(sums + HEAD * r), x##r);                                                    \
    _mm256_storeu_si256((__m256i *)(void *)(sums + HEAD * r + 8), y##r);
#define AT(p) _mm256_loadu_si256((const __m256i *)(const void *)(p))

#define TILES(M)                                                                                                        \
    STEP void bytes_##M(const uint8_t *a, size_t inputs, const int8_t *w, const int32_t *start, int32_t *sums)          \
    {                                                                                                                   \
        const __m256i x = AT(start), y = AT(start + 8), one = _mm256_set1_epi16(1);                                     \
        const uint8_t *end = a + inputs;                                                                                \
        (void)one;                                                                                                      \
        ROWS_##M(BEGIN) do                                                                                              \
        {                                                                                                               \
            const __m256i u = AT(w), v = AT(w + 32);                                                                    \
            __m256i t;                                                                                                  \
            int32_t four;                                                                                               \
            ROWS_##M(BYTES_OF) a += 4, w += 128;                                                                        \
        }                                                                                                               \
        while (a < end)                                                                                                 \
            ;                                                                                                           \
        ROWS_##M(END)                                                                                                   \
    }                                                                                                                   \
    STEP void pairs_##M(const int16_t *a, size_t row, size_t step, size_t n, const int16_t *b, int32_t *sums)           \
    {                                                                                                                   \
        const __m256i x = _mm256_setzero_si256(), y = x;                                                                \
        ROWS_##M(BEGIN) do                                                                                              \
        {                                                                                                               \
            const __m256i u = AT(b), v = AT(b + 16);                                                                    \
            __m256i t;                                                                                                  \
            int32_t two;                                                                                                \
            ROWS_##M(PAIR_OF) a += step, b += 64;                                                                       \
        }                                                                                                               \
        while (--n)                                                                                                     \
            ;                                                                                                           \
        ROWS_##M(END)                                                                                                   \
    }
TILES(2)
TILES(4)
TILES(6)

STEP void multiply_bytes(size_t m, const uint8_t *rows, size_t inputs, const int8_t *w, const int32_t *start, int32_t *sums)
{
    for (int j = 0; j < HEAD; j += 16) {
        if (m == 6)
            bytes_6(rows, inputs, w + 4 * j, start + j, sums + j);
        else if (m == 4)
            bytes_4(rows, inputs, w + 4 * j, start + j, sums + j);
        else
            bytes_2(rows, inputs, w + 4 * j, start + j, sums + j);
    }
}

STEP void multiply_pairs(size_t m, const int16_t *rows, size_t row, size_t step, size_t n, const int16_t *columns,
                         int32_t *sums)
{
    for (int j = 0; j < HEAD; j += 16) {
        if (m == 6)
            pairs_6(rows, row, step, n, columns + 2 * j, sums + j);
        else if (m == 4)
            pairs_4(rows, row, step, n, columns + 2 * j, sums + j);
        else
            pairs_2(rows, row, step, n, columns + 2 * j, sums + j);
    }
}

#undef FLOATS
#undef INTS
#undef AT
#undef ADD_BYTES
#undef ADD_PAIRS
#undef BEGIN
#undef BYTES_OF
#undef PAIR_OF
#undef END
#undef TILES
