/* 16 floats, 16 whole numbers, and products of bytes, for processors with AVX-512 and its VNNI: 64 products at once.
   _minilm_plain.h says what each of these does. */

typedef __m512 floats;
typedef __m512i ints;

enum { TILE = 14 }; /* rows that are multiplied at once: 28 of the 32 registers hold sums */

INLINE floats load(const float *p) { return _mm512_loadu_ps(p); }
INLINE void store(float *p, floats x) { _mm512_storeu_ps(p, x); }
INLINE floats all(float x) { return _mm512_set1_ps(x); }
INLINE floats add(floats a, floats b) { return _mm512_add_ps(a, b); }
INLINE floats sub(floats a, floats b) { return _mm512_sub_ps(a, b); }
INLINE floats mul(floats a, floats b) { return _mm512_mul_ps(a, b); }
INLINE floats larger(floats a, floats b) { return _mm512_max_ps(a, b); }
INLINE floats smaller(floats a, floats b) { return _mm512_min_ps(a, b); }
INLINE floats magnitude(floats a) { return _mm512_abs_ps(a); }
INLINE ints load_ints(const int32_t *p) { return _mm512_loadu_si512(p); }
INLINE void store_ints(int32_t *p, ints x) { _mm512_storeu_si512(p, x); }
INLINE ints all_ints(int32_t x) { return _mm512_set1_epi32(x); }
INLINE ints add_ints(ints a, ints b) { return _mm512_add_epi32(a, b); }
INLINE ints sub_ints(ints a, ints b) { return _mm512_sub_epi32(a, b); }
INLINE ints larger_ints(ints a, ints b) { return _mm512_max_epi32(a, b); }
INLINE ints shifted(ints a, const int by) { return _mm512_slli_epi32(a, by); }
INLINE floats to_floats(ints a) { return _mm512_cvtepi32_ps(a); }
INLINE ints as_ints(floats a) { return _mm512_castps_si512(a); }
INLINE floats as_floats(ints a) { return _mm512_castsi512_ps(a); }
INLINE ints rounded(floats a) { return _mm512_cvtps_epi32(a); }
INLINE ints load_bytes(const int8_t *p) { return _mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)(const void *)p)); }
INLINE void store_bytes(uint8_t *p, ints x) /* 128 for 0 */
{
    _mm_storeu_si128((__m128i *)(void *)p, _mm512_cvtepi32_epi8(_mm512_add_epi32(x, _mm512_set1_epi32(128))));
}
INLINE void store_shorts(int16_t *p, ints x) { _mm256_storeu_si256((__m256i *)(void *)p, _mm512_cvtepi32_epi16(x)); }
INLINE ints pairs(ints even, ints odd)
{
    return _mm512_or_si512(_mm512_and_si512(even, _mm512_set1_epi32(0xFFFF)), _mm512_slli_epi32(odd, 16));
}

INLINE float sum_of(floats a)
{
    const __m256 h = _mm256_add_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
    const __m128 q = _mm_add_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1));
    const __m128 p = _mm_add_ps(q, _mm_movehl_ps(q, q));
    return _mm_cvtss_f32(_mm_add_ss(p, _mm_shuffle_ps(p, p, 1)));
}

INLINE float largest_of(floats a) { return _mm512_reduce_max_ps(a); }

/* Sums have to be variables with names, in a function by itself, and the two instructions that everything depends on are
   written as such: GCC 12 keeps arrays of sums in memory, and copies sums there and back around the intrinsics. */
#if defined(__GNUC__)
#define ADD_BYTES(SUM, A, W) __asm__("vpdpbusd %2, %1, %0" : "+v"(SUM) : "v"(A), "v"(W))
#define ADD_PAIRS(SUM, A, B) __asm__("vpdpwssd %2, %1, %0" : "+v"(SUM) : "v"(A), "v"(B))
#else
#define ADD_BYTES(SUM, A, W) (SUM = _mm512_dpbusd_epi32(SUM, A, W))
#define ADD_PAIRS(SUM, A, B) (SUM = _mm512_dpwssd_epi32(SUM, A, B))
#endif
#define AHEAD 4096 /* bytes that weights are fetched before they are needed */

#define BEGIN(r) __m512i x##r = x, y##r = y;
#define BYTES_OF(r)                                                                                                     \
    memcpy(&four, a + r * inputs, 4), t = _mm512_set1_epi32(four);                                                      \
    ADD_BYTES(x##r, t, u);                                                                                              \
    ADD_BYTES(y##r, t, v);
#define PAIR_OF(r)                                                                                                      \
    memcpy(&two, a + r * row, 4), t = _mm512_set1_epi32(two);                                                           \
    ADD_PAIRS(x##r, t, u);                                                                                              \
    ADD_PAIRS(y##r, t, v);
#define END(r)                                                                                                          \
    _mm512_storeu_si512(sums + HEAD * r, x##r);                                                                         \
    _mm512_storeu_si512(sums + HEAD * r + 16, y##r);

#define TILES(M)                                                                                                        \
    STEP void bytes_##M(const uint8_t *a, size_t inputs, const int8_t *w, const int32_t *start, int32_t *sums)          \
    {                                                                                                                   \
        const __m512i x = _mm512_loadu_si512(start), y = _mm512_loadu_si512(start + 16);                                \
        ROWS_##M(BEGIN) const uint8_t *end = a + inputs;                                                                \
        do {                                                                                                            \
            const __m512i u = _mm512_loadu_si512(w), v = _mm512_loadu_si512(w + 64);                                    \
            __m512i t;                                                                                                  \
            int32_t four;                                                                                               \
            _mm_prefetch((const char *)w + AHEAD, _MM_HINT_T0);                                                         \
            _mm_prefetch((const char *)w + AHEAD + 64, _MM_HINT_T0);                                                    \
            ROWS_##M(BYTES_OF) a += 4, w += 128;                                                                        \
        } while (a < end);                                                                                              \
        ROWS_##M(END)                                                                                                   \
    }                                                                                                                   \
    STEP void pairs_##M(const int16_t *a, size_t row, size_t step, size_t n, const int16_t *b, int32_t *sums)           \
    {                                                                                                                   \
        const __m512i x = _mm512_setzero_si512(), y = x;                                                                \
        ROWS_##M(BEGIN) do                                                                                              \
        {                                                                                                               \
            const __m512i u = _mm512_loadu_si512(b), v = _mm512_loadu_si512(b + 32);                                    \
            __m512i t;                                                                                                  \
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
TILES(8)
TILES(10)
TILES(12)
TILES(14)

STEP void multiply_bytes(size_t m, const uint8_t *rows, size_t inputs, const int8_t *w, const int32_t *start, int32_t *sums)
{
    switch (m) {
    case 14: bytes_14(rows, inputs, w, start, sums); break;
    case 12: bytes_12(rows, inputs, w, start, sums); break;
    case 10: bytes_10(rows, inputs, w, start, sums); break;
    case 8: bytes_8(rows, inputs, w, start, sums); break;
    case 6: bytes_6(rows, inputs, w, start, sums); break;
    case 4: bytes_4(rows, inputs, w, start, sums); break;
    default: bytes_2(rows, inputs, w, start, sums);
    }
}

STEP void multiply_pairs(size_t m, const int16_t *rows, size_t row, size_t step, size_t n, const int16_t *columns,
                         int32_t *sums)
{
    switch (m) {
    case 14: pairs_14(rows, row, step, n, columns, sums); break;
    case 12: pairs_12(rows, row, step, n, columns, sums); break;
    case 10: pairs_10(rows, row, step, n, columns, sums); break;
    case 8: pairs_8(rows, row, step, n, columns, sums); break;
    case 6: pairs_6(rows, row, step, n, columns, sums); break;
    case 4: pairs_4(rows, row, step, n, columns, sums); break;
    default: pairs_2(rows, row, step, n, columns, sums);
    }
}

#undef ADD_BYTES
#undef ADD_PAIRS
#undef BEGIN
#undef BYTES_OF
#undef PAIR_OF
#undef END
#undef TILES
